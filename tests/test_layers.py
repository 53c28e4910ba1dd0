"""Who may import whom, as docs/architecture.md says; what the dashboard must never load."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: The lines of docs/architecture.md; what stands on one line together may import each other.
ORDER = (
    ("units", "errors", "files", "toml_text", "children", "switches", "visible", "rounding"),
    ("systems",),
    ("properties",),
    ("regions", "metrics"),
    ("calibration",),
    ("interpolation",),
    ("gates",),
    ("sampling",),
    ("datasets",),
    ("extxyz",),
    ("duplicates",),
    ("integrals",),
    ("teachers",),
    ("labels",),
    ("potentials",),
    ("fitting",),
    ("training",),
    ("selection",),
    ("store",),
    ("jobs",),
    ("config",),
    ("campaign",),
    ("labelling",),
    ("bench",),
    ("cli",),
    ("testing",),
)
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
#: Names in other places than the package they belong to by their content.
PACKAGE_ROOT = "__init__"
HEAVY = ("torch", "pyscf", "mace", "dftd4", "tblite", "e3nn", "rdkit")


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts)


def type_checking_only(tree: ast.AST) -> set[ast.AST]:
    """Nodes under `if TYPE_CHECKING:`, which no process runs."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            found |= {inner for statement in node.body for inner in ast.walk(statement)}
    return found


def imports(path: Path, *, deferred: bool = True) -> set[str]:
    """Full names of the modules a file imports; without `deferred`, only those loaded with it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = type_checking_only(tree)
    if not deferred:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                skipped |= set(ast.walk(node))
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layers"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(name: str) -> str | None:
    """Layer of a module of nci_core, None for others and for the package itself."""
    parts = name.split(".")
    return parts[1] if parts[0] == "nci_core" and len(parts) > 1 and parts[1] in RANK else None


def test_the_order_is_that_of_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"```\nnci_core/\n(.*?)```", text, re.DOTALL)
    assert block is not None
    places = {
        name: block[1].find(f"{name}{'.py' if (ROOT / 'nci_core' / f'{name}.py').exists() else '/'}") for name in RANK
    }
    assert min(places.values()) >= 0, "every layer is in the document"
    listed = sorted(RANK, key=lambda name: places[name])
    assert [RANK[name] for name in listed] == sorted(RANK.values())
    there = {
        path.stem for path in (ROOT / "nci_core").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there - {PACKAGE_ROOT} == set(RANK), "every package has its place in the order"


def test_imports_follow_the_order() -> None:
    wrong = []
    for path in modules("nci_core"):
        relative = path.relative_to(ROOT / "nci_core")
        here = relative.parts[0].removesuffix(".py")
        if here == PACKAGE_ROOT:
            continue
        for name in imports(path):
            there = layer(name)
            if there is None or there == here or RANK[there] <= RANK[here]:
                continue
            wrong.append(f"{relative} imports {name}")
    assert not wrong, "\n".join(sorted(wrong))


def test_physics_knows_nothing_of_storage_jobs_or_pages() -> None:
    physics = (
        "systems",
        "properties",
        "regions",
        "metrics",
        "sampling",
        "datasets",
        "extxyz",
        "duplicates",
        "integrals",
        "teachers",
        "labels",
        "potentials",
        "fitting",
        "training",
    )
    for path in modules("nci_core"):
        here = path.relative_to(ROOT / "nci_core").parts[0].removesuffix(".py")
        if here in (*physics, "selection", "units", "errors", "calibration", "interpolation", "gates"):
            found = {layer(name) for name in imports(path)}
            assert found.isdisjoint({"store", "jobs", "campaign", "config", "cli"}), path
            roots = {name.split(".")[0] for name in imports(path)}
            assert roots.isdisjoint({"sqlalchemy", "streamlit", "distributed", "dask", "typer", "rich"}), path


def test_the_core_knows_nothing_of_the_app_and_its_contracts_alone_of_pytest() -> None:
    for path in modules("nci_core"):
        roots = {name.split(".")[0] for name in imports(path)}
        assert roots.isdisjoint({"streamlit", "app"}), path
        assert "pytest" not in roots or path.is_relative_to(ROOT / "nci_core" / "testing"), path


def test_the_app_computes_nothing() -> None:
    paths = modules("app")
    assert paths
    for path in paths:
        found = imports(path)
        assert {name.split(".")[0] for name in found}.isdisjoint(HEAVY), path
        assert {layer(name) for name in found}.isdisjoint({"potentials", "fitting", "training"}), path


LIGHT = (
    "nci_core.campaign",
    "nci_core.campaign.rounds.requests",
    "nci_core.campaign.pricing.costs",
    "nci_core.campaign.creating",
    "nci_core.campaign.queries.live_fields",
    "nci_core.campaign.queries.live_stored",
    "nci_core.campaign.exchange.archive",
    "nci_core.campaign.pricing.budget",
    "nci_core.campaign.rounds.replay",
    "nci_core.campaign.rounds.gates",
    "nci_core.store",
    "nci_core.store.tables",
    "nci_core.jobs",
    "nci_core.selection",
    "nci_core.teachers",
    "nci_core.labels.recipes",
    "nci_core.labels.results",
    "nci_core.cli.main",
)


def test_what_the_dashboard_imports_loads_nothing_heavy() -> None:
    code = (
        f"import importlib, sys\nfor name in {LIGHT!r}:\n"
        f"    importlib.import_module(name)\n"
        f"    found = sorted({set(HEAVY)!r} & set(sys.modules))\n"
        f"    assert not found, f'{{name}} loads {{found}}'\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("package", ["nci_core", "app"])
def test_every_module_of_a_package_is_in_a_package(package: str) -> None:
    for path in modules(package):
        if "migrations" not in path.parts:
            assert (path.parent / "__init__.py").exists(), path


@pytest.mark.parametrize("folder", ["app", "nci_core", "scripts", "tests", "benchmarks"])
def test_no_file_is_longer_than_a_person_reads_at_once(folder: str) -> None:
    lengths = {str(path): len(path.read_text("utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert not {path: lines for path, lines in lengths.items() if lines > 300}


WAY_STEP = re.compile(r"`([a-z_0-9/]+\.py): (\w+)`")


def test_every_step_of_the_ways_through_the_code_exists() -> None:
    said = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    steps = WAY_STEP.findall(said)
    assert len(steps) > 20
    for path, name in steps:
        tree = ast.parse((ROOT / "nci_core" / path).read_text("utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert name in defined, f"docs/architecture.md names {name} in {path}"
