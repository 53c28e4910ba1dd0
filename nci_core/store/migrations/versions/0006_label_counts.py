"""The labels of one recipe that have a job are counted by an index alone."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.drop_index(op.f("ix_labels_recipe_hash_status"), table_name="labels")
    op.create_index(
        op.f("ix_labels_recipe_hash_status_job_id"), "labels", ["recipe_hash", "status", "job_id"], unique=False
    )
