"""Whether a model can say anything about a dimer: pairs that it knows, and its own monomers unbent."""

from typing import TYPE_CHECKING, TypeAlias, Union

from nci_core.errors import ModelError
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import environments
from nci_core.potentials.remembered import remembered_systems
from nci_core.systems import Monomer, builtin_monomer
from nci_core.systems.dimer import Dimer
from nci_core.systems.rigid_hosts import is_flexed
from nci_core.systems.superposition import RIGID_TOLERANCE, flexed, superpose

if TYPE_CHECKING:
    from nci_core.potentials.networks.ensemble import NetworkEnsemble

#: What a campaign's model may be: a student of terms, or a network that was fine-tuned.
AnyModel: TypeAlias = Union[Ensemble, "NetworkEnsemble"]
#: The built-in hosts of the time when models did not remember theirs.
UNRECORDED = ("benzene", "ethylene")


def fitted_systems(model: AnyModel) -> tuple[Dimer, ...]:
    """The systems that a model was fitted to; none for models that do not remember, ModelError for damaged records."""
    return remembered_systems(model.metadata, model.probes)


def named_systems(model: AnyModel) -> tuple[Dimer, ...]:
    """The systems that a model was fitted to, or else that of the built-in host whose name its dimer has."""
    name = str(model.metadata.get("dimer", "")).partition("-")[2]
    known = [Dimer(builtin_monomer(name), Monomer.atom(probe)) for probe in model.probes] if name in UNRECORDED else []
    return fitted_systems(model) or tuple(known)


def check_pairs(model: AnyModel, dimer: Dimer, what: str = "The model") -> None:
    """ModelError when a model does not know a pair of a dimer, or a network an element of it; `what` is its name."""
    if not isinstance(model, Ensemble):
        model.check(dimer, what)
        return
    if dimer.b.symbols[0] not in model.probes:
        probes = ", ".join(model.probes)
        raise ModelError(f"{what} was fitted for the probe {probes}, but the probe here is {dimer.b.symbols[0]}.")
    known = {kind.a for kind in model.kinds if kind.b == dimer.b.symbols[0]}
    unknown = sorted(set(environments(dimer.a)) - known)
    if unknown:
        raise ModelError(
            f"{what} has not learnt {', '.join(unknown)} of host {dimer.a.name!r}; it knows {', '.join(sorted(known))}."
        )


def check_fits(model: AnyModel, dimer: Dimer, what: str = "The model") -> None:
    """ModelError when a model says nothing about a dimer: a pair that it does not know, or its own host flexed.

    Models may be asked about other molecules of elements that they know, but a monomer is rigid in a model: one that
    was bent or stretched is neither a molecule that the model was fitted to nor another one. It is recognised
    where its atoms have the order of the model's; where it lies and how it is turned does not matter.
    """
    check_pairs(model, dimer, what)
    host = dimer.a
    own = [system.a for system in fitted_systems(model) if system.a.symbols == host.symbols]
    poses = [superpose(each.positions, host.positions) for each in own]
    if any(pose.displacement <= RIGID_TOLERANCE for pose in poses):
        return
    for each, pose in zip(own, poses, strict=True):
        if is_flexed(host.numbers, each.positions, host.positions, pose):
            its = f"that of {what[0].lower()}{what[1:]}"
            raise ModelError(flexed(host.symbols, pose, its, f"Host {host.name!r}"))
