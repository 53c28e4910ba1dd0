"""The figures for a paper are drawn from rows, and the error maps from students fitted for them."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nci_core.bench.figures import cells, draw, error_maps
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Results, Row
from nci_core.bench.variants import VARIANTS
from nci_core.cli.main import app


def rows() -> list[Row]:
    """Two seeds, two sizes, every variant; and two strategies."""
    found = []
    for seed in range(2):
        for k, n in enumerate((10, 40)):
            base = {"n_labels": n, "seed": seed, "seconds": 1.0, "mae_cm1": 1.0 / (n + seed)}
            for variant in VARIANTS:
                split = f"random {k + 1}%"
                found.append(Row(benchmark="curve", model=variant.name, split=split, **base))
            for strategy in ("i-optimal", "random"):
                row = {"benchmark": "active", "model": "distilled adaptive", "split": "all the rest", **base}
                found.append(Row.model_validate({**row, "strategy": strategy}))
    return found


def test_each_figure_is_written_as_vectors_and_pixels(tmp_path: Path) -> None:
    written = draw(rows(), tmp_path / "figures")
    assert sorted(path.name for path in written) == sorted(
        f"{name}.{suffix}" for name in ("learning", "active", "rulers") for suffix in ("svg", "png")
    )
    assert all(path.stat().st_size > 5_000 for path in written)
    assert draw([], tmp_path / "nothing") == []


def test_error_maps_hold_every_state_and_only_points_without_a_label(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nci_core.bench.figures.MAPPED", (6, 12, 24))  # of 120; fits of more take long
    figure = error_maps(problem)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert [title.split(":")[0] for title in titles] == [
        "distilled, no label",
        *(f"{n} I-optimal labels" for n in (6, 12, 24)),
    ]
    means = [float(title.split(":")[1].split()[0]) for title in titles]
    assert means[-1] < means[0] / 5, "labels help"


def test_cells_average_what_lies_in_them() -> None:
    x, y, mean = cells(np.array([0.1, 0.1, 0.9]), np.array([0.1, 0.2, 0.3]), np.array([1.0, 3.0, 7.0]))
    assert mean[0, 0] == pytest.approx(2.0)
    assert mean[3, 1] == pytest.approx(7.0)
    assert np.isnan(mean[1, 0])
    assert (len(x) - 1, len(y) - 1) == mean.shape


def test_the_command_draws_what_is_stored(tmp_path: Path) -> None:
    for benchmark in ("curve", "active"):
        results = Results(tmp_path / f"{benchmark}.jsonl")
        for row in rows():
            if row.benchmark == benchmark:
                results.add(row)
    where = tmp_path / "here"
    done = CliRunner().invoke(app, ["bench", "figures", "--out", str(tmp_path), "--figures", str(where)])
    assert done.exit_code == 0, done.output
    assert {path.name for path in where.iterdir()} >= {"learning.svg", "active.png", "rulers.svg"}
