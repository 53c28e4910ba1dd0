"""Regions on the pages: each system's own bounds, in tables and in words."""

from pathlib import Path

import numpy as np
import pytest
import synthetic
from pages import run_page, text

from app.data.comparison import obstacles
from app.data.configurations import configuration_table
from app.report import build_report
from nci_core.campaign import Campaign
from nci_core.units import UNITS, from_cm1


def _says(at: object) -> str:
    return text(at).replace("\\", "")  # type: ignore[arg-type]


def test_rows_are_told_apart_by_the_bounds_of_their_system(several: Campaign) -> None:
    table = configuration_table(several, None)
    between = 0
    for system in several.systems:
        mine = table[(table["system_id"] == system.id) & table["label_ev"].notna()]
        energy, well = mine["label_ev"].to_numpy(dtype=float), from_cm1(system.bounds.well_below_cm1)
        assert ((mine["region"] == "well").to_numpy() == (energy < well)).all()
        between += int(((energy < -1e-6) != (energy < well)).sum())
    assert between > 0, "some attract and are in no well"


def test_bounds_are_said_of_the_systems_that_are_shown(several: Campaign) -> None:
    first, second = several.systems[:2]
    wells = [f"{system.bounds.well_below_cm1:.2f} cm⁻¹".replace("-", "−") for system in (first, second)]
    assert wells[0] != wells[1]
    for system, own in zip((first, second), wells, strict=True):
        assert f"well: below {own} · tail" in _says(run_page("explore", campaign="several", drawn_system=system.name))
    every = _says(run_page("explore", campaign="several", every_system=True))
    assert all(f"{own} ({system.name}" in every for system, own in zip((first, second), wells, strict=True))
    assert f"({second.name}" in build_report(several, None, UNITS["cm1"], lambda model: [])


def test_campaigns_with_other_bounds_are_not_compared(tmp_path: Path) -> None:
    one = synthetic.build(tmp_path / "one", n=30, n_labels=0, with_jobs=False, with_models=False)
    other = synthetic.build(tmp_path / "other", n=30, n_labels=0, with_jobs=False, with_models=False)
    assert not any("regions differ" in said for said in obstacles(one, other))
    path = other.folder / "campaign.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("well_below_cm1 = -10.0", "well_below_cm1 = -5.0"))
    assert any("regions differ" in said for said in obstacles(one, Campaign.open(other.folder)))


@pytest.mark.parametrize("host", ["carbon-dioxide", "hydrogen-fluoride"])
def test_a_linear_host_is_drawn_in_the_half_plane_of_its_samples(host: str) -> None:
    from nci_core.regions import RegionBounds
    from nci_core.sampling import SampleSettings, sample
    from nci_core.systems import Dimer, Monomer, builtin_monomer
    from nci_core.systems.planes import telling_plane
    from nci_core.systems.surroundings import plane

    dimer = Dimer(builtin_monomer(host), Monomer.atom("He"))
    found = sample(dimer, 40, seed=1, settings=SampleSettings.of(RegionBounds())).positions
    for grid in (telling_plane(dimer.a, 0.5), plane(dimer.a, "upright", 0.0)):
        assert np.abs(grid.project(found)[:, 2]).max() < 2e-4  # the grid of positions is 1e-4 Å
