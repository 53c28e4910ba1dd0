"""Results that are damaged or forged: each is one refused file, and the good ones beside it are stored."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
from made_outputs import made, orca5, with_true_hartree_fock
from tiny_label import TINY

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.elsewhere import Exported, export_inputs, import_results, task_of
from nci_core.errors import InputError
from nci_core.labels.elsewhere.hartree_fock import hartree_fock
from nci_core.labels.elsewhere.inputs import write_input
from nci_core.labels.elsewhere.task import FRAGMENTS
from nci_core.labels.results import LabelResult
from nci_core.store import configurations, label_queries, labels

Computed = tuple[Campaign, Exported, bytes]
Change = Callable[[dict[str, Any]], Any]


def refusal(campaign: Campaign, folder: Path, content: bytes | dict[str, Any]) -> str:
    """The one sentence that a result is refused with."""
    folder.mkdir()
    (folder / "result-pyscf.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    done = import_results(campaign, folder)
    assert (done.label_ids, len(done.refused)) == ([], 1)
    (sentence,) = done.refused
    assert sentence.startswith("result-pyscf.json")
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 300
    return sentence


def part(result: dict[str, Any], name: str, **values: Any) -> None:
    result["fragments"][name].update(values)


def shifted(name: str, hartree: float) -> Change:
    return lambda r: part(r, name, hf_hartree=r["fragments"][name]["hf_hartree"] + hartree)


FORGED: dict[str, tuple[Change, str]] = {
    # Ghosts lower a monomer's energy, but not by this.
    "host far too low": (shifted("host", -0.2), "the interaction's Hartree-Fock energy is 0.2"),
    "host too low": (shifted("host", -0.05), "the Hartree-Fock energy of the host is"),
    "host a little too low": (shifted("host", -0.001), "the Hartree-Fock energy of the host is"),
    "host below, dimer with it": (
        lambda r: (shifted("host", -0.5)(r), shifted("dimer", -0.5)(r)),
        "the Hartree-Fock energy of the dimer is",
    ),
    "probe too high": (shifted("probe", 2e-7), "the Hartree-Fock energy of the probe is"),
    "dimer a tenth of a wavenumber off": (shifted("dimer", 5e-7), "the Hartree-Fock energy of the dimer is"),
    "correlation above zero": (
        lambda r: part(r, "probe", ccsd_hartree=0.01),
        "the CCSD correlation energy of the probe is 0.01",
    ),
    "correlation too large": (lambda r: part(r, "host", ccsd_hartree=-0.21), "the CCSD correlation energy of the host"),
    "correlation of the interaction": (
        lambda r: part(r, "dimer", ccsd_hartree=r["fragments"]["dimer"]["ccsd_hartree"] - 0.02),
        "the interaction's CCSD correlation energy",
    ),
    "triples of two electrons": (lambda r: part(r, "probe", triples_hartree=-1e-5), "the (T) energy of the probe"),
    "triples above zero": (lambda r: part(r, "dimer", triples_hartree=1e-5), "the (T) energy of the dimer"),
    "T1 above one": (lambda r: part(r, "host", t1_diagnostic=1.01), "the T1 diagnostic of the host is 1.01"),
    "T1 below zero": (lambda r: part(r, "host", t1_diagnostic=-0.01), "fragments.host.t1_diagnostic"),
    # Times and memory.
    "negative time": (lambda r: part(r, "host", cpu_seconds=-1.0), "fragments.host.cpu_seconds"),
    "two years": (lambda r: r.update(wall_seconds=6.4e7), "wall_seconds: "),
    "less than its parts": (lambda r: part(r, "host", cpu_seconds=1e5), "cpu_seconds is less than the fragments took"),
    "a petabyte": (lambda r: r.update(memory_gb=1e6), "memory_gb: "),
    "infinite memory": (lambda r: r.update(memory_gb=1e999), "not valid JSON"),
    "no zone": (lambda r: r.update(finished_at="2026-01-31T12:00:00"), "finished_at: "),
    "a number for a time": (lambda r: r.update(finished_at=1.7e9), "finished_at: "),
    "a number in quotes for a time": (lambda r: r.update(finished_at="1700000000"), "finished_at: "),
    "before computers": (lambda r: r.update(finished_at="1926-01-31T12:00:00Z"), "before the year 2000"),
    "tomorrow": (
        lambda r: r.update(finished_at=(datetime.now(UTC) + timedelta(days=1)).isoformat()),
        "it is in the future",
    ),
    # Arrays and types.
    "ragged positions": (lambda r: r["host_positions_angstrom"][0].pop(), "host_positions_angstrom.0"),
    "one atom less": (lambda r: r["host_positions_angstrom"].pop(), "another geometry than its hash says"),
    "short position": (lambda r: r["position_angstrom"].pop(), "position_angstrom"),
    "long position": (lambda r: r["position_angstrom"].append(0.0), "position_angstrom"),
    "nested position": (lambda r: r.update(position_angstrom=[[0.0], [1.0], [2.0]]), "position_angstrom.0"),
    "a word for a number": (lambda r: part(r, "host", n_basis="14"), "fragments.host.n_basis"),
    "true for a number": (lambda r: part(r, "host", scf_cycles=True), "fragments.host.scf_cycles"),
    "half a function": (lambda r: part(r, "host", n_basis=14.5), "fragments.host.n_basis"),
    "a huge number": (lambda r: part(r, "host", cc_cycles=10**30), "fragments.host.cc_cycles"),
    "a list for a fragment": (lambda r: r["fragments"].update(host=[]), "fragments.host"),
    "another fragment": (lambda r: r["fragments"].update({"a\nb\x1b[31m": {}}), "fragments."),
    "another program": (lambda r: r.update(program="elsewhere"), "program: "),
    "an escape in a name": (lambda r: r.update(processor="\x1b]0;you\x07"), "processor: "),
    "a long name": (lambda r: r.update(processor="x" * 10**6), "processor: "),
    "no hash": (lambda r: r.update(geometry_hash="../../../etc/passwd"), "geometry_hash: "),
    "a layout of its own": (lambda r: r.update(layout=["\n" * 1000]), "has layout ["),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_result_is_refused(computed: Computed, tmp_path: Path, case: str) -> None:
    campaign, _, good = computed
    result = json.loads(good)
    change, reason = FORGED[case]
    change(result)
    assert reason in refusal(campaign, tmp_path / "in", result)
    assert label_queries.status_counts(campaign.store, TINY.hash)["complete"] == 0


RAW: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "deep": (lambda _: b"[" * 100_000 + b"]" * 100_000, "not valid JSON"),
    "deep recipe": (
        lambda good: good.replace(b'"recipe": {', b'"recipe": {"a": ' + b"[" * 900 + b"]" * 900 + b", ", 1),
        "is not a result of the script",
    ),
    "Latin-1": (lambda good: good.replace(b'"processor": "', b'"processor": "\xc5', 1), "not valid JSON"),
    "half a character": (lambda good: good.replace(b'"processor": "', rb'"processor": "\ud800', 1), "not valid JSON"),
    "empty": (lambda _: b"", "not valid JSON"),
    "null": (lambda _: b"null", "has layout None"),
    "too large": (lambda _: b" " * 4_000_001, "larger than the 4 MB"),
}


@pytest.mark.parametrize("case", RAW)
def test_a_file_that_is_no_result_is_refused(computed: Computed, tmp_path: Path, case: str) -> None:
    campaign, _, good = computed
    change, reason = RAW[case]
    assert reason in refusal(campaign, tmp_path / "in", change(good))


def test_the_good_one_among_many_bad_files_is_stored(computed: Computed, campaign: Campaign, tmp_path: Path) -> None:
    number = small.pool(campaign)[0]
    export_inputs(campaign, [number], "a person", tmp_path / "out")
    _, _, good = computed
    folder = tmp_path / "in"
    bad: dict[str, str] = {}

    def put(name: str, reason: str, content: bytes | None = None) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content)
        bad[name] = reason
        return path

    for case in ("ragged positions", "short position", "host too low", "no zone"):
        result = json.loads(good)
        FORGED[case][0](result)
        put(f"{case}/result.json", FORGED[case][1], json.dumps(result).encode())
    put("deep/result.json", "not valid JSON", RAW["deep"][0](good))
    put("folder/result.json", "cannot be read (Is a directory)").mkdir()
    (tmp_path / "secret").write_bytes(good)
    put("link/result.json", "is a symbolic link").symlink_to(tmp_path / "secret")
    put("nowhere/result.json", "is a symbolic link").symlink_to(tmp_path / "nothing")
    os.mkfifo(put("pipe/result.json", "is not a regular file"))
    (folder / "outputs").mkdir()
    (folder / "outputs" / "orca-dimer.out").symlink_to(tmp_path / "secret")
    bad["outputs/orca-dimer.out"] = "is a symbolic link"
    (folder / "utf").mkdir()
    (folder / "utf" / "psi4-host.out").write_bytes(b"\xff\xfe\x00")
    bad["utf"] = "does not repeat an input that nci exported"
    (folder / "zz").mkdir()  # read last
    (folder / "zz" / "result.json").write_bytes(good)

    done = import_results(campaign, folder)
    assert len(done.label_ids) == 1
    assert labels.get(campaign.store, done.label_ids[0]).configuration_id == number
    assert len(done.refused) == len(bad)
    for name, reason in bad.items():
        (sentence,) = [found for found in done.refused if found.startswith((f"{name} ", f"{name}:"))]
        assert reason in sentence
        assert str(tmp_path) not in sentence


def test_a_name_of_a_file_cannot_break_the_sentence(computed: Computed, tmp_path: Path) -> None:
    campaign = computed[0]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in (b"result-\n\x1b[31m.json", b"result-\xff.json"):
        (folder / os.fsdecode(name)).write_bytes(b"{")
    done = import_results(campaign, folder)
    assert [sentence.split(" ")[0] for sentence in done.refused] == ["result-␊␛[31m.json", "result-⟨U+DCFF⟩.json"]


def test_an_unforeseen_failure_of_a_reader_is_one_refused_file(
    computed: Computed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("nci_core.campaign.exchange.elsewhere.label_from_result", fail)
    assert "cannot be read as a result (RecursionError)" in refusal(computed[0], tmp_path / "in", computed[2])


def test_outputs_of_orca_5_come_back(campaign: Campaign, tmp_path: Path) -> None:
    """Eight decimals of the SCF energy, nine of the parts; HF is compared with the one computed here."""
    first, second = small.pool(campaign)[:2]
    folders = export_inputs(campaign, [first, second], "a person", tmp_path / "out").folders
    for number, folder, shift in ((first, folders[0], 0.0), (second, folders[1], -1e-3)):
        (row,) = configurations.fetch(campaign.store, ids=[number])
        task = task_of(campaign, row)
        for name, numbers in with_true_hartree_fock(task).items():
            forged = replace(numbers, hf=numbers.hf + (shift if name == "host" else 0.0))
            text = orca5(write_input("orca", task, name), forged, task.fragments[name])
            (folder / f"orca-{name}.out").write_text(text)
    done = import_results(campaign, tmp_path / "out")
    assert len(done.label_ids) == 1
    assert "the Hartree-Fock energy of the host is" in done.refused[0]


def test_what_converges_nowhere_here_is_said(
    computed: Computed, campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "out")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "result.json").write_bytes(computed[2])
    own = hartree_fock(campaign.systems[0].dimer.at(json.loads(computed[2])["position_angstrom"]), TINY)
    monkeypatch.setattr(
        "nci_core.labels.elsewhere.hartree_fock.hartree_fock", lambda *_: {k: v for k, v in own.items() if k != "host"}
    )
    done = import_results(campaign, folder)
    stored = labels.get(campaign.store, done.label_ids[0]).result
    assert stored is not None
    assert stored["warnings"] == ["Hartree-Fock of the host did not converge here, so it was not compared."]


def test_large_hosts_are_compared_with_their_monomers_only(
    computed: Computed, campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "out")
    folder = tmp_path / "in"
    folder.mkdir()
    result = json.loads(computed[2])
    shifted("host", -0.03)(result)
    (folder / "result.json").write_text(json.dumps(result))
    monkeypatch.setattr("nci_core.labels.elsewhere.hartree_fock.MOST_FUNCTIONS", 10)
    done = import_results(campaign, folder)
    stored = labels.get(campaign.store, done.label_ids[0]).result
    assert stored is not None
    assert "was not computed again on import" in stored["warnings"][0]
    # Set aside: ghosts do not lower hydrogen by 0.03 hartree.
    assert "lower its Hartree–Fock energy by" in next(d["sentence"] for d in stored["doubts"])


def test_our_own_hartree_fock_is_that_of_plain_pyscf(campaign: Campaign) -> None:
    """Integrals are shared between the fragments, which differ in nuclei only."""
    (row,) = configurations.fetch(campaign.store, ids=small.pool(campaign)[:1])
    own = hartree_fock(campaign.systems[0].dimer.at(row.position, row.pose), TINY)
    expected = with_true_hartree_fock(task_of(campaign, row))
    for name in FRAGMENTS:
        assert own[name] == pytest.approx(expected[name].hf, abs=1e-10)


@pytest.mark.parametrize("recipe", ["composite", "dt"])
def test_a_recipe_of_several_steps_is_not_exported_as_its_first(tmp_path: Path, recipe: str) -> None:
    campaign = small.sampled(tmp_path / "work", small.write_host(tmp_path), recipe=recipe)
    try:
        with pytest.raises(InputError, match=f"Labels of recipe {recipe} cannot be computed elsewhere"):
            export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert labels.fetch(campaign.store, campaign.recipe.hash) == []
    finally:
        campaign.store.close()


def test_labels_as_such_have_bounds(campaign: Campaign) -> None:
    """Wherever a stored label is read: a journal, an archive."""
    label = small.fake_label(campaign.systems[0].dimer.at([0.0, 0.0, 3.0]), TINY).model_dump(mode="json")
    assert LabelResult.model_validate(label)
    for change in (
        {"finished_at": "2026-01-31T12:00:00"},
        {"finished_at": "1999-01-31T12:00:00Z"},
        {"cpu_seconds": -1.0},
        {"wall_seconds": float("inf")},
        {"memory_gb": 1e9},
        {"energy_ev": float("nan")},
        {"position_angstrom": [0.0, 1.0]},
    ):
        with pytest.raises(ValueError, match=next(iter(change))):
            LabelResult.model_validate(label | change)


def test_experimental_readers_are_called_so(campaign: Campaign, tmp_path: Path) -> None:
    export_inputs(campaign, small.pool(campaign)[:1], "a person", tmp_path / "out")
    assert "Psi4, ORCA and Molpro are experimental" in (tmp_path / "out" / "README.txt").read_text()
    (row,) = configurations.fetch(campaign.store, ids=small.pool(campaign)[:1])
    assert "nci label" in made("orca", task_of(campaign, row), "host")
