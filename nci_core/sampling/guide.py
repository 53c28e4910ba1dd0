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
from ase.data import atomic_numbers, vdw_radii
from ase.data.vdw_alvarez import vdw_radii as alvarez_radii

from nci_core.errors import InputError
from nci_core.systems import Dimer
from nci_core.systems.potential import Potential
from nci_core.units import CM1_EV, UNITS

FloatArray = npt.NDArray[np.float64]

#: Interaction energies in eV of (m, 3) probe positions in Å.
Guide = Callable[[FloatArray], FloatArray]

#: UFF nonbonded distance x (Å) and well depth D (kcal/mol); Rappé et al., J. Am. Chem. Soc. 114,
#: 10024 (1992), table 1, DOI 10.1021/ja00051a040.
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
    "Br": (4.189, 0.251),
    "Kr": (4.141, 0.220),
    "I": (4.500, 0.339),
    "Xe": (4.404, 0.332),
}

#: Repulsion at van der Waals contact, its decay and its anisotropy, fitted to the logarithm of the
#: HF/aug-cc-pVDZ interaction energy at 41 points of He–benzene and He–ethylene (faces, edges,
#: bonds; 3 to 4,000 cm⁻¹): root mean square deviation 0.30, largest 1.0.
CONTACT_CM1 = float(np.exp(3.678))
DECAY = 3.955
FACE_EXCESS = 1.380


class PairGuide:
    """E(R) = Σ_i B exp[−β(r_i − R_i − R_p) + κ_i(c_i − 1/3)] − 2 D_i f₆(β r_i) (x_i/r_i)⁶.

    R are van der Waals radii of Bondi (Alvarez where Bondi has none), c_i = r̂ᵀ N_i r̂ with the
    host's surface-normal tensor N_i, κ = FACE_EXCESS for heavy atoms and 0 for hydrogen, f₆ the
    damping of Tang and Toennies (DOI 10.1063/1.447150), x_i and D_i the geometric means of UFF.

    Calling it with (m, 3) positions in Å gives (m,) energies in eV.
    """

    name = "pair"

    def __init__(self, dimer: Dimer) -> None:
        self.host = dimer.a
        symbols = [*dimer.a.symbols, dimer.b.symbols[0]]
        missing = sorted(set(symbols) - set(UFF))
        if missing:
            raise InputError(f"The default guide potential has no parameters for {', '.join(missing)}; give a guide.")
        x, D = np.array([UFF[s] for s in symbols]).T
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


def vdw_radius(symbol: str) -> float:
    """Van der Waals radius in Å: Bondi, DOI 10.1021/j100785a001, or else Alvarez, DOI 10.1039/c3dt50599e."""
    number = atomic_numbers[symbol]
    radius = vdw_radii[number] if number < len(vdw_radii) else np.nan
    return float(radius if np.isfinite(radius) else alvarez_radii[number])


def as_guide(dimer: Dimer, guide: Guide | Potential | None) -> Guide:
    """The guide as a function of positions: the default one, a potential, or as given."""
    if guide is None:
        return PairGuide(dimer)
    if isinstance(guide, Potential):
        model = guide
        return lambda positions: np.asarray(model.energies(dimer.at(positions)), dtype=float)
    return guide
