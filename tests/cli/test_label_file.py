"""nci label --data: a file of dimers in, the same file with labels out, whatever happens in between."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import small_campaign as small
from ase.io import read

from nci_core.campaign.exchange.energy_frames import read_frames as read_energies
from nci_core.cli.labelled_files import labels_of
from nci_core.errors import InputError, LabelError, StoreError
from nci_core.extxyz import read_dataset
from nci_core.labelling import pool
from nci_core.labelling.file_labels import FileLabels
from nci_core.labelling.folder import LabelFolder
from nci_core.labelling.frames import read_frames
from nci_core.labelling.output import SET_ASIDE, Outcome, keys_of_label
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.doubts import Doubt
from nci_core.labels.recipe_files import read_recipe
from nci_core.systems import Dimer, Monomer
from nci_core.units import CM1_EV

Nci = Callable[..., Any]
INPUTS = Path(__file__).parents[1] / "inputs"
TINY = """name = "tiny"
host_basis = {"*" = "6-31g"}
probe_basis = "6-31g"
prediction_error = {floor_cm1 = 0.3, shares = {ccsd = 0.5}}
"""
HYDROGEN = "H 0 0 0.37\nH 0 0 -0.37\n"
#: Its ground state is a triplet, which only a calculation tells.
OPEN = "Be 0 0 0\nC 0 0 1.67\n"


def frame(rows: str, info: str = "") -> str:
    return f"{rows.count(chr(10))}\nProperties=species:S:1:pos:R:3 {info}\n{rows}"


def line_of(n: int) -> str:
    """He₂ at n distances, each a geometry of its own."""
    return "".join(frame(f"He 0 0 0\nHe 0 0 {2.8 + 0.3 * k:.1f}\n") for k in range(n))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No campaign of this machine says what labels cost."""
    monkeypatch.setenv("NCI_HOME", str(tmp_path / "home"))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def label_words(folder: Path, recipe: Path, content: str) -> tuple[object, ...]:
    (folder / "in.extxyz").write_text(content)
    return ("label", "--data", folder / "in.extxyz", "--recipe", recipe, "--out", folder / "out.extxyz")


def results(out: Path) -> dict[str, int]:
    """When each label beside a file was written, by its name."""
    return {path.name: path.stat().st_mtime_ns for path in (LabelFolder.beside(out).path / "results").glob("*.json")}


def test_two_hosts_in_one_file(nci: Nci, tmp_path: Path, recipe: Path) -> None:
    """Priced and labelled, one of them in vain; read back by ASE and by what reads labels here."""
    content = frame(HYDROGEN + "He 0 0 3.0\n", 'note="a b" weight=0.5') + frame(OPEN + "He 0 0 5\n")
    content += frame("He 0 0 0\nHe 0 0 2.9\n", "energy=-5.8 config_type=pair")
    # The first geometry again, mirrored, with the probe first and an energy of somebody else in another unit.
    content += frame("He 0 0 -3.0\n" + HYDROGEN, "REF_interaction_energy=0.1 energy_unit=kcal/mol method=SAPT")
    words, out = label_words(tmp_path, recipe, content), tmp_path / "out.extxyz"
    priced = json.loads(nci(*words, "--price", "--json").out)
    assert [row["frames"] for row in priced["labels"]] == [[0, 3], [1], [2]]
    assert all(row["cpu_minutes"] > 0 and row["memory_gb"] > 0 for row in priced["labels"])
    assert not list(tmp_path.glob("out*"))

    done = nci(*words, "--workers", 1)
    assert done.code == LabelError.exit_code
    assert "1 label failed" in done.sentence()
    assert "of frame 1: The ground state of CBe is open-shell" in done.sentence()

    dimer = Dimer(Monomer("H2", ("H", "H"), np.array([[0, 0, 0.37], [0, 0, -0.37]])), Monomer.atom("He"))
    expected = compute_label(dimer.at((0.0, 0.0, 3.0)), read_recipe(recipe))
    plain = read(out, ":")
    a, failed, pair, again = (atoms.info for atoms in plain)
    assert a["REF_interaction_energy"] == again["REF_interaction_energy"]
    assert a["REF_interaction_energy"] == pytest.approx(expected.energy_ev, abs=1e-10)
    parts = ("hf_interaction_energy", "ccsd_correlation_interaction_energy", "triples_interaction_energy")
    assert sum(a[part] for part in parts) == pytest.approx(a["REF_interaction_energy"], abs=1e-12)
    std = np.hypot(0.3 * CM1_EV, 0.5 * a["ccsd_correlation_interaction_energy"])
    assert a["label_std"] == pytest.approx(std)
    assert (a["method"], a["basis"], a["recipe"], a["label_status"]) == ("CCSD(T)", "6-31g/6-31g", "tiny", "complete")
    assert (a["note"], a["weight"], pair["input_energy"], pair["config_type"]) == ("a b", 0.5, -5.8, "pair")
    assert (again["input_method"], again["monomer_b"]) == ("SAPT", "2:3")
    assert again["input_interaction_energy"] == pytest.approx(0.1 / 23.060547830619)
    assert plain[3].get_chemical_symbols() == ["H", "H", "He"]
    assert failed["label_status"] == "failed"
    assert "open-shell" in failed["label_note"]
    assert "REF_interaction_energy" not in failed

    labels = labels_of(read_dataset(out))
    assert (len(labels), labels.repeats) == (2, 1)
    energies = read_energies(dimer, [("out.extxyz", out.read_bytes())], with_table=False)
    assert energies.points.energy_ev[0] == pytest.approx(expected.energy_ev, abs=1e-10)
    assert energies.method == "CCSD(T) 6-31g/6-31g"


def test_killed_at_any_moment_it_goes_on(nci: Nci, tmp_path: Path, recipe: Path) -> None:
    """The command, then a process of its own; what that computed is tried again when asked for."""
    words, out = label_words(tmp_path, recipe, line_of(4)), tmp_path / "out.extxyz"
    command = [sys.executable, "-m", "nci_core.cli.main", *map(str, words), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120.0
    while not results(out) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    children = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    assert children
    assert not psutil.wait_procs(children, timeout=20.0)[1], "nobody computes for a command that has gone"
    before = results(out)
    assert 0 < len(before) < 3
    assert not out.exists()

    labels = FileLabels.open(tmp_path / "in.extxyz", read_recipe(recipe), out)
    assert [task.frames for task in labels.missing(1)] == [(len(before),)]
    tasks = [replace(task, memory_gb=0.6) for task in labels.missing()]
    at_once: list[int] = []

    def kill_at_the_second(event: pool.Event | None) -> None:
        # Other tests of this process have children too: a database server, a dashboard.
        living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
        workers = [child for child in living if "nci_core.labelling.worker" in child.cmdline()]
        at_once.append(len(workers))
        if event is not None and event.task is tasks[1] and event.state == "running" and event.share == 0.0:
            workers[0].kill()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "machine_memory_gb", lambda: 1.0)
        labels.compute(tasks, 2, kill_at_the_second)
    assert max(at_once) == 1, "two do not fit into memory"
    assert labels.counts() == {"complete": 3, "set aside": 0, "failed": 1, "waiting": 0}
    assert [atoms.info["label_status"] for atoms in read(out, ":")].count("complete") == 3
    again = FileLabels.open(labels.data, labels.recipe, out)
    assert not again.missing()
    assert "ended by SIGKILL" in next(each.note for each in again.outcomes() if each.status == "failed")
    with LabelFolder.beside(out).held():
        assert "Another command is labelling into" in nci(*words, "--retry").sentence()
    report = json.loads(nci(*words, "--retry", "--workers", 1, "--json").out)
    assert (report["counts"]["complete"], report["computed_now"]) == (4, 1)
    assert before.items() < results(out).items(), "what is finished is not computed again"
    assert len(labels_of(read_dataset(out))) == 4

    # Nothing mixes with what lies there: another recipe, another input; but the input may grow.
    other = nci(*(*words[:3], "--recipe", "quick", *words[5:]))
    assert "holds labels of recipe tiny, not quick" in other.sentence()
    recipe.write_text(f"cc_amplitudes = 1e-5\n{TINY}")
    assert "recipe tiny with other settings" in nci(*words).sentence()
    recipe.write_text(TINY)
    assert "belongs to another input: 2 of its 4" in nci(*label_words(tmp_path, recipe, line_of(2))).sentence()
    grown = nci(*label_words(tmp_path, recipe, line_of(5)), "--price")
    assert "1 geometry is new" in grown.err
    assert "1 label, 4 done already" in grown.out


REFUSED = {
    "an odd number of electrons": (frame("O 0 0 0\nH 0 0 0.97\nHe 0 0 4\n"), "frame 1: Monomer 'HO' has 9 electrons"),
    "a known open shell": (frame("O 0 0 0\nO 0 0 1.2\nHe 0 0 4\n"), "frame 1: Monomer 'O2' is O2, which has unpaired"),
    "atoms that overlap": (frame(HYDROGEN + "He 0 0 0.5\n", "monomer_b=2:3"), "frame 1: "),
    "an unknown element": (frame("Qq 0 0 0\nHe 0 0 4\n"), "frame 1: unknown element"),
    "a molecule as probe": (frame(HYDROGEN + "H 0 0 3.4\nH 0 0 4.14\n", "monomer_a=0:2 monomer_b=2:4"), "single atom"),
    "a charge": (frame(HYDROGEN + "He 0 0 3\n", "charge=1"), "frame 1: "),
    "a basis without the element": (frame("Xe 0 0 0\nHe 0 0 4\n"), "frame 1: "),
    "a frame that is cut off": ("3\n\nHe 0 0 0\n", "frame 1 is cut off"),
}


@pytest.mark.parametrize(("content", "part"), REFUSED.values(), ids=REFUSED)
def test_a_frame_that_cannot_be_labelled(nci: Nci, tmp_path: Path, recipe: Path, content: str, part: str) -> None:
    done = nci(*label_words(tmp_path, recipe, line_of(1) + content))
    assert done.code == InputError.exit_code
    assert part in done.sentence()
    assert not list(tmp_path.glob("out*"))


def test_frames_may_be_left_out(nci: Nci, tmp_path: Path, recipe: Path) -> None:
    content = REFUSED["a known open shell"][0] + line_of(1) + REFUSED["a basis without the element"][0]
    priced = json.loads(nci(*label_words(tmp_path, recipe, content), "--leave-out", "--price", "--json").out)
    assert [row["frame"] for row in priced["left_out"]] == [0, 2]
    assert [row["frames"] for row in priced["labels"]] == [[1]]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--recipe", "quick"], "Say where the labelled file goes"),
        (["--recipe", "exact", "--out", "{}/new"], "Unknown recipe 'exact'"),
        (["--recipe", "quick", "--out", "{}/in.extxyz"], "--out is the input itself"),
        (["--recipe", "quick", "--out", "{}/tiny.toml"], "was not labelled by nci"),
        (["--recipe", "quick", "--out", "{}/no/new"], "there is no folder"),
        (["--recipe", "quick", "--out", "{}/new", "--campaign", "{}"], "--campaign is for the labels of a campaign"),
        (["--recipe", "quick", "--out", "{}/new", "--test"], "--test is for the labels of a campaign"),
    ],
)
def test_refused_before_anything_is_written(
    nci: Nci, tmp_path: Path, recipe: Path, words: list[str], part: str
) -> None:
    (tmp_path / "in.extxyz").write_text(line_of(1))
    there = sorted(tmp_path.iterdir())
    done = nci("label", "--data", tmp_path / "in.extxyz", *(word.format(tmp_path) for word in words))
    assert done.code in (InputError.exit_code, StoreError.exit_code)
    assert part in done.sentence()
    assert sorted(tmp_path.iterdir()) == there
    assert "--out is for a file of dimers (--data)" in nci("label", "--out", tmp_path / "new").sentence()


@pytest.mark.parametrize("name", ["probe_first_nciatlas", "probe_wrapped", "bom", "formfeed", "mono_1based"])
def test_files_of_others_are_read_as_data_sets_are(name: str) -> None:
    path = INPUTS / f"{name}.extxyz"
    frames, data = read_frames(path), read_dataset(path)
    assert len(frames) == len(data)
    for group in data.groups:
        for number, distances in zip(group.frames, group.at.distances[:, :, 0], strict=True):
            found = frames[int(number)].at
            assert found is not None
            # Superposed on the first frame's host there, where it lies here; rounded coordinates differ by less.
            np.testing.assert_allclose(found.distances[0, :, 0], distances, atol=2e-3)


def test_a_label_in_doubt_is_no_reference(tmp_path: Path, recipe: Path) -> None:
    (tmp_path / "in.extxyz").write_text(frame(HYDROGEN + "He 0 0 3.0\n"))
    (task,) = FileLabels.open(tmp_path / "in.extxyz", read_recipe(recipe), None).tasks
    found = small.fake_label(task.at, task.recipe)
    doubt = Doubt(code="t1", sentence="The T1 diagnostic is large.")
    keys = keys_of_label(Outcome(task, found.model_copy(update={"doubts": [doubt]})), read_recipe(recipe))
    assert keys[SET_ASIDE] == found.energy_ev
    assert "REF_interaction_energy" not in keys
    assert (keys["label_status"], keys["label_note"]) == ("set aside", doubt.sentence)
