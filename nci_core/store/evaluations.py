"""What models and teachers say: predictions, radial cuts, metrics. The dashboard reads these, not models."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Select, SQLColumnExpression, delete, func, select

from nci_core.errors import InputError
from nci_core.metrics import ErrorSummary
from nci_core.store.base import utc_now
from nci_core.store.bulk import insert_missing, insert_or_replace
from nci_core.store.database import Store
from nci_core.store.schema import CutPoint, Metric, Prediction

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cut:
    """A radial cut of one system, n points. Positions (n, 3) and distances (n,) in Å; energies (n,) in eV.

    `channels_ev` are the energies (n,) of a student's terms by their names, as many as it tells apart.
    """

    system_id: int
    name: str
    distance_angstrom: FloatArray
    positions: FloatArray
    energy_ev: FloatArray
    std_ev: FloatArray | None = None
    channels_ev: Mapping[str, FloatArray] = field(default_factory=dict)


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
    """Store all radial cuts of a model or a teacher (exactly one is given) in all systems, replacing earlier ones."""
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
        }
        for i in range(len(cut.energy_ev)):
            point: dict[str, Any] = {
                name: None if values is None else float(values[i]) for name, values in columns.items()
            }
            channels = {name: float(values[i]) for name, values in cut.channels_ev.items()}
            rows.append(point | owner | {"system_id": cut.system_id, "cut": cut.name, "channels_ev": channels})
    with store.write() as session:
        session.execute(delete(CutPoint).filter_by(**owner))
        insert_missing(session, CutPoint, rows)


def cuts(
    store: Store, *, model_id: int | None = None, teacher: str | None = None, system_id: int | None = None
) -> list[Cut]:
    """The radial cuts of a model or a teacher, of one system or of all, by name; each with its points by distance."""
    query = _of(select(CutPoint).filter_by(**_owner(model_id, teacher)), CutPoint.system_id, system_id)
    query = query.order_by(CutPoint.system_id, CutPoint.cut, CutPoint.distance_angstrom)
    groups: dict[tuple[int, str], list[CutPoint]] = {}
    with store.read() as session:
        for point in session.scalars(query):
            groups.setdefault((point.system_id, point.cut), []).append(point)
    return [_cut(system, name, rows) for (system, name), rows in groups.items()]


def _cut(system_id: int, name: str, rows: Sequence[CutPoint]) -> Cut:
    spreads = [row.std_ev for row in rows]
    shared = [key for key in rows[0].channels_ev if all(key in row.channels_ev for row in rows)]
    return Cut(
        system_id=system_id,
        name=name,
        distance_angstrom=np.array([row.distance_angstrom for row in rows]),
        positions=np.array([(row.x_angstrom, row.y_angstrom, row.z_angstrom) for row in rows]),
        energy_ev=np.array([row.energy_ev for row in rows]),
        std_ev=None if any(value is None for value in spreads) else np.array(spreads),
        channels_ev={key: np.array([row.channels_ev[key] for row in rows]) for key in shared},
    )


def cut_names(store: Store, *, system_id: int | None = None) -> list[str]:
    """Names of the stored cuts, of one system or of all, in the order of their first point."""
    query = _of(select(CutPoint.cut), CutPoint.system_id, system_id)
    with store.read() as session:
        return list(session.scalars(query.group_by(CutPoint.cut).order_by(func.min(CutPoint.id))))


def _of(query: Select[Any], column: SQLColumnExpression[int], system_id: int | None) -> Select[Any]:
    return query if system_id is None else query.where(column == system_id)


def record_metrics(
    store: Store,
    summaries: Mapping[str, ErrorSummary],
    *,
    split: str,
    recipe_hash: str,
    model_id: int | None = None,
    teacher: str | None = None,
    system_id: int | None = None,
) -> None:
    """Store errors by region ("all" is the whole range of interest) of a model or a teacher.

    Of one system, or of all systems together. They replace the earlier ones of the same model or teacher, split,
    recipe and system.
    """
    owner = _owner(model_id, teacher) | {"split": split, "recipe_hash": recipe_hash, "system_id": system_id}
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
    system_id: int | None = None,
) -> list[Metric]:
    """Errors against one recipe's labels; of one model or teacher, or of all if neither is given.

    Those of one system, or those of all systems together (`metrics_by_system` has each system's own).
    """
    query = select(Metric).where(Metric.recipe_hash == recipe_hash, Metric.system_id == system_id).order_by(Metric.id)
    for column, value in ((Metric.split, split), (Metric.model_id, model_id), (Metric.teacher, teacher)):
        if value is not None:
            query = query.where(column == value)
    with store.read() as session:
        return list(session.scalars(query))


def metrics_by_system(
    store: Store, recipe_hash: str, *, split: str, model_id: int | None = None, teacher: str | None = None
) -> dict[int, list[Metric]]:
    """Errors of a model or a teacher in each system alone, where there are such: system id → by region."""
    mine = (Metric.recipe_hash == recipe_hash, Metric.split == split, Metric.system_id.is_not(None))
    query = select(Metric).filter_by(**_owner(model_id, teacher)).where(*mine).order_by(Metric.id)
    found: dict[int, list[Metric]] = {}
    with store.read() as session:
        for row in session.scalars(query):
            if row.system_id is not None:
                found.setdefault(row.system_id, []).append(row)
    return found


def _owner(model_id: int | None, teacher: str | None) -> dict[str, int | str | None]:
    if (model_id is None) == (teacher is None):
        raise InputError("Give either a model or a teacher, not both and not neither.")
    return {"model_id": model_id, "teacher": teacher}
