"""Gate of the directions of C₆: labels near the well hardly tell it, the monomers do."""

import numpy as np
import numpy.typing as npt

from nci_core.gates.gate import Gate, direction_text, directions, number
from nci_core.systems.dimer import Dimer

FloatArray = npt.NDArray[np.float64]

#: How far C₆ in a direction may be from that of the monomers, as a share of its mean.
WIDTH = 0.15


def anisotropy_gate(c6: FloatArray, dimer: Dimer) -> Gate:
    """How far C₆ (directions,) in eV Å⁶ is from that of the monomers' polarizabilities, each relative to its mean.

    The directions are those of `gates.directions`.
    """
    from nci_core.properties.long_range import dispersion_c6, induction_c6  # with scipy, which pages do without

    d = directions(dimer.a)
    # Opposite directions were averaged, and so have C₆ of even order only.
    dispersion = dispersion_c6(dimer, d)
    induction = induction_c6(dimer, d)
    expected = dispersion + induction
    off = c6 / c6.mean() - expected / expected.mean()
    row = int(np.argmax(np.abs(off)))
    return Gate(
        "c6-anisotropy",
        "C6 by direction",
        "Does the long range pull most where the molecule is most polarizable?",
        number(abs(off[row])),
        "of the mean",
        None,
        WIDTH + float(induction.mean() / expected.mean()),
        "polarizabilities tell C6 by direction to some per cent; charges tell induction, where there is any, less well",
        "The fit bent the long range to mend something else.",
        f"{direction_text(d[row])}: {c6[row] / c6.mean():.2f} of the mean, by polarizabilities "
        f"{expected[row] / expected.mean():.2f}",
    )
