"""Basis sets are known by name, never by path, and by their numbers."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from ase.data import chemical_symbols

from nci_core.errors import InputError, TeacherError
from nci_core.integrals import basis_sets
from nci_core.integrals.basis_names import AUTOAUX, HEAVIEST_STAND_IN, THERE, plain, stand_in
from nci_core.integrals.basis_sets import AtomBasis, NoBasisError, is_known, load_fitting, load_orbital
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers import find_teacher
from nci_core.teachers.fitted_dimer import check_basis

ETHYLENE = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
#: A basis of one diffuse function, as PySCF would read it from a file.
FORGED = 'BASIS "ao basis" PRINT\nC    S\n  0.1  1.0\nH    S\n  0.1  1.0\nHe    S\n  0.1  1.0\nEND\n'


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    """What is loaded is kept; here each test asks anew."""
    basis_sets._load.cache_clear()
    basis_sets._describes_core.cache_clear()
    yield
    basis_sets._load.cache_clear()
    basis_sets._describes_core.cache_clear()


@pytest.fixture
def forged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with files that have the names of basis sets."""
    for name in ("6-31g", "631g", "aug-cc-pvdz", "augccpvdz", "cc-pvdz-jkfit", "mine"):
        (tmp_path / name).write_text(FORGED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_of_that_name_is_not_read(forged: Path) -> None:
    from pyscf import gto

    assert max(exponent for _, (exponent, _) in gto.basis.load("6-31g", "C")) == 0.1, "PySCF itself reads the file"
    assert load_orbital("6-31g", "C").n_functions == 9
    assert load_orbital("aug-cc-pvdz", "He").n_functions == 9
    assert load_fitting("cc-pvdz-jkfit", "C").n_functions > 50


@pytest.mark.parametrize("name", ["mine", "./6-31g", "/etc/passwd", "../x", FORGED, "C S\n0.1 1.0", "", "6-31g\n"])
def test_a_path_or_the_text_of_a_basis_is_refused(forged: Path, name: str) -> None:
    with pytest.raises(NoBasisError, match="has no functions for C") as error:
        load_orbital(name, "C")
    assert "\n" not in str(error.value)
    absolute = str(forged / "6-31g")
    with pytest.raises(NoBasisError, match="not the name of a basis set"):
        load_orbital(absolute, "C")


@pytest.mark.parametrize("name", ["unc-cc-pvdz", "cc-pvdz@2s1p", "gth-szv", "ccecp"])
def test_forms_that_change_a_basis_are_not_names(name: str) -> None:
    with pytest.raises(NoBasisError):
        load_orbital(name, "C")


def test_names_are_read_as_people_write_them() -> None:
    assert load_orbital("cc-pVDZ", "C").digest == load_orbital("ccpvdz", "C").digest
    assert load_orbital("6-31G(d,p)", "H").digest == load_orbital("6-31G**", "H").digest
    assert load_orbital("6-311++G(2d,p)", "C").n_functions == 4 + 3 * 4 + 5 * 2 + 1
    assert is_known("aug-cc-pVTZ-jkfit")
    assert not is_known("mine")


def test_a_basis_loaded_twice_is_not_shared() -> None:
    load_orbital("6-31g", "C").shells.clear()
    assert load_orbital("6-31g", "C").n_functions == 9


def test_a_digest_is_of_the_numbers() -> None:
    s, p = [0, [10.0, 0.2, 0.0], [1.0, 0.9, 1.0]], [1, [0.5, 1.0]]
    whole = AtomBasis([s, p])
    apart = AtomBasis([p, [0, [1.0, 1.0]], [0, [1.0, 0.45], [10.0, 0.1]]])
    assert apart.digest == whole.digest, "the same functions, arranged and scaled in another way"
    others = [
        AtomBasis([s, [1, [0.5001, 1.0]]]),
        AtomBasis([[0, [10.0, 0.2001, 0.0], [1.0, 0.9, 1.0]], p]),
        AtomBasis([s]),
        AtomBasis([s, [2, [0.5, 1.0]]]),
        AtomBasis([s, p], [2, [[-1, [[], [], [[1.0, 2.0]]]]]]),
        AtomBasis([s, p], [2, [[-1, [[], [[1.0, 2.0]], []]]]]),
        AtomBasis([s, p], [10, [[-1, [[], [], [[1.0, 2.0]]]]]]),
    ]
    assert len({whole.digest, *(other.digest for other in others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("name", "symbol", "electrons"),
    [
        ("def2-svp", "I", 28),
        ("def2-tzvppd", "Xe", 28),
        ("lanl2dz", "I", 46),
        ("lanl2dz", "Br", 28),
        ("cc-pvdz-pp", "Kr", 10),
        ("cc-pvdz-pp", "Xe", 28),
        ("aug-cc-pvdz-pp", "Zn", 10),
        ("stuttgart", "Ar", 10),
        ("def2-svp", "Kr", 0),
        ("lanl2dz", "C", 0),
        ("cc-pvdz", "Br", 0),
    ],
)
def test_a_basis_comes_with_its_core_potential(name: str, symbol: str, electrons: int) -> None:
    assert load_orbital(name, symbol).core_electrons == electrons


@pytest.mark.parametrize(
    ("name", "symbol"), [("def2-mtzvp", "I"), ("ccecp-cc-pvdz", "C"), ("bfd-vdz", "Si"), ("minao", "I")]
)
def test_functions_for_a_core_potential_are_refused_without_it(name: str, symbol: str) -> None:
    with pytest.raises(NoBasisError, match=f"functions for {symbol} that are made for an effective core potential"):
        load_orbital(name, symbol)


@pytest.mark.filterwarnings("ignore:Basis may be available")
@pytest.mark.parametrize(
    "name", ["sto-3g", "6-31g", "cc-pvdz", "aug-cc-pvtz", "def2-svp", "def2-tzvppd", "lanl2dz", "pc-1"]
)
def test_no_basis_that_is_right_is_refused(name: str) -> None:
    from pyscf import gto

    for symbol in ("H", "He", "Li", "C", "Ne", "Na", "Ar", "Ca", "Zn", "Kr", "Rb", "I", "Xe"):
        try:
            there = bool(gto.basis.load(name, symbol))
        except Exception:  # by kind of basis
            there = False
        if there:
            assert load_orbital(name, symbol).n_functions > 0


@pytest.mark.filterwarnings("ignore:Basis may be available")
def test_the_table_of_what_is_there_is_that_of_pyscf() -> None:
    for name, numbers in THERE.items():
        for number in range(1, HEAVIEST_STAND_IN + 1):
            symbol = chemical_symbols[number]
            # Of PySCF alone: what stands in must not depend on which packages there are beside it.
            found = basis_sets._from_library(basis_sets._files(plain(name), symbol), symbol) is not None
            assert found == (number in numbers), (name, symbol)
            instead = stand_in(name, symbol)
            assert found == (instead == name), (name, symbol)
            if instead != AUTOAUX and not found:
                assert load_orbital(instead, symbol).n_functions > 0


def test_basis_set_exchange_is_asked_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        'BASIS "ao basis" SPHERICAL PRINT\n#BASIS SET: (2s) -> [2s]\nI    S\n  4000.0  1.0\n'
        "I    S\n  0.5  1.0\nEND\nECP\nI nelec 28\n"
        "I ul\n2  1.0  -3.0\nI S\n2  2.0  5.0\nEND\n"
    )

    def get_basis(name: str, elements: list[str], fmt: str, header: bool) -> str:
        if name != "sadlej-like" or elements != ["I"]:
            raise KeyError(name)
        assert (fmt, header) == ("nwchem", False)
        return text

    package = types.ModuleType("basis_set_exchange")
    package.get_basis = get_basis  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "basis_set_exchange", package)
    found = load_orbital("sadlej-like", "I")
    assert found.core_electrons == 28
    assert found.n_functions == 2
    with pytest.raises(NoBasisError):
        load_orbital("sadlej-like", "C")
    assert load_orbital("6-31g", "C").n_functions == 9, "PySCF's own first"


def test_teachers_and_labels_use_the_same_door(forged: Path) -> None:
    with pytest.raises(TeacherError, match="'mine' has no functions"):
        find_teacher("hf-mp2:mine").check(ETHYLENE)
    check_basis(ETHYLENE, "6-31g")
    mine = find_recipe("quick").model_copy(update={"host_basis": {"*": "mine"}})
    with pytest.raises(InputError, match="'mine' has no functions for C"):
        compute_label(ETHYLENE.at((0.0, 0.0, 3.5)), mine)
