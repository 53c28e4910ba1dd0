"""The systems that a model remembers having been fitted to, and whether a molecule is one of theirs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from nci_core.errors import InputError, ModelError
from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import Monomer
from nci_core.systems.records import SystemRecord

FloatArray = npt.NDArray[np.float64]

#: Key of the systems among a model's metadata, and of the only host in models of before.
SYSTEMS, HOST = "systems", "host"
#: More than anybody fits at once.
MOST_SYSTEMS = 1000
#: Two molecules of the same atoms are one where no distance between atoms differs by more, Å: geometries of one
#: molecule by different methods differ by 0.02 Å a bond, and isomers by a bond's length somewhere.
SAME = 0.15


def system_records(dimers: Iterable[Dimer]) -> dict[str, Any]:
    """What a model remembers of the systems that it is fitted to, for its metadata; JSON values, each system once."""
    records = []
    for dimer in dimers:
        record = SystemRecord.of(dimer).model_dump(mode="json")
        if record not in records:
            records.append(record)
    return {SYSTEMS: records}


def remembered_systems(metadata: Mapping[str, Any], probes: Sequence[str]) -> tuple[Dimer, ...]:
    """The systems in a model's metadata; none for models that do not remember, ModelError for damaged records.

    `probes` are those that the model knows: models of before had one host and its probe.
    """
    kept = metadata.get(SYSTEMS)
    if kept is None and HOST in metadata:
        atoms = [{"name": name, "symbols": [name], "positions_angstrom": [[0.0, 0.0, 0.0]]} for name in probes]
        kept = [{"a": metadata[HOST], "b": atom} for atom in atoms]
    try:
        if not isinstance(kept or [], list) or len(kept or []) > MOST_SYSTEMS:
            raise InputError("that is no list of systems")
        return tuple(SystemRecord.model_validate(each).dimer("the model") for each in kept or [])
    except (ValidationError, InputError) as error:
        reason = str(error) if isinstance(error, InputError) else "fields are missing or of the wrong kind"
        raise ModelError(f"The systems that this model remembers cannot be read: {reason.rstrip('.')}.") from None


def sorted_distances(monomer: Monomer) -> FloatArray:
    """All distances between atoms, ascending, Å: the same wherever a molecule lies, and in whatever order its atoms."""
    i, j = np.triu_indices(len(monomer.symbols), 1)
    found: FloatArray = np.sort(np.linalg.norm(monomer.positions[i] - monomer.positions[j], axis=1))
    return found


def same_molecule(one: Monomer, other: Monomer) -> bool:
    """Whether two rigid molecules have the same atoms at about the same distances; mirror images count as the same.

    >>> from nci_core.systems import builtin_monomer
    >>> same_molecule(builtin_monomer("benzene"), builtin_monomer("benzene"))
    True
    >>> same_molecule(builtin_monomer("benzene"), builtin_monomer("naphthalene"))
    False
    """
    if sorted(one.symbols) != sorted(other.symbols):
        return False
    return bool(np.abs(sorted_distances(one) - sorted_distances(other)).max(initial=0.0) < SAME)


def widening(unseen: float, hosts: Sequence[Monomer], dimer: Dimer) -> float:
    """What error bars at a dimer are multiplied by: `unseen`, where a model remembers hosts and not this one."""
    if unseen == 1.0 or not hosts or any(same_molecule(dimer.a, host) for host in hosts):
        return 1.0
    return unseen
