"""How deep a system's well is by a guide potential: the scale of its region bounds and of its sample."""

from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.sampling.guide import Guide, as_guide
from nci_core.sampling.sampler import sample
from nci_core.systems import Dimer
from nci_core.systems.potential import Potential
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]

#: Points that are looked at, their seed, and how many of the lowest are followed down.
LOOKED_AT, SEED, FOLLOWED = 200, 1, 8
#: Å and cm⁻¹ within which a minimum is found: bounds keep one digit of it.
PLACE, ENERGY_CM1 = 1e-2, 0.01


def well_depth(dimer: Dimer, guide: Guide | Potential | None = None) -> float:
    """Depth in cm⁻¹, positive, of the deepest minimum outside the host; raises InputError where nothing attracts.

    Guide as for `sample`. The lowest of a sample are followed downhill by the simplex of Nelder and Mead,
    DOI 10.1093/comjnl/7.4.308.
    """
    from scipy.optimize import minimize  # takes a third of a second

    energies_of = as_guide(dimer, guide)
    found = sample(dimer, LOOKED_AT, SEED, guide=energies_of)
    lowest = np.argsort(found.energies, kind="stable")[:FOLLOWED]

    def energy(place: FloatArray) -> float:
        return float(energies_of(place[None])[0])

    def below(place: FloatArray) -> float:
        accuracy: Any = {"xatol": PLACE, "fatol": from_cm1(ENERGY_CM1)}
        return float(minimize(energy, place, method="Nelder-Mead", options=accuracy).fun)

    depth = -float(to_cm1(min(map(below, found.positions[lowest]))))
    if depth <= 0.0:
        raise InputError(f"The guide potential attracts {dimer.b.name} nowhere around {dimer.a.name}.")
    return round(depth, 1)
