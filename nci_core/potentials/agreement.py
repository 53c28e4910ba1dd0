"""Whether a model can say anything about a dimer: the probe it was fitted for, elements that it knows, its own host."""

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core.errors import InputError, ModelError
from nci_core.potentials.ensemble import Ensemble
from nci_core.systems import Monomer, builtin_monomer
from nci_core.systems.dimer import Dimer
from nci_core.systems.rigid_hosts import is_flexed
from nci_core.systems.superposition import flexed, superpose

#: Key of the host among a model's metadata.
HOST = "host"
#: The built-in hosts of the time when models did not remember theirs.
UNRECORDED = ("benzene", "ethylene")


class HostRecord(BaseModel):
    """The host that a model was fitted to, as JSON in its metadata."""

    model_config = ConfigDict(extra="forbid")

    name: str
    symbols: tuple[str, ...] = Field(min_length=1)
    positions_angstrom: list[tuple[float, float, float]]


def host_record(host: Monomer) -> dict[str, Any]:
    """What a model remembers of the host that it is fitted to; JSON values."""
    positions = [tuple(row) for row in host.positions.tolist()]
    return HostRecord(name=host.name, symbols=host.symbols, positions_angstrom=positions).model_dump(mode="json")


def fitted_host(model: Ensemble) -> Monomer | None:
    """The host that a model was fitted to; None for models that do not remember it, ModelError for a damaged record."""
    kept = model.metadata.get(HOST)
    if kept is None:
        return None
    try:
        record = HostRecord.model_validate(kept)
        return Monomer(record.name, record.symbols, np.array(record.positions_angstrom), source="the model")
    except (ValidationError, InputError) as error:
        reason = str(error) if isinstance(error, InputError) else "fields are missing or of the wrong kind"
        raise ModelError(f"The host that this model remembers cannot be read: {reason.rstrip('.')}.") from None


def named_host(model: Ensemble) -> Monomer | None:
    """The host that a model was fitted to; of an old model that does not remember it, the one its dimer is named by."""
    name = str(model.metadata.get("dimer", "")).partition("-")[2]
    return fitted_host(model) or (builtin_monomer(name) if name in UNRECORDED else None)


def check_system(model: Ensemble, dimer: Dimer, what: str = "The model") -> None:
    """ModelError when a model is of another probe, or does not know an element of the host; `what` is its name."""
    if model.probe != dimer.b.symbols[0]:
        raise ModelError(f"{what} was fitted for the probe {model.probe}, but the probe here is {dimer.b.symbols[0]}.")
    unknown = sorted(set(dimer.a.symbols) - set(model.elements))
    if unknown:
        raise ModelError(
            f"{what} has not learnt {', '.join(unknown)} of host {dimer.a.name!r}; "
            f"it knows {', '.join(model.elements)}."
        )


def check_fits(model: Ensemble, dimer: Dimer, what: str = "The model") -> None:
    """ModelError when a model says nothing about a dimer: another probe, an unknown element, or its own host flexed.

    Models may be asked about other molecules of elements that they know, but a host is rigid in a model: one that
    was bent or stretched is neither the molecule that the model was fitted to nor another one. It is recognised
    where its atoms have the order of the model's; where it lies and how it is turned does not matter.
    """
    check_system(model, dimer, what)
    own, host = fitted_host(model), dimer.a
    if own is None or own.symbols != host.symbols:
        return
    pose = superpose(own.positions, host.positions)
    if is_flexed(host.numbers, own.positions, host.positions, pose):
        raise ModelError(flexed(host.symbols, pose, f"that of {what[0].lower()}{what[1:]}", f"Host {host.name!r}"))
