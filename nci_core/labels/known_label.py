"""Whether this process computes right, and how fast: one small label whose value is known.

`python -m nci_core.labels.known_label` prints JSON. The environment decides which linear algebra is used, so the
question is asked in a process of its own.
"""

import json

from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.environment import blas_in_use, dgemm_gflops
from nci_core.systems import Monomer, builtin_monomer
from nci_core.systems.dimer import Dimer
from nci_core.units import to_cm1

#: He–ethylene by `quick`, Å and cm⁻¹; the same with three linear algebra libraries.
PLACE_ANGSTROM, KNOWN_CM1 = (0.7, 0.3, 3.1), 90.619246
#: Libraries agree to 1e-6; a thousand times that is still below what any label resolves.
TOLERANCE_CM1 = 1e-3


def main() -> None:
    """Compute the label and print its error in cm⁻¹, its CPU seconds and the speed of the matrix product."""
    label = compute_label(
        Dimer(builtin_monomer("ethylene"), Monomer.atom("He")).at(PLACE_ANGSTROM), find_recipe("quick")
    )
    found = {
        "blas": blas_in_use(),
        "dgemm_gflops": round(dgemm_gflops(), 1),
        "error_cm1": to_cm1(label.energy_ev) - KNOWN_CM1,
        "cpu_seconds": label.cpu_seconds,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
