"""The limit of graphene: helium over the centre of growing flakes, by a student of small aromatics.

Published depths over graphene differ more than twofold, so none is right or wrong by them: docs/transfer.md has them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from nci_core.bench.transfer import PER_HOST, Trained, training_sets
from nci_core.bench.transfer_data import Say, TransferProblem
from nci_core.bench.transfer_rows import FlakeRow, TransferResults, digest
from nci_core.errors import ModelError
from nci_core.potentials.agreement import check_fits
from nci_core.potentials.ensemble import Ensemble
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]

#: Built-in flakes whose centre is the centre of a ring, in order of size.
FLAKES = ("benzene", "coronene", "circumcoronene")
#: Heights (Å) between which the minimum lies: inside, He–C repulsion; outside, little is left of the well.
HEIGHTS = (2.4, 4.5)
#: What is said below the table.
NOT_COMPARED = (
    "Published depths over graphene are −118 cm⁻¹ (empirical), −203 (density functional theory) and −270 (MP2), "
    "see docs/transfer.md; a flake is not a sheet."
)


def deepest(model: Ensemble, dimer: Dimer) -> tuple[float, float, float]:
    """Height (Å), energy and error bar (eV) of the minimum along the normal through the host's centre."""
    normal, centre = dimer.a.axes[2], dimer.a.centre

    def along(height: float) -> FloatArray:
        place: FloatArray = (centre + height * normal)[None, :]
        return place

    found = minimize_scalar(
        lambda height: float(model.energies(dimer.at(along(height)))[0]), bounds=HEIGHTS, method="bounded"
    )
    energy, std = model.energies_and_std(dimer.at(along(float(found.x))))
    return float(found.x), float(energy[0]), float(std[0])


def flakes(
    problem: TransferProblem,
    results: TransferResults[FlakeRow],
    *,
    seeds: Sequence[int],
    say: Say,
    teacher: str,
    hosts: Sequence[str] = FLAKES,
    per_host: int = PER_HOST,
) -> None:
    """The depth over each flake by students of one teacher and the largest training set."""
    training = list(training_sets(problem, teacher))
    if not training:
        say(f"No flakes: teacher {teacher} has energies of no host that is trained on.")
        return
    names = tuple(host.name for host in training[-1])
    probe = training[-1][0].dimer.b.symbols[0]
    for seed in seeds:
        trained = Trained(problem, training[-1], teacher, per_host, seed)
        for name in hosts:
            data = digest(trained.seen)
            if results.has((problem.reference, teacher, names, name, seed), data):
                continue
            dimer = Dimer(builtin_monomer(name), Monomer.atom(probe))
            try:
                check_fits(trained.student, dimer)
            except ModelError as error:
                say(f"{name} cannot be asked about: {error}")
                continue
            height, energy, std = deepest(trained.student, dimer)
            row = FlakeRow(
                data=data,
                reference=problem.reference,
                teacher=teacher,
                training=names,
                host=name,
                carbons=dimer.a.symbols.count("C"),
                height_angstrom=height,
                depth_cm1=float(to_cm1(energy)),
                std_cm1=float(to_cm1(std)),
                seed=seed,
            )
            results.add(row)
            say(f"{name}, {row.carbons} C: {row.depth_cm1:.1f} ± {row.std_cm1:.1f} cm⁻¹ at {height:.2f} Å.")
