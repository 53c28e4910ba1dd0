"""Energies of a set may have a standard deviation each, where whoever made them could say one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("set_energies", sa.Column("std_ev", sa.Float(precision=53), nullable=True))
