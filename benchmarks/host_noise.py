"""How closely labels of several hosts are to be met, and what error bars of one host's model are worth at others.

Students of HF + MP2, HF + D4 and none learn 40 energies of each of four aromatics, to which one noise σ is given, and
are held against the frozen places of these hosts and those of coronene, which none has seen. Mean absolute errors
(cm⁻¹) at attractive energies, and the share of all within two error bars. `--alone`: students of the first host by
itself, and the root mean square of errors by error bars at the others. Some 15 and 5 minutes on one core.

    python benchmarks/host_noise.py data/he-aromatics
    python benchmarks/host_noise.py data/he-aromatics --alone
"""

import argparse
from pathlib import Path

import numpy as np

from nci_core.bench.transfer import PER_HOST, Trained
from nci_core.bench.transfer_data import Host, TransferProblem, open_transfer
from nci_core.bench.transfer_rows import DIRECT, measured
from nci_core.fitting import finetune
from nci_core.potentials.ensemble import Ensemble
from nci_core.units import to_cm1

SIGMAS_CM1 = (0.03, 0.3, 1.0, 3.0, 10.0)


def errors(model: Ensemble, host: Host, limit_cm1: float) -> str:
    """MAE of attractive frozen energies and share within two error bars, in words."""
    assert host.test is not None
    row = measured(*model.energies_and_std(host.test.configurations), host.test.energies, limit_cm1)
    return f"{row['mae_attractive_cm1']:6.2f} ({row['within_2']:.2f})"


def noises(problem: TransferProblem, teachers: list[str], seeds: int) -> None:
    """One line for each teacher, seed and σ."""
    training = [host for host in problem.hosts if host.role == "train"]
    print("teacher, seed, σ / cm⁻¹: MAE (share within 2 sd) at", ", ".join(host.name for host in problem.hosts))
    for teacher in teachers:
        for seed in range(seeds):
            trained = Trained(problem, training, teacher, PER_HOST, seed)
            for sigma in SIGMAS_CM1:
                settings = trained.settings.model_copy(update={"sigma_cm1": sigma})
                model = finetune(trained.labels, trained.distilled, settings=settings)
                found = [errors(model, host, problem.bounds.limit_cm1) for host in problem.hosts]
                print(f"{teacher:16} {seed} {sigma:5.2f}:", *found, flush=True)


def alone(problem: TransferProblem, teachers: list[str], seeds: int) -> None:
    """One line for each teacher and seed: root mean square ratios as the fit gives them, without any factor."""
    print(
        "teacher, seed: root mean square of error by error bar at", ", ".join(host.name for host in problem.hosts[1:])
    )
    for teacher in teachers:
        for seed in range(seeds):
            trained = Trained(problem, problem.hosts[:1], teacher, PER_HOST, seed)
            found = []
            for host in problem.hosts[1:]:
                known = host.test if host.pool is None else host.pool
                assert known is not None
                energies, std = trained.student.energies_and_std(known.configurations)
                ratio = (energies - known.energies) / (std / trained.student.widening(host.dimer))
                inside = to_cm1(known.energies) < problem.bounds.limit_cm1
                found.append(f"{np.sqrt(np.mean(ratio[inside] ** 2)):5.1f}")
            print(f"{teacher:16} {seed}:", *found, flush=True)


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("campaign", type=Path)
    parser.add_argument("--against", default="energies:mp2+delta")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args()
    problem = open_transfer(asked.campaign, asked.against)
    what = alone if asked.alone else noises
    what(problem, [*problem.teachers, DIRECT], asked.seeds)


if __name__ == "__main__":
    main()
