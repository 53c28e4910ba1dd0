"""The project's own papers: versions, licence, pins, and no traces of somebody's machine."""

import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import nci_core

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [Requirement(text) for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]]


def pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            name, _, number = line.partition("==")
            assert number, f"{line!r} does not pin a version"
            found[canonicalize_name(name.strip())] = Version(number.split(";")[0].strip())
    return found


def tracked() -> list[Path]:
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in run.stdout.split("\0") if name]


def test_one_version() -> None:
    assert PROJECT["version"] == nci_core.__version__
    assert version("nci") == nci_core.__version__, "installed from another state; run `make venv`"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert nci_core.__version__ in changelog or "Unreleased" in changelog


def test_the_licence_is_mit() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.lstrip().startswith("MIT License")
    assert "THE SOFTWARE IS PROVIDED" in text
    assert PROJECT["license"] == "MIT"


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda r: r.name)
def test_every_direct_dependency_is_pinned_within_its_range(requirement: Requirement) -> None:
    found = pins()
    name = canonicalize_name(requirement.name)
    assert name in found, f"{name} is not in constraints.txt; run `make constraints`"
    assert requirement.specifier.contains(found[name], prereleases=True)


def test_pins_name_each_package_once_and_no_local_build() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    names = [canonicalize_name(line.partition("==")[0]) for line in lines]
    assert len(set(names)) == len(names)
    assert not [line for line in lines if "+" in line or "@" in line]


def test_dependencies_are_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    missing = [r.name for r in map(Requirement, PROJECT["dependencies"]) if r.name.lower() not in text]
    assert not missing, f"docs/dependencies.md does not say what {missing} are for"


def test_no_file_speaks_of_somebodys_machine() -> None:
    home = re.compile(r"(?<![\w.])/(home|Users|root|work)/\w+")
    found = []
    for path in tracked():
        if path == Path(__file__) or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in home.finditer(text)]
    assert not found, "\n".join(found[:20])


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def test_checkouts_carry_no_large_or_generated_files() -> None:
    for path in tracked():
        assert path.suffix not in (".pyc", ".db", ".db-wal", ".db-shm", ".log"), path
        if path.is_file():
            # Labels, predictions and screenshots are a few MB at most; a clone should take seconds.
            assert path.stat().st_size < 10e6, path
