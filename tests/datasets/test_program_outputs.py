"""Interaction energies from outputs of Psi4, ORCA and Molpro that people bring."""

from collections.abc import Sequence

import numpy as np
import pytest
from written_outputs import WRITERS, Centre, Job, psi4

from nci_core.datasets.program_outputs import Interactions, Level, interactions, program_of, read_calculations
from nci_core.errors import InputError
from nci_core.systems import Dimer, Monomer
from nci_core.units import HARTREE_EV

#: No rotation carries it into itself, so that a place in it is one place.
HOST_ATOMS = np.array([[0.0, 0.0, 0.0], [0.95, 0.1, 0.0], [-0.4, 1.38, 0.0]])
DIMER = Dimer(Monomer("hof", ("O", "H", "F"), HOST_ATOMS, source="made up"), Monomer.atom("He"))
PLACE = np.array([0.4, 0.3, 3.1])
#: Hartree; the interaction is −1e-4 at Hartree–Fock and −3e-4 with correlation.
HOST = {"HF": -76.02, "CCSD": -76.21, "CCSD(T)": -76.22}
PROBE = {"HF": -2.85, "CCSD": -2.88}
BOTH = {"HF": -78.8701, "CCSD": -79.0902, "CCSD(T)": -79.1003}


def centres(place: np.ndarray = PLACE, ghost: str = "", turned: bool = True, order: Sequence[int] = ()) -> list[Centre]:
    """The dimer with ghosts in the place of "host" or "probe", moved and turned as a program may do."""
    rows = [(s, p, ghost == "host") for s, p in zip(DIMER.a.symbols, DIMER.a.positions, strict=True)]
    rows.append((DIMER.b.symbols[0], place, ghost == "probe"))
    if order:
        rows = [rows[k] for k in order]
    turn = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]) if turned else np.eye(3)
    return [(s, tuple(turn @ p + (0.7 if turned else 0.0)), g) for s, p, g in rows]  # type: ignore[misc]


def counterpoise(place: np.ndarray = PLACE, both: dict[str, float] = BOTH) -> list[Job]:
    parts = [(centres(place), both), (centres(place, "probe"), HOST), (centres(place, "host"), PROBE)]
    return [(c, e) for c, e in parts]


def found(*texts: str) -> tuple[Level, Interactions, list[tuple[int, str]]]:
    read = [c for k, text in enumerate(texts) for c in read_calculations(text, f"{k}.out", 10 * k + 1)]
    levels, unused = interactions(read, DIMER)
    level = next(iter(levels))
    return level, levels[level], unused


@pytest.mark.parametrize("program", WRITERS)
def test_one_output_with_the_dimer_and_its_parts(program: str) -> None:
    text = WRITERS[program](counterpoise())
    assert program_of(text) == program
    level, its, unused = found(text)
    assert (level.program, level.method, level.counterpoise) == (program, "CCSD(T)", True)
    assert not unused
    assert its.energy_ev == pytest.approx([-3e-4 * HARTREE_EV], rel=1e-4)
    np.testing.assert_allclose(its.positions, [PLACE], atol=1e-5)


def test_three_outputs_without_ghosts_serve_all_dimers_in_any_order_of_atoms() -> None:
    far = PLACE * 1.3
    dimers = psi4([(centres(), BOTH), (centres(far, order=(3, 1, 0, 2)), {**BOTH, "CCSD(T)": -79.1001})])
    host = psi4([(centres()[:3], HOST)])
    probe = psi4([([("He", (0.0, 0.0, 0.0), False)], PROBE)])
    level, its, unused = found(dimers, host, probe)
    assert not level.counterpoise
    assert not unused
    np.testing.assert_allclose(its.energy_ev, [-3e-4 * HARTREE_EV, -1e-4 * HARTREE_EV], rtol=1e-6)
    np.testing.assert_allclose(its.positions, [PLACE, far], atol=1e-5)


def test_ghosts_belong_to_their_own_dimer_only() -> None:
    lone = [(centres(PLACE * 1.1), BOTH)]
    level, its, _ = found(psi4([*counterpoise(), *lone]))
    assert level.counterpoise
    assert its.numbers.tolist() == [1]
    ((number, reason),) = its.problems
    assert number == 4
    assert reason == "there is no CCSD(T) energy of hof and of He alone with ghost atoms at this geometry"


def test_other_methods_bases_and_geometries_are_not_mixed() -> None:
    without_triples = [(c, {k: v for k, v in e.items() if k != "CCSD(T)"}) for c, e in counterpoise()]
    dimer, *parts = counterpoise()
    level, its, _ = found(psi4([dimer]), psi4(without_triples[1:]))
    assert level.method == "CCSD(T)"
    assert "no CCSD(T) energy of hof alone" in its.problems[0][1]
    level, its, _ = found(psi4([dimer], basis="CC-PVTZ"), psi4(parts))
    assert not len(its.numbers)
    level, its, _ = found(psi4([dimer], functions=30), psi4(parts))
    assert "15 and 30 basis functions" in its.problems[0][1]
    stretched = [(s, (x, y * 1.05, z), g) for s, (x, y, z), g in centres()]
    _, _, unused = found(psi4(counterpoise()), psi4([(stretched, BOTH), ([("Ne", (0.0, 0.0, 0.0), False)], PROBE)]))
    assert "its hof is not the campaign's: after superposition" in unused[0][1]
    assert unused[1][1] == "it holds Ne, not he-hof or a part of it"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("Psi4: An Open", "An open"), "no output of Psi4, ORCA or Molpro"),
        (lambda text: text.replace("*** Psi4 exiting", "..."), "broke off"),
        (lambda text: text.replace("@DF-RHF Final", "SCF did not converge"), "did not converge or failed"),
        (lambda text: text.replace("Final Energy", "final").replace("total", "totl"), "no geometry with an energy"),
    ],
)
def test_outputs_that_say_nothing_are_refused(change: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_calculations(change(psi4(counterpoise())), "a.out")  # type: ignore[operator]
