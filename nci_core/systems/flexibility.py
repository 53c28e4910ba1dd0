"""Whether a host that is taken as rigid has other conformers, told from its bonds alone."""

import numpy as np

from nci_core.systems.bonds import bonded, fragments
from nci_core.systems.monomer import Monomer

#: A bond between two atoms is single from this share of the sum of their covalent radii on: C–C in butadiene 0.96,
#: C–N in an amide 0.92, aromatic C–C 0.91, C=C 0.87.
SINGLE = 0.935


def rotatable_bonds(host: Monomer) -> int:
    """Single bonds outside rings with another heavy atom on either side: each may give further conformers.

    Rotations of methyl and hydroxyl groups, which move hydrogens alone, are not counted.

    >>> from nci_core.systems import builtin_monomer
    >>> rotatable_bonds(builtin_monomer("benzene"))
    0
    """
    from ase.data import covalent_radii

    bonds = bonded(host.numbers, host.positions)
    heavy = host.numbers > 1
    found = 0
    for i, j in np.argwhere(np.triu(bonds) & heavy[:, None] & heavy[None]):
        length = np.linalg.norm(host.positions[i] - host.positions[j])
        single = length > SINGLE * (covalent_radii[host.numbers[i]] + covalent_radii[host.numbers[j]])
        branched = all(bonds[atom, heavy].sum() > 1 for atom in (i, j))
        if single and branched:
            cut = bonds.copy()
            cut[i, j] = cut[j, i] = False
            found += len(fragments(cut)) > len(fragments(bonds))
    return found


def conformer_note(host: Monomer) -> str:
    """A sentence for people where the host has other conformers, else empty."""
    count = rotatable_bonds(host)
    if not count:
        return ""
    bonds = "a rotatable bond" if count == 1 else f"{count} rotatable bonds"
    return f"This molecule has {bonds}, and the host is rigid: everything is computed for the conformer shown."
