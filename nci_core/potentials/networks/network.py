"""What a MACE network is made of, in words that a file may hold, and the network that they describe."""

import copy
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field

from nci_core.errors import ModelError
from nci_core.potentials.networks.package import built, float64, mace_package

#: As MACE's own tables name them.
Interaction = Literal[
    "AgnosticResidualNonlinearInteractionBlock",
    "RealAgnosticAttResidualInteractionBlock",
    "RealAgnosticDensityInteractionBlock",
    "RealAgnosticDensityResidualInteractionBlock",
    "RealAgnosticInteractionBlock",
    "RealAgnosticResidualInteractionBlock",
    "RealAgnosticResidualNonLinearInteractionBlock",
]
Readout = Literal["NonLinearReadoutBlock", "NonLinearBiasReadoutBlock"]
#: What e3nn's irreps are written with.
IRREPS = r"^[0-9xeo+ ]+$"


class NetworkConfig(BaseModel):
    """The architecture of a MACE network, `ScaleShiftMACE` of mace-torch; its numbers are in the tensors.

    >>> NetworkConfig(elements=(1, 2), hidden_irreps="4x0e").heads
    ('Default',)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    elements: tuple[int, ...] = Field(min_length=1, max_length=118, description="atomic numbers, ascending")
    r_max: float = Field(default=8.0, gt=0, le=30, description="cutoff, Å: two atoms further apart know nothing of it")
    hidden_irreps: str = Field(
        default="16x0e+16x1o", max_length=300, pattern=IRREPS, description="hidden features, of e3nn"
    )
    num_bessel: int = Field(default=10, ge=1, le=64, description="radial functions")
    num_polynomial_cutoff: float = Field(default=5, ge=1, le=20, description="order of the cutoff's polynomial")
    max_ell: int = Field(default=2, ge=0, le=6, description="of the spherical harmonics")
    correlation: int = Field(default=2, ge=1, le=5, description="atoms beside one that a product sees at once")
    num_interactions: int = Field(default=1, ge=1, le=6, description="layers of messages")
    interaction_cls: Interaction = "RealAgnosticResidualInteractionBlock"
    interaction_cls_first: Interaction = "RealAgnosticInteractionBlock"
    readout_cls: Readout = "NonLinearReadoutBlock"
    MLP_irreps: str = Field(default="16x0e", max_length=300, pattern=IRREPS, description="of the readout")
    gate: Literal["abs", "tanh", "silu"] | None = "silu"
    radial_MLP: tuple[int, ...] = Field(default=(32, 32), max_length=8)  # noqa: N815  # MACE's own names
    radial_type: Literal["bessel", "gaussian", "chebyshev"] = "bessel"
    distance_transform: Literal["Agnesi", "Soft"] | None = None
    avg_num_neighbors: float = Field(default=8.0, gt=0, le=1000)
    pair_repulsion: bool = False
    apply_cutoff: bool = True
    use_reduced_cg: bool = False
    use_so3: bool = False
    use_agnostic_product: bool = False
    use_last_readout_only: bool = False
    use_embedding_readout: bool = False
    use_edge_irreps_first: bool = False
    edge_irreps: str | None = Field(default=None, max_length=300, pattern=IRREPS)
    embedding_specs: dict[str, dict[str, int | float | str]] | None = Field(default=None, max_length=8)
    heads: tuple[str, ...] = Field(default=("Default",), min_length=1, max_length=64)


def hidden(channels: int, max_l: int) -> str:
    """Hidden features of so many channels each, up to an angular momentum.

    >>> hidden(4, 1)
    '4x0e+4x1o'
    """
    return "+".join(f"{channels}x{L}{'eo'[L % 2]}" for L in range(max_l + 1))


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """What MACE says of a network (`extract_config_mace_model`) as values of JSON."""
    gates = {fn: name for name, fn in mace_package().modules.gate_dict.items() if fn is not None}
    correlation = given["correlation"]
    return {
        "elements": tuple(int(z) for z in given["atomic_numbers"]),
        "gate": None if given["gate"] is None else gates.get(given["gate"], str(given["gate"])),
        "correlation": int(correlation[0]) if isinstance(correlation, list | tuple) else int(correlation),
        "radial_MLP": tuple(int(width) for width in given["radial_MLP"]),
        "heads": tuple(given["heads"] or ("Default",)),
        **{name: given[name].__name__ for name in ("interaction_cls", "interaction_cls_first")},
        # Of one layer the only readout is linear, whatever class the last of several would have.
        **({} if given["num_interactions"] == 1 else {"readout_cls": given["readout_cls"].__name__}),
        **{name: str(given[name]) for name in ("hidden_irreps", "MLP_irreps")},
        "edge_irreps": None if given["edge_irreps"] is None else str(given["edge_irreps"]),
        **{
            name: given[name]
            for name in NetworkConfig.model_fields
            if name in given
            and name
            not in {
                "heads",
                "gate",
                "correlation",
                "radial_MLP",
                "hidden_irreps",
                "MLP_irreps",
                "edge_irreps",
                "interaction_cls",
                "interaction_cls_first",
                "readout_cls",
            }
        },
    }


def config_of(network: Any, what: str = "The network") -> NetworkConfig:
    """The architecture of a MACE network; ModelError, one sentence, for one of another kind."""
    name = type(network).__name__
    if name != "ScaleShiftMACE":
        raise ModelError(f"{what} is a {name}; fine-tuning knows MACE networks of the class ScaleShiftMACE only.")
    given = mace_package().tools.scripts_utils.extract_config_mace_model(network)
    try:
        return NetworkConfig.model_validate(_plain(given))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{what} has parts that this version does not know, so it cannot be kept: {reason}") from None


def build(config: NetworkConfig) -> Any:
    """A network of this architecture with random weights (torch's seed) in float64; energies of atoms are 0.

    Raises ModelError where MACE cannot build it.
    """
    modules = mace_package().modules  # before e3nn, whose own files torch reads only as MACE has it do
    from e3nn import o3

    count = len(config.heads)
    words = config.model_dump(exclude={"elements", "interaction_cls", "interaction_cls_first", "readout_cls"})
    words |= {name: o3.Irreps(words[name]) for name in ("hidden_irreps", "MLP_irreps")}
    words["edge_irreps"] = None if config.edge_irreps is None else o3.Irreps(config.edge_irreps)
    words["gate"] = modules.gate_dict[config.gate] if config.gate else None
    words["heads"], words["radial_MLP"] = list(config.heads), list(config.radial_MLP)
    words["distance_transform"] = config.distance_transform or "None"
    try:
        with built():
            return modules.ScaleShiftMACE(
                **words,
                interaction_cls=modules.interaction_classes[config.interaction_cls],
                interaction_cls_first=modules.interaction_classes[config.interaction_cls_first],
                readout_cls=getattr(modules.blocks, config.readout_cls),
                atomic_numbers=list(config.elements),
                num_elements=len(config.elements),
                atomic_energies=np.zeros((count, len(config.elements))),
                atomic_inter_scale=[1.0] * count,
                atomic_inter_shift=[0.0] * count,
            ).double()
    except Exception as error:  # e3nn and MACE raise anything
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"MACE cannot build this network ({type(error).__name__}: {reason}).") from None


@lru_cache(maxsize=4)
def _template(config_json: str) -> Any:
    return build(NetworkConfig.model_validate_json(config_json))


def blank(config: NetworkConfig) -> Any:
    """A network to be given its numbers. MACE compiles a new one for seconds, so it is a copy where one was made."""
    return copy.deepcopy(_template(config.model_dump_json()))


def fresh(config: NetworkConfig, *, seed: int, scale_ev: float = 0.01) -> Any:
    """An untrained network: interactions of the order of `scale_ev` (eV), and energies of atoms that are 0."""
    with float64(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(config)
        network.scale_shift.scale.fill_(scale_ev)
    return network


def size_of(network: Any) -> int:
    """How many numbers a network has learnt."""
    return sum(parameter.numel() for parameter in network.parameters())
