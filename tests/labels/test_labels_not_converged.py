"""What does not converge is one kind of error, by whatever integrals it was computed."""

import numpy as np
import pytest

from nci_core.errors import CalculationError, LabelError, NotConvergedError, TeacherError
from nci_core.integrals import scf
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.recipes import Recipe
from nci_core.systems import Dimer, Monomer
from nci_core.teachers import find_teacher

FITTED = Recipe(name="fitted", host_basis={"*": "6-31g"}, probe_basis="6-31g", integrals="fitted")


@pytest.fixture
def he_h2(monkeypatch: pytest.MonkeyPatch) -> Dimer:
    monkeypatch.setattr(scf, "MAX_CYCLE", 1)
    return Dimer(Monomer("hydrogen", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]])), Monomer.atom("He"))


def test_a_label_by_fitted_integrals(he_h2: Dimer) -> None:
    with pytest.raises(NotConvergedError, match="did not converge") as raised:
        compute_label(he_h2.at((0.0, 0.0, 3.0)), FITTED)
    assert isinstance(raised.value, LabelError)
    assert isinstance(raised.value, CalculationError)
    assert raised.value.exit_code == LabelError.exit_code


def test_a_teacher_says_so_as_its_own(he_h2: Dimer) -> None:
    with pytest.raises(TeacherError, match="did not converge"):
        find_teacher("hf-d4:6-31g").evaluate(he_h2.at(np.array([[0.0, 0.0, 3.0]])))
