"""What happened to labels that were set aside; limits of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "label_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("configuration_id", sa.Integer(), nullable=False),
        sa.Column("recipe_hash", sa.Text(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "what IN ('set-aside', 'accepted', 'left-out', 'retried')", name=op.f("ck_label_history_what")
        ),
        sa.ForeignKeyConstraint(
            ["configuration_id"], ["configurations.id"], name=op.f("fk_label_history_configuration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_history")),
    )
    op.create_index(
        op.f("ix_label_history_recipe_hash_configuration_id"),
        "label_history",
        ["recipe_hash", "configuration_id"],
        unique=False,
    )
    op.add_column("jobs", sa.Column("memory_limit_gb", sa.Float(precision=53), nullable=True))
    op.add_column("jobs", sa.Column("silence_limit_seconds", sa.Float(precision=53), nullable=True))
