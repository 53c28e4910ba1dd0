"""Campaign, configurations, labels, picks, rounds, models, metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite's INTEGER has 64 bits, PostgreSQL's 32.
SEED = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
FROZEN = "EXISTS (SELECT 1 FROM campaign_info WHERE test_frozen_at IS NOT NULL)"
# The functions of nci_core.store check the same; these hold for any program that writes.
# A later migration that rebuilds configurations or picks must create them anew.
TRIGGERS = (
    f"""CREATE TRIGGER configurations_split_frozen BEFORE UPDATE OF split ON configurations
    WHEN NEW.split <> OLD.split
    AND ({FROZEN} OR EXISTS (SELECT 1 FROM labels WHERE configuration_id = OLD.id))
    BEGIN SELECT RAISE(ABORT, 'nci: A configuration cannot move between pool and test set once it has a label \
or the test set is frozen; nothing was changed.'); END""",
    f"""CREATE TRIGGER configurations_test_closed BEFORE INSERT ON configurations
    WHEN NEW.split = 'test' AND {FROZEN}
    BEGIN SELECT RAISE(ABORT, 'nci: The test set is frozen, so no configuration can be added to it; \
nothing was changed.'); END""",
    """CREATE TRIGGER picks_never_test BEFORE INSERT ON picks
    WHEN (SELECT split FROM configurations WHERE id = NEW.configuration_id) = 'test'
    BEGIN SELECT RAISE(ABORT, 'nci: A configuration of the test set cannot be picked; \
nothing was changed.'); END""",
)

# The same rules for PostgreSQL. The search path is fixed so that they hold whatever the writer's is.
FUNCTION = """CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        IF {broken} THEN
            RAISE EXCEPTION 'nci: {message}; nothing was changed.' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$"""
POSTGRESQL_TRIGGERS = (
    (
        "configurations_split_frozen",
        "BEFORE UPDATE OF split ON configurations",
        f"NEW.split <> OLD.split AND ({FROZEN} OR EXISTS (SELECT 1 FROM labels WHERE configuration_id = OLD.id))",
        "A configuration cannot move between pool and test set once it has a label or the test set is frozen",
    ),
    (
        "configurations_test_closed",
        "BEFORE INSERT ON configurations",
        f"NEW.split = 'test' AND {FROZEN}",
        "The test set is frozen, so no configuration can be added to it",
    ),
    (
        "picks_never_test",
        "BEFORE INSERT ON picks",
        "(SELECT split FROM configurations WHERE id = NEW.configuration_id) = 'test'",
        "A configuration of the test set cannot be picked",
    ),
)


def upgrade() -> None:
    op.create_table(
        "campaign_info",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dimer", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("host_symbols", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("host_positions_angstrom", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("host_source", sa.Text(), nullable=False),
        sa.Column("probe", sa.Text(), nullable=False),
        sa.Column("teacher", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("recipe_hash", sa.Text(), nullable=False),
        sa.Column("well_below_cm1", sa.Float(precision=53), nullable=False),
        sa.Column("limit_cm1", sa.Float(precision=53), nullable=False),
        sa.Column("test_frozen_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("nci_version", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_campaign_info_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_info")),
    )
    op.create_table(
        "configurations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("geometry_hash", sa.Text(), nullable=False),
        sa.Column("x_angstrom", sa.Float(precision=53), nullable=False),
        sa.Column("y_angstrom", sa.Float(precision=53), nullable=False),
        sa.Column("z_angstrom", sa.Float(precision=53), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("sample_seed", SEED, nullable=True),
        sa.Column("split", sa.String(length=8), nullable=False),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("split IN ('pool', 'test')", name=op.f("ck_configurations_split")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
        sa.UniqueConstraint("geometry_hash", name=op.f("uq_configurations_geometry_hash")),
    )
    op.create_index(op.f("ix_configurations_split"), "configurations", ["split"], unique=False)
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("recipe_hash", sa.Text(), nullable=True),
        sa.Column("teacher", sa.Text(), nullable=True),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("n_labels", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("seed", SEED, nullable=True),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('distilled', 'finetuned', 'direct')", name=op.f("ck_models_kind")),
        sa.ForeignKeyConstraint(["parent_id"], ["models.id"], name=op.f("fk_models_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("name", name=op.f("uq_models_name")),
    )
    op.create_table(
        "rounds",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("picked_by", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("recipe_hash", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("cpu_seconds", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rounds")),
    )
    op.create_table(
        "cut_points",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("teacher", sa.Text(), nullable=True),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("distance_angstrom", sa.Float(precision=53), nullable=False),
        sa.Column("x_angstrom", sa.Float(precision=53), nullable=False),
        sa.Column("y_angstrom", sa.Float(precision=53), nullable=False),
        sa.Column("z_angstrom", sa.Float(precision=53), nullable=False),
        sa.Column("energy_ev", sa.Float(precision=53), nullable=False),
        sa.Column("std_ev", sa.Float(precision=53), nullable=True),
        sa.Column("repulsion_ev", sa.Float(precision=53), nullable=True),
        sa.Column("dispersion_ev", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_cut_points_model_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cut_points")),
    )
    op.create_index(op.f("ix_cut_points_model_id_cut"), "cut_points", ["model_id", "cut"], unique=False)
    op.create_index(op.f("ix_cut_points_teacher_cut"), "cut_points", ["teacher", "cut"], unique=False)
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("configuration_id", sa.Integer(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("recipe_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("energy_ev", sa.Float(precision=53), nullable=True),
        sa.Column("hf_ev", sa.Float(precision=53), nullable=True),
        sa.Column("ccsd_ev", sa.Float(precision=53), nullable=True),
        sa.Column("triples_ev", sa.Float(precision=53), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("cpu_seconds", sa.Float(precision=53), nullable=True),
        sa.Column("wall_seconds", sa.Float(precision=53), nullable=True),
        sa.Column("memory_gb", sa.Float(precision=53), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("quarantine", sa.Text(), nullable=True),
        sa.Column("round_number", sa.Integer(), nullable=True),
        sa.Column("picked_by", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("status <> 'complete' OR energy_ev IS NOT NULL", name=op.f("ck_labels_complete_has_energy")),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'complete', 'error', 'cancelled')", name=op.f("ck_labels_status")
        ),
        sa.ForeignKeyConstraint(["configuration_id"], ["configurations.id"], name=op.f("fk_labels_configuration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint("configuration_id", "recipe_hash", name=op.f("uq_labels_configuration_id_recipe_hash")),
    )
    op.create_index(op.f("ix_labels_job_id"), "labels", ["job_id"], unique=False)
    op.create_index(op.f("ix_labels_recipe_hash_status"), "labels", ["recipe_hash", "status"], unique=False)
    op.create_index(op.f("ix_labels_round_number"), "labels", ["round_number"], unique=False)
    op.create_table(
        "metrics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("teacher", sa.Text(), nullable=True),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("recipe_hash", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("mae_cm1", sa.Float(precision=53), nullable=False),
        sa.Column("rmse_cm1", sa.Float(precision=53), nullable=False),
        sa.Column("max_cm1", sa.Float(precision=53), nullable=False),
        sa.Column("bias_cm1", sa.Float(precision=53), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_metrics_model_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
    )
    op.create_index(op.f("ix_metrics_model_id"), "metrics", ["model_id"], unique=False)
    op.create_index(op.f("ix_metrics_recipe_hash_split"), "metrics", ["recipe_hash", "split"], unique=False)
    op.create_table(
        "picks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("configuration_id", sa.Integer(), nullable=False),
        sa.Column("picked_by", sa.Text(), nullable=False),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("state IN ('basket', 'submitted', 'dropped')", name=op.f("ck_picks_state")),
        sa.ForeignKeyConstraint(["configuration_id"], ["configurations.id"], name=op.f("fk_picks_configuration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picks")),
        sa.UniqueConstraint(
            "configuration_id",
            "picked_by",
            "round_number",
            name=op.f("uq_picks_configuration_id_picked_by_round_number"),
        ),
    )
    op.create_index(op.f("ix_picks_state"), "picks", ["state"], unique=False)
    op.create_table(
        "predictions",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("configuration_id", sa.Integer(), nullable=False),
        sa.Column("energy_ev", sa.Float(precision=53), nullable=False),
        sa.Column("std_ev", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(
            ["configuration_id"], ["configurations.id"], name=op.f("fk_predictions_configuration_id")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_predictions_model_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model_id", "configuration_id", name=op.f("pk_predictions")),
    )
    op.create_table(
        "teacher_labels",
        sa.Column("configuration_id", sa.Integer(), nullable=False),
        sa.Column("teacher", sa.Text(), nullable=False),
        sa.Column("energy_ev", sa.Float(precision=53), nullable=False),
        sa.Column("channels_ev", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("force_ev_angstrom", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(
            ["configuration_id"], ["configurations.id"], name=op.f("fk_teacher_labels_configuration_id")
        ),
        sa.PrimaryKeyConstraint("configuration_id", "teacher", name=op.f("pk_teacher_labels")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in TRIGGERS:
            op.execute(statement)
    if op.get_bind().dialect.name == "postgresql":
        for name, event, broken, message in POSTGRESQL_TRIGGERS:
            op.execute(FUNCTION.format(name=name, broken=broken, message=message))
            op.execute(f"CREATE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()")
