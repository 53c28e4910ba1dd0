"""How far δ = CCSD(T) − MP2 of neon is from its limit without midbond functions, as in published sets of dimers.

    .venv/bin/python benchmarks/neon_delta.py [--stored] [--out FILE]

δ of interaction energies (counterpoise, frozen core) in aug-cc-pVTZ without and with midbond functions, and in the
small functions of `focal-point`, with the MP2 of the same functions: what they find of MP2's limit says how near δ is
to its own. Five minutes of one core, nearly all of it for N₂; --out keeps each line as soon as it is finished.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from nci_core.labels.ccsdt import compute_label
from nci_core.labels.focal_point import focal_point
from nci_core.labels.recipes import Midbond, Recipe
from nci_core.labels.results import LabelResult, difference
from nci_core.systems import Dimer, Monomer
from nci_core.units import to_cm1

KEPT = Path(__file__).parents[1] / "data" / "benchmarks" / "neon_delta.jsonl"
#: Lengths in Å; neon stands on the z axis, beside the middle of a bond, near the minimum.
DIMERS = {
    "He–Ne": (Dimer(Monomer("he", ("He",), np.zeros((1, 3))), Monomer.atom("Ne")), 3.03),
    "H₂–Ne": (Dimer(Monomer("h2", ("H", "H"), np.array([[-0.371, 0, 0], [0.371, 0, 0]])), Monomer.atom("Ne")), 3.30),
    "N₂–Ne": (Dimer(Monomer("n2", ("N", "N"), np.array([[-0.549, 0, 0], [0.549, 0, 0]])), Monomer.atom("Ne")), 3.38),
}
TRIPLE: dict[str, Any] = {"host_basis": {"*": "aug-cc-pvtz"}, "probe_basis": "aug-cc-pvtz", "integrals": "fitted"}
MIDBOND = Midbond(exponents={"s": (0.9, 0.3, 0.1), "p": (0.9, 0.3, 0.1), "d": (0.6, 0.2), "f": (0.35,)})


def recipes(dimer: Dimer) -> dict[str, Recipe]:
    """By what the table calls them."""
    return {
        "aug-cc-pVTZ": Recipe(name="triple", **TRIPLE),
        "with midbond functions": Recipe(name="midbond", midbond=MIDBOND, **TRIPLE),
        "focal-point's small ones": focal_point(dimer.b.symbols[0], dimer.a.symbols),
    }


def row(label: LabelResult) -> dict[str, float]:
    """HF, MP2, CCSD(T) − MP2 (cm⁻¹) of the interaction in a label's own, or smaller, functions."""
    hf, mp2, ccsd, triples = (
        float(to_cm1(difference(label.fragments, f"{part}_hartree"))) for part in ("hf", "mp2", "ccsd", "triples")
    )
    return {"hf_cm1": hf, "mp2_cm1": mp2, "delta_cm1": ccsd + triples - mp2, "cpu_minutes": label.cpu_seconds / 60}


def main() -> None:
    """Compute what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=KEPT)
    parser.add_argument("--stored", action="store_true", help="compute nothing, print what is kept")
    asked = parser.parse_args()
    kept = [json.loads(line) for line in asked.out.read_text().splitlines()] if asked.out.exists() else []
    done = {(line["dimer"], line["functions"]) for line in kept}
    for name, (dimer, distance) in {} if asked.stored else DIMERS.items():
        for functions, recipe in recipes(dimer).items():
            if (name, functions) not in done:
                label = compute_label(dimer.at([0.0, 0.0, distance]), recipe)
                kept.append({"dimer": name, "functions": functions} | row(label))
                with asked.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(kept[-1], ensure_ascii=False) + "\n")
    print(f"{'dimer':<8}{'functions':<26}{'MP2, cm⁻¹':>10}{'δ, cm⁻¹':>10}{'CPU min':>9}")
    for line in kept:
        numbers = f"{line['mp2_cm1']:10.1f}{line['delta_cm1']:10.2f}{line['cpu_minutes']:9.2f}"
        print(f"{line['dimer']:<8}{line['functions']:<26}{numbers}")


if __name__ == "__main__":
    main()
