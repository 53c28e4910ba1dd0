"""Real CCSD(T) labels with PySCF, small ones."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import ValidationError

from nci_core.errors import InputError, LabelError
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.environment import forget_peak_memory, peak_memory_gb
from nci_core.labels.geometry import fragments
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import HARTREE_EV, to_cm1

#: Two helium atoms with one basis: 18 functions, a tenth of a second a label.
EQUAL = Recipe(name="equal", host_basis={"*": "aug-cc-pvdz"}, probe_basis="aug-cc-pvdz")
DATA = Path(__file__).parents[2] / "data" / "he-ethylene" / "labels.jsonl"


def helium_pair() -> Dimer:
    return Dimer(Monomer("helium", ("He",), np.zeros((1, 3))), Monomer.atom("He"))


def he2(distance: float, recipe: Recipe = EQUAL) -> LabelResult:
    return compute_label(helium_pair().at([0.0, 0.0, distance]), recipe)


@pytest.fixture(scope="module")
def label() -> LabelResult:
    return he2(3.0)


def test_helium_pair_is_a_van_der_waals_molecule(label: LabelResult) -> None:
    # Repulsive in Hartree-Fock, bound by correlation: about -7 cm⁻¹ at 3 Å in the complete basis
    # (J. Chem. Phys. 136, 224303), roughly half of it in this one.
    assert label.hf_ev > 0 > label.ccsd_ev
    assert -7.6 < to_cm1(label.energy_ev) < -2.0


def test_it_vanishes_at_separation() -> None:
    # At 20 Å C6/R6 is 1e-4 cm⁻¹; the SCF threshold of 1e-11 hartree is 2e-6 cm⁻¹, that of CCSD 2e-3.
    assert abs(to_cm1(he2(20.0).energy_ev)) < 2e-3


def test_roles_can_be_exchanged_where_the_basis_is_one(label: LabelResult) -> None:
    host, probe = label.fragments["host"], label.fragments["probe"]
    # The same calculation mirrored: equal to the thresholds (1e-11 and 1e-8 hartree).
    assert host.hf_hartree == pytest.approx(probe.hf_hartree, abs=1e-9)
    assert host.ccsd_hartree == pytest.approx(probe.ccsd_hartree, abs=1e-8)
    assert host.triples_hartree == probe.triples_hartree == 0.0


def test_counterpoise_makes_the_interaction_less_attractive(label: LabelResult) -> None:
    """Ghost functions can only lower a monomer's energy, so the corrected energy lies above the raw one."""
    from pyscf import cc, gto, scf

    mf = scf.RHF(gto.M(atom="He", basis="aug-cc-pvdz", verbose=0)).run(conv_tol=1e-11)
    alone = mf.e_tot + cc.CCSD(mf).run(conv_tol=1e-9).e_corr
    raw = label.fragments["dimer"]
    uncorrected = raw.hf_hartree + raw.ccsd_hartree + raw.triples_hartree - 2 * alone
    superposition = to_cm1(label.energy_ev - uncorrected * HARTREE_EV)
    assert superposition > 1.0
    for name in ("host", "probe"):
        found = label.fragments[name]
        assert found.hf_hartree <= mf.e_tot + 1e-10
        assert found.hf_hartree + found.ccsd_hartree < alone


def test_parts_add_up_and_provenance_is_complete(label: LabelResult) -> None:
    assert label.energy_ev == label.hf_ev + label.ccsd_ev + label.triples_ev
    assert label.consistent() is label
    dimer = helium_pair()
    assert label.geometry_hash == dimer.at([0.0, 0.0, 3.0]).geometry_hashes()[0]
    assert (label.recipe_hash, label.probe, label.host_symbols) == (EQUAL.hash, "He", ["He"])
    assert Recipe.model_validate(label.recipe) == EQUAL
    assert {"pyscf", "numpy", "python", "nci"} <= label.environment.versions.keys()
    assert label.environment.dgemm_gflops > 0
    assert label.cpu_seconds > 0
    assert label.memory_gb > 0
    assert label.midbond_angstrom is None
    assert not label.warnings


def test_json_round_trip_is_exact(label: LabelResult) -> None:
    again = LabelResult.model_validate_json(label.model_dump_json())
    assert again == label
    assert LabelResult.model_validate(orjson.loads(orjson.dumps(label.model_dump(mode="json")))) == label


@pytest.mark.parametrize("field", ["energy_ev", "hf_ev", "ccsd_ev", "triples_ev"])
def test_a_number_that_does_not_follow_from_the_fragments_is_noticed(label: LabelResult, field: str) -> None:
    changed = label.model_copy(update={field: getattr(label, field) + 1e-6})
    with pytest.raises(ValueError, match=field):
        changed.consistent()


def test_unknown_fields_are_refused(label: LabelResult) -> None:
    with pytest.raises(ValidationError, match="surprise"):
        LabelResult.model_validate({**label.model_dump(), "surprise": 1})


def test_progress_rises_and_names_the_steps() -> None:
    seen: list[tuple[float, str]] = []
    compute_label(helium_pair().at([0.0, 0.0, 4.0]), EQUAL, lambda share, text: seen.append((share, text)))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] < shares[-1] < 1.0
    assert [text.split(":")[0] for _, text in seen if "CCSD" in text] == ["probe", "host", "dimer"]
    # Two electrons have no triples; the four of the dimer have.
    assert [text for _, text in seen if "(T)" in text] == ["dimer: (T)"]


def test_midbond_functions_deepen_the_well(label: LabelResult) -> None:
    """They describe the dispersion between the atoms: J. Chem. Phys. 97, 4989 (1992)."""
    with_midbond = EQUAL.model_copy(update={"midbond": RECIPES["quick"].midbond})
    found = he2(3.0, with_midbond)
    assert found.midbond_angstrom == [0.0, 0.0, 1.5]
    assert to_cm1(found.energy_ev) < to_cm1(label.energy_ev) - 0.5


class NeverConverges:
    """Wraps a PySCF solver class so that it says it did not converge."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def __call__(self, *args: Any, **options: Any) -> Any:
        solver = self.make(*args, **options)
        kernel = solver.kernel

        def limited(*a: Any, **k: Any) -> Any:
            solver.max_cycle = 1
            return kernel(*a, **k)

        solver.kernel = limited
        return solver


def test_a_hartree_fock_that_does_not_converge_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyscf import scf

    monkeypatch.setattr(scf, "RHF", NeverConverges(scf.RHF))
    with pytest.raises(LabelError, match="Hartree-Fock of the probe did not converge") as error:
        he2(2.0)
    assert "\n" not in str(error.value)


def test_a_ccsd_that_does_not_converge_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyscf import cc

    monkeypatch.setattr(cc, "CCSD", NeverConverges(cc.CCSD))
    with pytest.raises(LabelError, match="CCSD of the probe did not converge"):
        he2(2.0)


def test_a_label_that_is_not_a_number_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"energy_ev": float("nan"), "hf_ev": 0.0, "ccsd_ev": 0.0, "triples_ev": 0.0}
    monkeypatch.setattr(LabelResult, "interaction", staticmethod(lambda *_: parts))
    with pytest.raises(LabelError, match="not a finite number"):
        he2(3.0)


def test_bad_geometries_fail_before_any_calculation() -> None:
    with pytest.raises(InputError, match="overlap"):
        he2(0.1)
    with pytest.raises(InputError, match="not a number"):
        he2(float("nan"))


@pytest.mark.skipif(not DATA.exists(), reason="data/he-ethylene/labels.jsonl is not there yet")
def test_every_embedded_label_is_consistent_and_of_its_geometry() -> None:
    dimer, count = Dimer(builtin_monomer("ethylene"), Monomer.atom("He")), 0
    for line in DATA.read_bytes().splitlines():
        row = orjson.loads(line)
        if row["status"] == "complete":
            result = LabelResult.model_validate(row["result"]).consistent()
            assert (
                result.geometry_hash
                == dimer.at(result.position_angstrom).geometry_hashes()[0]
                == row["configuration_id"]
            )
            assert result.recipe_hash == Recipe.model_validate(result.recipe).hash == row["recipe_hash"]
            count += 1
    assert count > 0


def test_ghosts_do_not_change_the_geometry_of_a_label() -> None:
    specs = fragments(helium_pair().at([0.0, 0.0, 3.0]), EQUAL)
    assert [name for name, _ in specs["probe"].atoms] == ["GHOST-He1", "He2"]
    assert [name for name, _ in specs["host"].atoms] == ["He1", "GHOST-He2"]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="other systems forget no peak")
def test_a_peak_of_memory_is_forgotten_before_the_next_label() -> None:
    """A process that computes one label after another: each says its own memory, not that of the largest before it."""
    forget_peak_memory()
    before = peak_memory_gb()
    np.ones(40_000_000)
    assert peak_memory_gb() > before + 0.25
    forget_peak_memory()
    assert peak_memory_gb() < before + 0.1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="other systems say both together")
def test_a_process_says_its_own_peak_not_that_of_the_one_that_started_it() -> None:
    held = np.ones(250_000_000)
    code = "from nci_core.labels.environment import peak_memory_gb; print(peak_memory_gb())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # The imports take some 0.4 GB.
    assert float(said.stdout) < held.nbytes / 1e9 - 0.5
