"""Priors from general physics: what a student believes before it has seen any label."""

import math
from collections.abc import Mapping

import torch
from ase.data import atomic_numbers
from ase.data.vdw_alvarez import vdw_radii
from scipy.special import gammainc
from torch import Tensor

from nci_core.fitting.settings import FitSettings
from nci_core.potentials.ensemble import Ensemble, Prior
from nci_core.potentials.parameters import StudentConfig, blocks, slices
from nci_core.potentials.repulsion import Q_REFERENCE
from nci_core.systems.free_atoms import FREE_ATOMS, GENERIC_ATOM, pair_c6
from nci_core.units import BOHR_ANGSTROM, HARTREE_EV

#: Van der Waals radius in Å of elements without one.
GENERIC_RADIUS = 2.0

#: Standard deviations; ln-quantities are relative. Unknown elements get twice these for a, ln_alpha, ln_b and ln_C.
WIDTHS = {
    "a": 1.0,
    "A": 0.25,
    "ln_alpha": 0.15,
    "beta": 0.15,
    "ln_b": 0.25,
    "ln_C": (0.3, 0.25, 0.25),
    "gamma6": 0.25,
    "gamma8": 0.2,
    "gamma10": 0.2,
    "lam": 0.05,
    "W1": 1.0,
    "b1": 1.0,
    "W2": 0.3,
    "b2": 0.3,
}


#: By how much fine-tuning changes a distilled student, as a share of the general widths: what makes the CCSD(T)
#: labels of He–ethylene's training pool most probable, averaged over the optima distilled from HF + D4 and from
#: HF + MP2 (`nci bench prior` finds them again). Dispersion changes as much as general physics allows, repulsion,
#: ruler and network far less: Hartree–Fock has most of them.
CHANGE = {
    "a": 0.083,
    "A": 0.22,
    "ln_alpha": 0.12,
    "beta": 0.27,
    "ln_b": 1.5,
    "ln_C": 0.79,
    "gamma6": 1.4,
    "gamma8": 0.91,
    "gamma10": 1.0,
    "lam": 0.12,
    "W1": 0.16,
    "b1": 0.27,
    "W2": 0.29,
    "b2": 0.64,
}


def vdw_radius(element: str) -> float:
    """Alvarez's van der Waals radius in Å (DOI 10.1039/c3dt50599e), 2.0 for elements without one."""
    number = atomic_numbers[element]
    radius = float(vdw_radii[number]) if number < len(vdw_radii) else math.nan
    return radius if math.isfinite(radius) else GENERIC_RADIUS


def element_means(element: str, probe: str) -> dict[str, float | tuple[float, ...]]:
    """Prior means of one host element and the probe; blocks that are not named have mean 0.

    Dispersion follows D3: C₈ = 3 C₆ Q₁Q₂ and C₁₀ = 49/40·C₈²/C₆. Both exponents are
    0.9(√(2I₁) + √(2I₂)), from the decay of the densities. The repulsion balances dispersion where
    the van der Waals radii touch: α V_rep = Σ n f_n C_n/Rⁿ⁺¹ there (f_n is an incomplete gamma function).
    """
    one, two = (FREE_ATOMS.get(s, GENERIC_ATOM) for s in (element, probe))
    c6 = pair_c6(one, two)
    c8 = 3.0 * c6 * one.r2r4 * two.r2r4
    c10 = 49.0 / 40.0 * c8**2 / c6
    coefficients = [c * HARTREE_EV * BOHR_ANGSTROM**n for c, n in ((c6, 6), (c8, 8), (c10, 10))]
    decay = sum(math.sqrt(2.0 * atom.ionisation / HARTREE_EV) for atom in (one, two))
    alpha = 0.9 * decay / BOHR_ANGSTROM
    contact = vdw_radius(element) + vdw_radius(probe)
    attraction = sum(
        n * c * float(gammainc(n + 1, alpha * contact)) / contact ** (n + 1)
        for n, c in zip((6, 8, 10), coefficients, strict=True)
    )
    return {
        "a": math.log(attraction / alpha) + alpha * (contact - Q_REFERENCE),
        "ln_alpha": math.log(alpha),
        "ln_b": math.log(alpha),
        "ln_C": tuple(math.log(c) for c in coefficients),
    }


def change_prior(probe: str, elements: tuple[str, ...], config: StudentConfig) -> Prior:
    """Prior of the change of a distilled student's parameters by fine-tuning: general widths times CHANGE and κ."""
    general = general_prior(probe, elements, config)
    width = general.width.clone()
    for name, where in slices(config).items():
        width[:, where] *= CHANGE[name]
    return Prior(general.mean, width, FitSettings().kappa)


def prior_after(model: Ensemble) -> Prior:
    """What a fit that starts from a model believes: how far its parameters may move, not where they are.

    A distilled student knows its teacher; fine-tuning changes it as teachers and references differ.
    Any other model keeps the widths it was fitted with.
    """
    if model.prior is None or model.metadata.get("stage") == "distill":
        return change_prior(model.probe, model.elements, model.config)
    return model.prior


def general_prior(probe: str, elements: tuple[str, ...], config: StudentConfig) -> Prior:
    """Prior of a model without a teacher, for any elements."""
    where = slices(config)
    mean = torch.zeros(len(elements), config.size, dtype=torch.float64)
    width = torch.ones_like(mean)
    for row, element in enumerate(elements):
        known = element in FREE_ATOMS and probe in FREE_ATOMS
        for name in blocks(config):
            width[row, where[name]] = torch.tensor(WIDTHS[name], dtype=torch.float64)
            if not known and name in ("a", "ln_alpha", "ln_b", "ln_C"):
                width[row, where[name]] *= 2.0
        for name, value in element_means(element, probe).items():
            mean[row, where[name]] = torch.tensor(value, dtype=torch.float64)
    return Prior(mean, width)


#: By how much parameters differ between two recipes of one dimer, as shares of the general widths: each element's by
#: itself, and all elements' together, since what a basis lacks it lacks around every atom. What makes the `standard`
#: labels of He–ethylene's training pool most probable after its `quick` ones (`nci bench recipe-prior` finds them
#: again). Dispersion coefficients change together; little else does.
RECIPE_CHANGE: dict[str, tuple[float, float]] = {
    "a": (0.048, 0.06),
    "A": (0.054, 0.054),
    "ln_alpha": (0.049, 0.051),
    "beta": (0.077, 0.18),
    "ln_b": (0.086, 0.093),
    "ln_C": (0.11, 0.24),
    "gamma6": (0.1, 0.35),
    "gamma8": (0.098, 0.097),
    "gamma10": (0.1, 0.1),
    "lam": (0.051, 0.049),
    "W1": (0.02, 0.017),
    "b1": (0.035, 0.032),
    "W2": (0.056, 0.049),
    "b2": (0.079, 0.086),
}


def recipe_change(
    probe: str,
    elements: tuple[str, ...],
    config: StudentConfig,
    factors: Mapping[str, tuple[float, float]] = RECIPE_CHANGE,
) -> Tensor:
    """(p, p) covariance D² of the difference between the parameters of two recipes."""
    width = general_prior(probe, elements, config).width
    own, common = width.clone(), width.mean(0)
    for name, where in slices(config).items():
        own[:, where] *= factors[name][0]
        common[where] *= factors[name][1]
    together = torch.diag(common**2).repeat(len(elements), len(elements))
    return torch.diag(own.flatten() ** 2) + together
