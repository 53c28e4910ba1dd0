"""Energies that people bring, at places that are neither in the pool nor in the test set."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

FROZEN = "EXISTS (SELECT 1 FROM campaign_info WHERE test_frozen_at IS NOT NULL)"
#: Those of 0001, of which the last now holds for all that is not in the pool.
TRIGGERS = {
    "configurations_split_frozen": f"""CREATE TRIGGER configurations_split_frozen
    BEFORE UPDATE OF split ON configurations
    WHEN NEW.split <> OLD.split
    AND ({FROZEN} OR EXISTS (SELECT 1 FROM labels WHERE configuration_id = OLD.id))
    BEGIN SELECT RAISE(ABORT, 'nci: A configuration cannot move between pool and test set once it has a label \
or the test set is frozen; nothing was changed.'); END""",
    "configurations_test_closed": f"""CREATE TRIGGER configurations_test_closed BEFORE INSERT ON configurations
    WHEN NEW.split = 'test' AND {FROZEN}
    BEGIN SELECT RAISE(ABORT, 'nci: The test set is frozen, so no configuration can be added to it; \
nothing was changed.'); END""",
    "picks_never_test": """CREATE TRIGGER picks_never_test BEFORE INSERT ON picks
    WHEN (SELECT split FROM configurations WHERE id = NEW.configuration_id) <> 'pool'
    BEGIN SELECT RAISE(ABORT, 'nci: A configuration of the test set cannot be picked; \
nothing was changed.'); END""",
}
PICKS_FUNCTION = """CREATE OR REPLACE FUNCTION picks_never_test() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        IF (SELECT split FROM configurations WHERE id = NEW.configuration_id) <> 'pool' THEN
            RAISE EXCEPTION 'nci: A configuration of the test set cannot be picked; nothing was changed.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$"""
SPLITS = "split IN ('pool', 'test', 'outside')"


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if on_sqlite:  # the table is rebuilt, and triggers that name it would be in the way
        for name in TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
    with op.batch_alter_table("configurations") as table:
        table.drop_constraint(op.f("ck_configurations_split"), type_="check")
        table.create_check_constraint(op.f("ck_configurations_split"), SPLITS)
    for statement in TRIGGERS.values() if on_sqlite else (PICKS_FUNCTION,):
        op.execute(statement)
    op.create_table(
        "energy_sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('labels', 'test')", name=op.f("ck_energy_sets_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_energy_sets")),
        sa.UniqueConstraint("name", name=op.f("uq_energy_sets_name")),
        sa.UniqueConstraint("identity", name=op.f("uq_energy_sets_identity")),
    )
    op.create_table(
        "set_energies",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("configuration_id", sa.Integer(), nullable=False),
        sa.Column("energy_ev", sa.Float(precision=53), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"], ["energy_sets.id"], name=op.f("fk_set_energies_set_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["configuration_id"], ["configurations.id"], name=op.f("fk_set_energies_configuration_id")
        ),
        sa.PrimaryKeyConstraint("set_id", "configuration_id", name=op.f("pk_set_energies")),
    )
