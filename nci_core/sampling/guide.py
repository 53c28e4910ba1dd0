"""Guide potentials: rough interaction energies that tell the sampler where walls and wells are.

The default guide has the attraction of the Universal Force Field (UFF) and a repulsion rule of
its own. UFF's r⁻¹² repulsion was tried first and rejected. Against HF + D4 on He–benzene and
He–ethylene it is far too soft above the π faces (116 against 1,165 cm⁻¹ at 2.2 Å above
benzene's centre) and twice too hard in front of C–H bonds (2,137 against 1,114 at y = 4.2 Å): the
wall end of a sample would lie beyond 5,000 cm⁻¹ on the faces and near 400 at the rim.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers, covalent_radii, vdw_radii

from nci_core.errors import InputError
from nci_core.systems import Dimer
from nci_core.systems.free_atoms import FREE_ATOMS
from nci_core.systems.free_atoms import vdw_radius as alvarez_radius
from nci_core.systems.potential import Potential
from nci_core.units import BOHR_ANGSTROM, CM1_EV, HARTREE_EV, UNITS

FloatArray = npt.NDArray[np.float64]

#: Interaction energies in eV of (m, 3) probe positions in Å.
Guide = Callable[[FloatArray], FloatArray]

#: UFF nonbonded distance x (Å) and well depth D (kcal/mol); Rappé et al., J. Am. Chem. Soc. 114,
#: 10024 (1992), table 1, DOI 10.1021/ja00051a040. The metals of groups 3 to 13 from Al on are left out: UFF has next
#: to no attraction for the d block, and a wall half an Å too far from Al and Ga.
UFF: dict[str, tuple[float, float]] = {
    "H": (2.886, 0.044),
    "He": (2.362, 0.056),
    "Li": (2.451, 0.025),
    "Be": (2.745, 0.085),
    "B": (4.083, 0.180),
    "C": (3.851, 0.105),
    "N": (3.660, 0.069),
    "O": (3.500, 0.060),
    "F": (3.364, 0.050),
    "Ne": (3.243, 0.042),
    "Na": (2.983, 0.030),
    "Mg": (3.021, 0.111),
    "Si": (4.295, 0.402),
    "P": (4.147, 0.305),
    "S": (4.035, 0.274),
    "Cl": (3.947, 0.227),
    "Ar": (3.868, 0.185),
    "K": (3.812, 0.035),
    "Ca": (3.399, 0.238),
    "Ge": (4.280, 0.379),
    "As": (4.230, 0.309),
    "Se": (4.205, 0.291),
    "Br": (4.189, 0.251),
    "Kr": (4.141, 0.220),
    "Rb": (4.114, 0.040),
    "Sr": (3.641, 0.235),
    "Sn": (4.392, 0.567),
    "Sb": (4.420, 0.449),
    "Te": (4.470, 0.398),
    "I": (4.500, 0.339),
    "Xe": (4.404, 0.332),
    "Cs": (4.517, 0.045),
    "Ba": (3.703, 0.364),
    "Pb": (4.297, 0.663),
    "Bi": (4.370, 0.518),
    "Po": (4.709, 0.325),
    "At": (4.750, 0.284),
    "Rn": (4.765, 0.248),
}
#: Those of them whose wall is at half of x; the others have Bondi's radii, by which the wall was fitted and tested.
AT_UFF_CONTACT = {"K", "Ca", "Ge", "As", "Se", "Rb", "Sr", "Sn", "Sb", "Te", "Cs", "Ba", "Pb", "Bi", "Po", "At", "Rn"}

#: Repulsion at van der Waals contact, its decay and its anisotropy, fitted to the logarithm of the
#: HF/aug-cc-pVDZ interaction energy at 41 points of He–benzene and He–ethylene (faces, edges,
#: bonds; 3 to 4,000 cm⁻¹): root mean square deviation 0.30, largest 1.0.
CONTACT_CM1 = float(np.exp(3.678))
DECAY = 3.955
FACE_EXCESS = 1.380


class PairGuide:
    """E(R) = Σ_i B exp[−β(r_i − R_i − R_p) + κ_i(c_i − 1/3)] − 2 D_i f₆(β r_i) (x_i/r_i)⁶.

    R are van der Waals radii, c_i = r̂ᵀ N_i r̂ with the host's surface-normal tensor N_i, κ = FACE_EXCESS
    for heavy atoms and 0 for hydrogen, f₆ the damping of Tang and Toennies (DOI 10.1063/1.447150), x_i
    and D_i the geometric means of both atoms', of UFF or with 2 D x⁶ = C₆ of the free atom.

    Calling it with (m, 3) positions in Å gives (m,) energies in eV.
    """

    name = "pair"

    def __init__(self, dimer: Dimer) -> None:
        self.host = dimer.a
        symbols = [*dimer.a.symbols, dimer.b.symbols[0]]
        missing = sorted(set(symbols) - set(FREE_ATOMS))
        if missing:
            raise InputError(f"The default guide potential has no parameters for {', '.join(missing)}; give a guide.")
        x, D = np.array([UFF.get(s) or free_atom_well(s) for s in symbols]).T
        self.x = np.sqrt(x[:-1] * x[-1])
        self.D = np.sqrt(D[:-1] * D[-1]) / UNITS["kcal_mol"].per_ev
        self.contact = np.array([vdw_radius(s) for s in dimer.a.symbols]) + vdw_radius(dimer.b.symbols[0])
        self.kappa = np.where(dimer.a.numbers > 1, FACE_EXCESS, 0.0)

    def __call__(self, positions: FloatArray) -> FloatArray:
        """(m,) eV."""
        away = np.asarray(positions)[:, None] - self.host.positions
        r = np.maximum(np.linalg.norm(away, axis=-1), 1e-3)
        unit = away / r[..., None]
        c = np.einsum("mia,iab,mib->mi", unit, self.host.local_axes.normal, unit)
        repulsion = CONTACT_CM1 * CM1_EV * np.exp(-DECAY * (r - self.contact) + self.kappa * (c - 1.0 / 3.0))
        attraction = 2.0 * self.D * tang_toennies_6(DECAY * r) * (self.x / r) ** 6
        energy: FloatArray = (repulsion - attraction).sum(axis=1)
        return energy


def tang_toennies_6(y: FloatArray) -> FloatArray:
    """f₆(y) = 1 − e^(−y) Σ_{k=0}^{6} y^k/k!; J. Chem. Phys. 80, 3726 (1984), DOI 10.1063/1.447150.

    >>> [round(float(f), 4) for f in tang_toennies_6(np.array([0.0, 6.0, 50.0]))]
    [0.0, 0.3937, 1.0]
    """
    term = np.ones_like(y)
    total = np.ones_like(y)
    for k in range(1, 7):
        term = term * y / k
        total = total + term
    damping: FloatArray = 1.0 - np.exp(-y) * total
    return damping


def free_atom_well(symbol: str) -> tuple[float, float]:
    """x = 2R (Å) and D = C₆/(2x⁶) (kcal/mol), which attracts as the free atom does.

    >>> [round(value, 3) for value in free_atom_well("Ga")]
    [3.54, 1.448]
    """
    x = 2.0 * vdw_radius(symbol)
    c6 = FREE_ATOMS[symbol].c6 * HARTREE_EV * BOHR_ANGSTROM**6
    return x, c6 / (2.0 * x**6) * UNITS["kcal_mol"].per_ev


def vdw_radius(symbol: str) -> float:
    """Where the wall of an atom is, Å: Bondi's radius (DOI 10.1021/j100785a001), or x/2 of UFF.

    For metals without a well in UFF it is the mean of Alvarez's van der Waals radius (DOI 10.1039/c3dt50599e) and the
    covalent one (DOI 10.1039/b801115j), since they give electrons away: HF + D4 of He and Ar at GaH₃, AlH₃, ZnH₂
    and AgH needs 1.6, 1.6, 1.8 and 2.0 Å, and has these 1.8, 1.7, 1.8 and 2.0 Å. With Alvarez's alone a fifth of the
    well lies behind the wall.
    """
    number = atomic_numbers[symbol]
    if symbol not in UFF:
        return (alvarez_radius(symbol) + float(covalent_radii[number])) / 2.0
    return UFF[symbol][0] / 2.0 if symbol in AT_UFF_CONTACT else float(vdw_radii[number])


def as_guide(dimer: Dimer, guide: Guide | Potential | None) -> Guide:
    """The guide as a function of positions: the default one, a potential, or as given."""
    if guide is None:
        return PairGuide(dimer)
    if isinstance(guide, Potential):
        model = guide
        return lambda positions: np.asarray(model.energies(dimer.at(positions)), dtype=float)
    return guide
