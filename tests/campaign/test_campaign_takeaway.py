"""What can be taken away: each file is read as another program would, and its claims are checked on other points."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase.io.cube import read_cube
from scipy.interpolate import RegularGridInterpolator

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import import_campaign
from nci_core.campaign.exchange.takeaway import chosen_model, export_model_file, packed
from nci_core.campaign.queries.live import field
from nci_core.errors import InputError, StoreError
from nci_core.files import file_stem
from nci_core.store import picks
from nci_core.store.models import file_content
from nci_core.units import CM1_EV, HARTREE_EV

SPACING, MARGIN = 0.35, 3.0
GRID = {"spacing": SPACING, "margin": MARGIN}


@pytest.fixture(scope="module")
def grid(finished: Campaign) -> dict[str, np.ndarray]:
    made = packed(finished.folder, ".npz", None, GRID)
    with np.load(io.BytesIO(made.content), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def model_at(campaign: Campaign, points: np.ndarray) -> np.ndarray:
    return field(campaign.folder, chosen_model(campaign).id, 1, points).energy_ev


def test_the_grid_holds_the_model_and_its_claim_is_true(finished: Campaign, grid: dict[str, np.ndarray]) -> None:
    axes = [grid[f"{letter}_angstrom"] for letter in "xyz"]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    energy = model_at(finished, points[::3, ::3, ::3].reshape(-1, 3))
    stored = grid["energy_ev"][::3, ::3, ::3].ravel()
    about = json.loads(str(grid["about"]))
    low = energy < about["cap_ev"]
    assert np.allclose(stored[low], energy[low], atol=1e-9)
    assert (stored[~low] >= about["cap_ev"]).all()
    assert (grid["std_ev"] >= 0).all()

    # The claim, checked with another interpolator at other places.
    rng = np.random.default_rng(99)
    places = rng.uniform([a[0] for a in axes], [a[-1] for a in axes], (4000, 3))
    places = places[finished.systems[0].dimer.at(places).separations > 0.5]
    true = model_at(finished, places)
    places, true = places[true < about["limit_ev"]], true[true < about["limit_ev"]]
    off = np.abs(RegularGridInterpolator(axes, grid["energy_ev"])(places) - true) / CM1_EV
    claim = {(each["kind"], each["region"]): each for each in about["interpolation"]}
    linear = claim["trilinear", "all"]
    assert off.mean() == pytest.approx(linear["mean"], rel=0.25)
    assert np.quantile(off, 0.95) == pytest.approx(linear["p95"], rel=0.35)
    assert claim["cubic spline", "well"]["mean"] < 0.3 * claim["trilinear", "well"]["mean"]


def test_cube_and_table_hold_the_same_grid(finished: Campaign, grid: dict[str, np.ndarray]) -> None:
    cube = packed(finished.folder, ".cube", None, GRID)
    found = read_cube(io.StringIO(cube.content.decode()))
    assert found["atoms"].symbols.get_chemical_formula() == "H2"
    assert np.allclose(found["atoms"].positions, finished.systems[0].dimer.a.positions, atol=1e-5)
    assert np.allclose(found["data"] * HARTREE_EV, grid["energy_ev"], rtol=2e-6, atol=1e-9)
    assert np.allclose(np.diag(found["spacing"]), SPACING, atol=1e-5)
    assert found["origin"][0] == pytest.approx(grid["x_angstrom"][0], abs=1e-5)
    assert "trilinear" in cube.content.decode().split("\n")[0]

    text = packed(finished.folder, ".csv", None, GRID).content.decode()
    table = pd.read_csv(io.StringIO(text), comment="#")
    assert list(table) == ["x_angstrom", "y_angstrom", "z_angstrom", "energy_cm1", "std_cm1"]
    assert np.allclose(table["energy_cm1"] * CM1_EV, grid["energy_ev"].ravel(), atol=1e-9)
    assert "cubic spline" in text
    assert chosen_model(finished).sha256 in text


def test_checkpoint_evaluator_and_archive(finished: Campaign, tmp_path: Path) -> None:
    row = chosen_model(finished)
    assert packed(finished.folder, ".pt").content == file_content(finished.store, row)
    evaluator = packed(finished.folder, ".py")
    text = evaluator.content.decode()
    assert evaluator.name.removesuffix(".py").isidentifier()
    assert row.sha256 in text
    assert finished.recipe.hash in text
    assert text.count("\n") < 200
    names: dict[str, object] = {}
    exec(compile(text, evaluator.name, "exec"), names)
    points = np.array([[0.3, 0.2, 3.1], [4.0, 1.0, 0.5]])
    assert np.allclose(names["energy"](points), model_at(finished, points), rtol=0, atol=1e-10)  # type: ignore[operator]

    archive = packed(finished.folder, ".zip")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as parts:
        parts.extractall(tmp_path)
    again = import_campaign(tmp_path / finished.name, tmp_path / "again")
    assert chosen_model(again).sha256 == row.sha256
    assert "CCSD(T)" in packed(finished.folder, ".extxyz").said
    assert not picks.fetch(again.store, state="basket")


def test_refusals_are_sentences(finished: Campaign, tmp_path: Path) -> None:
    row = chosen_model(finished)
    for path, options, said in (
        (tmp_path / "a.xlsx", {}, "no suffix that says"),
        (tmp_path / "1-a.py", {}, "cannot import"),
        (tmp_path / "a.cube", {"spacing": 0.0}, "spacing of a grid"),
        (tmp_path / "a.npz", {"spacing": 0.01}, "larger spacing"),
        (tmp_path / "a.npz", {"margin": float("nan")}, "margin of a grid"),
    ):
        with pytest.raises(InputError, match=said):
            export_model_file(finished, row, path, **options)
    with pytest.raises(StoreError, match="campaign's own folder"):
        export_model_file(finished, row, finished.folder / "models" / f"{row.name}.pt")
    with pytest.raises(InputError, match="has no model 'x'"):
        chosen_model(finished, "x")
    assert not list(tmp_path.iterdir())
    assert file_stem("..", "/etc/passwd\n", "a b") == "etc-passwd-a-b"
