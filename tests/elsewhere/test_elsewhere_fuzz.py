"""A thousand mutated results: each is a label that keeps every bound, or one sentence that says why not."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_outputs import made, with_true_hartree_fock
from tiny_label import TINY

from nci_core.errors import InputError
from nci_core.labels.checks import check_label
from nci_core.labels.elsewhere import run_pyscf
from nci_core.labels.elsewhere.hartree_fock import SAME_HARTREE_FOCK, check_hartree_fock, hartree_fock
from nci_core.labels.elsewhere.inputs import PROGRAMS, Program
from nci_core.labels.elsewhere.results import label_from_outputs, label_from_result
from nci_core.labels.elsewhere.returned import parse_result
from nci_core.labels.elsewhere.task import FRAGMENTS, FragmentName, LabelTask
from nci_core.labels.results import LabelResult
from nci_core.systems import Dimer, Monomer

fuzz = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
DIMER = Dimer(Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]])), Monomer.atom("He"))
PLACE = np.array([0.4, 0.3, 2.9])

#: What breaks readers: other types, sizes and signs; beside anything that JSON can hold.
NASTY: list[Any] = [
    None, True, "", "nan", "../x", "a\nb\x1b[0m", [], [[]], {}, [1, [2]], 0, -1, 2**31, 2**63, 10**40, 1e308, -1e-308,
    0.5, "x" * 5000, "2026-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
]  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def task() -> LabelTask:
    return LabelTask.build(DIMER.at(PLACE), TINY)


@pytest.fixture(scope="module")
def good(task: LabelTask) -> bytes:
    """What the script writes, computed in this process."""
    manifest = json.loads(task.model_dump_json())
    return json.dumps(run_pyscf.compute(manifest, 1000)).encode()


@pytest.fixture(scope="module")
def own() -> dict[FragmentName, float]:
    return hartree_fock(DIMER.at(PLACE), TINY)


@pytest.fixture(scope="module")
def texts(task: LabelTask) -> dict[Program, dict[FragmentName, str]]:
    numbers = with_true_hartree_fock(task)
    return {p: {f: made(p, task, f, numbers=numbers) for f in FRAGMENTS} for p in PROGRAMS}


def check(read: Callable[[], LabelResult], own: dict[FragmentName, float]) -> bool:
    """Whether it was taken; fails unless what is taken is sound and what is refused has one sentence."""
    try:
        label = read()
        check_hartree_fock(label, own, "a/b.json")
    except InputError as error:
        sentence = str(error)
        assert sentence.startswith("a/b.json")
        assert sentence.endswith(".")
        assert sentence.isprintable()
        assert len(sentence) < 400
        return False
    stored = json.loads(json.dumps(label.model_dump(mode="json"), allow_nan=False))
    again = LabelResult.model_validate(stored).consistent()
    for name, part in again.fragments.items():
        assert abs(part.hf_hartree - own[name]) <= SAME_HARTREE_FOCK
        assert -0.2 * 2 <= part.ccsd_hartree <= 0.0
        assert 0.0 <= part.t1_diagnostic <= 1.0
        assert 0.0 <= part.wall_seconds <= 366 * 86400
    assert again.geometry_hash == DIMER.at(PLACE).geometry_hashes()[0]
    assert again.recipe_hash == TINY.hash
    assert abs(again.energy_ev) < 10.0
    check_label(again, own)
    return True


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a JSON value holds something."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, part in inside for path in [(*above, key), *paths(part, (*above, key))]]


def bytes_changed(data: st.DataObject, content: bytes) -> bytes:
    """Some bytes replaced, left out, put in, doubled or cut off."""
    start = data.draw(st.integers(0, len(content)))
    length = data.draw(st.sampled_from([0, 1, 2, 10, 1000, len(content)]))
    new = data.draw(
        st.binary(max_size=6) | st.sampled_from([b"0", b"-", b"9", b"e5", b"\n", b"\xff", b"\x00", b"\x0c"])
    )
    doubled = content[start : start + length] if data.draw(st.booleans()) else b""
    return content[:start] + new + doubled * 2 + content[start + length :]


@settings(fuzz, max_examples=450)
@given(data=st.data())
def test_mutated_fields_of_a_result(
    task: LabelTask, good: bytes, own: dict[FragmentName, float], data: st.DataObject
) -> None:
    result = json.loads(good)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(result)))
        parent = result
        for key in path[:-1]:
            parent = parent[key]
        if data.draw(st.integers(0, 4)) == 0:
            del parent[path[-1]]
        else:
            old = parent[path[-1]]
            near = [old * 1.001, -old] if isinstance(old, float) else []
            parent[path[-1]] = data.draw(st.sampled_from([*NASTY, *near]) | anything)
    content = json.dumps(result).encode()
    check(lambda: label_from_result(parse_result(content, "a/b.json"), task, "a/b.json"), own)


@settings(fuzz, max_examples=250)
@given(data=st.data())
def test_mutated_bytes_of_a_result(
    task: LabelTask, good: bytes, own: dict[FragmentName, float], data: st.DataObject
) -> None:
    content = bytes_changed(data, good)
    check(lambda: label_from_result(parse_result(content, "a/b.json"), task, "a/b.json"), own)


@settings(fuzz, max_examples=300)
@given(data=st.data())
def test_mutated_outputs(
    task: LabelTask,
    texts: dict[Program, dict[FragmentName, str]],
    own: dict[FragmentName, float],
    data: st.DataObject,
) -> None:
    program = data.draw(st.sampled_from(PROGRAMS))
    fragment = data.draw(st.sampled_from(FRAGMENTS))
    text = texts[program][fragment]
    # The half behind the repeated input has the numbers.
    at = text.index("\n", len(text) // 2) if data.draw(st.booleans()) else 0
    content = text[:at] + bytes_changed(data, text[at:].encode()).decode("utf-8", "replace")
    mixed = texts[program] | {fragment: content}
    check(lambda: label_from_outputs(program, mixed, task, "a/b.json"), own)


def test_what_was_not_mutated_is_taken(
    task: LabelTask, good: bytes, own: dict[FragmentName, float], texts: dict[Program, dict[FragmentName, str]]
) -> None:
    assert check(lambda: label_from_result(parse_result(good, "a/b.json"), task, "a/b.json"), own)
    for program in PROGRAMS:
        assert check(lambda program=program: label_from_outputs(program, texts[program], task, "a/b.json"), own)


@pytest.mark.parametrize("field", ["hf_hartree", "ccsd_hartree", "nuclear_repulsion_hartree", "t1_diagnostic"])
def test_numbers_beyond_all_bounds_are_refused_in_one_line(
    task: LabelTask, good: bytes, own: dict[FragmentName, float], field: str
) -> None:
    result = json.loads(good)
    result["fragments"]["dimer"][field] = 1e308
    content = json.dumps(result).encode()
    assert not check(lambda: label_from_result(parse_result(content, "a/b.json"), task, "a/b.json"), own)
