"""Learning curves on random splits, and the hard splits."""

from collections.abc import Callable, Sequence

from nci_core.bench.fits import fitted_row, split_key
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Results
from nci_core.bench.splits import hard_splits, random_split
from nci_core.bench.variants import VARIANTS, Variant

Say = Callable[[str], None]
FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.3, 0.8)


def curve(problem: Problem, results: Results, *, seeds: Sequence[int], quick: bool, say: Say) -> None:
    """Direct and distilled, fixed and adaptive, on random shares of the labels; errors on all the rest."""
    for fraction in (0.02,) if quick else FRACTIONS:
        for seed in seeds[:1] if quick else seeds:
            for variant in VARIANTS:
                if variant.distilled and not problem.teachers:
                    continue
                split = random_split(len(problem.energies), fraction, seed)
                key = split_key("curve", variant.name, split, seed)
                row = fitted_row(problem, results, key, variant, split)
                if row is not None:
                    say(f"{split.name}, {variant.name}, seed {seed}: {row.mae_cm1:.3f} cm⁻¹, {row.seconds:.1f} s")


def hard(problem: Problem, results: Results, *, seeds: Sequence[int], quick: bool, say: Say) -> None:
    """Extrapolation across a border, direct and distilled."""
    splits = hard_splits(problem)
    for split in splits[-1:] if quick else splits:
        for seed in seeds[:1] if quick else seeds:
            for variant in (Variant(False), Variant(True)):
                if variant.distilled and not problem.teachers:
                    continue
                key = split_key("hard", variant.name, split, seed)
                row = fitted_row(problem, results, key, variant, split)
                if row is not None:
                    say(f"{split.name}, {variant.name}, seed {seed}: {row.mae_cm1:.2f} cm⁻¹, {row.seconds:.1f} s")
