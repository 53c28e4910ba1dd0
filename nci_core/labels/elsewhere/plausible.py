"""Bounds that the energies of a label keep whatever computed them. What is outside is damaged or forged."""

from collections.abc import Mapping

import numpy as np

from nci_core.errors import InputError
from nci_core.labels.elsewhere.task import FragmentName, FragmentTask
from nci_core.labels.results import FragmentResult, difference
from nci_core.units import HARTREE_EV

#: hartree for each correlated pair. Valence shells have 0.04 (helium) to 0.09 (F2), inner d shells some 0.1.
CORRELATION_OF_A_PAIR = 0.2
#: (T) as a share of CCSD's correlation energy: 2 to 5% in closed shells, 8% in ozone.
SHARE_OF_TRIPLES = 0.25
#: hartree; (T) is negative but for rounding and the threshold of CCSD.
ROUNDING = 1e-8
#: Correlation of the interaction as a share of the smaller monomer's: 5% at most in the embedded labels.
SHARE_OF_INTERACTION = 0.25
#: hartree (22,000 cm⁻¹), twenty times the highest wall of the embedded labels.
INTERACTION_OF_HARTREE_FOCK = 0.1


def check_plausible(
    parts: Mapping[FragmentName, FragmentResult], tasks: Mapping[FragmentName, FragmentTask], where: str
) -> None:
    """Raise InputError for energies that no such calculation can have.

    Args:
        parts: results of dimer, host and probe.
        tasks: what they are of.
        where: the file or folder, for messages.
    """
    for name, part in parts.items():
        _check_fragment(name, part, tasks[name], where)
    smaller = min(abs(parts[name].ccsd_hartree) for name in ("host", "probe"))
    bounds = {
        "Hartree-Fock": ("hf_hartree", INTERACTION_OF_HARTREE_FOCK),
        "CCSD correlation": ("ccsd_hartree", SHARE_OF_INTERACTION * smaller),
        "(T)": ("triples_hartree", SHARE_OF_INTERACTION * smaller),
    }
    for words, (field, most) in bounds.items():
        found = difference(parts, field) / HARTREE_EV
        if not abs(found) <= most + ROUNDING:
            raise InputError(
                f"{where}: the interaction's {words} energy is {found:.6g} hartree, more than {most:.6f} in size; "
                "it was not stored."
            )


def _check_fragment(name: FragmentName, part: FragmentResult, task: FragmentTask, where: str) -> None:
    correlated = (task.n_electrons - 2 * task.n_frozen) // 2
    least = {
        "Hartree-Fock": (part.hf_hartree, -np.inf, 0.0),
        "CCSD correlation": (part.ccsd_hartree, -CORRELATION_OF_A_PAIR * correlated, 0.0),
        "(T)": (
            part.triples_hartree,
            -SHARE_OF_TRIPLES * abs(part.ccsd_hartree) * task.has_triples - ROUNDING,
            ROUNDING,
        ),
    }
    for words, (found, low, high) in least.items():
        if not low <= found <= high:
            raise InputError(
                f"{where}: the {words} energy of the {name} is {found:.11g} hartree, not between {low:.8f} and "
                f"{high:.8f}; it was not stored."
            )
    if not 0.0 <= part.t1_diagnostic <= 1.0:
        raise InputError(
            f"{where}: the T1 diagnostic of the {name} is {part.t1_diagnostic:.4g}, not between 0 and 1; "
            "it was not stored."
        )
