"""A LabelResult from what came back: results of the PySCF script, or outputs of another program."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from pydantic import ValidationError

from nci_core.errors import InputError
from nci_core.labels.checks import T1_LIMIT
from nci_core.labels.elsewhere.inputs import PROGRAMS, Program, file_name
from nci_core.labels.elsewhere.outputs import NAMES, FragmentOutput, Printed, read_output
from nci_core.labels.elsewhere.plausible import check_plausible
from nci_core.labels.elsewhere.returned import ReturnedResult
from nci_core.labels.elsewhere.task import FRAGMENTS, FragmentName, FragmentTask, LabelTask
from nci_core.labels.environment import package_versions
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import YEAR_SECONDS, Environment, FragmentResult, LabelResult, stated_std_cm1
from nci_core.visible import quoted

#: Å; exported numbers come back as they were, a thousandth of what the geometry hash sees.
SAME_PLACE = 1e-7
#: hartree, absolute and relative: programs differ in the bohr by 1e-8, an atom moved by 1e-4 Å in the fifth digit.
SAME_REPULSION = (1e-6, 1e-7)


def check_size(name: FragmentName, task: FragmentTask, n_basis: int, repulsion: Printed, where: str) -> None:
    """Raise InputError unless functions and nuclear repulsion (hartree) are those of the fragment."""
    if n_basis != task.n_basis:
        raise InputError(
            f"{where}: the {name} has {n_basis} basis functions instead of {task.n_basis}, so its basis is another; "
            "it was not stored."
        )
    expected, (absolute, relative) = task.nuclear_repulsion_hartree, SAME_REPULSION
    if not abs(repulsion.value - expected) <= absolute + relative * abs(expected) + repulsion.half_unit:
        raise InputError(
            f"{where}: the nuclear repulsion of the {name} is {repulsion.value:.11g} hartree instead of "
            f"{expected:.11g}, so its geometry is another; it was not stored."
        )


def label_from_result(result: ReturnedResult, task: LabelTask, where: str) -> LabelResult:
    """The label that a script's result holds; raises InputError unless it is the task's, whole and converged."""
    if result.layout != task.layout:
        raise InputError(f"{where} has layout {result.layout} instead of {task.layout}; export and compute it again.")
    same = (
        result.geometry_hash == task.geometry_hash
        and result.host_symbols == task.host_symbols
        and result.probe == task.probe
        and len(result.host_positions_angstrom) == len(task.host_positions_angstrom)
        and np.allclose(result.host_positions_angstrom, task.host_positions_angstrom, rtol=0, atol=SAME_PLACE)
        and np.allclose(result.position_angstrom, task.position_angstrom, rtol=0, atol=SAME_PLACE)
    )
    if not same:
        raise InputError(f"{where} was computed at another geometry than its hash says; it was not stored.")
    beside = ("description", "prediction_error")  # the calculation does not depend on them
    settings = {key: value for key, value in task.recipe.items() if key not in beside}
    given = {key: value for key, value in result.recipe.items() if key not in beside}
    if result.recipe_hash != task.recipe_hash or given != settings:
        raise InputError(f"{where} was computed by another recipe than {task.recipe['name']}; it was not stored.")
    if set(result.fragments) != set(FRAGMENTS):
        raise InputError(f"{where} lacks one of dimer, host and probe; it was not stored.")
    parts: dict[FragmentName, FragmentResult] = {}
    for name in FRAGMENTS:
        part, expected = result.fragments[name], task.fragments[name]
        for step, converged in (("Hartree-Fock", part.scf_converged), ("CCSD", part.ccsd_converged)):
            if not converged:
                raise InputError(f"{where}: {step} of the {name} did not converge; it was not stored.")
        check_size(name, expected, part.n_basis, Printed(part.nuclear_repulsion_hartree, 0.0), where)
        if (part.n_frozen, part.n_electrons) != (expected.n_frozen, expected.n_electrons):
            raise InputError(f"{where}: the {name} has other frozen orbitals or electrons; it was not stored.")
        hf, ccsd, triples, t1 = part.hf_hartree, part.ccsd_hartree, part.triples_hartree, part.t1_diagnostic
        if hf is None or ccsd is None or triples is None or t1 is None:
            raise InputError(f"{where}: the {name} has no number for one of its energies; it was not stored.")
        parts[name] = FragmentResult(
            hf_hartree=hf,
            ccsd_hartree=ccsd,
            triples_hartree=triples,
            t1_diagnostic=t1,
            **part.model_dump(
                include={"n_basis", "n_frozen", "scf_cycles", "cc_cycles", "cpu_seconds", "wall_seconds"}
            ),
        )
    environment = Environment(
        versions=result.versions | {"program": result.program} | _importer(),
        processor=result.processor,
        threads=result.threads,
        blas="not recorded (computed elsewhere)",
        dgemm_gflops=0.0,
    )
    cost = (result.cpu_seconds, result.wall_seconds, result.memory_gb)
    return _label(task, parts, environment, cost, [], where, result.finished_at)


def label_from_outputs(program: Program, texts: Mapping[FragmentName, str], task: LabelTask, where: str) -> LabelResult:
    """The label that three outputs of one program hold; raises InputError with the reason otherwise."""
    missing = [name for name in FRAGMENTS if name not in texts]
    if missing:
        raise InputError(f"{where}: {file_name(program, missing[0], output=True)} is missing; a label needs all three.")
    read: dict[FragmentName, FragmentOutput] = {}
    for name in FRAGMENTS:
        file = f"{where}/{file_name(program, name, output=True)}"
        read[name] = read_output(program, texts[name], task, name, file)
        check_size(name, task.fragments[name], read[name].n_basis, read[name].nuclear_repulsion, file)
    parts = {name: _from_output(found, task.fragments[name], where) for name, found in read.items()}
    versions = {found.version for found in read.values()}
    environment = Environment(
        versions={"program": NAMES[program], program: ", ".join(sorted(versions))} | _importer(),
        processor="a machine elsewhere",
        threads=0,
        blas="not recorded (computed elsewhere)",
        dgemm_gflops=0.0,
    )
    wall = sum(part.wall_seconds for part in parts.values())
    note = (
        f"Computed elsewhere with {NAMES[program]} {', '.join(sorted(versions))} and read from its outputs; "
        "this reader is experimental: compare one label with one of the PySCF script."
    )
    return _label(task, parts, environment, (0.0, wall, 0.0), [note], where, None)


def _from_output(found: FragmentOutput, task: FragmentTask, where: str) -> FragmentResult:
    if not 0.0 <= found.wall_seconds <= YEAR_SECONDS:
        raise InputError(
            f"{where}: a calculation took {found.wall_seconds:.3g} seconds, over a year; it was not stored."
        )
    if not found.t1_diagnostic >= 0.0:
        raise InputError(f"{where}: a T1 diagnostic is {found.t1_diagnostic}, below 0; it was not stored.")
    return FragmentResult(
        hf_hartree=found.hf_hartree,
        ccsd_hartree=found.ccsd_hartree,
        triples_hartree=found.triples_hartree,
        n_basis=found.n_basis,
        n_frozen=task.n_frozen,
        scf_cycles=0,
        cc_cycles=0,
        t1_diagnostic=found.t1_diagnostic,
        cpu_seconds=0.0,
        wall_seconds=found.wall_seconds,
    )


def _importer() -> dict[str, str]:
    return {"imported with nci": package_versions("nci")["nci"]}


def _label(
    task: LabelTask,
    parts: dict[FragmentName, FragmentResult],
    environment: Environment,
    cost: tuple[float, float, float],
    warnings: list[str],
    where: str,
    finished_at: datetime | None,
) -> LabelResult:
    check_plausible(parts, task.fragments, where)
    energies = LabelResult.interaction(parts)
    doubtful = [
        f"T1 diagnostic of the {name} is {part.t1_diagnostic:.3f}, above {T1_LIMIT}"
        for name, part in parts.items()
        if part.t1_diagnostic > T1_LIMIT
    ]
    identity = task.model_dump(exclude={"layout", "units", "fragments"})
    done = {"finished_at": finished_at} if finished_at else {}
    try:
        return LabelResult(
            **identity,
            fragments=parts,
            **energies,
            recipe_std_cm1=stated_std_cm1(Recipe.model_validate(task.recipe), parts),
            cpu_seconds=cost[0],
            wall_seconds=cost[1],
            memory_gb=cost[2],
            environment=environment,
            warnings=warnings + doubtful,
            **done,
        )
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputError(f"{where} cannot be a label ({quoted(field)}); it was not stored.") from None


def programs_with_outputs(names: set[str]) -> list[Program]:
    """Programs that one of these file names is an output of."""
    return [p for p in PROGRAMS if any(file_name(p, fragment, output=True) in names for fragment in FRAGMENTS)]
