"""Foundation models made ready: read with consent, one head of them, the elements needed, the way they learn."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase.data import atomic_numbers

from nci_core.errors import InputError, ModelError
from nci_core.potentials.networks.ensemble import Network
from nci_core.potentials.networks.graphs import Graphs, inside
from nci_core.potentials.networks.network import NetworkConfig, build, config_of
from nci_core.potentials.networks.package import built, float64, mace_package
from nci_core.systems.dimer import Dimer
from nci_core.training.settings import TrainSettings

#: Heads of a network that replays: what the foundation said, and what is learnt.
REPLAY, LEARNT = "pt_head", "Default"
#: Parts of a network agree with the whole within this, eV: rounding of float64 in energies of thousands of eV.
SAME_EV = 1e-7


@dataclass(frozen=True)
class Foundation:
    """A network that fine-tuning starts from.

    Attributes:
        network: with a single head.
        name: for people, with a digest where a file decides; record: what to remember of it, JSON values.
    """

    network: Network
    name: str
    record: dict[str, Any]


def open_foundation(
    spec: str, *, trusted: bool = False, sha256: str | None = None, head: str | None = None, device: str = "cpu"
) -> Foundation:
    """A foundation model by name, a local `.model` file, or a network that nci has fine-tuned (`.pt`).

    A `.model` is a pickle, which runs the code in it: it is read only with consent (`trusted`) or the digest
    (`sha256`) that it must have. A `.pt` of nci holds no code and needs neither. Raises TeacherError and ModelError.
    """
    if spec.endswith(".pt"):
        from nci_core.potentials.models import load_model
        from nci_core.potentials.networks.ensemble import NetworkEnsemble
        from nci_core.teachers.downloads import sha256_of

        path = Path(spec).expanduser()
        if not path.is_file():
            raise ModelError(f"There is no file {spec}; give the network of nci that is fine-tuned.")
        digest = sha256_of(path)
        if sha256 is not None and sha256.lower() != digest:
            raise ModelError(f"{spec} has the SHA-256 digest {digest}, not the expected {sha256}; it is not loaded.")
        found = load_model(path)
        if not isinstance(found, NetworkEnsemble):
            raise ModelError(f"{spec} is a student of terms; a foundation must be a MACE network.")
        name = f"{path.stem}@{digest[:12]}"
        return Foundation(found.members[0], name, {"foundation": name, "sha256": digest})
    from nci_core.teachers.mace import MaceTeacher
    from nci_core.teachers.registry import is_path

    if sha256 is not None and not is_path(spec):
        raise ModelError(f"The foundation {spec} is no file of your own, so a digest says nothing about it.")
    teacher = MaceTeacher(spec, device="cpu", trusted=trusted, sha256=sha256, head=head)
    module, chosen = teacher.network()
    identity = teacher.identity()
    record = {"foundation": identity.name, **identity.details}
    return Foundation(single(module, chosen, identity.name), identity.name, record)


def single(module: Any, head: str, what: str = "The foundation") -> Network:
    """A network with one of a model's heads; ModelError for a model of another kind."""
    with built():
        config = config_of(module, what)
        if len(config.heads) > 1:
            module = mace_package().tools.scripts_utils.remove_pt_head(module, head).double()
            config = config_of(module, what)
    return Network(config, module)


def needed(foundation: Foundation, dimers: Iterable[Dimer]) -> Network:
    """The foundation with the elements of some dimers only, a small part of one for the whole periodic table.

    Raises ModelError for an element that it does not know. Where MACE cannot take it apart without changing what it
    says, it stays as it is.
    """
    dimers = list(dimers)
    whole = foundation.network
    numbers = sorted({int(z) for dimer in dimers for each in (dimer.a, dimer.b) for z in each.numbers})
    missing = [symbol for symbol, z in atomic_numbers.items() if z in set(numbers) - set(whole.config.elements)]
    if missing:
        raise ModelError(f"Foundation {foundation.name} does not know {', '.join(missing)}; choose another one.")
    if numbers == list(whole.config.elements):
        return replace(whole, module=copy.deepcopy(whole.module))
    part = with_heads(whole, whole.config.heads, numbers)
    return part if part is not None else replace(whole, module=copy.deepcopy(whole.module))


def with_heads(whole: Network, heads: Sequence[str], elements: Sequence[int] | None = None) -> Network | None:
    """A copy of a network whose heads all say what it says, for some elements; None where MACE cannot make it."""
    chosen = tuple(elements or whole.config.elements)
    config = whole.config.model_copy(update={"heads": tuple(heads), "elements": chosen})
    package = mace_package()
    try:
        with built():
            from mace.tools.finetuning_utils import load_foundations_elements

            module = build(config).to(whole.device)
            rows = [whole.config.elements.index(z) for z in chosen]
            energies = whole.module.atomic_energies_fn.atomic_energies.reshape(1, -1)[:, rows]
            module.atomic_energies_fn.atomic_energies.copy_(energies.expand(len(heads), -1))
            load_foundations_elements(
                module,
                whole.module,
                package.tools.AtomicNumberTable(list(chosen)),
                load_readout=True,
                max_L=max(ir.l for _, ir in whole.module.products[0].linear.irreps_out),
                default_dtype=torch.float64,
            )
    except Exception:  # a kind of network that MACE's own function does not know
        return None
    found = Network(config, module)
    return found if agree(whole, found) else None


def agree(one: Network, other: Network) -> bool:
    """Whether the first head of each says the same of a row of all atoms of the other, near and far."""
    numbers = np.array(other.config.elements, dtype=np.int64)
    k = np.arange(len(numbers))
    row = np.column_stack([1.3 * k, 0.4 * (k % 3), 0.7 * (k % 2)])
    graph = [Graphs(numbers, row, inside(row, one.config.r_max), np.array([len(k)]))]
    said = [float(each.ask(graph)["energy"].detach()[0]) for each in (one, other)]
    return abs(said[0] - said[1]) < SAME_EV * max(1.0, abs(said[0]))


def ready(start: Network, settings: TrainSettings, seed: int) -> Network:
    """A copy of a network as the method has it.

    Raises InputError where MACE offers the method for no network like this one.
    """
    network: Network | None = replace(start, module=copy.deepcopy(start.module))
    if settings.method == "replay":
        network = with_heads(start, (REPLAY, LEARNT))
        if network is None:
            raise InputError("MACE cannot give this foundation a second head; choose another method than replay.")
    assert network is not None
    module = network.module
    for weights in module.parameters():
        weights.requires_grad_(True)
    if settings.method == "lora":
        inject_lora(module, settings.rank, seed)
    return network


def learning_of(module: Any, settings: TrainSettings) -> tuple[list[torch.nn.Parameter], dict[str, Any]]:
    """The weights of a network that learn, and their groups for MACE's optimiser; InputError where none would."""
    with float64():
        groups = mace_package().tools.scripts_utils.get_params_options(arguments(settings), module)
    # MACE freezes by learning rates of nothing as well.
    frozen = {id(p) for group in groups["params"] if group.get("lr") == 0.0 for p in _listed(group)}
    learning = [p for group in groups["params"] for p in _listed(group) if p.requires_grad and id(p) not in frozen]
    if not learning:
        raise InputError("No weight would learn; freeze fewer layers.")
    return learning, groups


def _listed(group: dict[str, Any]) -> list[torch.nn.Parameter]:
    """The weights of a group, which MACE gives as an iterator that is empty after its first use."""
    found: list[torch.nn.Parameter] = list(group["params"])
    group["params"] = found
    return found


def inject_lora(module: Any, rank: int, seed: int) -> None:
    """Give a network changes of low rank that learn in its weights' place; InputError where mace-torch has none."""
    try:
        from mace.modules.lora import inject_LoRAs
    except ImportError:
        raise InputError("The method lora needs mace-torch 0.3.15 or newer; update it or choose another.") from None
    with float64(), torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        inject_LoRAs(module, rank=rank, alpha=rank)
        for name, weights in module.named_parameters():
            if "lora_A" in name:  # of order one, as all weights of e3nn; MACE's thousandths leave the prior no say
                weights.normal_()


def forget_merged(module: Any) -> None:
    """Have changes of low rank added anew: MACE keeps the sum until it trains again, whoever changes them."""
    for each in module.modules():
        for name in ("_cached_merged_weight", "_cached_delta"):
            if getattr(each, name, None) is not None:
                setattr(each, name, None)


def finished(network: Network, settings: TrainSettings) -> Network:
    """The network that is kept: of one head, with changes of low rank added to its weights."""
    module = network.module
    with built():
        if settings.method == "lora":
            from mace.modules.lora import merge_lora_weights

            module = merge_lora_weights(module)
        if settings.method == "replay":
            module = mace_package().tools.scripts_utils.remove_pt_head(module, LEARNT).double()
    module.eval()
    for weights in module.parameters():
        weights.requires_grad_(False)
    heads = (LEARNT,) if settings.method == "replay" else network.config.heads
    config: NetworkConfig = network.config.model_copy(update={"heads": heads})
    return Network(config, module)


def arguments(settings: TrainSettings) -> Any:
    """What MACE's functions take as the arguments of its command."""
    import argparse

    return argparse.Namespace(
        lr=settings.rate,
        weight_decay=0.0,  # the prior of the second-order steps keeps weights where they were
        amsgrad=True,
        beta=0.9,
        freeze=settings.frozen if settings.method == "frozen" else None,
        lr_params_factors="{}",
        optimizer="adam",
        scheduler="ExponentialLR",
        lr_scheduler_gamma=settings.last_rate ** (1.0 / max(settings.epochs, 1)),
    )
