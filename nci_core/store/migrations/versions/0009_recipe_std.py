"""Labels have the standard error of their recipe, those of earlier versions too where it follows from their parts."""

import sqlalchemy as sa
from alembic import op

from nci_core.store.recipe_std import fill

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("labels", sa.Column("recipe_std_cm1", sa.Float(precision=53), nullable=True))
    fill(op.get_bind())
