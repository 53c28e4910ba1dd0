"""Tables as pandas DataFrames for the app. One recipe, one teacher, one model at a time."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Executable, Select, and_, case, literal, null, select

from nci_core.errors import InputError
from nci_core.store.base import Base
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Label, Pick, Prediction, TeacherLabel

if TYPE_CHECKING:
    from pandas import DataFrame


def frame(store: Store, table: type[Base], *, recipe_hash: str | None = None) -> "DataFrame":
    """A whole table, ordered by its key; Label and Metric rows only of the recipe that must be given."""
    columns = table.__table__.columns
    query: Select[Any] = select(*columns).order_by(*table.__table__.primary_key)
    if table.__tablename__ in ("labels", "metrics") and recipe_hash is None:
        raise InputError(f"Rows of {table.__tablename__} of different recipes do not mix: give a recipe_hash.")
    if recipe_hash is not None:
        if "recipe_hash" not in columns:
            raise InputError(f"Rows of {table.__tablename__} have no recipe.")
        query = query.where(columns["recipe_hash"] == recipe_hash)
    return _read(store, query)


def configurations_frame(
    store: Store, *, teacher: str | None, recipe_hash: str | None, model_id: int | None, outside: bool = False
) -> "DataFrame":
    """One row per configuration of pool and test set (with `outside`, of all), ordered by id: what is known about it.

    Columns: id, geometry_hash, x_angstrom, y_angstrom, z_angstrom, split, sector, origin, teacher_ev,
    label_id, label_ev (only finished, trusted labels), label_status, round_number, picked_by,
    student_ev, student_std_ev, in_basket. Whatever is missing is NaN or None.
    """
    basket = select(Pick.configuration_id).where(Pick.state == "basket")
    trusted = and_(Label.status == "complete", Label.quarantine.is_(None))
    query = (
        select(
            Configuration.id,
            Configuration.geometry_hash,
            Configuration.x_angstrom,
            Configuration.y_angstrom,
            Configuration.z_angstrom,
            Configuration.split,
            Configuration.sector,
            Configuration.origin,
            TeacherLabel.energy_ev.label("teacher_ev"),
            Label.id.label("label_id"),
            case((trusted, Label.energy_ev), else_=null()).label("label_ev"),
            Label.status.label("label_status"),
            Label.round_number,
            Label.picked_by,
            Prediction.energy_ev.label("student_ev"),
            Prediction.std_ev.label("student_std_ev"),
            Configuration.id.in_(basket).label("in_basket"),
        )
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
    table = _read(store, query if outside else query.where(Configuration.split != "outside"))
    numbers = ("teacher_ev", "label_ev", "student_ev", "student_std_ev")
    integers = dict.fromkeys(("label_id", "round_number"), "Int64")
    return table.astype(dict.fromkeys(numbers, "float64") | integers | {"in_basket": "bool"})


def _read(store: Store, query: Executable) -> "DataFrame":
    # Here, because workers need no pandas.
    import pandas as pd

    with store.read() as session:
        result = session.execute(query)
        names = list(result.keys())
        return pd.DataFrame.from_records([tuple(row) for row in result], columns=names)
