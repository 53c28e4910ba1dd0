"""The parts of the Errors page that ask the student itself, with the models of the embedded campaign."""

import re
from pathlib import Path

import pytest
from pages import _script, run_page, text
from streamlit.testing.v1 import AppTest

from app import known_errors
from app.views.line_choice import ENDS


@pytest.fixture
def live_home(imported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NCI_HOME", str(imported))
    monkeypatch.setenv("NCI_READ_ONLY", "1")  # looking changes nothing
    return imported


def figures(at: object) -> int:
    return len(at.get("plotly_chart"))  # type: ignore[attr-defined]


def refuse(*_: object) -> None:
    raise AssertionError("not asked for")


def test_errors_open_with_the_plane(live_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = run_page("errors")
    assert not at.exception
    assert not at.error
    assert not at.warning
    assert at.segmented_control(key="errors_part").value == "plane"
    titles = re.findall(r"\*\*([\w ]+)\*\* · MAE \*\*([\d.]+) cm⁻¹\*\*", text(at))
    assert [name for name, _ in titles] == ["teacher", "distilled student", "student of round 4"]
    teacher, distilled, student = (float(value) for _, value in titles)
    assert student < 0.1 * min(teacher, distilled)
    assert "MAE over all 49 test points" in text(at)
    monkeypatch.setattr(known_errors, "kept", refuse)  # other planes and sets do not ask for the stored maps
    at.session_state["plane_view"] = "flat"
    at.run()
    at.number_input(key="plane_height").set_value(3.0).run()
    at.segmented_control(key="errors_set").set_value("pool").run()
    assert not at.exception
    assert not at.warning
    assert re.findall(r"\*\*([\w ]+)\*\* · MAE", text(at)) == [name for name, _ in titles]
    assert "training labels, which the students have seen" in text(at)


def test_around_the_host(live_home: Path) -> None:
    at = run_page("errors", errors_part="around")
    assert not at.exception
    assert not at.error
    assert figures(at) == 2
    low, high = (float(v) for v in re.search(r"well lies ([\d.]+) to ([\d.]+) Å", text(at)).groups())
    assert 3.0 < low < high < 5.5  # helium is some 3.2 Å over the bond and 4.5 Å from the hydrogens
    assert len(at.get("download_button")) == 1

    at.selectbox(key="around_quantity").set_value("distilled").run()
    assert not at.exception
    assert "stand-in for the teacher" in text(at)
    assert at.selectbox(key="around_dots").value == "student − CCSD(T)"
    at.selectbox(key="around_set").set_value("pool").run()
    assert "labelled configuration" in text(at)

    for look in ("plane", "space"):
        at.session_state["around_look"] = look
        at.run()
        assert not at.exception
        assert not at.error
        assert figures(at) == 1
    assert at.select_slider[0].label == "Value on the surface (cm⁻¹)"
    at.sidebar.selectbox(key="unit").set_value("meV").run()
    assert not at.exception
    assert at.select_slider[0].label == "Value on the surface (meV)"
    assert "cm⁻¹" not in text(at)


def test_teacher_and_ccsdt_around_the_host(live_home: Path) -> None:
    at = run_page("errors", errors_part="around", around_quantity="teacher_error")
    assert not at.exception
    assert not at.error
    assert figures(at) == 2
    made = text(at)
    assert re.search(r"\*\*Teacher\*\* is the distilled student plus .* 48 teacher energies of the test set", made)
    assert re.search(r"\*\*CCSD\(T\)\*\* is the student plus .* 49 CCSD\(T\) labels of the test set", made)
    missed = [float(v) for v in re.findall(r"cross-validation \(\d+ energies\): ([\d.]+) cm⁻¹", made)]
    assert len(missed) == 2
    # Energies of the teacher at 48 places, by which its distilled student is off, are missed by most.
    assert all(0.01 < value < 1.5 for value in missed), missed
    assert "more than 1 Å from every stored energy" in made
    assert "as dots: teacher − CCSD(T)" in made

    at.selectbox(key="around_stored").set_value("pool").run()
    assert "382 teacher energies of the training pool" in text(at)
    assert "100 training labels" in text(at)
    assert "test set" not in text(at)
    at.session_state["around_look"] = "plane"
    for quantity in ("teacher", "reference", "student_error", "student_teacher"):
        at.selectbox(key="around_quantity").set_value(quantity).run()
        assert not at.exception
        assert not at.error
        assert figures(at) == 1
    at.session_state["around_look"] = "space"
    at.run()
    assert not at.exception
    offered = at.selectbox(key="around_quantity").options
    assert "Student energy" in offered
    assert not any("CCSD(T)" in title or "eacher" in title for title in offered)  # interpolated: ragged surfaces


def test_too_few_stored_energies_are_told(live_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.views import around
    from nci_core.errors import InputError

    def refuse(chosen: object) -> None:
        raise InputError("The test set has 3 CCSD(T) labels below the energy limit; interpolating takes at least 5.")

    monkeypatch.setitem(around.SHOWN, "sphere", refuse)
    at = run_page("errors", errors_part="around", around_quantity="reference")
    assert not at.exception
    assert not at.error
    told = "The test set has 3 CCSD(T) labels below the energy limit; interpolating takes at least 5. "
    assert told + "Choose the other set, or label more." in [item.value for item in at.info]


def test_any_line(live_home: Path) -> None:
    at = run_page("errors", errors_part="line")
    assert not at.exception
    assert not at.error
    assert figures(at) == 1
    assert re.search(r"From \(0\.00, 0\.00, 1\.50\) to \(0\.00, 0\.00, 8\.00\) Å\. \d+ configurations", text(at))
    at.selectbox(key="line_choice").set_value("between two points").run()
    assert not at.exception
    numbers = [item for item in at.number_input if str(item.key) in ENDS]
    assert [item.label for item in numbers] == [f"{end} {axis} (Å)" for end in ("from", "to") for axis in "xyz"]
    assert [item.value for item in numbers] == [0.0, 0.0, 1.5, 0.0, 0.0, 8.0]  # they begin with the line at hand
    at.number_input(key=ENDS[5]).set_value(1.5).run()  # both ends in one place
    assert "closer than 0.1 Å" in "\n".join(item.value for item in at.warning)
    at.number_input(key=ENDS[5]).set_value(7.0).run()
    assert at.query_params["line"] in ("0,0,1.5,0,0,7", ["0,0,1.5,0,0,7"])
    at.session_state["line_panel"] = "ruler"
    at.run()
    assert not at.exception
    assert figures(at) == 3
    assert "ruler reads less" in text(at)


def test_the_map_follows_a_named_line_and_a_link_brings_both_back(live_home: Path) -> None:
    at = run_page("errors", errors_part="line")
    at.selectbox(key="line_choice").set_value("across along y").run()
    assert not at.exception
    assert at.slider(key="line_turn").value == 90
    assert "leaves this plane" not in text(at)
    at.slider(key="line_turn").set_value(0).run()
    assert "Dashed: the line leaves this plane by up to 5.4" in text(at)
    at.selectbox(key="line_choice").set_value("between two configurations").run()
    assert not at.exception
    at.number_input(key="line_from").set_value(10**6).run()
    assert "There is no configuration 1000000." in "\n".join(item.value for item in at.warning)

    shared = AppTest.from_function(_script, default_timeout=120)
    chosen = {"errors_part": "line", "line_choice": "between two points", "line_view": "flat"}
    for key, value in ({"page_under_test": "errors"} | chosen).items():
        shared.session_state[key] = value
    for key, value in {"line": "1,2,3,-4,5,6", "line_level": "2.5", "line_turn": "oops"}.items():
        shared.query_params[key] = value
    shared.run()
    assert not shared.exception
    assert "From (1.00, 2.00, 3.00) to (−4.00, 5.00, 6.00) Å" in text(shared)
    assert shared.number_input(key="line_level").value == 2.5
    shared.session_state["line_view"] = "upright"
    shared.run()
    assert not shared.exception
    assert shared.slider(key="line_turn").value == 0  # what is no number is passed over


def test_without_a_student_nothing_is_asked(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import synthetic

    folder = tmp_path / "bare"
    synthetic.build(
        folder / "he-ethylene", n=40, n_labels=0, n_test=5, with_models=False, with_jobs=False
    ).store.close()
    monkeypatch.setenv("NCI_HOME", str(folder))
    at = run_page("errors", errors_part="around")
    assert not at.exception
    assert figures(at) == 0
    assert "no student yet" in text(at)
