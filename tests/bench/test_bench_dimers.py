"""Dimers with published energies: which frames serve, what kind of host and region each is, and draws of them."""

from pathlib import Path

import pytest

from nci_core.bench.dimers import MOLECULE, NO_ENERGY, chosen, drawn, host_class, read_dimers
from nci_core.errors import InputError
from nci_core.units import to_cm1

#: Made up: energies in cm⁻¹ over distances in Å of helium above hydrogen, and of others.
HYDROGEN = {2.4: 60.0, 2.8: -4.0, 3.0: -10.0, 3.4: -12.0, 3.6: -8.0, 4.5: -3.0}
EV = 1.0 / to_cm1(1.0)


def frame(atoms: list[tuple[str, float, float, float]], energy: float | None, **keys: object) -> str:
    n = len(atoms)
    told = {"monomer_a": f"0:{n - 1}", "monomer_b": f"{n - 1}:{n}"} | keys
    told |= {} if energy is None else {"REF_interaction_energy": energy * EV}
    head = " ".join(f"{key}={value}" for key, value in told.items())
    lines = [f"{symbol} {x} {y} {z}" for symbol, x, y, z in atoms]
    return "\n".join([str(n), f"Properties=species:S:1:pos:R:3 {head}", *lines])


def above_hydrogen(distance: float, probe: str = "He") -> list[tuple[str, float, float, float]]:
    return [("H", -0.37, 0.0, 0.0), ("H", 0.37, 0.0, 0.0), (probe, 0.0, 0.0, distance)]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A curve, two single points over other hosts, a molecule as probe, and a frame without an energy."""
    water = [("O", 0.0, 0.0, 0.0), ("H", 0.59, 0.76, 0.0), ("H", 0.59, -0.76, 0.0)]
    dimer = [*above_hydrogen(3.2)[:2], ("H", -0.37, 0.0, 3.2), ("H", 0.37, 0.0, 3.2)]
    curve = {"set": "MADE_CURVES", "system": "1.02"}
    frames = [
        *(frame(above_hydrogen(r), e, scaling=round(r / 3.4, 2), **curve) for r, e in HYDROGEN.items()),
        frame([*water, ("Ne", -3.2, 0.0, 0.0)], -50.0, set="MADE_MINIMA", system="2.01"),
        frame([("He", 0.0, 0.0, 0.0), ("He", 0.0, 0.0, 3.0)], -7.6),
        frame(dimer, -20.0, monomer_a="0:2", monomer_b="2:4"),
        frame(above_hydrogen(3.3), None),
    ]
    path = tmp_path_factory.mktemp("dimers") / "mixed.extxyz"
    path.write_text("\n".join(frames) + "\n")
    return path


def test_frames_of_one_atom_are_taken_and_the_others_counted(mixed: Path) -> None:
    found, others = read_dimers(mixed)
    assert others == {MOLECULE: 1, NO_ENERGY: 1}
    assert [one.frame for one in found] == list(range(8))
    assert [one.formula for one in found[-3:]] == ["H2", "H2O", "He"]
    assert [one.heavy_atoms for one in found[-3:]] == [0, 1, 0]
    assert [one.host_class for one in found[-3:]] == ["hydrogen", "O", "noble gas"]
    assert found[0].scaling == pytest.approx(0.71)
    assert found[0].set == "MADE_CURVES"


def test_regions_follow_the_curve_of_each_system(mixed: Path) -> None:
    """A helium well of 12 cm⁻¹ is a well, and what is less deep is wall or tail by the side on which it lies."""
    found, _ = read_dimers(mixed)
    assert [one.region for one in found] == ["wall", "wall", "well", "well", "well", "tail", "well", "well"]


def test_hosts_have_one_class_each() -> None:
    told = {"CHBr3": "row 4 or 5", "BH": "B", "CSO": "Si, P, S", "CHF": "halogen", "NO": "N and O", "LiH": "metal"}
    symbols = {"CHBr3": ["C", "H", "Br"], "BH": ["B", "H"], "CSO": ["C", "S", "O"], "CHF": ["C", "H", "F"]}
    symbols |= {"NO": ["N", "O"], "LiH": ["Li", "H"]}
    assert {name: host_class(symbols[name]) for name in told} == told


def test_filters_say_what_there_is_when_nothing_is_left(mixed: Path) -> None:
    found, _ = read_dimers(mixed)
    assert [one.frame for one in chosen(found, sets=["minima"])] == [6]
    assert [one.frame for one in chosen(found, probes=["He"], most_heavy_atoms=0)] == [0, 1, 2, 3, 4, 5, 7]
    with pytest.raises(InputError, match=r"probes He, Ne; sets MADE_CURVES, MADE_MINIMA"):
        chosen(found, probes=["Ar"])
    with pytest.raises(InputError, match="Neon is no chemical symbol"):
        chosen(found, probes=["Neon"])


def test_a_draw_has_something_of_everything_and_grows(mixed: Path) -> None:
    found, _ = read_dimers(mixed)
    five = drawn(found, 5, seed=1)
    assert len({(one.dimer.b.symbols[0], one.host_class, one.region) for one in five}) == 5
    assert [one.frame for one in drawn(found, 3, seed=1)] == [one.frame for one in five[:3]]
    assert sorted(one.frame for one in drawn(found, None)) == list(range(8))


def test_energies_in_another_unit_and_files_without_dimers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.extxyz"
    path.write_text("\n".join(frame(above_hydrogen(r), 23.06 * min(e, -3.0)) for r, e in HYDROGEN.items()) + "\n")
    with pytest.raises(InputError, match="times larger than dispersion"):
        read_dimers(path)
    path.write_text(frame(above_hydrogen(3.3), None) + "\n")
    with pytest.raises(InputError, match=r"no frame with a published energy .* without REF_interaction_energy \(1\)"):
        read_dimers(path)
