"""Units: converted where a file states them, refused where numbers cannot be what they should; periodic cells."""

import re
from pathlib import Path

import numpy as np
import pytest
from sent_files import INPUTS, WATER, he_water, xyz

from nci_core.datasets.energies import check_energies
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, read_dataset, write_dataset
from nci_core.systems import Dimer, Monomer, builtin_monomer, host_from_file

SHARED = Path(__file__).parents[3] / "shared" / "data"
BOHR = 0.529177210903


@pytest.fixture(scope="module")
def plain() -> HostGroup:
    """Forty geometries of He and water in eV and Å."""
    text = (INPUTS / "bom.extxyz").read_bytes().decode("utf-8-sig")
    blocks = [text.split("\n")[k : k + 6] for k in range(0, 240, 6)]
    positions = np.array([block[5].split()[1:] for block in blocks], dtype=float)
    energies = np.array([block[1].split("REF_interaction_energy=")[1] for block in blocks], dtype=float)
    symbols, host = zip(*((row.split()[0], row.split()[1:]) for row in blocks[0][2:5]), strict=True)
    dimer = Dimer(Monomer("H2O", symbols, np.array(host, dtype=float)), Monomer.atom("He"))
    return HostGroup(dimer.at(positions), energies, np.arange(40))


def same(path: Path, plain: HostGroup, digits: float = 1e-9) -> HostGroup:
    group = read_dataset(path).only_group()
    assert (group.dimer.b.symbols[0], group.dimer.a.symbols) == ("He", ("O", "H", "H"))
    assert np.allclose(group.dimer.a.positions, plain.dimer.a.positions, rtol=0, atol=1e-6)
    assert np.allclose(group.at.R, plain.at.R, rtol=0, atol=5e-6)
    assert np.allclose(group.reference, plain.reference, rtol=0, atol=digits)
    return group


def test_energies_in_a_stated_unit_are_converted(plain: HostGroup, tmp_path: Path) -> None:
    group = same(INPUTS / "unit_kcal.extxyz", plain)
    assert "energy_unit" not in group.columns
    write_dataset(tmp_path / "again.extxyz", [group])
    same(tmp_path / "again.extxyz", plain)


@pytest.mark.parametrize(
    ("stated", "per_ev"),
    [
        ("energy_unit=eV", 1.0),
        ("energy_units=meV", 1000.0),
        ("unit=kJ/mol", 96.48533212331),
        ('units="kcal/mol, Angstrom"', 23.060547830619),
        ("energy_unit=cm-1", 8065.543937),
        ("energy_unit=cm^-1", 8065.543937),
        ("REF_interaction_energy_unit=hartree", 1 / 27.211386245988),
        ("energy_unit=Eh", 1 / 27.211386245988),
        ("energy_unit=mEh", 1000 / 27.211386245988),
        ("energy_unit=K", 11604.518121550),
    ],
)
def test_units_of_energy(tmp_path: Path, stated: str, per_ev: float) -> None:
    comment = f"{stated} elst={0.002 * per_ev}" if "REF" not in stated else stated
    group = read_dataset(he_water(tmp_path / "a.extxyz", comment, energy=str(-0.0015 * per_ev))).only_group()
    assert group.reference == pytest.approx([-0.0015], rel=1e-8)
    assert group.columns.get("elst", [0.002]) == pytest.approx([0.002], rel=1e-8)
    assert not [key for key in group.columns if "unit" in key]


@pytest.mark.parametrize(
    ("comment", "part"),
    [
        ("energy_unit=furlong", "energy_unit=furlong is no unit that is known"),
        ("units=7", "units=7 is no unit"),
        ("energy_unit=eV unit_energy=meV", "state different units"),
        ("length_unit=parsec", "is no unit that is known"),
        ("length_unit=bohr", "read in the stated unit, .* likely in Å"),
        ("length_unit=nm", "read in the stated unit, .* likely in Å"),
    ],
)
def test_units_that_cannot_be_true(tmp_path: Path, comment: str, part: str) -> None:
    with pytest.raises(InputError, match=f"frame 0: .*{part}") as error:
        read_dataset(he_water(tmp_path / "a.extxyz", comment))
    assert "\n" not in str(error.value)


def test_energies_in_another_unit_are_refused_and_the_unit_is_named(plain: HostGroup) -> None:
    with pytest.raises(InputError, match=r"down to -31\.41 are .* larger than He and H2O can have in eV; .* cm⁻¹"):
        read_dataset(INPUTS / "unit_cm1.extxyz")
    for factor, unit in (
        (23.06, "kcal/mol"),
        (96.49, "kJ/mol"),
        (1000.0, "meV"),
        (8065.5, "cm⁻¹"),
        (36.75, "mE_h"),
        (1 / 27.2114, "hartree"),
    ):
        with pytest.raises(InputError, match=f"likely in .*{unit}"):
            check_energies(plain.at, plain.reference * factor)
    half = plain.reference.copy()
    half[20:] *= 23.06
    with pytest.raises(InputError, match=r"those of some frames are, of others not: .*kcal/mol"):
        check_energies(plain.at, half)
    # Two of forty wrong ones are no unit; all of Hartree–Fock's are small.
    few = plain.reference.copy()
    few[:2] *= 8065.5
    check_energies(plain.at, few)
    check_energies(plain.at, plain.reference / 27.2114, "HF")


def test_right_energies_are_never_refused() -> None:
    """The published He–benzene set, and every atom with a molecule of the atlas: 356 systems, CCSD(T)."""
    if not SHARED.exists():
        pytest.skip("the published data sets are not part of the project")
    assert len(read_dataset(SHARED / "he-benzene-reference" / "ccsdt.extxyz")) == 2063
    lines = (SHARED / "nci-atlas-small-probes" / "shared.extxyz").read_text().split("\n")
    systems: dict[tuple[str, ...], list[tuple[Dimer, np.ndarray, float]]] = {}
    line = 0
    while lines[line].strip():
        n, comment = int(lines[line]), lines[line + 1]
        rows = [row.split() for row in lines[line + 2 : line + 2 + n]]
        line += n + 2
        set_and_system = tuple(re.findall(r"(?:set|system|probe)=(\S+)", comment))
        if f"monomer_b={n - 1}:{n}" in comment:
            positions = np.array([row[1:] for row in rows], dtype=float)
            dimer = Dimer(
                Monomer("host", tuple(row[0] for row in rows[:-1]), positions[:-1]), Monomer.atom(rows[-1][0])
            )
            energy = float(comment.split("REF_interaction_energy=")[1].split()[0])
            systems.setdefault(set_and_system, []).append((dimer, positions[-1], energy))
    assert len(systems) > 300
    for frames in systems.values():
        check_energies(frames[0][0].at(np.array([f[1] for f in frames])), np.array([f[2] for f in frames]))


def test_coordinates_in_bohr(plain: HostGroup, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"frame 0: .* 1\.9 times as far apart as bonds .* likely in bohr"):
        read_dataset(INPUTS / "unit_bohr.extxyz")
    text = (INPUTS / "unit_bohr.extxyz").read_text()
    for key in ("length_unit=bohr", "unit=bohr", "pos_unit=au", 'units="eV bohr"'):
        path = tmp_path / "a.extxyz"
        path.write_text(text.replace("REF_", f"{key} REF_"))
        same(path, plain)
    host = host_from_file(INPUTS / "bohr_benzene.xyz")
    radius = np.linalg.norm(host.positions, axis=1)
    assert radius == pytest.approx([1.394201] * 6 + [2.481501] * 6, abs=2e-6)


@pytest.mark.parametrize("comment", ["", "in Angstrom", "converted from bohr to Å", "coordinates in Å (not bohr)"])
def test_coordinates_in_angstrom_stay(tmp_path: Path, comment: str) -> None:
    host = host_from_file(xyz(tmp_path / "water.xyz", comment, *WATER))
    assert host.positions[1].tolist() == [0.0, 0.7572, -0.4692]
    fluorine = host_from_file(xyz(tmp_path / "f2.xyz", comment, "F 0 0 0", "F 0 0 1.412"))
    assert fluorine.positions[1, 2] == 1.412


@pytest.mark.parametrize(
    ("factor", "part"), [(1 / BOHR, "in bohr"), (0.1, "in nm"), (100.0, "in pm"), (BOHR, "multiplied by 0.529")]
)
@pytest.mark.parametrize("name", ["benzene", "ethylene"])
def test_lengths_in_another_unit_are_named(tmp_path: Path, name: str, factor: float, part: str) -> None:
    host = builtin_monomer(name)
    rows = [f"{s} {x} {y} {z}" for s, (x, y, z) in zip(host.symbols, (host.positions * factor).tolist(), strict=True)]
    with pytest.raises(InputError, match=f"likely .*{part}"):
        host_from_file(xyz(tmp_path / "a.xyz", "", *rows))
    if part.startswith("in "):
        stated = host_from_file(xyz(tmp_path / "a.xyz", f"length_unit={part[3:]}", *rows))
        assert np.allclose(stated.positions, host.positions, atol=1e-10)


def test_a_probe_across_the_wall_of_a_box(plain: HostGroup) -> None:
    group = same(INPUTS / "probe_wrapped.extxyz", plain)
    # Where nothing crosses a wall, the numbers are the file's own.
    assert group.at.R[0].tolist() == [2.468218, 5.868129, 2.360035]


def test_a_molecule_across_the_walls_of_a_crystal_cell() -> None:
    host = host_from_file(INPUTS / "urea_wrapped.extxyz")
    assert host.symbols == ("C", "O", "N", "N", "H", "H", "H", "H")
    expected = [[0, 2.7825, 1.53], [0, 2.7825, 2.79], [0.81, 3.59, 0.83], [-0.81, 1.9725, 0.83]]
    expected += [[1.43, 4.21, 1.33], [-1.43, 1.3525, 1.33], [0.8, 3.58, -0.174], [-0.8, 1.9825, -0.174]]
    assert np.allclose(host.positions, expected, atol=1e-9)
    lengths = np.linalg.norm(host.positions[[1, 2, 3]] - host.positions[0], axis=1)
    assert lengths == pytest.approx([1.26, 1.341, 1.341], abs=2e-3)


@pytest.mark.parametrize(
    ("lattice", "rows", "part"),
    [
        ("2.5 0 0 0 9 0 0 0 9", ("C 0 0 0", "C 1.2 0.6 0", "H 0 1 0.5", "H 1.2 -1 0.5"), "its own periodic image"),
        ("9 0 0 0 9 0 0 0 9", (*WATER, "O 4 4 4.1", "H 4 4.75 3.5", "H 4 3.25 3.5"), "holds 2 molecules"),
        ("0 0 0 0 9 0 0 0 9", WATER, "its cell is not three vectors"),
        ("1e-6 0 0 0 9 0 0 0 9", WATER, "no box with a molecule"),
        ("9 0 0 0 9 0 0 0 1e9", WATER, "no box with a molecule"),
        ("nan 0 0 0 9 0 0 0 9", WATER, "its cell is not three vectors"),
    ],
)
def test_cells_that_are_refused(tmp_path: Path, lattice: str, rows: tuple[str, ...], part: str) -> None:
    with pytest.raises(InputError, match=part) as error:
        host_from_file(xyz(tmp_path / "a.extxyz", f'Lattice="{lattice}" pbc="T T T"', *rows))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "lattice",
    [
        "4 0 0 0 4 0 0 0 4",  # the probe is 6.5 Å away as the file has it, and 1.2 Å from an image of water
        "0 9 0 9 0 0 0 0 12",  # left-handed: one image 6.5 Å away, another 5.5 Å
    ],
)
def test_a_cell_too_small_for_the_dimer_is_refused(tmp_path: Path, lattice: str) -> None:
    """Coordinates that were never wrapped, in a box that does not hold them: no image is surely the one meant."""
    path = he_water(tmp_path / "a.extxyz", f'Lattice="{lattice}" pbc="T T T"', probe="He 0.0 0.0 6.6")
    with pytest.raises(InputError, match="too small to tell which image"):
        read_dataset(path)


def test_a_skewed_cell_and_a_box_in_bohr(tmp_path: Path) -> None:
    """Moving atoms by lattice vectors changes nothing, whatever the cell and its unit."""
    cell = np.array([[11.0, 0.0, 0.0], [5.0, 10.0, 0.0], [2.0, -4.0, 12.0]])
    host = builtin_monomer("benzene")
    rng = np.random.default_rng(7)
    probe = np.array([0.3, 0.4, 3.2])
    for unit, factor in (("angstrom", 1.0), ("bohr", BOHR)):
        shifts = rng.integers(-2, 3, size=(13, 3)) @ cell
        shifts[0] = 0.0
        rows = [
            f"{s} {x:.12f} {y:.12f} {z:.12f}"
            for s, (x, y, z) in zip(
                [*host.symbols, "He"], (np.vstack([host.positions, probe]) + shifts) / factor, strict=True
            )
        ]
        text = " ".join(f"{x:.12f}" for x in (cell / factor).ravel())
        comment = f'Lattice="{text}" length_unit={unit} REF_interaction_energy=-0.01'
        group = read_dataset(xyz(tmp_path / "a.extxyz", comment, *rows)).only_group()
        assert np.allclose(group.dimer.a.positions, host.positions, atol=1e-9)
        assert np.allclose(group.at.R, [probe], atol=1e-9)
