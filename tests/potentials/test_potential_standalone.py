"""The NumPy file gives what the model gives, without nci or torch."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nci_core.errors import ModelError
from nci_core.potentials import Ensemble, PairKind, Student, StudentConfig
from nci_core.potentials.standalone import AGREEMENT, WRITTEN, Standalone, standalone
from nci_core.systems import Dimer, Monomer, builtin_monomer

DIMER = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
#: From inside the wall to far away, damping's series included.
POINTS = np.random.default_rng(0).uniform(-7.0, 7.0, (600, 3))
POINTS = POINTS[DIMER.at(POINTS).separations > 0.8]
RUN = """
import sys
sys.modules["torch"] = sys.modules["nci_core"] = None  # importing either would fail
import numpy as np
import potential
points = np.load("points.npy", allow_pickle=False)
e, std = potential.energy_and_std(points)
assert np.array_equal(e, potential.energy(points))
np.savez("found.npz", e=e, std=std, gradient=potential.gradient(points))
"""


def several(make: Callable[..., Student], config: StudentConfig) -> Ensemble:
    """Three optima, one of them without weight, and two displaced members."""
    members = tuple(make(config, seed) for seed in range(5))
    return Ensemble(members, None, 0.1, 1.7, {"model": "made up"}, (0.7, 0.3, 0.0))


def written(model: Ensemble, **words: str) -> Standalone:
    facts = {"Recipe": "quick", "SHA-256": "0" * 64} | words
    return standalone(model, DIMER, title="He-ethylene", module="potential", facts=facts, points=POINTS[:50])


def test_it_equals_the_model(config: StudentConfig, make_student: Callable[..., Student], tmp_path: Path) -> None:
    model = several(make_student, config)
    made = written(model)
    assert made.largest_difference <= AGREEMENT
    assert made.text.count("\n") < 200
    (tmp_path / "potential.py").write_text(made.text, encoding="utf-8")
    np.save(tmp_path / "points.npy", POINTS)
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, env={}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "found.npz", allow_pickle=False) as found:
        energies, std = model.energies_and_std(DIMER.at(POINTS))
        _, forces = model.energies_and_forces(DIMER.at(POINTS))
        assert np.abs(energies).max() > 1.0  # the wall is among them
        assert np.allclose(found["e"], energies, rtol=AGREEMENT, atol=AGREEMENT)
        assert np.allclose(found["std"], std, rtol=AGREEMENT, atol=AGREEMENT)
        assert np.allclose(found["gradient"], -forces.force, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("terms", [(name,) for name in WRITTEN] + [("dispersion", "electrostatics")], ids="-".join)
def test_it_knows_each_term_by_itself(make_student: Callable[..., Student], terms: tuple[str, ...]) -> None:
    """And in any order; a term that is much smaller than the others cannot hide behind them."""
    config = StudentConfig(terms=terms, network=terms != ("induction",), surroundings=False)
    model = several(make_student, config)
    assert written(model).largest_difference <= AGREEMENT
    # A thousand times what would be overlooked.
    assert np.abs(model.energies(DIMER.at(POINTS[:50]))).max() > 1000.0 * AGREEMENT


def test_words_of_others_stay_words(make_student: Callable[..., Student]) -> None:
    model = several(make_student, StudentConfig(network=False))
    model = replace(model, metadata={"model": '""" + exit(1) #'})
    nasty = 'a"""\nimport os\n\\N{BULLET} \u2028 # coding: rot13'
    text = written(model, Note=nasty).text
    names: dict[str, object] = {}
    exec(compile(text, "potential.py", "exec"), names)
    assert "os" not in names
    assert "import os" in str(names["__doc__"])


def test_an_element_it_does_not_know_is_refused(make_student: Callable[..., Student]) -> None:
    short = make_student(StudentConfig(), kinds=[PairKind("C", "He")])
    with pytest.raises(ModelError, match="has not learnt H"):
        written(Ensemble((short,)))
