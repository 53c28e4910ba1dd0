"""What a job needs of its worker, and indices that keep a queue of 100,000 jobs quick."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("needs_memory_gb", sa.Float(53), nullable=True))
    op.add_column("jobs", sa.Column("needs_gpus", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index(op.f("ix_jobs_state_priority"), table_name="jobs")
    order: list[str | sa.TextClause] = ["state", sa.text("priority DESC"), "id", "needs_memory_gb", "needs_gpus"]
    op.create_index("ix_jobs_order", "jobs", order, unique=False)
    op.create_index(op.f("ix_jobs_kind_state"), "jobs", ["kind", "state"], unique=False)
    op.create_index(op.f("ix_jobs_finished_at"), "jobs", ["finished_at"], unique=False)
