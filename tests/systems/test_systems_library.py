"""The built-in monomers: every file is sound, and agrees with what else is known of the molecule."""

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import atomic_mass, h

import nci_core
from nci_core.errors import InputError
from nci_core.systems.bonds import bonded
from nci_core.systems.library import ATOMS, LIBRARY, builtin_monomer, names
from nci_core.systems.monomer import Monomer
from nci_core.systems.point_group import formula, point_group
from nci_core.systems.reading.structure_file import find_host

#: Point groups of the literature.
GROUPS = {
    **dict.fromkeys(("hydrogen", "nitrogen", "carbon-dioxide", "acetylene"), "D∞h"),
    **dict.fromkeys(("carbon-monoxide", "hydrogen-fluoride", "hydrogen-cyanide"), "C∞v"),
    **{"water": "C2v", "ammonia": "C3v", "methane": "Td", "ethylene": "D2h", "c60": "Ih"},
    **dict.fromkeys(("pyridine", "furan", "thiophene", "pyrrole"), "C2v"),
    **{"s-triazine": "D3h", "hexafluorobenzene": "D6h", "borazine": "D3h"},
    **dict.fromkeys(("benzene", "coronene", "circumcoronene"), "D6h"),
    **dict.fromkeys(("naphthalene", "anthracene", "tetracene", "pentacene"), "D2h"),
    **dict.fromkeys(("pyrene", "perylene", "ovalene"), "D2h"),
    **dict.fromkeys(("phenanthrene", "azulene", "fluoranthene", "benzo-ghi-perylene"), "C2v"),
    **{"triphenylene": "D3h", "chrysene": "C2h"},
}
#: Bonds in Å, shortest and longest that a closed-shell molecule at rest may have.
BONDS = {"CC": (1.19, 1.50), "CH": (1.06, 1.10), "CN": (1.14, 1.40), "CO": (1.12, 1.40), "CS": (1.70, 1.74)}
MOLECULES = [name for name in names() if len(builtin_monomer(name).symbols) > 1]


def lengths(host: Monomer, pair: str) -> np.ndarray:
    """All bonds between two elements, in Å, shortest first."""
    found = [
        np.linalg.norm(host.positions[i] - host.positions[j])
        for i, j in np.argwhere(np.triu(bonded(host.numbers, host.positions)))
        if sorted((host.symbols[i], host.symbols[j])) == sorted(pair)
    ]
    return np.sort(found)


@pytest.mark.parametrize("name", MOLECULES)
def test_each_monomer_is_sound(name: str) -> None:
    host = builtin_monomer(name)
    assert host.name == name
    assert point_group(host) == GROUPS[name]
    assert len(host.source.split()) > 5
    assert "DOI" in host.source or "arXiv" in host.source or "computed" in host.source or "Astrophys" in host.source
    assert np.abs(host.centre).max() < 2e-7
    if np.linalg.matrix_rank(host.positions, tol=1e-3) < 3:
        assert not host.positions[:, 2].any(), "planar molecules lie in the xy plane"
    for pair, (shortest, longest) in BONDS.items():
        found = lengths(host, pair)
        assert ((found > shortest) & (found < longest)).all(), f"{pair}: {found}"


def test_every_monomer_that_is_promised_is_there() -> None:
    assert set(MOLECULES) == set(GROUPS)
    for symbol in ATOMS:
        assert builtin_monomer(symbol).symbols == (symbol,)
        assert point_group(builtin_monomer(symbol)) == "Kh"


#: SHA-256 of the coordinates that the embedded campaigns, their hashes and labels are made with.
DIGESTS = {"benzene": "e56be2323aa5b279", "ethylene": "ece4d878e374ae27"}


@pytest.mark.parametrize(("name", "digest"), DIGESTS.items())
def test_coordinates_of_embedded_campaigns_never_change(name: str, digest: str) -> None:
    assert hashlib.sha256(builtin_monomer(name).positions.tobytes()).hexdigest()[:16] == digest


def rotational_constants(host: Monomer, masses: dict[str, float]) -> np.ndarray:
    """(3,) in MHz, largest first; the first of a linear molecule is infinite."""
    mass = np.array([masses[symbol] for symbol in host.symbols])
    at = host.positions - mass @ host.positions / mass.sum()
    inertia = np.einsum(
        "n,nij->ij", mass, (at**2).sum(axis=1)[:, None, None] * np.eye(3) - at[:, :, None] * at[:, None]
    )
    with np.errstate(divide="ignore"):
        found: np.ndarray = h / (8e6 * np.pi**2 * atomic_mass * 1e-20) / np.linalg.eigvalsh(inertia).clip(min=0.0)
    return found


MASSES = {"H": 1.00782503, "C": 12.0, "N": 14.003074, "O": 15.99491462, "F": 18.99840316}
#: Measured rotational constants of the ground state in MHz, and by how much the monomer's may miss them: those that the
#: geometry is made from by rounding; acetylene's and furan's (computed, at equilibrium) by method and vibration.
CONSTANTS: dict[str, tuple[Sequence[float], float]] = {
    "carbon-monoxide": ((57635.968,) * 2, 1e-5),
    "hydrogen-cyanide": ((44315.976,) * 2, 1e-5),
    "ammonia": ((298117.06, 298117.06, 186726.36), 1e-5),
    "acetylene": ((35273.58,) * 2, 0.006),
    "furan": ((9447.124, 9246.744, 4670.825), 0.016),
    "nitrogen": ((59646.0,) * 2, 1e-4),
}


@pytest.mark.parametrize(("name", "expected", "within"), [(n, *known) for n, known in CONSTANTS.items()])
def test_rotational_constants(name: str, expected: Sequence[float], within: float) -> None:
    found = rotational_constants(builtin_monomer(name), MASSES)
    assert np.allclose(found[-len(expected) :], expected, rtol=within, atol=0.0)


def test_c60_has_two_bonds() -> None:
    c60 = builtin_monomer("Buckminsterfullerene")
    found = lengths(c60, "CC")
    assert len(found) == 90
    assert np.allclose(found[:30], 1.401, atol=2e-6)
    assert np.allclose(found[30:], 1.458, atol=2e-6)
    # The published diameter is 7.113(10) Å; bonds as thermal averages make it a little longer.
    assert 2.0 * np.linalg.norm(c60.positions, axis=1).mean() == pytest.approx(7.113, abs=0.015)


@pytest.mark.parametrize(
    ("written", "name"),
    [("C6H6", "benzene"), ("h2o", "water"), ("Ethene", "ethylene"), ("NH3", "ammonia"), ("HF", "hydrogen-fluoride")],
)
def test_other_names(written: str, name: str) -> None:
    assert builtin_monomer(written).name == find_host(written).name == name


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(InputError, match="no built-in monomer 'benzen'; did you mean benzene"):
        builtin_monomer("benzen")
    with pytest.raises(InputError, match="no built-in monomer 'no such thing'; give a name"):
        find_host("no such thing")


FILE = """name = "{name}"
charge = 0
source = "made up for this test, of no use"
symbols = ["O", "O", "O"]
positions_angstrom = [[0.0, 0.0, 0.0], [1.27, 0.0, 0.0], [-0.6, 1.1, 0.0]]
"""


def test_a_monomer_is_added_with_one_file(tmp_path: Path) -> None:
    """As CONTRIBUTING says."""
    (tmp_path / "ozone.toml").write_text(FILE.format(name="ozone"), encoding="utf-8")
    assert formula(builtin_monomer("Ozone", tmp_path)) == "O3"
    assert names(tmp_path)[-1] == "ozone"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FILE.format(name="other"), "call the file other.toml"),
        (FILE.format(name="ozone") + "kind = 1\n", "kind: Extra inputs"),
        (FILE.format(name="ozone").replace("= 0\n", "= 1\n"), "charge"),
        ("name = ", "not a TOML file"),
        (FILE.format(name="ozone").replace('"O", "O", "O"', '"O"'), "1 symbols for 3 positions"),
    ],
)
def test_a_bad_file_is_said(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "ozone.toml").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        names(tmp_path)


def test_a_formula_of_several(tmp_path: Path) -> None:
    for name in ("ozone", "trioxygen"):
        (tmp_path / f"{name}.toml").write_text(FILE.format(name=name), encoding="utf-8")
    with pytest.raises(InputError, match="'O3' is the formula of ozone and trioxygen"):
        builtin_monomer("O3", tmp_path)


def test_the_files_are_part_of_the_installed_package() -> None:
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["nci_core"]
    package = Path(nci_core.__file__).parent
    packed = {path for pattern in patterns for path in package.glob(pattern)}
    assert set(LIBRARY.glob("*.toml")) <= packed
