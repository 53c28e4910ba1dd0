"""Radial cuts: teacher, student and labels along a ray."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.data.fields import near_line, positions_of
from nci_core.campaign.systems import System
from nci_core.store import configurations, evaluations
from nci_core.store.database import Store
from nci_core.store.tables import cut_table
from nci_core.systems import Monomer
from nci_core.systems.lines import Line

CUT_PREFIX = "cut:"
#: The teacher is a curve from so many points on; fewer are not joined.
CURVE = 60


@dataclass(frozen=True)
class Cut:
    """A named cut; each table is sorted by distance (Å) and may be empty.

    Attributes:
        student: columns of `cut_table`.
        teacher: distance, energy_ev.
        labels: id, distance, label_ev, split.
    """

    name: str
    student: pd.DataFrame
    teacher: pd.DataFrame
    labels: pd.DataFrame

    @property
    def few(self) -> bool:
        """Whether the teacher is known at a few places only."""
        return len(self.teacher) < CURVE


def cut_names(store: Store, system: System) -> list[str]:
    """Names of a system's cuts, in order of their first point."""
    sampled = [name.removeprefix(CUT_PREFIX) for name in configurations.origins(store, CUT_PREFIX, system_id=system.id)]
    return list(dict.fromkeys([*sampled, *evaluations.cut_names(store, system_id=system.id)]))


def with_points(cut: Cut, rows: pd.DataFrame, host: Monomer) -> Cut:
    """The cut with other points in the labels' place: those of a set that lie, or have an equivalent place, near it."""
    if len(cut.student) < 2:
        return replace(cut, labels=cut.labels.iloc[:0])
    places = positions_of(cut.student)
    near = near_line(host, rows[rows["label_ev"].notna()], Line(places[0], places[-1]))
    start = float(cut.student["distance"].iloc[0])
    labels = near.assign(distance=near["distance"] + start).reset_index()
    return replace(cut, labels=labels[["id", "distance", "label_ev", "split"]])


def load_cut(
    store: Store, table: pd.DataFrame, system: System, name: str, *, model_id: int | None, teacher: str
) -> Cut:
    """The cut of a system called `name`; `table` has the system's configurations.

    Distances of configurations follow from |R − centre|, which does not depend on which of several
    symmetry-equivalent positions is stored; along a ray it grows with the distance.
    """
    student = cut_table(store, name, model_id=-1 if model_id is None else model_id, system_id=system.id)
    points = table[table["origin"] == CUT_PREFIX + name].copy()
    points["distance"] = np.linalg.norm(positions_of(points) - system.dimer.a.centre, axis=1)
    if len(student) > 1:
        on_ray = np.linalg.norm(positions_of(student) - system.dimer.a.centre, axis=1)
        points["distance"] = np.interp(points["distance"], on_ray, student["distance"])
    points = points.sort_values("distance")
    dense = cut_table(store, name, teacher=teacher, system_id=system.id)
    sparse = points.loc[points["teacher_ev"].notna(), ["distance", "teacher_ev"]]
    labelled = points[points["label_ev"].notna()].reset_index()
    return Cut(
        name=name,
        student=student,
        teacher=dense if len(dense) else sparse.rename(columns={"teacher_ev": "energy_ev"}).reset_index(drop=True),
        labels=labelled[["id", "distance", "label_ev", "split"]],
    )
