"""Out and back: the exported script really runs, and its label is the one computed here."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
from made_outputs import made, with_true_hartree_fock
from returned_files import Computed, label_folder, label_of, put, row_of
from tiny_label import TINY, run_script

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.elsewhere import export_inputs, import_results, task_of
from nci_core.campaign.rounds.requests import submit_labels
from nci_core.errors import InputError, StoreError
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.elsewhere.task import FRAGMENTS, LabelTask
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.store import jobs as queue
from nci_core.store import journal, labels, picks


def test_a_basket_goes_out_waits_and_comes_back(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from nci_core.cli import main

    def nci(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nci", *map(str, words), "--campaign", str(campaign.folder)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main.run()
        text = capsys.readouterr()
        return int(stop.value.code or 0), text.out, text.err

    number = small.pool(campaign)[3]
    picks.add(campaign.store, [number], picked_by="ada", round_number=campaign.open_round("ada"))
    out = tmp_path / "to-the-cluster"
    assert nci("label", "--export-inputs", out)[0] == 0
    assert picks.basket(campaign.store) == []
    waiting = label_of(campaign, number)
    assert (waiting.status, waiting.job_id, waiting.picked_by) == ("waiting", None, "ada")
    assert "exported to to-the-cluster" in str(waiting.error)
    assert json.loads(nci("status", "--json")[1])["labels_elsewhere"] == 1
    # Nothing of it is queued here, whatever else is asked for.
    assert queue.fetch(campaign.store) == []
    assert "basket is empty" in nci("label")[1]
    # Again: the same files, for a folder that was lost.
    files = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert len(files) == 12, "README, manifest, script and three inputs for each of three programs"
    assert nci("label", "--export-inputs", out)[0] == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == files
    assert nci("label", "--import-results", out)[0] == 2, "there are no results yet"

    row = row_of(campaign, number)
    folder = out / f"{row.geometry_hash}-{TINY.hash}"
    manifest = LabelTask.model_validate_json((folder / "manifest.json").read_bytes())
    assert manifest == task_of(campaign, row)
    assert run_script(folder).returncode == 0
    code, text, _ = nci("label", "--import-results", out)
    assert (code, text) == (0, "1 label imported.\n")
    done = label_of(campaign, number)
    assert (done.status, done.error, done.picked_by) == ("complete", None, "ada")
    journaled = journal.find_result(campaign.folder, row.geometry_hash, TINY.hash)
    assert journaled is not None
    assert done.result == journaled

    result = LabelResult.model_validate(journaled).consistent()
    here = compute_label(campaign.systems[0].dimer.at(manifest.position_angstrom), TINY)
    for name in FRAGMENTS:
        for part in ("hf_hartree", "ccsd_hartree", "triples_hartree", "t1_diagnostic"):
            # The same library does the same sums: far below the thresholds of the recipe (1e-11 and 1e-8 hartree).
            found, expected = (getattr(label.fragments[name], part) for label in (result, here))
            assert found == pytest.approx(expected, abs=1e-9), (name, part)
    assert result.midbond_angstrom == here.midbond_angstrom
    assert result.environment.versions["program"] == "pyscf"
    assert result.cpu_seconds > 0

    code, text, err = nci("label", "--import-results", out)
    assert code == 4, "a second time nothing is stored, and the exit code says so"
    assert f"configuration {number} has its label already" in " ".join(err.split())
    assert label_of(campaign, number).finished_at == done.finished_at


def test_what_cannot_be_read_is_refused(campaign: Campaign, tmp_path: Path) -> None:
    (tmp_path / "in" / "result-pyscf.json").mkdir(parents=True)
    done = import_results(campaign, tmp_path / "in")
    assert done.refused == ["result-pyscf.json cannot be read (Is a directory); check the path and its permissions."]


def test_a_label_nobody_asked_for_is_refused(computed: Computed, campaign: Campaign, tmp_path: Path) -> None:
    done = import_results(campaign, put(tmp_path / "in", computed[2]))
    assert done.label_ids == []
    assert "nobody asked for a label of configuration" in done.refused[0]


def test_what_is_complete_or_queued_here_is_not_exported(campaign: Campaign, tmp_path: Path) -> None:
    first, second, third = small.pool(campaign)[:3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
        small.label(campaign, [first])
    submit_labels(campaign, [second], "a person", start=False)
    done = export_inputs(campaign, [first, second, third], "a person", tmp_path / "out")
    assert done.skipped == [first, second]
    assert [folder.name for folder in done.folders] == [label_folder(campaign, third)]
    assert label_of(campaign, second).status == "waiting"
    # Asked for here after all, an exported label is computed here.
    assert len(submit_labels(campaign, [third], "a person", start=False)) == 1


def test_a_result_ends_the_job_that_waits_here(computed: Computed, campaign: Campaign, tmp_path: Path) -> None:
    number = small.pool(campaign)[0]
    (job,) = submit_labels(campaign, [number], "a person", start=False)
    done = import_results(campaign, put(tmp_path / "in", computed[2]))
    assert done.refused == []
    assert queue.get(campaign.store, job).state == "cancelled"
    assert label_of(campaign, number).status == "complete"


def test_a_complete_label_is_never_overwritten(campaign: Campaign) -> None:
    number = small.pool(campaign)[0]
    row = row_of(campaign, number)
    (label,) = labels.request(campaign.store, [number], recipe="tiny", recipe_hash=TINY.hash)
    position = (row.x_angstrom, row.y_angstrom, row.z_angstrom)
    first = small.fake_label(campaign.systems[0].dimer.at(position), TINY).model_dump(mode="json")
    path = journal.record_label(campaign.store, label.id, first)
    before = path.read_bytes()
    journal.record_label(campaign.store, label.id, first | {"energy_ev": 1.0})
    assert path.read_bytes() == before
    assert label_of(campaign, number).energy_ev == first["energy_ev"]


def test_test_labels_renew_the_errors(campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = small.test_set(campaign)[0]
    with pytest.raises(InputError, match="frozen test set"):
        export_inputs(campaign, [number], "a person", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    done = export_inputs(campaign, [number], "test-set", tmp_path / "out")
    task = task_of(campaign, row_of(campaign, number))
    numbers = with_true_hartree_fock(task)
    for fragment in FRAGMENTS:
        put(done.folders[0], made("psi4", task, fragment, numbers=numbers).encode(), f"psi4-{fragment}.out")
    put(done.folders[0], b"slurm says hello\n", "slurm-17.out")
    renewed: list[Campaign] = []
    monkeypatch.setattr("nci_core.campaign.rounds.evaluation.renew_errors", renewed.append)
    found = import_results(campaign, tmp_path / "out")
    assert (found.label_ids, found.refused, renewed) == ([label_of(campaign, number).id], [], [campaign])
    assert label_of(campaign, number).result["environment"]["versions"]["psi4"] == "1.9.1"  # type: ignore[index]


@pytest.mark.parametrize("program", ["psi4", "orca", "molpro"])
def test_outputs_come_back_as_labels_or_not_at_all(campaign: Campaign, tmp_path: Path, program: Any) -> None:
    first, second = small.pool(campaign)[:2]
    folders = export_inputs(campaign, [first, second], "a person", tmp_path / "out").folders
    task = task_of(campaign, row_of(campaign, first))
    numbers = with_true_hartree_fock(task)
    for fragment in FRAGMENTS:
        put(folders[0], made(program, task, fragment, numbers=numbers).encode(), f"{program}-{fragment}.out")
    put(folders[1], b"no such file or directory\n", f"{program}-host.out")
    done = import_results(campaign, tmp_path / "out")
    assert done.label_ids == [label_of(campaign, first).id]
    assert len(done.refused) == 1
    assert "does not repeat an input that nci exported" in done.refused[0]


def test_a_run_that_does_not_converge_says_so(computed: Computed, campaign: Campaign, tmp_path: Path) -> None:
    folder = export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "out").folders[0]
    script = (folder / "run_pyscf.py").read_text()
    (folder / "run_pyscf.py").write_text(script.replace("MAX_CYCLES = 100", "MAX_CYCLES = 2"))
    run = run_script(folder)
    assert run.returncode == 1
    assert "did not converge" in run.stdout
    done = import_results(campaign, tmp_path / "out")
    assert done.label_ids == []
    assert "did not converge; it was not stored" in done.refused[0]


def test_the_script_needs_pyscf_and_numpy_only() -> None:
    import ast

    from nci_core.labels.elsewhere import run_pyscf

    tree = ast.parse(Path(run_pyscf.__file__).read_text(encoding="utf-8"))
    found = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    found |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert found - set(sys.stdlib_module_names) == {"numpy", "pyscf"}


def test_what_is_left_out_is_in_the_readme(tmp_path: Path, tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.labels.elsewhere.inputs.LAST_ALL_ELECTRON", 1)
    campaign = small.sampled(tmp_path / "work", small.write_host(tmp_path), recipe="tiny")
    done = export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "out")
    campaign.store.close()
    assert list(done.left_out) == ["orca"]
    assert (
        "There are no inputs for ORCA: He would get an effective core" in (tmp_path / "out" / "README.txt").read_text()
    )
    assert not list((tmp_path / "out").rglob("orca-*"))


def test_nothing_changes_when_the_files_cannot_be_written(campaign: Campaign, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match="is a file; give a folder"):
        export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "out")

    def full(path: Path, content: bytes) -> None:
        raise StoreError(f"{path} cannot be written (No space left on device).")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nci_core.campaign.exchange.elsewhere.write_atomically", full)
        with pytest.raises(StoreError, match="No space left"):
            export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "other")
    assert labels.fetch(campaign.store, TINY.hash) == []


def test_a_folder_without_results_is_said(campaign: Campaign, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        import_results(campaign, tmp_path / "none")
    with pytest.raises(InputError, match="holds no results"):
        import_results(campaign, put(tmp_path / "in", b"hello\n", "slurm-17.out"))


def test_a_label_of_a_cheaper_recipe_goes_out_and_comes_back(tmp_path: Path, tiny: Recipe) -> None:
    """It is stored beside the target's, and never as one of them."""
    campaign = small.sampled(tmp_path / "work", small.write_host(tmp_path), recipe="quick", more_recipes=["tiny"])
    try:
        number = small.pool(campaign)[0]
        done = export_inputs(campaign, [number], "ada", tmp_path / "out", recipe="tiny")
        assert [folder.name for folder in done.folders] == [f"{row_of(campaign, number).geometry_hash}-{tiny.hash}"]
        assert f"recipe tiny ({tiny.hash})" in (tmp_path / "out" / "README.txt").read_text()
        assert run_script(done.folders[0]).returncode == 0
        assert len(import_results(campaign, tmp_path / "out").label_ids) == 1
        found = labels.fetch(campaign.store, tiny.hash)
        assert [(row.configuration_id, row.status) for row in found] == [(number, "complete")]
        assert labels.fetch(campaign.store, campaign.recipe.hash) == []
    finally:
        campaign.store.close()
