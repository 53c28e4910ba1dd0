"""Teachers of installed packages, as CONTRIBUTING says to add one, and packages that are broken."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nci_core.errors import TeacherError
from nci_core.systems import Dimer
from nci_core.teachers import find_teacher
from nci_core.teachers.registry import BUILTIN, _entries, teacher_specs

SPRING = """
from nci_core.teachers import TeacherBase, TeacherPoint

class Spring(TeacherBase):
    def __init__(self, strength):
        self.strength, self.name = strength, f"spring:{strength:g}"

    def check(self, dimer):
        pass

    def points(self, configurations):
        for index, position in enumerate(configurations.R):
            energy = self.strength * float(position @ position)
            yield TeacherPoint(index, energy, {"total": energy}, None, 0.0)

def open_teacher(rest, options):
    return Spring(float(rest)) if rest else None

def open_nothing(rest, options):
    return "no teacher"
"""

Install = Callable[[dict[str, str]], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with the given entry points where Python looks for installed ones."""

    def put(entries: dict[str, str]) -> None:
        (tmp_path / "nci_spring.py").write_text(SPRING)
        info = tmp_path / "nci_spring-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nci-spring\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        (info / "entry_points.txt").write_text("[nci.teachers]\n" + "\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        _entries.cache_clear()

    yield put
    _entries.cache_clear()


def test_a_package_adds_a_teacher(install: Install, he_h2: Dimer) -> None:
    install({"spring": "nci_spring:open_teacher"})
    assert teacher_specs()[-1] == "spring"
    found = find_teacher("spring:2").evaluate(he_h2.at(np.array([[0.0, 0.0, 3.0]])))
    assert found.energy.tolist() == [18.0]
    with pytest.raises(TeacherError, match=r"Unknown teacher 'spring'; choose one of hf-d4, .*, spring\."):
        find_teacher("spring")


@pytest.mark.parametrize(
    ("entry", "spec", "said"),
    [
        ("nci_spring_missing:open_teacher", "spring", "ModuleNotFoundError: No module named 'nci_spring_missing'"),
        ("nci_spring:absent", "spring", "AttributeError"),
        ("nci_spring:open_teacher", "spring:soft", "ValueError: could not convert string to float: 'soft'"),
        ("nci_spring:open_nothing", "spring", "it gives a str, which is no teacher"),
    ],
)
def test_a_broken_package_is_named_and_breaks_no_other(install: Install, entry: str, spec: str, said: str) -> None:
    install({"spring": entry})
    with pytest.raises(TeacherError, match=f"Teacher 'spring' of the package nci-spring cannot be used .{said}"):
        find_teacher(spec)
    assert find_teacher("hf-d4").name == "hf-d4"


def test_a_package_cannot_replace_one_of_our_own(install: Install) -> None:
    install({"HF-D4": "nci_spring:open_nothing"})
    assert find_teacher("hf-d4").name == "hf-d4"
    assert len([name for name in teacher_specs() if name.lower() == "hf-d4"]) == 1


def test_each_of_our_own_can_be_loaded() -> None:
    for name, (value, _) in BUILTIN.items():
        assert _entries()[name].value == value
        assert callable(_entries()[name].load())
