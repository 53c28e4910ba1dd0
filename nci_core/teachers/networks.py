"""Teachers that are networks of other packages: supermolecular energies of batches, on a device, under a digest.

What such a package gives is an `Engine`: total energies and forces of separate structures, none of them periodic.
A package that offers an ASE calculator alone is asked structure by structure (`CalculatorEngine`).
"""

import contextlib
import importlib
import importlib.metadata
import io
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.calculators.calculator import Calculator

from nci_core.errors import NCIError, TeacherError
from nci_core.systems import Configurations, Dimer
from nci_core.teachers.base import TeacherBase, TeacherPoint, finite_point
from nci_core.teachers.catalogue import Preset, find_preset, presets
from nci_core.teachers.identity import Identity

FloatArray = npt.NDArray[np.float64]

#: Dimers evaluated at once: 6 to 15 times faster than one by one, and small in memory.
BATCH_SIZE = 64
#: Set to "1" by `import mace`; it turns off torch's protection against pickles everywhere.
UNSAFE_LOAD = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


class Engine(Protocol):
    """A network ready for batches.

    Attributes:
        elements: chemical symbols that it knows.
        digest: SHA-256 of its weights.
    """

    elements: frozenset[str]
    digest: str

    def run(self, batch: Sequence[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        """Energies (m,) in eV and the forces on the atoms of each structure, (n, 3) in eV/Å."""
        ...


#: Device ("auto", "cpu" or "cuda") → engine. Pickled with its teacher, so a function of a module, or a partial of one.
OpenEngine = Callable[[str], Engine]


class NetworkTeacher(TeacherBase):
    """E_AB − E_A − E_B and the force on the probe, in batches.

    Args:
        name: its specification.
        open_engine: makes the engine, once in each process that uses this teacher.
        package: distribution whose version decides what it computes, beside its weights.
        device: "auto" (cuda if there is one), "cpu" or "cuda".
        apart: None, or so many Å between host and probe at which the dimer stands for the two alone: for networks
            that take lone atoms from a table, or whose parameters depend on the composition as a whole.
    """

    def __init__(
        self, name: str, open_engine: OpenEngine, package: str, *, device: str = "auto", apart: float | None = None
    ) -> None:
        self.name, self.open_engine, self.package = name, open_engine, package
        self.device_name, self.apart = device, apart
        self._engine: Engine | None = None

    def __getstate__(self) -> dict[str, Any]:
        # The network is loaded again in each process that gets this object.
        return self.__dict__ | {"_engine": None}

    @property
    def engine(self) -> Engine:
        """The network, loaded; raises TeacherError in one sentence."""
        if self._engine is None:
            with torch_untouched(), self._failures("cannot be loaded"):
                self._engine = self.open_engine(self.device_name)
        return self._engine

    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError if it cannot be loaded or lacks an element; a known lack is said before it is loaded."""
        preset = find_preset(self.name)
        if preset is not None and preset.elements:
            self._require(dimer, frozenset(preset.elements))
        self._require(dimer, self.engine.elements)

    def _require(self, dimer: Dimer, known: frozenset[str]) -> None:
        missing = sorted({*dimer.a.symbols, dimer.b.symbols[0]} - known)
        if missing:
            raise TeacherError(f"Teacher {self.name} does not know {', '.join(missing)}; choose another teacher.")

    def identity(self) -> Identity:
        """By the version of its package and the digest of its weights; loads it."""
        digest, version = self.engine.digest, f"{self.package}-{importlib.metadata.version(self.package)}"
        return Identity(f"{self.name}@{version}-{digest[:12]}", {"version": version, "weights_sha256": digest})

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        """Yield the points, batch by batch."""
        start = time.perf_counter()
        alone = self._alone(configurations.dimer)
        for first in range(0, len(configurations), BATCH_SIZE):
            batch = [configurations.atoms(row) for row in range(len(configurations))[first : first + BATCH_SIZE]]
            energies, forces = self._run(batch)
            now = time.perf_counter()
            each, start = (now - start) / len(batch), now
            for k, energy in enumerate(energies):
                force = forces[k][-1]
                yield finite_point(first + k, {"total": float(energy) - alone}, force, each, self.name)

    def _alone(self, dimer: Dimer) -> float:
        """Energy of host and probe without each other, in eV."""
        if self.apart is None:
            return float(self._run([dimer.a.atoms(), Atoms([dimer.b.symbols[0]])])[0].sum())
        far = dimer.a.centre + np.array([0.0, 0.0, self.apart + float(np.ptp(dimer.a.positions, axis=0).max())])
        return float(self._run([dimer.at(far).atoms(0)])[0][0])

    def _run(self, batch: Sequence[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        engine = self.engine
        with torch_untouched(), self._failures("failed"):
            # Without info, constraints or cells that a package might read.
            return engine.run([Atoms(atoms.numbers, atoms.positions) for atoms in batch])

    @contextlib.contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        try:
            yield
        except NCIError:
            raise
        except Exception as error:  # packages raise anything
            said = " ".join(str(error).split())[:300]
            raise TeacherError(f"Teacher {self.name} {what} ({type(error).__name__}: {said}).") from None


class CalculatorEngine:
    """An ASE calculator, structure by structure: neutral, a singlet, without a cell."""

    def __init__(self, calculator: Calculator, elements: Iterable[str], digest: str) -> None:
        self.calculator, self.elements, self.digest = calculator, frozenset(elements), digest

    def run(self, batch: Sequence[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        """See `Engine`."""
        energies, forces = [], []
        for atoms in batch:
            atoms.info.update(charge=0, spin=1)
            atoms.calc = self.calculator
            energies.append(float(atoms.get_potential_energy()))
            forces.append(np.array(atoms.get_forces(), dtype=float).reshape(-1, 3))
        return np.array(energies), forces


@contextlib.contextmanager
def torch_untouched() -> Iterator[None]:
    """float64 inside; afterwards torch's default type and the environment are as before; chatter is dropped."""
    import torch

    dtype, flag = torch.get_default_dtype(), os.environ.get(UNSAFE_LOAD)
    torch.set_default_dtype(torch.float64)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_default_dtype(dtype)
        if flag is None:
            os.environ.pop(UNSAFE_LOAD, None)
        else:
            os.environ[UNSAFE_LOAD] = flag


@contextlib.contextmanager
def single_precision() -> Iterator[None]:
    """torch's default type is float32 inside, for packages that know no other."""
    import torch

    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)


def device_of(name: str) -> str:
    """ "cpu" or "cuda" for "auto" and either; TeacherError where there is no CUDA device."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise TeacherError("No CUDA device was found; use device cpu or auto.")
    return name


def needed(module: str, preset: Preset) -> ModuleType:
    """A module of a preset's package; TeacherError that says how to install it where it is not there."""
    try:
        return importlib.import_module(module)
    except Exception as error:  # a package that is there may fail in its own ways
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == preset.module:
            own = ", in an environment of its own, for MACE needs other versions" if preset.separate else ""
            raise TeacherError(
                f"Teacher {preset.spec} needs the package {preset.package}; install it with {preset.install}{own}."
            ) from None
        raise TeacherError(
            f"Teacher {preset.spec} cannot be used: its package {preset.package} cannot be imported "
            f"({type(error).__name__}: {' '.join(str(error).split())[:300]})."
        ) from None


def split_head(rest: str, head: str | None = None) -> tuple[str, str | None]:
    """Name and head of NAME#HEAD; raises TeacherError where another head is given beside it.

    >>> split_head("mh-1#omol"), split_head("/models/a#b/x.model"), split_head("omol", "omol")
    (('mh-1', 'omol'), ('/models/a#b/x.model', None), ('omol', 'omol'))
    """
    name, mark, own = rest.rpartition("#")
    if not mark or "/" in own or Path(rest).is_file():
        return rest, head
    if head is not None and head != own:
        raise TeacherError(f"{rest!r} names the head {own!r}, and {head!r} is asked for; give one of them.")
    return name, own


def preset_of(family: str, name: str, head: str | None = None) -> Preset:
    """The preset family:name; TeacherError that names what there is, also for a head that it does not have."""
    found = find_preset(f"{family}:{name}")
    if found is None:
        names = ", ".join(preset.spec.partition(":")[2] for preset in presets() if preset.family == family)
        raise TeacherError(f"There is no teacher {family}:{name}; choose one of {names}.")
    if head is not None and head not in found.heads:
        has = f"choose one of {', '.join(found.heads)}" if found.heads else "it has one only"
        raise TeacherError(f"Teacher {found.spec} has no head {head!r}; {has}.")
    return found
