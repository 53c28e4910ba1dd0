"""Tables as pandas DataFrames for the app. One recipe, one teacher, one model at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Executable, Select, and_, case, literal, null, select

from nci_core.errors import InputError
from nci_core.store.base import Base
from nci_core.store.configurations import POSITION, matching
from nci_core.store.database import Store
from nci_core.store.labels import state, trusted
from nci_core.store.schema import (
    Configuration,
    CutPoint,
    Label,
    LabelEvent,
    Prediction,
    StoredSystem,
    TeacherLabel,
)
from nci_core.units import CM1_EV

if TYPE_CHECKING:
    from pandas import DataFrame


def whole(store: Store, table: type[Base], *, recipe_hash: str | None = None) -> "DataFrame":
    """A whole table of rows, ordered by its key; Label and Metric rows only of the recipe that must be given."""
    columns = table.__table__.columns
    query: Select[Any] = select(*columns).order_by(*table.__table__.primary_key)
    if table.__tablename__ in ("labels", "metrics") and recipe_hash is None:
        raise InputError(f"Rows of {table.__tablename__} of different recipes do not mix: give a recipe_hash.")
    if recipe_hash is not None:
        if "recipe_hash" not in columns:
            raise InputError(f"Rows of {table.__tablename__} have no recipe.")
        query = query.where(columns["recipe_hash"] == recipe_hash)
    return _read(store, query)


def configurations_table(
    store: Store,
    *,
    teacher: str | None,
    recipe_hash: str | None,
    model_id: int | None,
    system_id: int | None = None,
    outside: bool = False,
) -> "DataFrame":
    """One row per configuration of pool and test set (with `outside`, of all), ordered by id: what is known about it.

    Of one system or of all. Columns: id, geometry_hash, system_id, system (its name), x_angstrom, y_angstrom,
    z_angstrom, split, sector, origin, teacher_ev, label_id, label_ev (only finished, trusted labels), label_std_ev (the
    standard error of the recipe for it), label_state (`labels.state`), round_number, picked_by, student_ev,
    student_std_ev. Whatever is missing is NaN or None.
    """
    query = (
        select(
            Configuration.id,
            Configuration.geometry_hash,
            Configuration.system_id,
            StoredSystem.name.label("system"),
            Configuration.x_angstrom,
            Configuration.y_angstrom,
            Configuration.z_angstrom,
            Configuration.split,
            Configuration.sector,
            Configuration.origin,
            TeacherLabel.energy_ev.label("teacher_ev"),
            Label.id.label("label_id"),
            case((trusted(recipe_hash or ""), Label.energy_ev), else_=null()).label("label_ev"),
            case((trusted(recipe_hash or ""), Label.recipe_std_cm1 * CM1_EV), else_=null()).label("label_std_ev"),
            state().label("label_state"),
            Label.round_number,
            Label.picked_by,
            Prediction.energy_ev.label("student_ev"),
            Prediction.std_ev.label("student_std_ev"),
        )
        .join(StoredSystem, StoredSystem.id == Configuration.system_id)
        .outerjoin(
            TeacherLabel,
            and_(TeacherLabel.configuration_id == Configuration.id, TeacherLabel.teacher == literal(teacher)),
        )
        .outerjoin(Label, and_(Label.configuration_id == Configuration.id, Label.recipe_hash == literal(recipe_hash)))
        .outerjoin(
            Prediction, and_(Prediction.configuration_id == Configuration.id, Prediction.model_id == literal(model_id))
        )
        .order_by(Configuration.id)
    )
    query = query.where(*matching(system_id=system_id))
    table = _read(store, query if outside else query.where(Configuration.split != "outside"))
    numbers = ("teacher_ev", "label_ev", "label_std_ev", "student_ev", "student_std_ev")
    integers = dict.fromkeys(("label_id", "round_number"), "Int64")
    return table.astype(dict.fromkeys(numbers, "float64") | integers)


def positions_table(store: Store, *, system_id: int | None = None) -> "DataFrame":
    """id, x, y, z (Å) of all configurations, of one system or all, the places of people's own energies included."""
    named = (each.label(name) for each, name in zip(POSITION, "xyz", strict=True))
    query = select(Configuration.id, *named).order_by(Configuration.id)
    return _read(store, query.where(*matching(system_id=system_id)))


def teachers_table(store: Store, teachers: Sequence[str]) -> "DataFrame":
    """Energies in eV of these teachers, a column each, indexed by configuration id."""
    query = select(TeacherLabel.configuration_id.label("id"), TeacherLabel.teacher, TeacherLabel.energy_ev)
    found = _read(store, query.where(TeacherLabel.teacher.in_(list(teachers))))
    return found.pivot(index="id", columns="teacher", values="energy_ev").astype(float)


def cut_table(
    store: Store, name: str, *, model_id: int | None = None, teacher: str | None = None, system_id: int | None = None
) -> "DataFrame":
    """A radial cut of a model or of a teacher by distance (Å); energies in eV, NaN where there is none.

    Of one system; without one, of the only system. Columns: distance, energy_ev, std_ev, x, y, z, and NAME_ev for each
    channel that the cut has.
    """
    place = zip((CutPoint.x_angstrom, CutPoint.y_angstrom, CutPoint.z_angstrom), "xyz", strict=True)
    query = select(
        CutPoint.distance_angstrom.label("distance"),
        CutPoint.energy_ev,
        CutPoint.std_ev,
        *(each.label(axis) for each, axis in place),
        CutPoint.channels_ev,
    )
    owner = CutPoint.model_id == model_id if teacher is None else CutPoint.teacher == teacher
    query = query.where(CutPoint.cut == name, owner).order_by(CutPoint.distance_angstrom)
    table = _read(store, query if system_id is None else query.where(CutPoint.system_id == system_id))
    channels = table.pop("channels_ev").tolist()
    for key in dict.fromkeys(key for each in channels for key in each):
        table[f"{key}_ev"] = [each.get(key) for each in channels]
    return table.astype(float)


def paid_table(store: Store) -> "DataFrame":
    """Labels of the pool that a round paid for: round_number, status, cpu_seconds, picked_by, recipe_hash, system."""
    columns = (Label.round_number, Label.status, Label.cpu_seconds, Label.picked_by, Label.recipe_hash)
    query = (
        select(*columns, StoredSystem.name.label("system"))
        .join(Configuration, Configuration.id == Label.configuration_id)
        .join(StoredSystem, StoredSystem.id == Label.system_id)
    )
    paid = query.where(Configuration.split == "pool", Label.round_number.is_not(None)).order_by(Label.id)
    return _read(store, paid)


def computed_table(store: Store, recipe_hash: str) -> "DataFrame":
    """The finished, trusted labels of one recipe, ordered by label_id.

    Columns: label_id, configuration_id, system_id, split, round_number, finished_at, asked_at (when it was first asked
    for), retried, computed_ev and computed_std_ev (the standard error of the recipe). Numbers that are not known
    are NaN.
    """
    retried = select(LabelEvent.configuration_id).where(
        LabelEvent.recipe_hash == recipe_hash, LabelEvent.what == "retried"
    )
    query = select(
        Label.id.label("label_id"),
        Label.configuration_id,
        Configuration.system_id,
        Configuration.split,
        Label.round_number,
        Label.finished_at,
        Label.created_at.label("asked_at"),
        Label.configuration_id.in_(retried).label("retried"),
        Label.energy_ev.label("computed_ev"),
        (Label.recipe_std_cm1 * CM1_EV).label("computed_std_ev"),
    ).join(Configuration, Configuration.id == Label.configuration_id)
    query = query.where(trusted(recipe_hash), Label.energy_ev.is_not(None)).order_by(Label.id)
    times = dict.fromkeys(("finished_at", "asked_at"), "datetime64[ns, UTC]")
    numbers = dict.fromkeys(("computed_ev", "computed_std_ev"), "float64")
    return _read(store, query).astype(
        numbers | times | {"configuration_id": "int64", "system_id": "int64", "round_number": "Int64", "retried": bool}
    )


def predictions_table(store: Store, recipe_hash: str) -> "DataFrame":
    """What all models predict where one recipe has a finished, trusted label.

    Columns: model_id, configuration_id, predicted_ev, std_ev, NaN where a model has no spread.
    """
    predicted_ev = Prediction.energy_ev.label("predicted_ev")
    query = select(Prediction.model_id, Prediction.configuration_id, predicted_ev, Prediction.std_ev)
    # A list made once: joined, the rows of labels, which are long, would be read once for each model.
    query = query.where(Prediction.configuration_id.in_(select(Label.configuration_id).where(trusted(recipe_hash))))
    numbers = dict.fromkeys(("model_id", "configuration_id"), "int64")
    return _read(store, query).astype(numbers | {"predicted_ev": "float64", "std_ev": "float64"})


def asked_table(store: Store, *, but: str) -> "DataFrame":
    """Every label of another recipe than that of this hash: configuration_id, recipe (its name), asked_at."""
    query = select(Label.configuration_id, Label.recipe, Label.created_at.label("asked_at"))
    types = {"configuration_id": "int64", "recipe": "object", "asked_at": "datetime64[ns, UTC]"}
    return _read(store, query.where(Label.recipe_hash != but)).astype(types)


def _read(store: Store, query: Executable) -> "DataFrame":
    # Here, because workers need no pandas.
    import pandas as pd

    with store.read() as session:
        result = session.connection().execute(query)  # without the layer that makes objects of rows
        names = list(result.keys())
        return pd.DataFrame.from_records([tuple(row) for row in result.fetchall()], columns=names)
