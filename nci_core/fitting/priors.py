"""Priors from general physics: what a student believes before it has seen any label."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nci_core.fitting.settings import FitSettings
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import PairKind
from nci_core.potentials.parameters import StudentConfig, layout, own_name
from nci_core.potentials.prior import DiagonalPrior, Prior
from nci_core.potentials.terms.pair_physics import is_tabulated


def _learned(name: str) -> tuple[dict[str, Any], Any]:
    """Shares by block, and that of any other block; from learned/NAME.toml, which says where they come from."""
    content = tomllib.loads((Path(__file__).with_name("learned") / f"{name}.toml").read_text(encoding="utf-8"))
    return content["shares"], content["other"]


#: By how much fine-tuning changes a distilled student, as shares of the general widths.
CHANGE, OTHER_CHANGE = _learned("fine_tuning")
#: By how much parameters differ between two recipes of one dimer: each kind of pair's own, all kinds' common share.
RECIPE_CHANGE, OTHER_RECIPE_CHANGE = _learned("recipes")
#: Share of its width that a parameter keeps for itself where it follows another one and no teacher tells the two
#: apart. Chosen on random splits of the He–benzene reference, seeds 100–104; docs/results.md has those of seeds 0–4.
DIRECT_OWN = 0.1


def general_prior(kinds: Sequence[PairKind], config: StudentConfig) -> DiagonalPrior:
    """Prior of a model without a teacher, for any pairs; twice as wide where a free atom is not tabulated."""
    what = layout(config)
    mean = torch.zeros(len(kinds), what.size, dtype=torch.float64)
    width = torch.ones_like(mean)
    for row, kind in enumerate(kinds):
        for name, block in what.blocks.items():
            width[row, what.slices[name]] = torch.tensor(block.width, dtype=torch.float64)
            if block.of_elements and not is_tabulated(kind):
                width[row, what.slices[name]] *= 2.0
        for term in what.terms:
            for name, value in term.prior_means(kind).items():
                mean[row, what.slices[name]] = torch.tensor(value, dtype=torch.float64)
    return DiagonalPrior(mean, width)


def direct_prior(kinds: Sequence[PairKind], config: StudentConfig) -> DiagonalPrior:
    """Prior of a fit to reference energies alone: the general one, where terms that only a teacher tells apart agree.

    Electrostatics changes as exchange does (`Layout.links`), and by DIRECT_OWN of its width by itself.
    """
    general, what = general_prior(kinds, config), layout(config)
    width = general.width.clone()
    for name in what.followed:
        width[:, what.parts[name]] *= DIRECT_OWN
    return replace(general, width=width, links=what.links)


def change_prior(kinds: Sequence[PairKind], config: StudentConfig) -> DiagonalPrior:
    """Prior of the change of a distilled student's parameters by fine-tuning: general widths times CHANGE and κ."""
    general, what = general_prior(kinds, config), layout(config)
    width = general.width.clone()
    for name, where in what.parts.items():
        width[:, where] *= CHANGE.get(own_name(name), OTHER_CHANGE)
    return DiagonalPrior(general.mean, width, FitSettings().kappa, what.links)


def prior_after(model: Ensemble) -> Prior:
    """What a fit that starts from a model believes: how far its parameters may move, not where they are.

    A distilled student knows its teacher; fine-tuning changes it as teachers and references differ.
    Any other model keeps the widths it was fitted with.
    """
    if model.prior is None or model.metadata.get("stage") == "distill":
        return change_prior(model.kinds, model.config)
    return model.prior


def recipe_change(
    kinds: Sequence[PairKind], config: StudentConfig, shares: Mapping[str, Sequence[float]] = RECIPE_CHANGE
) -> Tensor:
    """(p, p) covariance D² of the difference between the parameters of two recipes."""
    parts = layout(config).parts
    pairs = {name: shares.get(own_name(name), OTHER_RECIPE_CHANGE) for name in parts}
    return change_covariance(general_prior(kinds, config).width, parts, lambda name: (pairs[name][0], pairs[name][1]))


def change_covariance(
    width: Tensor, parts: Mapping[str, slice], shares: Callable[[str], tuple[float | Tensor, float | Tensor]]
) -> Tensor:
    """(p, p) covariance of changes of parameters: of every kind of pair by itself, and of all kinds together.

    Args:
        width: (kinds, size) general widths.
        parts: where each lies, see `Layout.parts`.
        shares: own and common share of the widths, by part.
    """
    own = torch.cat([width[:, where] * shares(name)[0] for name, where in parts.items()], dim=1)
    common = torch.cat([width.mean(0)[where] * shares(name)[1] for name, where in parts.items()])
    together = torch.diag(common**2).repeat(len(width), len(width))
    return torch.diag(own.flatten() ** 2) + together
