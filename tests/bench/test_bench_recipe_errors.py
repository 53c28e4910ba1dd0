"""Labels at published dimers: kept one by one, taken up again, and told as errors by group."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from nci_core.bench import kept_labels
from nci_core.bench.dimers import ReferenceDimer
from nci_core.bench.kept_labels import Kept, KeptLabels
from nci_core.bench.measured import is_plain, read_labels
from nci_core.bench.minima import MINIMA, labels_at_minima, rows_at_minima
from nci_core.bench.recipe_errors import LabelRow, group_errors, overview, read_groups, size, write_lines
from nci_core.bench.recipe_labels import label_rows, labels_at, without_factors
from nci_core.campaign.exchange.archive import data_folder
from nci_core.cli.main import app
from nci_core.errors import InputError, StoreError
from nci_core.labelling.folder import Failure, LabelFolder
from nci_core.labelling.tasks import Task
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.doubts import Doubt
from nci_core.labels.prediction_error import PredictionError
from nci_core.labels.recipes import Composite, FunctionSet, Recipe
from nci_core.systems import Configurations, Dimer, Monomer

TINY = Recipe(name="tiny", host_basis={"*": "6-31g"}, probe_basis="6-31g")


def hydrogen(distance: float) -> Configurations:
    host = Monomer("hydrogen", ("H", "H"), np.array([[-0.37, 0.0, 0.0], [0.37, 0.0, 0.0]]))
    return Dimer(host, Monomer.atom("He")).at([0.0, 0.0, distance])


def row(recipe: str, published: float, error: float | None, **more: Any) -> LabelRow:
    plain: dict[str, Any] = {
        "reference": "MADE",
        "frame": 0,
        "system": "1",
        "geometry_hash": "0",
        "probe": "He",
        "host": "H2",
        "elements": ["H"],
        "heavy_atoms": 0,
        "host_class": "hydrogen",
        "region": "well" if published < 0 else "wall",
    }
    found = {} if error is None else {"energy_cm1": published + error, "error_cm1": error}
    return LabelRow(recipe=recipe, reference_cm1=published, **plain | found | more)


def test_figures_of_a_group_are_those_of_its_labels() -> None:
    rows = [
        row("one", -10.0, 1.0, std_cm1=2.0, cpu_minutes=1.0, memory_gb=0.5),
        row("one", -20.0, -3.0, std_cm1=1.0, cpu_minutes=3.0, memory_gb=0.7),
        row("one", 100.0, 5.0, parts_cm1={"mean_field": 200.0}, cpu_minutes=2.0, probe="Ne", heavy_atoms=5),
        row("one", -5.0, None, failure="It did not converge."),
        row("one: MP2 alone", -10.0, 4.0, cpu_minutes=0.5),
    ]
    groups = {(each.recipe, each.by, each.group): each for each in group_errors(rows)}
    whole = groups["one", "all", "all"]
    # Exact arithmetic up to rounding.
    assert (whole.n, whole.failed, whole.mae_cm1, whole.median_cm1, whole.max_cm1) == (3, 1, 3.0, 3.0, 5.0)
    assert (whole.mean_cm1, whole.mean_reference_cm1) == pytest.approx((1.0, 70.0 / 3))
    assert whole.relative == pytest.approx((0.1 + 0.15 + 0.05) / 3)
    assert whole.of_repulsion == pytest.approx(5.0 / 200.0)
    assert (whole.cpu_minutes, whole.memory_gb) == (2.0, 0.7)
    assert (whole.n_std, whole.within_1, whole.within_2, whole.mean_std_cm1) == (2, 0.5, 0.5, 1.5)
    assert whole.rms_z == pytest.approx(np.sqrt((0.25 + 9.0) / 2))
    assert groups["one", "sign", "attractive"].failed == 1
    assert groups["one", "probe and region", "Ne, wall"].mae_cm1 == 5.0
    assert groups["one", "heavy atoms of the host", "5–6"].n == 1
    assert ("one", "distance", "") not in groups
    assert {by for recipe, by, _ in groups if recipe != "one"} == {"all", "sign", "region"}
    assert [size(n) for n in (2, 3, 7)] == ["0–2", "3–4", "7 or more"]
    probes = [each.group for each in groups.values() if (each.recipe, each.by) == ("one", "probe and region")]
    assert probes == ["He, well", "Ne, wall"]
    (mp2, one) = overview(list(groups.values()))
    assert (mp2.recipe, one.recipe, one.n_attractive, one.mae_attractive_cm1) == ("one: MP2 alone", "one", 2, 2.0)
    assert one.wall_cm1 == 5.0


def test_figures_are_kept(tmp_path: Path) -> None:
    groups = group_errors([row("one", -10.0, 1.0)])
    write_lines(tmp_path / "groups.jsonl", groups)
    assert read_groups(tmp_path / "groups.jsonl") == groups
    with pytest.raises(InputError, match="holds no figures"):
        read_groups(tmp_path / "none.jsonl")


def test_labels_are_computed_once_and_failures_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real processes: too late, tried once more; one whose basis lacks an element; one geometry twice."""
    kept = tmp_path / "not" / "yet"
    xenon = Dimer(Monomer("xenon", ("Xe",), np.zeros((1, 3))), Monomer.atom("He")).at([0.0, 0.0, 4.0])
    places, seen = [hydrogen(3.3), xenon, hydrogen(-3.3)], list[tuple[int, int]]()
    labels = KeptLabels(kept, places, [TINY])
    assert [labels.find(number, "tiny") for number in (0, 2)] == [Kept(), Kept()]
    assert labels.find(1, "tiny").failure.startswith("The basis '6-31g' has no functions for Xe")
    labels.compute(limit_minutes=0.001, progress=lambda done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((0, 1), (1, 1))
    assert "took longer than 0.001 minutes" in labels.find(0, "tiny").failure
    assert not labels.missing()
    labels.compute(again=True, limit_minutes=10.0)
    label = labels.find(0, "tiny").label
    assert label is not None
    assert labels.find(2, "tiny") == labels.find(0, "tiny") == Kept(label)
    assert label.recipe["name"] == "tiny"
    assert label.memory_gb < 1.0, "of its own process, not of this one"
    monkeypatch.setattr(kept_labels, "compute", lambda *_: pytest.fail("computed twice"))
    # Another draw, with other recipes, into the same folder.
    KeptLabels(kept, places[:1], [TINY]).compute(again=True)
    other = KeptLabels(kept, places, [TINY, TINY.model_copy(update={"name": "other"})])
    assert [task.recipe.name for task in other.missing()] == ["other"]
    with LabelFolder(kept).held(), pytest.raises(StoreError, match="Another command is labelling into"):
        labels.compute()


def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    """Files of an earlier form are left alone, a damaged label counts for nothing."""
    labels = KeptLabels(tmp_path, [hydrogen(3.3)], [TINY])
    (task,) = labels.missing()
    (tmp_path / f"{'-'.join(task.key)}.json").write_text('{"label": null, "failure": "It took too long."}')
    for folder in ("results", "failed"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{'-'.join(task.key)}.json").write_text("{")
    assert labels.find(0, "tiny") == Kept()
    assert labels.missing() == [task]
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        KeptLabels(tmp_path / "file" / "x", [hydrogen(3.3)], [TINY]).compute()


def test_a_composite_tells_what_its_parts_say_and_how_uncertain_it_is_now(tmp_path: Path) -> None:
    """A label of the embedded campaign stands in for one of the file; the error was calibrated afterwards."""
    composite = find_recipe("composite")
    labels = read_labels(data_folder() / "he-benzene" / "labels.jsonl")
    label = next(each for each in labels if each.recipe["name"] == "composite")
    host = Monomer("benzene", tuple(label.host_symbols), np.array(label.host_positions_angstrom))
    place = np.array(label.position_angstrom)
    recipe = composite.model_copy(update={"prediction_error": PredictionError(floor_cm1=0.5)})
    one = ReferenceDimer(
        3, Dimer(host, Monomer.atom(label.probe)).at(place), label.energy_ev, "1.02", "MADE", 1.0, "well"
    )
    there = labels_at(tmp_path, [one], [composite])
    assert label_rows(there, [one], [recipe], tmp_path / "x.extxyz") == []
    label = label.model_copy(update={"doubts": [Doubt(code="t1", sentence="The T1 diagnostic is large.")]})
    there.folder.keep_result(there.missing()[0].key, label)
    rows = {each.recipe: each for each in label_rows(there, [one], [recipe], tmp_path / "x.extxyz")}
    assert set(rows) == {
        "composite",
        "composite: MP2 alone",
        "composite: not calibrated",
        "composite: small CCSD(T) alone",
    }
    whole = rows["composite"]
    assert whole.error_cm1 == pytest.approx(0.0, abs=1e-9)
    assert whole.doubt == "The T1 diagnostic is large."
    assert (whole.std_cm1, whole.host, whole.elements, whole.heavy_atoms) == (0.5, "C6H6", ["C", "H"], 6)
    assert {"mean_field", "delta", "step"} <= set(whole.parts_cm1)
    assert not is_plain(composite.composite)  # type: ignore[arg-type]
    assert is_plain(Composite(larger=FunctionSet(host_basis={"*": "cc-pvdz"}, probe_basis="cc-pvdz")))


def test_published_minima_are_where_they_should_be(tmp_path: Path) -> None:
    at, quick = {one.name: one for one in MINIMA}, find_recipe("quick")
    assert len(at) == 9
    for one in MINIMA:
        one.at.checked()
        assert one.energy_cm1 < 0
        assert one.source
    # He–CO: 70.84° at the centre of mass, seen from oxygen.
    carbon, oxygen = at["He–CO"].at.dimer.a.positions
    centre = (12.011 * carbon + 15.999 * oxygen) / 28.010
    away = at["He–CO"].at.R[0] - centre
    cosine = away @ (oxygen - carbon) / np.linalg.norm(away) / np.linalg.norm(oxygen - carbon)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(70.84, abs=1e-6)
    # He–H₂O: in the plane, 75° from the axis that points from the hydrogen atoms to oxygen.
    water = at["He–H₂O"].at
    assert water.R[0, 0] > 0.5 > 0.0 > water.dimer.a.positions[1, 0]
    assert water.R[0, 1] == 0.0
    assert rows_at_minima(labels_at_minima(tmp_path, [quick]), [quick]) == []


def test_the_command_computes_judges_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for the processes, which have a test of their own."""
    (tmp_path / "tiny.toml").write_text('name = "tiny"\nhost_basis = {"*" = "6-31g"}\nprobe_basis = "6-31g"\n')
    frames = [
        f"3\nProperties=species:S:1:pos:R:3 system=1 set=MADE REF_interaction_energy={energy}\n"
        f"H -0.37 0 0\nH 0.37 0 0\nHe 0 0 {z}"
        for z, energy in ((3.0, -0.001), (3.4, -0.0012))
    ]
    (tmp_path / "data.extxyz").write_text("\n".join(frames) + "\n")
    begun = list[Task]()

    def fail(folder: LabelFolder, tasks: Sequence[Task], workers: int, on_event: object, limit_minutes: float) -> None:
        begun.extend(tasks)
        for task in tasks:
            folder.keep_failure(task.key, Failure(reason=f"It took {limit_minutes:g} min with {workers}."))

    monkeypatch.setattr(kept_labels, "compute", fail)
    words = ["bench", "recipes", "--data", "data.extxyz", "--recipe", "tiny.toml", "--labels", "kept", "--out", "out"]
    monkeypatch.chdir(tmp_path)
    for more, n in ((["--workers", "3", "--limit-minutes", "7"], 2), (["--workers", "4"], 2), (["--again"], 4)):
        done = CliRunner().invoke(app, [*words, *more])
        assert done.exit_code == 0, done.output
        assert f"It took {'240 min with 1' if n == 4 else '7 min with 3'}." in done.stdout
        assert len(begun) == n, "failures are repeated when asked for"
    assert len((tmp_path / "out" / "recipe_labels.jsonl").read_text().splitlines()) == 2
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"recipe_labels.jsonl", "recipes_by_group.jsonl"}


def test_a_recipe_with_a_factor_for_one_probe_is_compared_without_it_at_all_labels() -> None:
    rows = [row("r", -9.0, 0.1, frame=0), row("r: not calibrated", -9.0, 0.2, frame=0), row("r", -9.0, 0.3, frame=1)]
    (added,) = without_factors([*rows, row("other", -9.0, 0.4, frame=1)])
    assert (added.recipe, added.frame, added.error_cm1) == ("r: not calibrated", 1, 0.3)
    assert without_factors(rows[2:]) == []
