"""A LabelResult from what came back: results of the PySCF script, or outputs of another program."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from nci_core.errors import InputError
from nci_core.reference.checks import T1_LIMIT
from nci_core.reference.elsewhere.inputs import PROGRAMS, Program, file_name
from nci_core.reference.elsewhere.outputs import NAMES, FragmentOutput, read_output
from nci_core.reference.elsewhere.task import FRAGMENTS, LAYOUTS, UNITS, FragmentName, FragmentTask, LabelTask
from nci_core.reference.environment import package_versions
from nci_core.reference.labels import Environment, FragmentResult, LabelResult

#: Å; exported numbers come back as they were, a thousandth of what the geometry hash sees.
SAME_PLACE = 1e-7
#: hartree, absolute and relative: programs differ in the bohr by 1e-8, an atom moved by 1e-4 Å in the fifth digit.
SAME_REPULSION = (1e-6, 1e-7)


class ReturnedFragment(BaseModel):
    """One fragment in the script's result; energies in hartree, absent where a step did not converge."""

    model_config = ConfigDict(extra="forbid")

    n_basis: int
    n_frozen: int
    n_electrons: int
    nuclear_repulsion_hartree: float
    hf_hartree: float | None
    ccsd_hartree: float | None
    triples_hartree: float | None
    t1_diagnostic: float | None
    scf_converged: bool
    ccsd_converged: bool
    scf_cycles: int
    cc_cycles: int
    cpu_seconds: float
    wall_seconds: float


class ReturnedResult(BaseModel):
    """`result-pyscf.json`."""

    model_config = ConfigDict(extra="forbid")

    layout: int
    units: dict[str, str]
    geometry_hash: str
    recipe_hash: str
    recipe: dict[str, object]
    host_symbols: list[str]
    host_positions_angstrom: list[list[float]]
    probe: str
    position_angstrom: list[float]
    program: str
    versions: dict[str, str]
    processor: str
    threads: int
    fragments: dict[FragmentName, ReturnedFragment]
    cpu_seconds: float
    wall_seconds: float
    memory_gb: float
    finished_at: datetime


def parse_result(content: bytes, where: str) -> ReturnedResult:
    """Read a result's form, not yet whose it is; raises InputError."""
    try:
        raw = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise InputError(f"{where} is not valid JSON; copy it again or run the script again.") from None
    if not isinstance(raw, dict) or raw.get("layout") not in LAYOUTS:
        found = raw.get("layout") if isinstance(raw, dict) else None
        known = " and ".join(map(str, LAYOUTS))
        raise InputError(f"{where} has layout {found!r}, this version reads {known}; export and compute it again.")
    if raw.get("units") != UNITS:
        raise InputError(f"{where} is in other units than hartree and Å; nothing was stored of it.")
    try:
        return ReturnedResult.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{where} is not a result of the script ({field}: {first['msg'].lower()}).") from None


def check_size(name: FragmentName, task: FragmentTask, n_basis: int, repulsion: float, where: str) -> None:
    """Raise InputError unless functions and nuclear repulsion are those of the fragment."""
    if n_basis != task.n_basis:
        raise InputError(
            f"{where}: the {name} has {n_basis} basis functions instead of {task.n_basis}, so its basis is another; "
            "it was not stored."
        )
    expected, (absolute, relative) = task.nuclear_repulsion_hartree, SAME_REPULSION
    if not abs(repulsion - expected) <= absolute + relative * abs(expected):
        raise InputError(
            f"{where}: the nuclear repulsion of the {name} is {repulsion:.8f} hartree instead of {expected:.8f}, "
            "so its geometry is another; it was not stored."
        )


def label_from_result(result: ReturnedResult, task: LabelTask, where: str) -> LabelResult:
    """The label that a script's result holds; raises InputError unless it is the task's, whole and converged."""
    if result.layout != task.layout:
        raise InputError(f"{where} has layout {result.layout} instead of {task.layout}; export and compute it again.")
    same = (
        result.geometry_hash == task.geometry_hash
        and result.host_symbols == task.host_symbols
        and result.probe == task.probe
        and np.shape(result.host_positions_angstrom) == np.shape(task.host_positions_angstrom)
        and np.allclose(result.host_positions_angstrom, task.host_positions_angstrom, rtol=0, atol=SAME_PLACE)
        and np.allclose(result.position_angstrom, task.position_angstrom, rtol=0, atol=SAME_PLACE)
    )
    if not same:
        raise InputError(f"{where} was computed at another geometry than its hash says; it was not stored.")
    settings = {key: value for key, value in task.recipe.items() if key != "description"}
    given = {key: value for key, value in result.recipe.items() if key != "description"}
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
        check_size(name, expected, part.n_basis, part.nuclear_repulsion_hartree, where)
        if (part.n_frozen, part.n_electrons) != (expected.n_frozen, expected.n_electrons):
            raise InputError(f"{where}: the {name} has other frozen orbitals or electrons; it was not stored.")
        energies = (part.hf_hartree, part.ccsd_hartree, part.triples_hartree, part.t1_diagnostic)
        hf, ccsd, triples, t1 = (np.nan if value is None else value for value in energies)
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
        check_size(name, task.fragments[name], read[name].n_basis, read[name].nuclear_repulsion_hartree, file)
    parts = {
        name: FragmentResult(
            hf_hartree=found.hf_hartree,
            ccsd_hartree=found.ccsd_hartree,
            triples_hartree=found.triples_hartree,
            n_basis=found.n_basis,
            n_frozen=task.fragments[name].n_frozen,
            scf_cycles=0,
            cc_cycles=0,
            t1_diagnostic=found.t1_diagnostic,
            cpu_seconds=0.0,
            wall_seconds=found.wall_seconds,
        )
        for name, found in read.items()
    }
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
        "this reader has not been tested on real ones."
    )
    return _label(task, parts, environment, (0.0, wall, 0.0), [note], where, None)


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
    energies = LabelResult.interaction(parts)
    if not np.isfinite([*energies.values(), *(part.t1_diagnostic for part in parts.values())]).all():
        raise InputError(f"{where} has an energy or T1 diagnostic that is not a finite number; it was not stored.")
    doubtful = [
        f"T1 diagnostic of the {name} is {part.t1_diagnostic:.3f}, above {T1_LIMIT}"
        for name, part in parts.items()
        if part.t1_diagnostic > T1_LIMIT
    ]
    identity = task.model_dump(exclude={"layout", "units", "fragments"})
    done = {"finished_at": finished_at} if finished_at else {}
    return LabelResult(
        **identity,
        fragments=parts,
        **energies,
        cpu_seconds=cost[0],
        wall_seconds=cost[1],
        memory_gb=cost[2],
        environment=environment,
        warnings=warnings + doubtful,
        **done,
    )


def programs_with_outputs(names: set[str]) -> list[Program]:
    """Programs that one of these file names is an output of."""
    return [p for p in PROGRAMS if any(file_name(p, fragment, output=True) in names for fragment in FRAGMENTS)]
