"""How closely a distilled student follows its teacher around polar hosts: Ne–HF and Ar–H₂O.

    python benchmarks/polar_hosts.py [--stored] [--sum] [--seeds 3] [--out FILE] [--energies FILE]

Per dimer, 300 places of the campaign's sampler get the teacher's energies (HF + D4, all channels). Per seed, of split
and fit, a student is taught 240 of them, drawn at random, and compared with the 60 others. Errors are those at held-out
points with a negative energy, in cm⁻¹, of the energy and of each of the teacher's channels. Dipoles make such hosts
hard: they induce one in the probe. With --sum the student is taught the sum of the channels alone. Minutes on one core;
every energy and every row is kept as soon as it is there.
"""

import argparse
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.fitting import FitSettings, Observation, distill
from nci_core.fitting.observations import terms_of
from nci_core.potentials import Ensemble
from nci_core.regions import RegionBounds
from nci_core.sampling import SampleSettings, sample
from nci_core.sampling.depth import well_depth
from nci_core.systems import Configurations, Dimer, Monomer, builtin_monomer
from nci_core.teachers.base import TeacherLabels, TeacherPoint
from nci_core.teachers.registry import find_teacher
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]
KEPT = Path(__file__).parents[1] / "data" / "benchmarks" / "polar_hosts.jsonl"
ENERGIES = Path(__file__).parents[1] / "build" / "polar_hosts_energies.jsonl"
CHANNELS, SUM = "channels", "sum"
TEACHER, POINTS, TAUGHT = "hf-d4", 300, 240
#: Name → host, probe, and the MAE on attractive points in cm⁻¹ that was set out.
DIMERS = {"Ne–HF": ("hydrogen-fluoride", "Ne", 0.3), "Ar–H₂O": ("water", "Ar", 0.15)}


def teacher_energies(name: str, kept: Path) -> tuple[Configurations, TeacherLabels]:
    """Places of a sample around the host and what the teacher says there; what is kept is not computed again."""
    host, probe, _ = DIMERS[name]
    dimer = Dimer(builtin_monomer(host), Monomer.atom(probe))
    settings = SampleSettings.of(RegionBounds.of_depth(well_depth(dimer)))
    at, teacher = dimer.at(sample(dimer, POINTS, 0, settings=settings).positions), find_teacher(TEACHER)
    hashes = at.geometry_hashes()
    known = {line["geometry"]: line for line in read_lines(kept) if line["dimer"] == name}
    missing = [row for row in range(POINTS) if hashes[row] not in known]

    def keep(point: TeacherPoint) -> None:
        line = {"dimer": name, "geometry": hashes[missing[point.index]], "channels": point.channels}
        known[line["geometry"]] = line
        add_line(kept, line)

    teacher.evaluate(dimer.at(at.R[missing]), on_point=keep)
    channels = {
        channel: np.array([known[each]["channels"][channel] for each in hashes]) for channel in teacher.channels
    }
    return at, TeacherLabels(np.sum(list(channels.values()), axis=0), channels, None, 0.0)


def observed(at: Configurations, labels: TeacherLabels, rows: npt.NDArray[np.int64], learnt: str) -> Observation:
    """Some of the teacher's energies, with their channels unless the sum alone is learnt."""
    channels = {name: values[rows] for name, values in labels.channels.items() if learnt == CHANNELS}
    return Observation(at.dimer.at(at.R[rows]), labels.energy[rows], channels)


def split(seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows that are taught and rows that are held out."""
    order = np.random.default_rng(seed).permutation(POINTS)
    return order[:TAUGHT], order[TAUGHT:]


def errors(student: Ensemble, held: Observation) -> dict[str, Any]:
    """The student against held-out energies of its teacher that are negative, in cm⁻¹."""
    attractive = held.energies < 0.0
    at = held.configurations.dimer.at(held.configurations.R[attractive])
    error = to_cm1(student.energies(at) - held.energies[attractive])
    worst, parts = int(np.abs(error).argmax()), student.channels(at)
    of_channels = {
        name: sum(parts[term] for term in terms_of(name, list(parts))) - values[attractive]
        for name, values in held.channels.items()
    }
    return {
        "n_attractive": int(attractive.sum()),
        "mae_attractive_cm1": float(np.abs(error).mean()),
        "max_attractive_cm1": float(np.abs(error[worst])),
        "worst_at_angstrom": at.R[worst].tolist(),
        "worst_energy_cm1": float(to_cm1(held.energies[attractive][worst])),
    } | {f"{name}_mae_cm1": float(np.abs(to_cm1(wrong)).mean()) for name, wrong in of_channels.items()}


def measure(name: str, at: Configurations, labels: TeacherLabels, seed: int, learnt: str) -> dict[str, Any]:
    """One row of the table."""
    taught, held = split(seed)
    student = distill([observed(at, labels, taught, learnt)], settings=FitSettings(seed=seed))
    row = {"dimer": name, "teacher": TEACHER, "learnt": learnt, "seed": seed}
    row |= {"taught": len(taught), "held_out": len(held), "target_cm1": DIMERS[name][2]}
    return row | errors(student, observed(at, labels, held, CHANNELS))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Lines of JSON, none where there is no file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def add_line(path: Path, line: dict[str, Any]) -> None:
    """One more of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def main() -> None:
    """Measure what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=KEPT)
    parser.add_argument("--energies", type=Path, default=ENERGIES, help="the teacher's energies, as they are computed")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0 to this, exclusive")
    parser.add_argument("--sum", action="store_true", help="teach the sum of the channels alone")
    parser.add_argument("--stored", action="store_true", help="compute nothing, print what is kept")
    asked = parser.parse_args()
    kept = read_lines(asked.out)
    done, learnt = {(row["dimer"], row["learnt"], row["seed"]) for row in kept}, SUM if asked.sum else CHANNELS
    for name in () if asked.stored else DIMERS:
        missing = [seed for seed in range(asked.seeds) if (name, learnt, seed) not in done]
        if not missing:
            continue
        at, labels = teacher_energies(name, asked.energies)
        for seed in missing:
            kept.append(measure(name, at, labels, seed, learnt))
            add_line(asked.out, kept[-1])
    numbers = {"MAE": "mae_attractive_cm1", "max": "max_attractive_cm1"}
    numbers |= {"electrost.": "electrostatics_mae_cm1", "exch.+ind.": "exchange_induction_mae_cm1"}
    numbers |= {"dispersion": "dispersion_mae_cm1"}
    print(f"{'dimer':<8}{'learnt':<9}{'seed':>5}{'attractive':>11}" + "".join(f"{title:>11}" for title in numbers))
    for row in kept:
        values = "".join(f"{row[key]:11.3f}" for key in numbers.values())
        print(f"{row['dimer']:<8}{row['learnt']:<9}{row['seed']:>5}{row['n_attractive']:>11}{values}")
    for (name, (_, _, target)), way in product(DIMERS.items(), (CHANNELS, SUM)):
        maes = [row["mae_attractive_cm1"] for row in kept if (row["dimer"], row["learnt"]) == (name, way)]
        if len(maes) > 1:
            mean, sd = float(np.mean(maes)), float(np.std(maes, ddof=1))
            print(f"{name}, {way}: MAE {mean:.3f} ± {sd:.3f} cm⁻¹ over {len(maes)} seeds; target {target:g}")


if __name__ == "__main__":
    main()
