"""DFT-D4 dispersion between a rigid host and a probe.

Caldeweyher et al., J. Chem. Phys. 150, 154122 (2019), DOI 10.1063/1.5090222.
"""

import numpy as np
import numpy.typing as npt

from nci_core.errors import TeacherError
from nci_core.properties.atoms_in_molecules import HEAVIEST
from nci_core.systems import Dimer
from nci_core.units import BOHR_ANGSTROM, HARTREE_EV

FloatArray = npt.NDArray[np.float64]

#: Cut-offs in Bohr, beyond any distance of interest: the package's defaults (60 for pairs, 40 for
#: triples) would put a step into the tail.
PAIR_CUTOFF = 400.0
TRIPLE_CUTOFF = 400.0
COORDINATION_CUTOFF = 30.0


class D4Dispersion:
    """Interaction dispersion energy of one dimer, (m, 3) Å → (m,) eV.

    E = Σ_{i∈host} E⁽²⁾_{i,probe} + [E⁽³⁾(dimer) − E⁽³⁾(host)], with Becke–Johnson damping for `method`.

    The plain difference E(dimer) − E(host) − E(probe) is not used: D4's charges come from
    electronegativity equilibration, which moves charge between fragments at any distance
    (−0.01 e onto He 30 Å away from benzene), changes the host's own dispersion energy and leaves
    +12 cm⁻¹ at infinity. The sum over host–probe pairs goes to zero as R⁻⁶; the three-body part
    has no charge dependence. The leaked charge still shifts C₆ itself by 1–3%.
    """

    def __init__(self, dimer: Dimer, method: str = "hf") -> None:
        from dftd4.interface import DampingParam, DispersionModel

        self.dimer = dimer
        self.numbers = np.append(dimer.a.numbers, dimer.at(np.zeros(3) + 99.0).atoms(0).numbers[-1])
        self._model = DispersionModel
        self._damping = DampingParam(method=method)
        _, self._host_triples = self._parts(self.dimer.a.numbers, dimer.a.positions)

    @staticmethod
    def check(dimer: Dimer) -> None:
        """Raise TeacherError for an element without D4 parameters."""
        for atom in dimer.at(np.zeros(3) + 99.0).atoms(0):
            if atom.number > HEAVIEST:
                raise TeacherError(f"D4 has no parameters for {atom.symbol}; choose another teacher.")

    def _parts(self, numbers: npt.NDArray[np.int64], positions: FloatArray) -> tuple[FloatArray, float]:
        """(n, n) pair energies and the sum of three-body energies, in Hartree."""
        model = self._model(numbers, positions / BOHR_ANGSTROM)
        model.set_realspace_cutoff(PAIR_CUTOFF, TRIPLE_CUTOFF, COORDINATION_CUTOFF)
        parts = model.get_pairwise_dispersion(self._damping)
        return parts["additive pairwise energy"], float(parts["non-additive pairwise energy"].sum())

    def energies(self, positions: FloatArray) -> FloatArray:
        """(m,) eV at probe positions (m, 3) in Å."""
        energy = np.empty(len(positions))
        for m, point in enumerate(positions):
            pairs, triples = self._parts(self.numbers, np.vstack([self.dimer.a.positions, point]))
            # Each pair stands twice in the matrix.
            energy[m] = pairs[-1, :-1].sum() + pairs[:-1, -1].sum() + triples - self._host_triples
        return energy * HARTREE_EV
