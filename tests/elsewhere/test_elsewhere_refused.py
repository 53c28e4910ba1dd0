"""Results from elsewhere that are refused, each in one sentence, and the good ones beside them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
from returned_files import Computed, label_folder, label_of, put
from tiny_label import TINY

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.elsewhere import export_inputs, import_results
from nci_core.store import label_queries, labels


def broken(good: bytes, case: str) -> bytes | dict[str, Any]:
    result = json.loads(good)
    dimer = result["fragments"]["dimer"]
    changes: dict[str, Callable[[], Any]] = {
        "layout 2": lambda: result.update(layout=2),
        "other units": lambda: result["units"].update(energy="eV"),
        "threads: field required": lambda: result.pop("threads"),
        "geometry 0123456789abcdef, which": lambda: result.update(geometry_hash="0123456789abcdef"),
        "computed by recipe 0123456789ab": lambda: result.update(recipe_hash="0123456789ab"),
        "by another recipe than tiny": lambda: result["recipe"].update(frozen_core=False),
        "another geometry than its hash says": lambda: result["position_angstrom"].__setitem__(0, 1.5),
        "Hartree-Fock of the dimer did not converge": lambda: dimer.update(scf_converged=False),
        "CCSD of the dimer did not converge": lambda: dimer.update(ccsd_converged=False),
        "the dimer has 99 basis functions": lambda: dimer.update(n_basis=99),
        "nuclear repulsion of the dimer is 1 hartree": lambda: dimer.update(nuclear_repulsion_hartree=1.0),
        "other frozen orbitals": lambda: dimer.update(n_frozen=1),
        "has no number for one of its energies": lambda: dimer.update(ccsd_hartree=None),
        "lacks one of dimer, host and probe": lambda: result["fragments"].pop("host"),
    }
    if case == "not valid JSON":
        return good[: len(good) // 2]
    if case == "NaN":
        return good.replace(b'"hf_hartree": -', b'"hf_hartree": NaN, "was": -', 1)
    changes[case]()
    return result


@pytest.mark.parametrize(
    "case",
    [
        "not valid JSON",
        "NaN",
        "layout 2",
        "other units",
        "threads: field required",
        "geometry 0123456789abcdef, which",
        "computed by recipe 0123456789ab",
        "by another recipe than tiny",
        "another geometry than its hash says",
        "Hartree-Fock of the dimer did not converge",
        "CCSD of the dimer did not converge",
        "the dimer has 99 basis functions",
        "nuclear repulsion of the dimer is 1 hartree",
        "other frozen orbitals",
        "has no number for one of its energies",
        "lacks one of dimer, host and probe",
    ],
)
def test_a_bad_result_is_refused_in_one_sentence(computed: Computed, tmp_path: Path, case: str) -> None:
    campaign, _, good = computed
    done = import_results(campaign, put(tmp_path / "in", broken(good, case)))
    assert done.label_ids == []
    assert len(done.refused) == 1
    assert ("not valid JSON" if case == "NaN" else case) in done.refused[0]
    assert done.refused[0].startswith("result-pyscf.json")
    assert done.refused[0].endswith(".")
    assert "\n" not in done.refused[0]
    assert label_queries.status_counts(campaign.store, TINY.hash)["complete"] == 0
    assert not list(campaign.folder.glob("results/*.json"))


def test_the_good_ones_of_a_folder_are_stored_all_the_same(
    computed: Computed, campaign: Campaign, tmp_path: Path
) -> None:
    # The sampler's seed is fixed: this campaign has the geometries of the other.
    first, second, third = small.pool(campaign)[:3]
    export_inputs(campaign, [first, second], "a person", tmp_path / "out")
    good = computed[2]
    put(tmp_path / "in" / "a", broken(good, "other units"))
    put(tmp_path / "in" / "b", good)
    put(tmp_path / "in" / "c", good, "result-copied.json")
    put(
        tmp_path / "in" / "d",
        (tmp_path / "out" / label_folder(campaign, second) / "manifest.json").read_bytes(),
        "manifest.json",
    )
    done = import_results(campaign, tmp_path / "in")
    assert done.label_ids == [label_of(campaign, first).id]
    assert [sentence.split(" ")[0].rstrip(":") for sentence in done.refused] == [
        "a/result-pyscf.json",
        "c/result-copied.json",
    ]
    assert "has its label already" in done.refused[1]
    assert done.without_result == 1
    assert label_of(campaign, second).status == "waiting"
    # A configuration that nobody asked a label of.
    assert third not in {row.configuration_id for row in labels.fetch(campaign.store, TINY.hash)}
