"""What models and teachers say: predictions, radial cuts, metrics. The dashboard reads these, not models."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, select

from nci_core.errors import InputError
from nci_core.metrics import ErrorSummary
from nci_core.store.base import utc_now
from nci_core.store.bulk import insert_missing, insert_or_replace
from nci_core.store.database import Store
from nci_core.store.schema import CutPoint, Metric, Prediction

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cut:
    """A radial cut, n points. Positions (n, 3) and distances (n,) in Å; energies (n,) in eV."""

    name: str
    distance_angstrom: FloatArray
    positions: FloatArray
    energy_ev: FloatArray
    std_ev: FloatArray | None = None
    repulsion_ev: FloatArray | None = None
    dispersion_ev: FloatArray | None = None


def record_predictions(
    store: Store,
    model_id: int,
    configuration_ids: Sequence[int] | npt.NDArray[np.int64],
    energy_ev: npt.ArrayLike,
    std_ev: npt.ArrayLike | None = None,
) -> None:
    """Store a model's energies (m,) and spreads (m,) in eV, replacing earlier ones of these configurations."""
    energies = np.asarray(energy_ev, dtype=float).reshape(-1)
    spreads = None if std_ev is None else np.asarray(std_ev, dtype=float).reshape(-1)
    if len(energies) != len(configuration_ids) or (spreads is not None and len(spreads) != len(energies)):
        raise InputError(f"{len(energies)} energies for {len(configuration_ids)} configurations.")
    if not np.isfinite(energies).all():
        raise InputError(f"Model {model_id} gave energies that are not numbers (NaN or infinite); nothing was stored.")
    rows = [
        {
            "model_id": model_id,
            "configuration_id": int(number),
            "energy_ev": float(energies[i]),
            "std_ev": None if spreads is None else float(spreads[i]),
        }
        for i, number in enumerate(configuration_ids)
    ]
    with store.write() as session:
        insert_or_replace(session, Prediction, ("model_id", "configuration_id"), rows)


def predictions(store: Store, model_id: int) -> list[Prediction]:
    """A model's predictions, ordered by configuration id."""
    query = select(Prediction).where(Prediction.model_id == model_id).order_by(Prediction.configuration_id)
    with store.read() as session:
        return list(session.scalars(query))


def record_cuts(store: Store, cuts: Sequence[Cut], *, model_id: int | None = None, teacher: str | None = None) -> None:
    """Store all radial cuts of a model or a teacher (exactly one is given), replacing its earlier ones."""
    owner = _owner(model_id, teacher)
    rows = []
    for cut in cuts:
        columns = {
            "distance_angstrom": cut.distance_angstrom,
            "x_angstrom": cut.positions[:, 0],
            "y_angstrom": cut.positions[:, 1],
            "z_angstrom": cut.positions[:, 2],
            "energy_ev": cut.energy_ev,
            "std_ev": cut.std_ev,
            "repulsion_ev": cut.repulsion_ev,
            "dispersion_ev": cut.dispersion_ev,
        }
        for i in range(len(cut.energy_ev)):
            point: dict[str, float | int | str | None] = {
                name: None if values is None else float(values[i]) for name, values in columns.items()
            }
            rows.append(point | owner | {"cut": cut.name})
    with store.write() as session:
        session.execute(delete(CutPoint).filter_by(**owner))
        insert_missing(session, CutPoint, rows)


def cuts(store: Store, *, model_id: int | None = None, teacher: str | None = None) -> list[Cut]:
    """The radial cuts of a model or a teacher, by name; each with its points by distance."""
    query = select(CutPoint).filter_by(**_owner(model_id, teacher)).order_by(CutPoint.cut, CutPoint.distance_angstrom)
    with store.read() as session:
        points = list(session.scalars(query))

    def optional(rows: list[CutPoint], name: str) -> FloatArray | None:
        values = [getattr(row, name) for row in rows]
        return None if any(value is None for value in values) else np.array(values)

    found = []
    for name in dict.fromkeys(point.cut for point in points):
        rows = [point for point in points if point.cut == name]
        found.append(
            Cut(
                name=name,
                distance_angstrom=np.array([row.distance_angstrom for row in rows]),
                positions=np.array([(row.x_angstrom, row.y_angstrom, row.z_angstrom) for row in rows]),
                energy_ev=np.array([row.energy_ev for row in rows]),
                std_ev=optional(rows, "std_ev"),
                repulsion_ev=optional(rows, "repulsion_ev"),
                dispersion_ev=optional(rows, "dispersion_ev"),
            )
        )
    return found


def cut_names(store: Store) -> list[str]:
    """Names of the stored cuts, in the order of their first point."""
    query = select(CutPoint.cut).group_by(CutPoint.cut).order_by(func.min(CutPoint.id))
    with store.read() as session:
        return list(session.scalars(query))


def record_metrics(
    store: Store,
    summaries: Mapping[str, ErrorSummary],
    *,
    split: str,
    recipe_hash: str,
    model_id: int | None = None,
    teacher: str | None = None,
) -> None:
    """Store errors by region ("all" is the whole range of interest) of a model or a teacher.

    They replace the earlier ones of the same model or teacher, split and recipe.
    """
    owner = _owner(model_id, teacher) | {"split": split, "recipe_hash": recipe_hash}
    now = utc_now()
    rows = [owner | {"region": name, "created_at": now} | asdict(item) for name, item in summaries.items()]
    with store.write() as session:
        session.execute(delete(Metric).filter_by(**owner))
        insert_missing(session, Metric, rows)


def metrics(
    store: Store,
    recipe_hash: str,
    *,
    split: str | None = None,
    model_id: int | None = None,
    teacher: str | None = None,
) -> list[Metric]:
    """Errors against one recipe's labels; of one model or teacher, or of all if neither is given."""
    query = select(Metric).where(Metric.recipe_hash == recipe_hash).order_by(Metric.id)
    for column, value in ((Metric.split, split), (Metric.model_id, model_id), (Metric.teacher, teacher)):
        if value is not None:
            query = query.where(column == value)
    with store.read() as session:
        return list(session.scalars(query))


def _owner(model_id: int | None, teacher: str | None) -> dict[str, int | str | None]:
    if (model_id is None) == (teacher is None):
        raise InputError("Give either a model or a teacher, not both and not neither.")
    return {"model_id": model_id, "teacher": teacher}
