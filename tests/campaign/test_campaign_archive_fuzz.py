"""Hundreds of changed archives: what is imported is valid, all else is one sentence, and nothing is left behind."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_archive
from archive_folders import replace_file, snapshot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign, read_archive
from nci_core.errors import NCIError
from nci_core.store import configurations, models
from nci_core.store.schema import Label, Model

ROWS = ("teachers.jsonl", "labels.jsonl", "predictions.jsonl", "history.json")
TEXTS = ("campaign.toml", "configurations.extxyz")
MODELS = tuple(f"models/{name}.pt" for name in tiny_archive.CHECKPOINTS)
#: JSON that json.dumps does not write; keys stand for it in a row.
RAW = {"@deep@": "[" * 3000 + "]" * 3000, "@long@": "9" * 5000, "@nan@": "NaN", "@infinite@": "1e999"}

NASTY: list[Any] = [
    "/../../outside/x",
    "../../outside/secret",
    "/etc/passwd",
    "models/../../outside/secret",
    "models/x.pt",
    "round-0-distilled",
    "a\0b",
    "a\nb\u2028c",
    "\x1b[31m",
    "[red]${HOME}`id`",
    "",
    " ",
    "x" * 200_000,
    "0123456789abcdef",
    "1970-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "complete",
    "test",
    10**30,
    2**63,
    -1,
    0,
    1.5,
    1e308,
    None,
    True,
    [],
    {},
    {"a": {"b": [1, "c"]}},
    [[[[[[[["deep"]]]]]]]],
    *RAW,
]
WORDS = [
    "NaN",
    "-1e308",
    "inf",
    "10" * 3000,
    '"../../x"',
    "\0",
    "[" * 2000,
    "1:3",
    "Xx",
    "He",
    "\u2028",
    "\x0c",
    "é",
    "",
]

nasty = st.sampled_from(NASTY) | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
place = st.integers(0, 10**6)
mutation = st.one_of(
    st.tuples(st.just("value"), st.sampled_from(ROWS), place, nasty),
    st.tuples(st.just("drop"), st.sampled_from(ROWS), place, st.none()),
    st.tuples(st.just("add"), st.sampled_from(ROWS), place, nasty),
    st.tuples(st.just("repeat"), st.sampled_from(ROWS), place, st.none()),
    st.tuples(st.just("copy"), st.sampled_from(ROWS), place, place),
    st.tuples(st.just("line"), st.sampled_from(TEXTS), place, st.sampled_from(["drop", "repeat"])),
    st.tuples(st.just("word"), st.sampled_from(TEXTS), place, st.sampled_from(WORDS)),
    st.tuples(st.just("bytes"), st.sampled_from(ROWS + TEXTS + MODELS), place, st.binary(max_size=8)),
    st.tuples(st.just("cut"), st.sampled_from(ROWS + TEXTS + MODELS), place, st.none()),
    st.tuples(st.just("swap"), st.sampled_from(ROWS + TEXTS + MODELS), place, st.sampled_from(ROWS + TEXTS + MODELS)),
    st.tuples(
        st.just("file"),
        st.sampled_from((*ROWS, *TEXTS, *MODELS, "models/more.pt", "notes.txt", "models")),
        place,
        st.sampled_from(["link out", "link in", "pipe", "folder", "nothing"]),
    ),
)
FUZZ = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of each value inside a JSON value."""
    for key in list(value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()):
        yield value, key
        yield from places(value[key])


def change_rows(content: bytes, name: str, what: str, where: int, new: Any) -> bytes:
    lines = content.split(b"\n")[:-1] if name.endswith("l") else [content]
    rows = [json.loads(line) for line in lines]
    found = list(places(rows))
    container, key = found[where % len(found)]
    if what == "value":
        container[key] = new
    elif what == "drop":
        del container[key]
    elif what == "add" and isinstance(container, dict):
        container[str(new)[:100]] = new
    elif what == "copy":
        other, its = found[new % len(found)]
        container[key] = json.loads(json.dumps(other[its]))
    else:  # repeat a row, or an item of a list
        inner = [(c, k) for c, k in found if isinstance(c, list)]
        container, key = inner[where % len(inner)]
        container.insert(key, container[key])
    texts = [json.dumps(row) for row in rows]
    for token, raw in RAW.items():
        texts = [text.replace(f'"{token}"', raw) for text in texts]
    return "".join(f"{text}\n" for text in texts).encode("utf-8", "replace")


def change_text(content: bytes, what: str, where: int, new: str) -> bytes:
    lines = content.decode().split("\n")
    row = where % len(lines)
    if what == "line":
        lines[row : row + 1] = [] if new == "drop" else [lines[row]] * 2
    else:
        words = lines[row].split(" ")
        # The value of `key=value`, or a whole word.
        old = words[where % len(words)]
        words[where % len(words)] = old.partition("=")[0] + "=" + new if "=" in old else new
        lines[row] = " ".join(words)
    return "\n".join(lines).encode()


def mutate(folder: Path, outside: Path, what: str, name: str, where: int, new: Any) -> None:
    path = folder / name
    if what == "file":
        replace_file(path, outside, new)
        return
    if not path.is_file() or path.is_symlink():  # an earlier mutation took it
        return
    content = path.read_bytes()
    try:
        if what in ("line", "word"):
            content = change_text(content, what, where, new)
        elif what == "bytes":
            spot = where % (len(content) + 1)
            content = content[:spot] + new + content[spot + len(new) // 2 :]
        elif what == "cut":
            content = content[: where % (len(content) + 1)]
        elif what == "swap":
            other = folder / new
            if other.is_file() and not other.is_symlink():
                content, old = other.read_bytes(), content
                other.unlink()
                other.write_bytes(old)
        else:
            content = change_rows(content, name, what, where, new)
    except (ValueError, IndexError, ZeroDivisionError, RecursionError):  # an earlier mutation left nothing to change
        content = content[::2]
    path.unlink()
    path.write_bytes(content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_archive.export(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(next(iter(tiny_archive.CHECKPOINTS.values())))
    return tmp_path / "outside"


def damaged(whole: Path, outside: Path, changes: list[tuple[str, str, int, Any]]) -> Path:
    folder = outside.parent / "archive"
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "models").mkdir(parents=True)
    for name in ROWS + TEXTS + MODELS:  # cheaper than copies; whatever changes one writes a new file
        os.link(whole / name, folder / name)
    for what, name, where, new in changes:
        mutate(folder, outside, what, name, where, new)
    return folder


def assert_one_sentence(error: NCIError) -> None:
    assert str(error).isprintable(), str(error)
    assert len(str(error)) < 1500


@settings(FUZZ, max_examples=150)
@given(changes=st.lists(mutation, min_size=1, max_size=2))
def test_reading_writes_nothing_and_fails_in_one_sentence(
    whole: Path, outside: Path, changes: list[tuple[str, str, int, Any]]
) -> None:
    _read(whole, outside, changes)


@pytest.mark.slow
@settings(FUZZ, max_examples=1000)
@given(changes=st.lists(mutation, min_size=1, max_size=2))
def test_so_does_reading_a_thousand(whole: Path, outside: Path, changes: list[tuple[str, str, int, Any]]) -> None:
    _read(whole, outside, changes)


def _read(whole: Path, outside: Path, changes: list[tuple[str, str, int, Any]]) -> None:
    folder = damaged(whole, outside, changes)
    before = snapshot(outside.parent)
    try:
        found = read_archive(folder)
    except NCIError as error:
        assert_one_sentence(error)
    else:
        assert all(model["path"] == f"models/{model['name']}.pt" for model in found.rows[Model])
    assert snapshot(outside.parent) == before


@settings(FUZZ, max_examples=20)
@given(changes=st.lists(mutation, min_size=1, max_size=1))
def test_an_import_stores_valid_rows_or_nothing(
    whole: Path, outside: Path, changes: list[tuple[str, str, int, Any]]
) -> None:
    folder = damaged(whole, outside, changes)
    home = outside.parent / "home"
    home.mkdir(exist_ok=True)
    before = snapshot(outside.parent)
    try:
        campaign = import_campaign(folder, home / "new")
    except NCIError as error:
        assert_one_sentence(error)
        assert snapshot(outside.parent) == before
        return
    try:
        assert_valid(campaign, outside.parent / "again")
    finally:
        campaign.store.close()
        shutil.rmtree(home / "new")
        shutil.rmtree(outside.parent / "again", ignore_errors=True)
    assert snapshot(outside.parent) == before


def assert_valid(campaign: Campaign, again: Path) -> None:
    """Every row can be read, names only what is there, and can be exported and read again."""
    store = campaign.store
    assert sorted(path.name for path in campaign.folder.parent.iterdir()) == ["new"]
    for row in configurations.fetch(store):
        assert (
            row.geometry_hash
            == campaign.systems[0].dimer.at((row.x_angstrom, row.y_angstrom, row.z_angstrom)).geometry_hashes()[0]
        )
    for model in models.fetch(store):
        assert campaign.model_path(model) == campaign.folder / "models" / f"{model.name}.pt"
    with store.read() as session:
        for label in session.query(Label):
            assert (label.status == "complete") == (label.energy_ev is not None)
    export_campaign(campaign, again)
    read_archive(again)
