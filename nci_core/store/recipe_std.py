"""The column of the labels' standard errors, filled anew from their stored parts: for migrations."""

import sqlalchemy as sa
from sqlalchemy import Connection

from nci_core.labels.label_errors import recipe_std_cm1

#: Labels that are in memory at once; a result has some kB.
AT_ONCE = 1000
#: Named here, not taken from the schema, which later versions change.
LABELS = sa.table(
    "labels",
    sa.column("id", sa.Integer),
    sa.column("recipe_hash", sa.Text),
    sa.column("result", sa.JSON(none_as_null=True)),
    sa.column("recipe_std_cm1", sa.Float),
)


def fill(connection: Connection) -> int:
    """Write what each finished label's error is by the recipes of this version; returns how many have one.

    A migration calls it when a built-in recipe gets a prediction error, or another one.
    """
    known, last = 0, 0
    query = sa.select(LABELS.c.id, LABELS.c.recipe_hash, LABELS.c.result).where(LABELS.c.result.is_not(None))
    change = sa.update(LABELS).where(LABELS.c.id == sa.bindparam("label")).values(recipe_std_cm1=sa.bindparam("std"))
    while rows := connection.execute(query.where(LABELS.c.id > last).order_by(LABELS.c.id).limit(AT_ONCE)).all():
        last = rows[-1].id
        found = [{"label": row.id, "std": recipe_std_cm1(row.recipe_hash, row.result)} for row in rows]
        connection.execute(change, found)
        known += sum(row["std"] is not None for row in found)
    return known
