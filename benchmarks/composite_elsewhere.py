"""The recipe `composite` over a host that its factors were not fitted to: He–ethylene against larger basis sets.

    .venv/bin/python benchmarks/composite_elsewhere.py [--stored] [--out FILE] [GEOMETRY ...]

The reference is CCSD(T) in aug-cc-pVTZ with midbond functions, its correlation extrapolated with aug-cc-pVDZ and the
same midbond functions. Ten geometries of data/he-ethylene from the bottom of the well to the wall; their labels of
`standard` and `quick` are those of the campaign. Twenty minutes a geometry on one core; --out keeps what is
finished, a label a line: so far the reference of the first four.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from nci_core.bench.measured import Measured, measured, read_labels
from nci_core.bench.recipes import row
from nci_core.config import read_settings
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.recipes import Extrapolation, FunctionSet, Midbond, Recipe
from nci_core.labels.results import LabelResult
from nci_core.units import to_cm1

CAMPAIGN = Path(__file__).parents[1] / "data" / "he-ethylene"
KEPT = CAMPAIGN.parent / "benchmarks" / "composite_elsewhere.jsonl"
#: Geometry hashes; −35 to +33 cm⁻¹ by the recipe `standard`, in the host's plane, above it and between.
GEOMETRIES = (
    "1afb5a9f019031ab",
    "3afe5c92715dcd96",
    "c93318d116759b03",
    "ac35d79a46c3b809",
    "1e5e567457ae2dca",
    "aa5060db69262586",
    "3b0ef584fd24cd3d",
    "e6d8a27bce195328",
    "b5cae1d3b2049c00",
    "8288199d1d6c3782",
)
MIDBOND = Midbond(exponents={"s": (0.9, 0.3, 0.1), "p": (0.9, 0.3, 0.1), "d": (0.6, 0.2), "f": (0.3,)})
SMALLER, LARGER = (
    FunctionSet(host_basis={"*": basis}, probe_basis=basis, midbond=MIDBOND) for basis in ("aug-cc-pvdz", "aug-cc-pvtz")
)
REFERENCE = Recipe(
    name="reference", **LARGER.model_dump(), extrapolation=Extrapolation(smaller=SMALLER, cardinals=(3, 2))
)
UNEXTRAPOLATED = "reference, not extrapolated"


def labels_of(path: Path) -> dict[tuple[str, str], LabelResult]:
    """By geometry and the recipe's name."""
    found = read_labels(path) if path.exists() else ()
    return {(label.geometry_hash, str(label.recipe["name"])): label for label in found}


def compute(geometries: list[str], out: Path) -> None:
    """Append the labels that the file lacks."""
    dimer, campaign = read_settings(CAMPAIGN).dimer, labels_of(CAMPAIGN / "labels.jsonl")
    for geometry in geometries:
        for recipe in (find_recipe("composite"), REFERENCE):
            if (geometry, recipe.name) not in labels_of(out):
                place = campaign[geometry, "standard"].position_angstrom
                label = compute_label(dimer.at(np.array(place)), recipe)
                with out.open("a", encoding="utf-8") as file:
                    file.write(label.model_dump_json() + "\n")


def claims(label: LabelResult) -> Iterable[Measured]:
    """What a label says; of the reference what it would without extrapolation, for that tells how far it may err."""
    if label.recipe["name"] != REFERENCE.name:
        return measured(label)
    energy = LabelResult.interaction(label.fragments)["energy_ev"]
    place = np.array(label.position_angstrom)
    return [Measured(UNEXTRAPOLATED, place, energy, label.cpu_seconds, label.memory_gb)]


def main() -> None:
    """Compute what is missing and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("geometries", nargs="*", help="hashes; by default all ten")
    parser.add_argument("--out", type=Path, default=KEPT)
    parser.add_argument("--stored", action="store_true", help="compute nothing, print what is kept")
    asked = parser.parse_args()
    if not asked.stored:
        compute(asked.geometries or list(GEOMETRIES), asked.out)
    kept = labels_of(asked.out)
    truth = {geometry: label.energy_ev for (geometry, name), label in kept.items() if name == REFERENCE.name}
    found = defaultdict(list)
    for (geometry, _), label in (labels_of(CAMPAIGN / "labels.jsonl") | kept).items():
        for one in claims(label) if geometry in truth else ():
            found[one.recipe].append((one, truth[geometry]))
    minutes = np.mean([label.cpu_seconds / 60 for (_, name), label in kept.items() if name == REFERENCE.name])
    print(f"Mean absolute errors in cm⁻¹; the reference took {minutes:.0f} CPU minutes a label.")
    print(f"{'recipe':<36}{'labels':>7}{'attractive':>12}{'all':>8}{'mean error':>12}{'CPU min':>9}")
    for name, pairs in sorted(found.items()):
        energies, exact = (np.array(values) for values in zip(*((m.energy, e) for m, e in pairs), strict=True))
        line = row(name, energies, exact, [(m.cpu_seconds, m.memory_gb) for m, _ in pairs])
        print(
            f"{name:<36}{f'{line.n} ({line.n_attractive})':>7}{line.mae_attractive_cm1:12.2f}{line.mae_cm1:8.2f}"
            f"{to_cm1(energies - exact).mean():+12.2f}{line.cpu_minutes:9.2f}"
        )


if __name__ == "__main__":
    main()
