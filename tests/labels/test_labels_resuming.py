"""Labels that are interrupted wherever something is kept, and go on: the same energies, nothing computed twice."""

from typing import Any

import numpy as np
import orjson
import pytest
from interrupted import DIMER, POINT, TINY, KilledError, MemoryStore, start

from nci_core.errors import LabelError
from nci_core.labels import ccsdt, resuming
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.results import FragmentResult, LabelResult
from nci_core.systems import Dimer, Monomer, builtin_monomer

ENERGIES = ("hf_hartree", "ccsd_hartree", "triples_hartree")
NAMES = ("dimer", "host", "probe")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every state, not one a minute."""
    monkeypatch.setattr(resuming, "KEEP_SECONDS", 0.0)
    monkeypatch.setattr(resuming, "KEEP_SHARE", np.inf)


@pytest.fixture(scope="module")
def undisturbed() -> LabelResult:
    return compute_label(DIMER.at(POINT), TINY)


def same(found: LabelResult, expected: LabelResult, tolerance_hartree: float = 1e-12) -> None:
    # 1e-12 hartree is rounding: the steps of a resumed calculation are the very ones it would have taken.
    for name in NAMES:
        for part in ENERGIES:
            difference = getattr(found.fragments[name], part) - getattr(expected.fragments[name], part)
            assert abs(difference) < tolerance_hartree, (name, part, difference)
        assert found.fragments[name].cc_cycles == expected.fragments[name].cc_cycles
        assert found.fragments[name].scf_cycles == expected.fragments[name].scf_cycles
    found.consistent()


@pytest.mark.usefixtures("at_once")
def test_interrupted_at_every_piece_in_turn(undisturbed: LabelResult) -> None:
    """One label, killed each time the next piece is safe: every orbital set, iteration and fragment is taken up."""
    store, starts = MemoryStore(), 0
    while True:
        store.calls = 2  # the piece that the last start was taken up from is kept once more, then one further
        try:
            label = start(store)
            break
        except KilledError:
            starts += 1
    same(label, undisturbed)
    assert starts > 2 * len(NAMES)
    assert {store.kept.count(f"{name}.json") for name in NAMES} == {1}, "no finished fragment is computed again"
    assert label.resumed == {"probe": "finished", "host": "finished", "dimer": label.resumed["dimer"]}
    assert set(store.pieces) == {f"{name}.json" for name in NAMES}


@pytest.mark.usefixtures("at_once")
def test_a_diis_space_that_pyscf_keeps_on_disk(undisturbed: LabelResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for amplitudes above 80 MB; taken up where PySCF still keeps it in memory, and the other way round."""
    from pyscf.lib import diis

    whole = {1: MemoryStore(), 10**7: MemoryStore()}
    for size, store in whole.items():
        monkeypatch.setattr(diis, "INCORE_SIZE", size)
        start(store)
        assert store.kept.count("dimer.npz") > 8, "the DIIS space of 6 is full and turns"
        assert store.kept[-1] == "dimer.json"
    for sizes in ((1, 1), (1, 10**7), (10**7, 1)):
        store = MemoryStore()
        store.pieces = dict(whole[sizes[0]].before)  # all but the result of the dimer
        monkeypatch.setattr(diis, "INCORE_SIZE", sizes[1])
        label = start(store)
        same(label, undisturbed)
        assert label.resumed == {"probe": "finished", "host": "finished", "dimer": "ccsd"}


@pytest.mark.usefixtures("at_once")
def test_the_size_of_a_state_is_foreseen() -> None:
    """Within a factor of two, for the one who must not run out of memory by it."""
    from nci_core.labels import iterations

    found: list[tuple[int, int]] = []

    class Noting(MemoryStore):
        def keep(self, name: str, content: bytes) -> bool:
            if name == "dimer.npz":
                found.append((len(content), foreseen[-1]))
            return True

    foreseen: list[int] = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ccsdt,
            "iteration_bytes",
            lambda local: foreseen.append(iterations.iteration_bytes(local)) or foreseen[-1],  # type: ignore[func-returns-value]
        )
        larger = TINY.model_copy(update={"host_basis": {"*": "aug-cc-pvdz"}})
        start(Noting(), recipe=larger)
    size, expected = found[-1]
    assert 0.5 < size / expected < 2.0


@pytest.mark.usefixtures("at_once")
def test_the_seconds_of_all_starts_are_in_the_label() -> None:
    store = MemoryStore()
    store.calls = 1  # the probe's orbitals
    with pytest.raises(KilledError):
        start(store)
    memory = resuming.FragmentMemory(store, "probe", identity_of("probe"))
    kept = memory.state()
    assert kept is not None
    assert 0 < kept["cpu_seconds"] < 100
    longer = kept | {"wall_seconds": np.array(5000.0), "cpu_seconds": np.array(4000.0)}
    memory.keep_state(lambda: longer, 1)  # as if the orbitals had taken an hour
    label = start(store)
    assert 5000.0 < label.fragments["probe"].wall_seconds < 5100.0
    assert 4000.0 < label.fragments["probe"].cpu_seconds < 4100.0
    for field in ("wall_seconds", "cpu_seconds"):
        total = sum(getattr(part, field) for part in label.fragments.values())
        assert getattr(label, field) == pytest.approx(total)
    assert label.resumed == {"probe": "hf"}


def test_an_undisturbed_label_says_so_and_keeps_only_finished_fragments(undisturbed: LabelResult) -> None:
    assert undisturbed.resumed == {}
    store = MemoryStore()
    same(start(store), undisturbed)
    assert store.kept == ["probe.json", "host.json", "dimer.json"]  # seconds long: no state is due


def fake_fragment(energy_hartree: float) -> FragmentResult:
    parts = {"hf_hartree": energy_hartree, "ccsd_hartree": 0.0, "triples_hartree": 0.0, "t1_diagnostic": 0.0}
    counts = {"n_basis": 1, "n_frozen": 0, "scf_cycles": 1, "cc_cycles": 1}
    return FragmentResult(**parts, **counts, cpu_seconds=1.0, wall_seconds=1.0)


def identity_of(name: str = "host", **changes: Any) -> dict[str, Any]:
    spec = ccsdt.fragments(DIMER.at(np.array(POINT)), TINY)[name]
    return resuming.identity(spec, name, DIMER.at(POINT).geometry_hashes()[0], TINY.hash) | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"layout": 0},
        {"geometry_hash": "0" * 16},
        {"recipe_hash": "0" * 12},
        {"fragment": "dimer"},
        {"calculation": "0" * 64},
        {"versions": {"pyscf": "2.8.0", "numpy": "2.1.0", "scipy": "1.15.0"}},
    ],
)
@pytest.mark.usefixtures("at_once")
def test_what_belongs_to_another_calculation_counts_as_none(changes: dict[str, Any]) -> None:
    store = MemoryStore()
    other = resuming.FragmentMemory(store, "host", identity_of(**changes))
    other.keep_finished(fake_fragment(-1.0), 0.1)
    other.keep_state(lambda: {"mo_coeff": np.eye(2)}, 32)
    mine = resuming.FragmentMemory(store, "host", identity_of())
    assert mine.finished(FragmentResult) is None
    assert mine.state() is None
    assert mine.taken_up is None
    again = resuming.FragmentMemory(store, "host", identity_of(**changes))
    assert again.state() is not None
    assert again.finished(FragmentResult) == fake_fragment(-1.0)
    assert again.memory_gb == 0.1
    assert again.state() is None, "the way to a finished fragment is forgotten"


@pytest.mark.usefixtures("at_once")
def test_damage_anywhere_counts_as_none() -> None:
    store = MemoryStore()
    memory = resuming.FragmentMemory(store, "host", identity_of())
    memory.keep_finished(fake_fragment(-1.0), 0.1)
    memory.keep_state(lambda: {"mo_coeff": np.eye(2), "t2": np.ones(3)}, 56)
    whole = dict(store.pieces)
    random = np.random.default_rng(0)
    for name, content in whole.items():
        damaged = [b"", b"[]", b"{}", b"null", b'{"sha256": 1}', content[: len(content) // 2], content[:-3]]
        for place in random.integers(0, len(content), 40):
            flipped = bytearray(content)
            flipped[place] ^= 1 << int(random.integers(0, 7))
            damaged.append(bytes(flipped))
        for bad in damaged:
            store.pieces = whole | {name: bad}
            reader = resuming.FragmentMemory(store, "host", identity_of())
            found = reader.finished(FragmentResult) if name.endswith("json") else reader.state()
            if name.endswith("json") and found is not None:  # a flipped blank between two fields
                assert orjson.loads(bad) == orjson.loads(content)
            else:
                assert found is None
    store.pieces = whole
    assert resuming.FragmentMemory(store, "host", identity_of()).finished(FragmentResult) == fake_fragment(-1.0)


def test_equivalent_points_share_a_hash_but_not_orbitals() -> None:
    mirrored = [-POINT[0], POINT[1], -POINT[2]]
    assert DIMER.at(mirrored).geometry_hashes()[0] == DIMER.at(POINT).geometry_hashes()[0]
    spec = ccsdt.fragments(DIMER.at(np.array(mirrored)), TINY)["host"]
    assert resuming.identity(spec, "host", DIMER.at(mirrored).geometry_hashes()[0], TINY.hash) != identity_of()


@pytest.mark.usefixtures("at_once")
def test_a_ccsd_that_does_not_converge_is_tried_from_its_beginning_when_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    with monkeypatch.context() as patch:
        patch.setattr(ccsdt, "CC_CYCLES", 3)
        with pytest.raises(LabelError, match="CCSD of the probe did not converge in 3 cycles"):
            start(store)
    assert "probe.npz" in store.kept
    assert store.pieces == {}
    start(store)


@pytest.mark.usefixtures("at_once")
def test_states_are_kept_rarely_and_not_when_huge(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    memory = resuming.FragmentMemory(store, "host", identity_of())
    memory.keep_state(lambda: pytest.fail("too large"), resuming.LARGEST_BYTES + 1)
    assert store.kept == []
    memory.keep_state(lambda: {"t2": np.ones(1)}, resuming.LARGEST_BYTES)
    assert store.kept == ["host.npz"]
    monkeypatch.setattr(resuming, "KEEP_SECONDS", 3600.0)
    rare = resuming.FragmentMemory(store, "host", identity_of())
    rare.keep_state(lambda: pytest.fail("not due"), 8)


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
def test_why_the_diis_space_is_kept_with_the_amplitudes() -> None:
    """He–ethylene by `quick`: taken up whole, the same energies; from the amplitudes alone, others."""
    dimer, point, recipe = Dimer(builtin_monomer("ethylene"), Monomer.atom("He")), [0.7, 0.3, 3.1], find_recipe("quick")
    spec = ccsdt.fragments(dimer.at(np.array(point)), recipe)["host"]
    mine = resuming.identity(spec, "host", dimer.at(point).geometry_hashes()[0], recipe.hash)

    class Recording(MemoryStore):
        def keep(self, name: str, content: bytes) -> bool:
            states.append(content)
            return super().keep(name, content)

    def compute(store: MemoryStore, amplitudes_alone: bool = False) -> FragmentResult:
        memory = resuming.FragmentMemory(store, "host", mine)
        if amplitudes_alone:
            state = memory.state() or {}
            memory.state = lambda: {key: value for key, value in state.items() if not key.startswith("diis")}  # type: ignore[method-assign]
        return ccsdt.compute_fragment(spec, recipe, "host", lambda share, text: None, memory)

    states: list[bytes] = []
    undisturbed = compute(Recording())
    differences: dict[bool, list[float]] = {True: [], False: []}
    for state in states[1:-1:3]:  # without the orbitals at the beginning and the result at the end
        for alone, found in differences.items():
            store = MemoryStore()
            store.pieces["host.npz"] = state
            resumed = compute(store, alone)
            found.append(max(abs(getattr(resumed, part) - getattr(undisturbed, part)) for part in ENERGIES))
    print({"whole": max(differences[False]), "amplitudes alone": max(differences[True])})
    assert max(differences[False]) < 1e-12
    assert max(differences[True]) > 1e-9
