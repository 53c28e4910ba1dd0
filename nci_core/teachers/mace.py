"""MACE models as teachers: foundation models by name, or any local `.model` file.

Batatia et al., NeurIPS 2022, arXiv:2206.07697; foundation models arXiv:2401.00096. The models
mace-omat, matpes and omol are under the Academic Software License (no commercial use).
"""

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.data import chemical_symbols

from nci_core.errors import TeacherError
from nci_core.systems import Configurations, Dimer
from nci_core.teachers.base import TeacherBase, TeacherPoint, finite_point
from nci_core.teachers.identity import Identity, weights_sha256
from nci_core.teachers.registry import TeacherOptions, is_path

FloatArray = npt.NDArray[np.float64]

#: Set to "1" by `import mace`; it turns off torch's protection against pickles everywhere.
UNSAFE_LOAD = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
#: Dimers evaluated at once: 6 to 15 times faster than one by one, and small in memory.
BATCH_SIZE = 64


class MaceTeacher(TeacherBase):
    """E_AB − E_A − E_B and the force on the probe from a MACE model, in batches and in float64.

    A `.model` file is a pickle: loading it runs whatever code is in it. A local file is therefore
    loaded only with consent (`trusted`) or when its SHA-256 digest is the expected one.

    Args:
        model: foundation model name ("medium-omat-0", "off-medium", "omol", …) or path of a file.
        device: "auto" (cuda if there is one), "cpu" or "cuda".
        trusted: consent to run the code in a local file.
        sha256: digest that a local file must have; stands in for consent.
        head: head of a multi-head model; None for the only one, or the one called default.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str = "auto",
        trusted: bool = False,
        sha256: str | None = None,
        head: str | None = None,
    ) -> None:
        self.model, self.device_name, self.trusted, self.expected, self.head = model, device, trusted, sha256, head
        self.path = Path(model) if is_path(model) else None
        self.name = f"mace:{model}"
        if self.path is not None:
            if not self.path.is_file():
                raise TeacherError(f"There is no file {self.path}; give the path of a MACE .model file.")
            self.digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
            # By content, so that a moved file is still the same teacher and a changed one is not.
            self.name = f"mace:{self.path.stem}@{self.digest[:12]}"
        self._loaded: _Loaded | None = None

    def __getstate__(self) -> dict[str, Any]:
        # The network is loaded again in each process that gets this object.
        return self.__dict__ | {"_loaded": None}

    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError if the model cannot be loaded or lacks an element."""
        known = self._load().elements
        missing = sorted({*dimer.a.symbols, dimer.b.symbols[0]} - known)
        if missing:
            raise TeacherError(f"Teacher {self.name} does not know {', '.join(missing)}; choose another model.")

    def identity(self) -> Identity:
        """A file by its digest, a foundation model by that of the weights that were downloaded; loads the latter."""
        if self.path is not None:
            return Identity(self.name, {"sha256": self.digest})
        digest = self._load().digest
        return Identity(f"{self.name}@{digest[:12]}", {"weights_sha256": digest})

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        """Yield the points, batch by batch."""
        dimer = configurations.dimer
        start = time.perf_counter()
        loaded = self._load()
        with _torch_untouched():
            monomers, _ = loaded.run([dimer.a.atoms(), Atoms([dimer.b.symbols[0]])])
        for first in range(0, len(configurations), BATCH_SIZE):
            batch = [configurations.atoms(row) for row in range(len(configurations))[first : first + BATCH_SIZE]]
            with _torch_untouched():
                energies, forces = loaded.run(batch)
            energies = energies - monomers.sum()
            now = time.perf_counter()
            each = (now - start) / len(batch)
            start = now
            for k, energy in enumerate(energies):
                yield finite_point(first + k, {"total": float(energy)}, forces[k][-1], each, self.name)

    def network(self) -> tuple[Any, str]:
        """MACE's network in float64, read as `check` reads it, and its head that was chosen; for fine-tuning."""
        loaded = self._load()
        return loaded.network, loaded.head

    def _load(self) -> "_Loaded":
        if self._loaded is None:
            self._check_consent()
            with _torch_untouched():
                network = self._read_file() if self.path is not None else self._download()
                self._loaded = _Loaded(network, self._device(), self.head, self.name)
        return self._loaded

    def _check_consent(self) -> None:
        if self.path is None:
            return
        if self.expected is not None:
            if self.expected.lower() != self.digest:
                raise TeacherError(
                    f"{self.path} has the SHA-256 digest {self.digest}, not the expected {self.expected}; "
                    "it is not the file that was checked, so it is not loaded."
                )
        elif not self.trusted:
            raise TeacherError(
                f"{self.path} is a pickle, which can run any code when it is loaded; if you trust where it comes from, "
                f"say so (trusted) or give its SHA-256 digest, {self.digest}."
            )

    def _device(self) -> str:
        import torch

        if self.device_name == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        if self.device_name.startswith("cuda") and not torch.cuda.is_available():
            raise TeacherError("No CUDA device was found; use device cpu or auto.")
        return self.device_name

    def _read_file(self) -> Any:
        import torch

        _import_mace()
        try:
            network = torch.load(str(self.path), map_location="cpu", weights_only=False)
        except Exception as error:  # unpickling raises anything
            raise TeacherError(f"{self.path} cannot be read as a MACE model ({type(error).__name__}).") from None
        if not hasattr(network, "atomic_numbers") or not hasattr(network, "r_max"):
            raise TeacherError(f"{self.path} holds no MACE model but a {type(network).__name__}.")
        return network

    def _download(self) -> Any:
        foundations = _import_mace().calculators.foundations_models
        family, _, size = self.model.partition("-")
        if self.model in foundations.mace_mp_urls:
            get, name = foundations.mace_mp, self.model
        elif family == "off" and size in foundations.mace_off_urls:
            get, name = foundations.mace_off, size
        elif self.model == "omol":
            get, name = foundations.mace_omol, "extra_large"
        else:
            names = [*foundations.mace_mp_urls, *(f"off-{s}" for s in foundations.mace_off_urls), "omol"]
            raise TeacherError(
                f"Unknown MACE foundation model {self.model!r}; choose one of {', '.join(names)}, "
                "or give a local file as mace:/path/to/x.model."
            )
        # Published by MACE's authors and fetched over https; their loader needs the protection off.
        os.environ[UNSAFE_LOAD] = "1"
        try:
            return get(model=name, return_raw_model=True, device="cpu")
        except Exception as error:  # no network, no disk space, a damaged cache
            cause = error.__cause__ or error
            raise TeacherError(
                f"The MACE model {self.model!r} could not be downloaded ({type(cause).__name__}: {cause}); "
                "download it elsewhere and give the file as mace:/path/to/x.model."
            ) from None


class _Loaded:
    """A network ready for batches."""

    def __init__(self, network: Any, device: str, head: str | None, name: str) -> None:
        self.device = device
        self.digest = weights_sha256(network)
        self.network = network.double().to(device).eval()
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)
        self.numbers = [int(z) for z in network.atomic_numbers]
        self.elements = {chemical_symbols[z] for z in self.numbers}
        self.heads: list[str] = list(getattr(network, "heads", None) or ["Default"])
        self.head = self._choose_head(head, name)

    def _choose_head(self, head: str | None, name: str) -> str:
        if head is None:
            default = [h for h in self.heads if h.lower() == "default"]
            if len(self.heads) > 1 and not default:
                raise TeacherError(f"Teacher {name} has several heads; choose one of {', '.join(self.heads)}.")
            return default[0] if default else self.heads[0]
        if head not in self.heads:
            raise TeacherError(f"Teacher {name} has no head {head!r}; choose one of {', '.join(self.heads)}.")
        return head

    def run(self, batch: list[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        """Energies (m,) in eV and the forces on the atoms of each structure, (n, 3) eV/Å."""
        from mace import data
        from mace.tools import torch_geometric, utils

        specification = data.KeySpecification(
            info_keys={"total_spin": "total_spin", "total_charge": "total_charge"}, arrays_keys={}
        )
        table, cutoff = utils.AtomicNumberTable(self.numbers), float(self.network.r_max)
        graphs = []
        for atoms in batch:
            atoms = Atoms(atoms.numbers, atoms.positions)  # without info that MACE would read as weights
            atoms.info.update(total_charge=0.0, total_spin=1.0)
            config = data.config_from_atoms(atoms, key_specification=specification, head_name=self.head)
            graphs.append(data.AtomicData.from_config(config, z_table=table, cutoff=cutoff, heads=self.heads))
        loader = torch_geometric.dataloader.DataLoader(dataset=graphs, batch_size=len(graphs), shuffle=False)
        inputs = next(iter(loader)).to(self.device)
        output = self.network(inputs.to_dict(), compute_force=True, compute_stress=False)
        energies = output["energy"].detach().cpu().numpy().astype(float)
        forces = output["forces"].detach().cpu().numpy().astype(float)
        ends = np.cumsum([len(atoms) for atoms in batch])
        return energies, np.split(forces, ends[:-1])


def _import_mace() -> Any:
    try:
        import mace
        import mace.calculators.foundations_models
    except ImportError:
        raise TeacherError(
            "MACE teachers need the package mace-torch; install it with pip install mace-torch."
        ) from None
    return mace


@contextlib.contextmanager
def _torch_untouched() -> Iterator[None]:
    """float64 inside; afterwards torch's default dtype and the environment are as before; MACE's chatter is dropped."""
    import torch

    dtype, flag = torch.get_default_dtype(), os.environ.get(UNSAFE_LOAD)
    torch.set_default_dtype(torch.float64)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        torch.set_default_dtype(dtype)
        if flag is None:
            os.environ.pop(UNSAFE_LOAD, None)
        else:
            os.environ[UNSAFE_LOAD] = flag


def open_teacher(model: str, options: TeacherOptions) -> MaceTeacher | None:
    """The teacher of the spec mace:NAME or mace:/path/to/x.model."""
    if not model:
        return None
    name = str(Path(model).expanduser()) if is_path(model) else model
    return MaceTeacher(name, device=options.device, trusted=options.trusted, sha256=options.sha256, head=options.head)
