"""Asking a stored model about points that are in no table: maps on spheres and grids, lines that people draw.

Runs in a process of its own beside the dashboard (`nci_core.jobs.predictor`); importing this loads no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.stored_models import load_student
from nci_core.config import FILE_NAME
from nci_core.errors import InputError
from nci_core.store import DATABASE_NAME, models
from nci_core.systems import Dimer

if TYPE_CHECKING:
    from nci_core.potentials.models import AnyModel

FloatArray = npt.NDArray[np.float64]

#: More points than this in one question would block the next one for tens of seconds.
MOST_POINTS = 400_000


@dataclass(frozen=True)
class Field:
    """A model's energies at m points, all (m,) in eV.

    Attributes:
        energy_ev, std_ev: mean and standard deviation.
        channels_ev: each of the model's terms by its name; their sum is the energy.
    """

    energy_ev: FloatArray
    std_ev: FloatArray
    channels_ev: Mapping[str, FloatArray]

    @property
    def columns(self) -> dict[str, FloatArray]:
        """energy_ev, std_ev and NAME_ev for each term, as `store.tables.cut_table` calls them."""
        channels = {f"{name}_ev": values for name, values in self.channels_ev.items()}
        return {"energy_ev": self.energy_ev, "std_ev": self.std_ev} | channels

    def at(self, rows: npt.NDArray[np.intp]) -> "Field":
        """The same at some of the points, in any order and as often as they are named."""
        channels = {name: values[rows] for name, values in self.channels_ev.items()}
        return Field(self.energy_ev[rows], self.std_ev[rows], channels)


def loaded(folder: str | Path, model_id: int, system_id: int) -> tuple[Campaign, "AnyModel", Dimer]:
    """A campaign, one of its models and the dimer of one of its systems; the first two are kept in memory.

    Another database in the same folder is another campaign, and so is one with other settings. Raises StoreError for
    an unknown model, InputError for an unknown system, ModelError for a damaged checkpoint or a model that says nothing
    about the system.
    """
    database, settings = Path(folder) / DATABASE_NAME, Path(folder) / FILE_NAME
    stamp = (database.stat().st_ino if database.exists() else 0, settings.stat().st_mtime_ns)
    campaign, model = _loaded(str(folder), stamp, model_id)
    system = campaign.system(system_id)
    if system.role == "transfer":  # may have atoms that the model has never seen; the others were checked
        from nci_core.potentials.agreement import check_fits

        check_fits(model, system.dimer)
    return campaign, model, system.dimer


def checked_points(positions: npt.ArrayLike, each: int = 1) -> FloatArray:
    """Positions as (m, 3) numbers in Å; InputError for too many, `each` counted so often, or one that is not finite."""
    points, most = np.asarray(positions, dtype=float).reshape(-1, 3), MOST_POINTS // each
    if len(points) > most:
        raise InputError(f"{len(points)} points are too many for one question; ask for at most {most}.")
    if not np.isfinite(points).all():
        raise InputError("A position is not a finite number; give x, y and z in Å.")
    return points


@lru_cache(maxsize=8)
def _loaded(folder: str, stamp: tuple[int, int], model_id: int) -> tuple[Campaign, "AnyModel"]:
    campaign = Campaign.open(folder, read_only=True)
    return campaign, load_student(campaign, models.get(campaign.store, model_id))


def field(folder: str | Path, model_id: int, system_id: int, positions: npt.ArrayLike) -> Field:
    """Mean, standard deviation and channels of a campaign's model at probe positions (m, 3) in Å about a system's host.

    Raises InputError for too many points or a position that is not finite, and as `loaded` does.
    """
    points = checked_points(positions)
    _, model, dimer = loaded(folder, model_id, system_id)
    members = model.member_channels(dimer.at(points))
    energies = members.sum(axis=1)
    channels = dict(zip(model.terms, model.mean_of(members), strict=True))
    return Field(model.mean_of(energies), model.error_bars(energies, dimer), channels)


def terms(folder: str | Path, model_id: int, system_id: int) -> tuple[str, ...]:
    """Names of the terms that a campaign's model is the sum of; raises as `loaded` does."""
    _, model, _ = loaded(folder, model_id, system_id)
    return model.terms
