"""The catalogue: whole, true to the packages that are installed, and light."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from nci_core.errors import InputError
from nci_core.teachers.catalogue import Preset, elements_of, families, find_preset, presets
from nci_core.teachers.catalogue.reading import required_preset
from nci_core.teachers.registry import teacher_specs

LEAST = {
    "spec": "mine:one",
    "title": "Mine",
    "family": "mine",
    "kind": "network",
    "elements": "H He",
    "level": "PBE",
    "licence": "MIT",
    "commercial": True,
    "package": "mine",
    "module": "mine",
    "reference": "10.1/x",
    "advice": "None.",
    "tried": False,
}


def test_every_family_is_a_kind_of_teacher() -> None:
    known = {spec.partition(":")[0] for spec in teacher_specs()}
    assert set(families()) <= known


def test_ranges_of_elements() -> None:
    assert elements_of("H B-N") == ("H", "B", "C", "N")
    for wrong in ("Xy", "N-B", "h", "1"):
        with pytest.raises(ValueError, match="no element"):
            elements_of(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"spec": "other:one"},
        {"weights": "download"},
        {"url": "https://example.org/x"},
        {"weights": "wheel"},
        {"sha256": "12"},
        {"elements": "Nonsense"},
        {"measured": "well"},
        {"more": 1},
    ],
)
def test_presets_are_checked(change: dict[str, object]) -> None:
    assert Preset.model_validate(LEAST).covers("He")
    with pytest.raises(ValidationError):
        Preset.model_validate(LEAST | change)


def test_what_is_known_of_each() -> None:
    for preset in presets():
        assert not preset.url or preset.url.startswith("https://"), preset.spec
        assert preset.advice.endswith("."), preset.spec
        assert "/" not in preset.file_name or preset.weights == "wheel", preset.spec
        assert preset.elements or preset.spec == "pet-mad:pet-mad-s-v1.0.2"


def test_mace_is_as_the_installed_package_has_it() -> None:
    code = (
        "import os, sys\n"
        "from mace.calculators import foundations_models as f\n"
        "print(*f.mace_mp_urls.items(), *((f'off-{n}', u) for n, u in f.mace_off_urls.items()),"
        " *getattr(f, 'polar_model_urls', {}).items(), sep='\\n')"
    )
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    there = dict(eval(line) for line in run.stdout.splitlines() if line.startswith("("))
    ours = {preset.spec.removeprefix("mace:"): preset.url for preset in presets() if preset.family == "mace"}
    assert len(there) > 15
    assert there == {name: ours[name] for name in there}, "a newer mace-torch has other models: add them"


def test_presets_are_found_by_what_people_write() -> None:
    assert find_preset("GFN2-xTB") is find_preset("gfn2-xtb") is not None
    assert find_preset("mace:off-small#Default") is find_preset("mace:off-small")
    assert find_preset("gfn2-xtb:more") is None
    assert find_preset("ase:x.Y") is None
    with pytest.raises(InputError, match="nci teacher list"):
        required_preset("mace:nothing")


def test_rare_gases() -> None:
    def covers(spec: str) -> bool | None:
        return required_preset(spec).covers("He", "C", "H")

    assert covers("mace:omol") is True
    assert covers("mace:off-small") is False
    assert covers("aimnet2:aimnet2-wb97m-d3_0") is False
    assert covers("pet-mad:pet-mad-s-v1.0.2") is None
