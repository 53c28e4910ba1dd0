"""The `nci` command: help, tables, JSON, exit codes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
import typer

from nci_core import __version__
from nci_core.campaign import Campaign
from nci_core.cli.main import app
from nci_core.extxyz import read_dataset
from nci_core.store import configurations, labels, picks

GROUP: Any = typer.main.get_command(app)
COMMANDS = ("init", "sample", "teach", "distill", "select", "label", "finetune", "evaluate", "export", "import", "app")
REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "he-benzene-reference" / "ccsdt.extxyz"

Nci = Callable[..., Any]


def test_every_step_of_the_loop_is_a_command() -> None:
    assert {*COMMANDS, "demo", "models"} <= set(GROUP.commands)


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_help_states_defaults_and_units(nci: Nci, name: str) -> None:
    shown = nci(name, "--help")
    assert shown.code == 0
    text = " ".join(shown.out.split())
    command = GROUP.commands[name]
    assert (command.help or "").split(".")[0].split()[0] in text
    for parameter in command.params:
        if parameter.param_type_name != "option" or parameter.name == "help":
            continue
        assert parameter.opts[0] in text
        help_text = parameter.help or ""
        assert help_text, f"nci {name} {parameter.opts[0]} has no help"
        said = parameter.show_default or parameter.default is None or "Default" in help_text or parameter.is_flag
        assert said, f"nci {name} {parameter.opts[0]} hides its default {parameter.default!r}"
    for option in ("--well-below", "--limit"):
        if option in text:
            assert re.search(rf"{option}\b.*?cm⁻¹", text), "an energy without its unit"


def test_tables_have_json(nci: Nci) -> None:
    for name in ("sample", "teach", "distill", "select", "label", "finetune", "evaluate", "models", "demo"):
        assert any("--json" in parameter.opts for parameter in GROUP.commands[name].params), name


def test_version_and_overview(nci: Nci) -> None:
    assert nci("--version").out.strip() == f"nci {__version__}"
    shown = nci("--help")
    assert all(name in shown.out for name in COMMANDS)


@pytest.mark.parametrize(
    "words", [["nothing"], ["sample", "--nothing"], ["sample", "--n", "many"], ["sample", "--n", 0]]
)
def test_misspelt_commands_exit_with_two(nci: Nci, words: list[object]) -> None:
    shown = nci(*words)
    assert shown.code == 2
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_a_campaign_from_init_to_export(nci: Nci, tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    small.use_formula(monkeypatch)
    monkeypatch.setattr("nci_core.teachers.find_teacher", lambda spec: small.FormulaTeacher())
    made = nci("init", work, "--host", host, "--recipe", "quick", "--well-below=-5", "--teacher", "formula")
    assert made.code == 0
    assert "he-hydrogen, H2 of symmetry D∞h, recipe quick" in made.out
    monkeypatch.setenv("NCI_CAMPAIGN", str(work))
    done = json.loads(nci("sample", "--n", 30, "--test", 6, "--json").out)
    assert (done["n_new"], done["n_test"]) == (30, 6)
    assert json.loads(nci("teach", "--json").out)["n_new"] == 30
    assert "0 configurations" in nci("teach").out
    ranked = json.loads(nci("select", "--strategy", "random", "--n", 5, "--basket", "--json").out)
    assert [row["rank"] for row in ranked] == [1, 2, 3, 4, 5]
    with Campaign.open(work).store as store:
        assert sorted(picks.basket(store)) == sorted(row["configuration_id"] for row in ranked)
    table = nci("select", "--strategy", "random", "--n", 5)
    assert "CPU minutes" in table.out
    assert json.loads(nci("models", "--json").out) == []
    report = json.loads(nci("evaluate", "--json").out)
    assert report["recipe"] == "quick"
    assert report["errors"]["teacher"] == {"test": {}, "pool": {}}
    assert nci("export", tmp_path / "all.extxyz").code == 0
    assert len(read_dataset(tmp_path / "all.extxyz")) == 30
    assert nci("export", tmp_path / "archive").code == 0
    assert nci("import", tmp_path / "archive", tmp_path / "again").code == 0
    with Campaign.open(tmp_path / "again").store as store:
        assert len(configurations.fetch(store)) == 30


def test_the_campaign_may_be_the_working_directory_or_a_name_below_home(
    nci: Nci, sampled: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Say which campaign" in nci("models").sentence()
    monkeypatch.chdir(sampled.folder)
    assert nci("models").code == 0
    monkeypatch.chdir(sampled.folder.parent)
    monkeypatch.setenv("NCI_HOME", str(sampled.folder.parent))
    assert nci("models", "--campaign", "work").code == 0


def test_a_molecule_may_be_given_as_smiles_or_as_a_file(nci: Nci, tmp_path: Path, host: Path) -> None:
    made = nci("init", tmp_path / "n2", "--smiles", "N#N", "--name", "Nitrogen!", "--recipe", "quick")
    assert made.code == 0, made.err
    assert "he-Nitrogen, N2 of symmetry D∞h" in made.out
    assert "Geometry: SMILES N#N: ETKDGv3" in made.out
    assert "GFN2-xTB" in Campaign.open(tmp_path / "n2").settings.systems[0].host.source
    assert nci("init", tmp_path / "h2", "--structure", host, "--recipe", "quick").code == 0
    assert "charge +1" in nci("init", tmp_path / "no", "--smiles", "[NH4+]").sentence()
    assert "Give one of" in nci("init", tmp_path / "no", "--smiles", "C", "--host", "benzene").sentence()
    assert not (tmp_path / "no").exists()


def test_some_of_the_test_set_may_be_labelled(nci: Nci, sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.jobs.ensure_engine", lambda *args, **options: None)
    test, (pool, *_) = small.test_set(sampled), small.pool(sampled)
    where = ("-c", sampled.folder, "--no-wait")
    assert "1 label queued" in nci("label", "--test", test[0], *where).out
    assert "2 labels queued" in nci("label", "--test", "--n", 2, *where).out
    asked = labels.fetch(sampled.store, sampled.recipe.hash)
    assert [row.configuration_id for row in asked] == test[:3]
    assert {(row.picked_by, row.round_number) for row in asked} == {("test-set", None)}
    assert f"nci label --test {test[3]}" in nci("label", test[3], *where).sentence()
    assert "does not belong to the test set" in nci("label", "--test", pool, *where).sentence()
    assert "give it with --test" in nci("label", "--n", 2, *where).sentence()


def test_labelling_says_when_there_is_nothing_to_do(nci: Nci, sampled: Campaign, tmp_path: Path, host: Path) -> None:
    assert "the basket is empty" in nci("label", "-c", sampled.folder).out
    small.make(tmp_path / "empty", host)
    none = nci("label", "--test", "-c", tmp_path / "empty")
    assert (none.code, "has no test set" in none.sentence()) == (2, True)


def test_demo_refuses_unknown_systems_and_used_folders(nci: Nci, tmp_path: Path) -> None:
    assert "Unknown system 'he-water'" in nci("demo", "--out", tmp_path / "demo", "--system", "he-water").sentence()
    assert not (tmp_path / "demo").exists()
    (tmp_path / "report.json").write_text("{}")
    used = nci("demo", "--out", tmp_path)
    assert (used.code, "holds a demo already" in used.sentence()) == (2, True)
    assert (tmp_path / "report.json").read_text() == "{}"


@pytest.mark.slow  # the fit takes over half a minute on an idle core
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not REFERENCE.exists(), reason="the He–benzene reference is not beside this checkout")
def test_a_tenth_of_the_published_reference_gives_the_rest(nci: Nci, tmp_path: Path) -> None:
    """arXiv:2601.02166: 10% of 2,063 CCSD(T)/CBS energies, drawn at random, to 0.3 cm⁻¹ on the others."""
    model, rest = tmp_path / "student.pt", tmp_path / "rest.extxyz"
    fit = nci("finetune", "--data", REFERENCE, "--fraction", 0.1, "--seed", 0, "--model-out", model, "--held-out", rest)
    assert fit.code == 0, fit.err
    found = json.loads(nci("evaluate", "--model", model, "--data", rest, "--json").out)
    assert found["n"] > 1500
    # The published students of this design reach 0.3 cm⁻¹ below 1,000 cm⁻¹.
    assert found["mae_cm1"] <= 0.3


def test_check_says_which_physics_a_student_breaks(nci: Nci, tmp_path: Path) -> None:
    from dataclasses import replace

    from nci_core.campaign.exchange.archive import import_campaign
    from nci_core.campaign.rounds.gates import stored_gates
    from nci_core.errors import InputError, ModelError
    from nci_core.potentials.checkpoints import load_checkpoint, save_checkpoint
    from nci_core.potentials.parameters import layout
    from nci_core.store import models

    campaign = import_campaign(Path(__file__).parents[2] / "data" / "he-ethylene", tmp_path / "he-ethylene")
    row = campaign.active_model()
    assert row is not None
    done = nci("check", "-c", campaign.folder, "--json")
    assert done.code == 0
    (gates,) = json.loads(done.out).values()
    kept = stored_gates(models.get(campaign.store, row.id))
    assert kept is not None
    assert [gate.as_dict() for gate in kept] == gates
    assert all(gate["passed"] for gate in gates)

    student = load_checkpoint(campaign.model_path(row))
    # Repulsion a million times weaker: nothing holds the probe off the molecule.
    column = layout(student.config).slices["a"]
    broken = [replace(member, theta=member.theta.clone()) for member in student.members]
    for member in broken:
        member.theta[:, column] -= 14.0
    path = save_checkpoint(replace(student, members=tuple(broken)), tmp_path / "broken.pt")
    done = nci("check", "--model", path)
    assert done.code == ModelError.exit_code
    assert "No hole behind the wall" in done.sentence()
    assert "FAIL" in done.out
    done = nci("check", "-c", campaign.folder, "--model", "nobody")
    assert done.code == InputError.exit_code
    assert "no student called 'nobody'" in done.sentence()
    campaign.store.close()


def test_report_writes_one_file(process: Nci, tmp_path: Path) -> None:
    from nci_core.campaign.exchange.archive import import_campaign

    import_campaign(Path(__file__).parents[2] / "data" / "he-ethylene", tmp_path / "he-ethylene").store.close()
    target = tmp_path / "round.html"
    done = process("report", "-c", tmp_path / "he-ethylene", "--round", "1", "--out", target)
    assert done.code == 0, done.err
    assert [path.name for path in tmp_path.glob("*.html")] == ["round.html"]
    assert "round 1" in target.read_text(encoding="utf-8")[:20_000]
    assert process("report", "-c", tmp_path / "he-ethylene", "--out", tmp_path / "round.txt").code == 2


def test_a_campaign_goes_to_the_groups_server(
    nci: Callable[..., Any], host: Path, tmp_path: Path, fresh_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    monkeypatch.setenv("NCI_DATABASE", fresh_schema)
    assert nci("init", folder, "--host", host).code == 0
    assert not (folder / "campaign.db").exists()
    assert nci("sample", "-c", folder, "--n", 5).code == 0
    monkeypatch.delenv("NCI_DATABASE")
    assert nci("export", tmp_path / "archive", "-c", folder).code == 0
    assert (
        "There is a campaign at"
        in nci("import", tmp_path / "archive", tmp_path / "two", "--database", fresh_schema).sentence()
    )
    assert nci("import", tmp_path / "archive", tmp_path / "two").code == 0
    assert (tmp_path / "two" / "campaign.db").exists()
    said = nci("init", tmp_path / "three", "--database", "postgresql://ada:hush@host/db")
    assert "holds a password" in said.sentence()
    assert "hush" not in said.err
