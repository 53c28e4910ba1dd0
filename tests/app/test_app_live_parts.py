"""The parts of the Errors page that ask the student itself, with the models of the embedded campaign."""

import re
from pathlib import Path

import pytest
from pages import run_page, text


@pytest.fixture
def live_home(imported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NCI_HOME", str(imported))
    monkeypatch.setenv("NCI_READ_ONLY", "1")  # looking changes nothing
    return imported


def figures(at: object) -> int:
    return len(at.get("plotly_chart"))  # type: ignore[attr-defined]


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

    for look, drawn in (("plane", 2), ("space", 1)):
        at.session_state["around_look"] = look
        at.run()
        assert not at.exception
        assert not at.error
        assert figures(at) == drawn
    assert at.select_slider[0].label == "Value on the surface (cm⁻¹)"
    at.sidebar.selectbox(key="unit").set_value("meV").run()
    assert not at.exception
    assert at.select_slider[0].label == "Value on the surface (meV)"
    assert "cm⁻¹" not in text(at)


def test_any_line(live_home: Path) -> None:
    at = run_page("errors", errors_part="line")
    assert not at.exception
    assert not at.error
    assert figures(at) == 1
    assert re.search(r"From \(0\.00, 0\.00, 1\.50\) to \(0\.00, 0\.00, 8\.00\) Å\. \d+ configurations", text(at))
    folder = live_home / "he-ethylene"
    at.selectbox(key=f"line_choice_{folder}").set_value("between two points …").run()
    assert not at.exception
    numbers = [item for item in at.number_input if item.label.endswith("(Å)")]
    assert [item.label for item in numbers] == [f"{end} {axis} (Å)" for end in ("from", "to") for axis in "xyz"]
    numbers[5].set_value(1.5).run()  # both ends in one place
    assert "closer than 0.1 Å" in "\n".join(item.value for item in at.warning)
    at.number_input(key=f"line_5_{folder}").set_value(7.0).run()
    at.session_state["line_panel"] = "ruler"
    at.run()
    assert not at.exception
    assert figures(at) == 3
    assert "ruler reads less" in text(at)


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
