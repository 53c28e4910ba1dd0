"""How wrong the teacher and every student are on one plane of the host: computed once, kept beside the campaign.

CCSD(T) is known at labels only. Between them the *carrier*, the student fitted to the most labels, stands for it, plus
its residual at the labels of the frozen test set, interpolated (`live_stored`): none of these has seen a fit, so no
error is small only because the model was trained there. Errors of the teacher and of earlier students are much
larger than the carrier's, and are drawn wherever the campaign has configurations; those of the carrier, and of students
that are hardly worse, only near test labels. Without enough test labels models are compared with the teacher instead.

Importing this loads no torch, computing does.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.queries.live import field
from nci_core.campaign.queries.live_fields import folded_field
from nci_core.campaign.queries.live_stored import FEWEST, Misses, below_limit, misses, places, stored_field
from nci_core.campaign.rounds.stored_models import distilled_parent
from nci_core.campaign.systems import System
from nci_core.errors import InputError
from nci_core.interpolation import REACH, gap
from nci_core.sampling.inside import enclosed
from nci_core.store import configurations, models, versions
from nci_core.store.schema import Model
from nci_core.systems.planes import PlaneGrid, telling_plane
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Against = Literal["labels", "teacher"]

#: Raised when the same campaign would give other maps.
VERSION = 2
#: Between two points of the grid, Å: errors change over about an ångström.
SPACING = 0.2
#: Students of which maps are kept, the newest ones.
MOST_MODELS = 40
#: A potential whose test error is at least so many times the carrier's is known to be wrong wherever the two differ.
CLEARLY_WORSE = 3.0
#: No student is asked closer (Å) to a nucleus: that is far up every wall.
CLEAR = 1.0


class Array(NamedTuple):
    """What files check of an array: its shape, and whether all numbers are known; `single`: kept with seven digits."""

    shape: tuple[int | str, ...]
    known: bool = False
    single: bool = False


@dataclass(frozen=True)
class ErrorMaps(PlaneGrid):
    """Energies in eV on a plane grid of (b, a) points, of k students and the reference.

    Attributes, beside the plane's:
        key: of what they were computed from, `maps_key`.
        against: what errors are against: CCSD(T) "labels", or the "teacher" where labels are too few.
        model_ids, digests: (k,) the students, and the SHA-256 of their checkpoints.
        carrier: row of the student that stands for CCSD(T) between the labels.
        energies_ev: (k, b, a) students, NaN where they were not asked.
        teacher_ev: (b, a), NaN more than REACH from every stored teacher energy.
        reference_ev: (b, a), NaN deep inside the wall and far from everything sampled.
        wall: (b, a) ln(limit / carrier's energy), clipped to −1…1, nearly linear in the distance: 0 where the wall
            begins, negative inside it; NaN where no student was asked, next to a nucleus.
        near: (b, a) within REACH of a label.
        test_positions, test_ev: (n, 3) in Å and (n,), labels below the energy limit: of the test set, where no other
            set was asked for.
        test_teacher_ev, test_models_ev: (n,) and (k, n), what teacher and students say there.
        missed_ev: median miss of the interpolated reference at left-out test labels; NaN where it is not known.
        missed_alone_ev: the same of the carrier alone.
    """

    key: str
    against: Against
    model_ids: tuple[int, ...]
    digests: tuple[str, ...]
    carrier: int
    energies_ev: Annotated[FloatArray, Array(("k", "b", "a"), single=True)]
    teacher_ev: Annotated[FloatArray, Array(("b", "a"), single=True)]
    reference_ev: Annotated[FloatArray, Array(("b", "a"), single=True)]
    wall: Annotated[FloatArray, Array(("b", "a"), single=True)]
    near: Annotated[BoolArray, Array(("b", "a"))]
    test_positions: Annotated[FloatArray, Array(("n", 3), known=True)]
    test_ev: Annotated[FloatArray, Array(("n",), known=True)]
    test_teacher_ev: Annotated[FloatArray, Array(("n",))]
    test_models_ev: Annotated[FloatArray, Array(("k", "n"), known=True)]
    missed_ev: float
    missed_alone_ev: float

    def teacher_error(self, *, into_wall: float = 0.0) -> FloatArray:
        """(b, a) teacher minus reference in eV; NaN where it is not known, and inside the wall.

        `into_wall`: values of `wall` down to minus this are given too, for who draws the edge between grid points.
        """
        return self._masked(self.teacher_ev - self.reference_ev, self.test_teacher_ev, into_wall)

    def error(self, row: int, *, into_wall: float = 0.0) -> FloatArray:
        """(b, a) student of a row minus reference in eV; NaN as in `teacher_error`."""
        return self._masked(self.energies_ev[row] - self.reference_ev, self.test_models_ev[row], into_wall)

    def known_everywhere(self, at_tests_ev: FloatArray) -> bool:
        """Whether a potential with these energies (n,) at the test labels is so much worse than the carrier."""
        if self.against == "teacher":
            return True
        ours, own = (np.abs(e - self.test_ev).mean() for e in (at_tests_ev, self.test_models_ev[self.carrier]))
        return bool(ours >= CLEARLY_WORSE * own)  # never where the teacher lacks an energy

    def _masked(self, difference: FloatArray, at_tests_ev: FloatArray, into_wall: float) -> FloatArray:
        kept = (self.wall > -into_wall) & (self.near | self.known_everywhere(at_tests_ev))
        return np.where(kept, difference, np.nan)


def shown_models(campaign: Campaign) -> list[Model]:
    """The students of which maps are kept, oldest first."""
    return models.fetch(campaign.store)[-MOST_MODELS:]


def maps_key(campaign: Campaign, system: System) -> str:
    """What the maps of a system depend on, as 64 hex digits; from a few counts and sums, so that it costs little."""
    host = system.dimer.a
    counts = versions.known_of_system(campaign.store, system.id, campaign.teacher, campaign.recipe.hash)
    about = {
        "version": VERSION,
        "host": [list(host.symbols), host.positions.tolist(), system.dimer.b.symbols[0]],
        "limit": system.bounds.limit_cm1,
        "recipe": campaign.recipe.hash,
        "teacher": campaign.teacher,
        "counts": [[f"{value or 0:.9g}" for value in row] for row in counts],
        "models": [[row.id, row.sha256] for row in shown_models(campaign)],
    }
    return hashlib.sha256(orjson.dumps(about, option=orjson.OPT_SORT_KEYS)).hexdigest()


def maps_on(folder: str | Path, system_id: int, plane: PlaneGrid, split: str, model_ids: Sequence[int]) -> ErrorMaps:
    """The maps on any plane, of some students and the carrier, against the labels of one split; their key is empty.

    For the predictor process, which has only the folder. Raises as `compute_maps` does.
    """
    with Campaign.open(folder, read_only=True) as campaign:
        every = models.fetch(campaign.store)
        rows = [row for row in every if row.id in model_ids or row is _carrier(every)]
        return compute_maps(campaign, campaign.system(system_id), plane, rows, split)


def _carrier(rows: list[Model]) -> Model:
    """The student fitted to the most labels, of several the newest."""
    return max(rows, key=lambda row: (row.n_labels, row.id))


def compute_maps(
    campaign: Campaign,
    system: System,
    plane: PlaneGrid | None = None,
    rows: list[Model] | None = None,
    split: str = "test",
    *,
    key: str = "",
    known: ErrorMaps | None = None,
) -> ErrorMaps:
    """The maps of a system as its campaign is now; energies of students in `known` on its grid are kept.

    By default on the plane that tells most, of `shown_models`. Raises InputError in one sentence where there is no
    student yet, or too little to compare it with, and StoreError or ModelError for a student whose file is missing or
    damaged, or that says nothing about the system.
    """
    plane = telling_plane(system.dimer.a, SPACING) if plane is None else plane
    rows = shown_models(campaign) if rows is None else rows
    if not rows:
        raise InputError("There is no student yet, so there is no error to be drawn.")
    for row in rows:
        campaign.model_path(row)  # a missing file is said before anything is computed
    host, folder = system.dimer.a, campaign.folder
    sampled = configurations.positions(campaign.store, system_id=system.id)[1]
    if not len(sampled):
        raise InputError("There are no configurations yet, so there is no error to be drawn.")
    asked = (system.dimer.at(plane.points.reshape(-1, 3)).separations > CLEAR).reshape(plane.points.shape[:-1])
    where = plane.points[asked]
    carrier = rows.index(_carrier(rows))
    energies = np.array([_energies(folder, row, system.id, where, asked, known) for row in rows])
    tests = below_limit(campaign, system.id, "label_ev", split)
    if len(tests) < FEWEST:
        tests = tests.iloc[:0]
    teacher = np.full(len(where), np.nan)
    with suppress(InputError):  # too few
        distilled = distilled_parent(campaign) or rows[carrier]
        teacher = stored_field(folder, distilled.id, system.id, "teacher", "pool", where)
    against: Against = "labels" if len(tests) else "teacher"
    reference, found = teacher, Misses(0, 0, 0, np.nan, np.nan)
    if against == "labels":
        right = stored_field(folder, rows[carrier].id, system.id, "reference", split, where)
        reference = np.where(np.isfinite(right), right, energies[carrier][asked])
        found = misses(folder, rows[carrier].id, system.id, "reference", split)
    elif not np.isfinite(teacher).any():
        raise InputError("There are too few test labels and too few teacher energies to compare a student with.")
    limit_ev = from_cm1(system.bounds.limit_cm1)
    wall = np.clip(np.log(limit_ev / np.maximum(energies[carrier][asked], limit_ev * 1e-3)), -1.0, 1.0)
    wall[enclosed(host, where)] = -1.0  # no probe gets into a cage
    known_there = (wall > -1.0) & (gap(host, sampled, where) <= REACH)
    near = gap(host, places(tests), where) <= REACH if len(tests) else np.zeros(len(where), dtype=bool)
    at_tests = [field(folder, row.id, system.id, places(tests)).energy_ev for row in rows if len(tests)]
    return ErrorMaps(
        key=key,
        against=against,
        **{part.name: getattr(plane, part.name) for part in fields(PlaneGrid)},
        model_ids=tuple(row.id for row in rows),
        digests=tuple(row.sha256 for row in rows),
        carrier=carrier,
        energies_ev=energies,
        teacher_ev=_spread(teacher, asked),
        reference_ev=_spread(np.where(known_there, reference, np.nan), asked),
        wall=_spread(wall, asked),
        near=_spread(near, asked) == 1.0,
        test_positions=places(tests),
        test_ev=tests["label_ev"].to_numpy(dtype=float),
        test_teacher_ev=tests["teacher_ev"].to_numpy(dtype=float),
        test_models_ev=np.array(at_tests).reshape(len(rows), -1),
        missed_ev=found.median_ev,
        missed_alone_ev=found.model_ev,
    )


def _spread(values: npt.NDArray[np.generic], asked: BoolArray) -> FloatArray:
    """Values (m,) of the points that were asked for, on the grid; NaN elsewhere."""
    found = np.full(asked.shape, np.nan)
    found[asked] = values
    return found


def _energies(
    folder: Path, row: Model, system_id: int, points: FloatArray, asked: BoolArray, known: ErrorMaps | None
) -> FloatArray:
    """(b, a) eV of a student at the points that are asked for; NaN elsewhere."""
    if known is not None and row.sha256 in known.digests:
        there = known.energies_ev[known.digests.index(row.sha256)]
        if there.shape == asked.shape and np.isfinite(there[asked]).all():
            return np.where(asked, there, np.nan)
    return _spread(folded_field(folder, row.id, system_id, points).energy_ev, asked)
