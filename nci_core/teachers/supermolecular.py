"""Supermolecular teachers: E_int = E_AB − E_A − E_B from any ASE calculator, both monomers rigid."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.calculators.calculator import Calculator, PropertyNotImplementedError

from nci_core.errors import TeacherError
from nci_core.systems import Configurations, Dimer
from nci_core.teachers.base import TeacherBase, TeacherPoint, finite_point
from nci_core.teachers.identity import Identity, calculator_identity

FloatArray = npt.NDArray[np.float64]


class SupermolecularTeacher(TeacherBase):
    """E_AB − E_A − E_B of an ASE calculator at the dimer's geometry.

    The force on the probe is the dimer's: the isolated probe feels none and the host does not
    depend on the probe's position.

    Args:
        make_calculator: makes a fresh calculator; one is made per run, so that processes share nothing.
        name: stored with each label.
    """

    def __init__(self, make_calculator: Callable[[], Calculator], name: str) -> None:
        self.make_calculator = make_calculator
        self.name = name

    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError if the calculator cannot treat the host or the probe alone."""
        self._monomers(self._calculator(), dimer)

    def identity(self) -> Identity:
        """A calculator of another program with that program's version; one of our own by its name."""
        return calculator_identity(self.name) if self.name.startswith("ase:") else super().identity()

    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        """Yield the points one by one."""
        dimer = configurations.dimer
        start = time.perf_counter()
        calculator = self._calculator()
        apart = self._monomers(calculator, dimer)
        for index in range(len(configurations)):
            energy, forces = self._run(calculator, configurations.atoms(index), f"the dimer at position {index}")
            force = None if forces is None else forces[-1]
            now = time.perf_counter()
            yield finite_point(index, {"total": energy - apart}, force, now - start, self.name)
            start = time.perf_counter()

    def _calculator(self) -> Calculator:
        try:
            return self.make_calculator()
        except TeacherError:
            raise
        except Exception as error:  # calculators raise anything: missing files, packages, licences
            raise TeacherError(f"Teacher {self.name} cannot be started ({type(error).__name__}: {error}).") from None

    def _monomers(self, calculator: Calculator, dimer: Dimer) -> float:
        """E_A + E_B in eV."""
        host, _ = self._run(calculator, dimer.a.atoms(), f"host {dimer.a.name}")
        probe, _ = self._run(calculator, Atoms([dimer.b.symbols[0]]), f"probe {dimer.b.symbols[0]}")
        return host + probe

    def _run(self, calculator: Calculator, atoms: Atoms, what: str) -> tuple[float, FloatArray | None]:
        try:
            atoms.calc = calculator
            energy = float(atoms.get_potential_energy())
            try:
                forces = np.array(atoms.get_forces(), dtype=float)
            except (PropertyNotImplementedError, NotImplementedError):
                forces = None
        except Exception as error:  # calculators raise anything
            raise TeacherError(
                f"Teacher {self.name} failed for {what} ({type(error).__name__}: {' '.join(str(error).split())})."
            ) from None
        if not np.isfinite(energy):
            raise TeacherError(f"Teacher {self.name} gave no finite energy for {what}.")
        return energy, forces
