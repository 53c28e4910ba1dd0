"""Labels from fitted integrals, composites and extrapolations: against exact integrals, in limits, resumed."""

import numpy as np
import pytest

from nci_core.errors import LabelError
from nci_core.labels import fitted_label
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.environment import PYSCF_MEMORY, array_memory_mb, machine_memory_gb
from nci_core.labels.geometry import fragments
from nci_core.labels.needs import canonical_memory_gb, check_memory, memory_needed_gb
from nci_core.labels.recipes import Composite, Extrapolation, FunctionSet, Recipe
from nci_core.labels.results import LabelResult
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import to_cm1

#: He over H2: four electrons, so that there are triples; 23 functions.
SMALL = FunctionSet(host_basis={"*": "aug-cc-pvdz"}, probe_basis="aug-cc-pvdz", midbond=find_recipe("quick").midbond)
EXACT = Recipe(name="exact", **SMALL.model_dump())
FITTED = EXACT.model_copy(update={"name": "fitted", "integrals": "fitted"})
PLACE = [0.3, 0.2, 3.4]


@pytest.fixture(scope="module")
def dimer() -> Dimer:
    positions = np.array([[0.0, 0.0, -0.3707], [0.0, 0.0, 0.3707]])
    return Dimer(
        Monomer("hydrogen", ("H", "H"), positions, source="r_e of H2, Huber and Herzberg 1979"), Monomer.atom("He")
    )


def composite(**factors: float) -> Recipe:
    """MP2 and CCSD(T) in the same functions."""
    return FITTED.model_copy(update={"name": "composite", "composite": Composite(larger=SMALL, **factors)})


@pytest.fixture(scope="module")
def exact(dimer: Dimer) -> LabelResult:
    return compute_label(dimer.at(PLACE), EXACT)


@pytest.fixture(scope="module")
def fitted(dimer: Dimer) -> LabelResult:
    return compute_label(dimer.at(PLACE), FITTED)


@pytest.fixture(scope="module")
def plain(dimer: Dimer) -> LabelResult:
    return compute_label(dimer.at(PLACE), composite())


class Memory:
    """A fragment store in a dictionary."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self.content.get(name)

    def keep(self, name: str, content: bytes) -> bool:
        self.content[name] = content
        return True

    def drop(self, name: str) -> None:
        self.content.pop(name, None)


def test_fitted_integrals_keep_the_interaction_energy(exact: LabelResult, fitted: LabelResult) -> None:
    for part in ("hf_ev", "ccsd_ev", "triples_ev", "energy_ev"):
        # Whole energies differ by 1e-5 hartree (2 cm⁻¹), interaction energies by a hundredth of that.
        assert to_cm1(getattr(fitted, part)) == pytest.approx(to_cm1(getattr(exact, part)), abs=0.05), part
    assert abs(to_cm1(exact.triples_ev)) > 0.1, "there is a (T) to compare"
    assert fitted.fragments["host"].n_basis == exact.fragments["host"].n_basis


def test_a_composite_in_one_set_of_functions_is_ccsd_t_itself(plain: LabelResult, fitted: LabelResult) -> None:
    # MP2 cancels; both are the same calculation up to the rounding of hartrees.
    assert plain.energy_ev == pytest.approx(fitted.energy_ev, abs=1e-9)
    assert plain.larger is not None
    assert plain.larger["dimer"].mp2_hartree == pytest.approx(plain.fragments["dimer"].mp2_hartree, abs=1e-10)
    assert plain.consistent() is plain
    assert plain.cpu_seconds > sum(part.cpu_seconds for part in plain.fragments.values())


def test_factors_multiply_the_parts(dimer: Dimer, plain: LabelResult) -> None:
    other = compute_label(dimer.at(PLACE), composite(mean_field=0.9, mp2_larger=2.0, mp2=-1.5, ccsd=1.2, triples=3.0))
    assert plain.larger is not None
    # Parts of the first: CCSD − MP2 is in ccsd_ev beside MP2_L, which is the same MP2.
    changed = Composite(larger=SMALL, mean_field=0.9, mp2_larger=2.0, mp2=-1.5, ccsd=1.2, triples=3.0)
    mp2 = sum(
        sign * (plain.fragments[name].mp2_hartree or 0.0) for name, sign in (("dimer", 1), ("host", -1), ("probe", -1))
    )
    from nci_core.units import HARTREE_EV

    expected = changed.energy(plain.hf_ev, mp2 * HARTREE_EV, mp2 * HARTREE_EV, plain.ccsd_ev, plain.triples_ev)
    assert other.energy_ev == pytest.approx(expected, abs=1e-8)
    assert other.hf_ev + other.ccsd_ev + other.triples_ev == pytest.approx(other.energy_ev, abs=1e-12)


def test_a_composite_vanishes_at_separation(dimer: Dimer) -> None:
    # C6/R⁶ at 20 Å is 2e-4 cm⁻¹; SCF stops at 1e-11 hartree, CCSD at 1e-8 (2e-3 cm⁻¹).
    assert abs(to_cm1(compute_label(dimer.at([0.0, 0.0, 20.0]), composite(mean_field=0.9)).energy_ev)) < 4e-3


def test_equivalent_places_have_one_energy(dimer: Dimer, plain: LabelResult) -> None:
    other = compute_label(dimer.at([-0.2, 0.3, -3.4]), composite())
    # CCSD stops at 1e-8 hartree in the three fragments: 2e-3 cm⁻¹.
    assert to_cm1(plain.energy_ev) == pytest.approx(to_cm1(other.energy_ev), abs=4e-3)


def test_finished_parts_are_not_computed_again(dimer: Dimer, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    first = compute_label(dimer.at(PLACE), composite(), store=memory)
    assert {name.removesuffix(".json") for name in memory.content} == {
        prefix + name for prefix in ("", "larger-") for name in ("dimer", "host", "probe")
    }
    del memory.content["dimer.json"]
    done: list[str] = []
    compute_label(dimer.at(PLACE), composite(), lambda share, text: done.append(text), memory)
    assert [text for text in done if "CCSD(T)" in text] == [
        f"dimer: CCSD(T), {first.fragments['dimer'].n_basis} functions"
    ]
    monkeypatch.setattr(fitted_label, "Clock", None)  # nothing may be computed any more
    again = compute_label(dimer.at(PLACE), composite(), store=memory)
    assert again.energy_ev == pytest.approx(first.energy_ev, abs=1e-9 * 27.2)
    assert set(again.resumed.values()) == {"finished"}


def test_ccsd_that_does_not_converge_is_an_error(dimer: Dimer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.labels.ccsdt.CC_CYCLES", 1)
    with pytest.raises(LabelError, match="CCSD of the probe did not converge in 1 cycles"):
        compute_label(dimer.at(PLACE), FITTED)


def test_an_extrapolation_comes_closer_to_the_limit() -> None:
    helium = Dimer(Monomer("helium", ("He",), np.zeros((1, 3))), Monomer.atom("He"))
    dz, tz = (Recipe(name=b, host_basis={"*": b}, probe_basis=b) for b in ("aug-cc-pvdz", "aug-cc-pvtz"))
    both = tz.model_copy(update={"name": "both", "extrapolation": Extrapolation(smaller=dz.functions)})
    label, alone = (compute_label(helium.at([0.0, 0.0, 3.0]), recipe) for recipe in (both, tz))
    assert label.smaller is not None
    smaller_cm1 = to_cm1(LabelResult.interaction(label.smaller)["energy_ev"])
    # CCSD(T) at the basis-set limit is about -7.3 cm⁻¹ at 3 Å (J. Chem. Phys. 136, 224303 less the effect of full CI).
    assert -7.6 < to_cm1(label.energy_ev) < to_cm1(alone.energy_ev) < smaller_cm1 < 0
    assert label.consistent().hf_ev == pytest.approx(alone.hf_ev, abs=1e-9)


def test_a_recipe_that_does_not_fit_says_so_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    benzene = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    with pytest.raises(LabelError, match=r"Recipe dt needs about \d+ GB of memory for he-benzene \(1000 functions\)"):
        check_memory(benzene, find_recipe("dt"), {"": 1000, "smaller-": 200})
    # Measured with as little memory as PySCF was content with: 1.76 GB for 141 functions. And 2.3 GB for the composite.
    assert 1.76 < canonical_memory_gb(141, 16) < 1.2 * 1.76
    assert 2.3 < memory_needed_gb(benzene, find_recipe("composite"), {"": 89, "larger-": 379}) < 2 * 2.3


def test_the_memory_of_pyscf_changes_no_label(
    dimer: Dimer, exact: LabelResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 1 MB everything that can go to disk goes there."""
    monkeypatch.setenv(PYSCF_MEMORY, "1")
    short = compute_label(dimer.at(PLACE), EXACT)
    assert short.memory_gb > 0
    for name, part in short.fragments.items():
        # The same sums in other blocks: rounding, and that is 1e-13 hartree of a hundred.
        expected = exact.fragments[name]
        assert part.ccsd_hartree == pytest.approx(expected.ccsd_hartree, abs=1e-9), name
        assert part.triples_hartree == pytest.approx(expected.triples_hartree, abs=1e-9), name


def test_the_memory_of_pyscf_is_what_it_was_told_or_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = fragments(Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at([0.0, 0.0, 3.2]), find_recipe("quick"))[
        "probe"
    ]
    monkeypatch.setenv(PYSCF_MEMORY, "700")
    assert spec.molecule().max_memory == 700
    monkeypatch.setenv(PYSCF_MEMORY, "plenty")
    assert spec.molecule().max_memory == array_memory_mb(machine_memory_gb())


def test_recipes_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="needs integrals = 'fitted'"):
        Recipe(name="x", **SMALL.model_dump(), composite=Composite(larger=SMALL))
    with pytest.raises(ValueError, match="not both"):
        Recipe(
            name="x",
            **SMALL.model_dump(),
            integrals="fitted",
            composite=Composite(larger=SMALL),
            extrapolation=Extrapolation(smaller=SMALL),
        )
