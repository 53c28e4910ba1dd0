"""Any number of systems, each with its own pool or test set; poses of probes; channels by the names of their terms."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

JSON = sa.JSON(none_as_null=True)
#: Cut points that are in memory at once.
AT_ONCE = 10_000
FROZEN = "EXISTS (SELECT 1 FROM systems WHERE id = NEW.system_id AND test_frozen_at IS NOT NULL)"
LABELLED = "EXISTS (SELECT 1 FROM labels WHERE configuration_id = OLD.id)"
NO_POOL = (
    "NEW.split = 'pool' AND (SELECT role FROM systems WHERE id = NEW.system_id) = 'transfer'",
    "A transfer system is only tested on: it has no pool",
)
#: Name → when, what breaks the rule, and the rule. Those of 0001 and 0008 look at the configuration's own system now.
RULES = {
    "configurations_split_frozen": (
        "BEFORE UPDATE OF split ON configurations",
        f"NEW.split <> OLD.split AND ({FROZEN} OR {LABELLED})",
        "A configuration cannot move between pool and test set once it has a label or the test set is frozen",
    ),
    "configurations_test_closed": (
        "BEFORE INSERT ON configurations",
        f"NEW.split = 'test' AND {FROZEN}",
        "The test set is frozen, so no configuration can be added to it",
    ),
    "configurations_transfer_added": ("BEFORE INSERT ON configurations", *NO_POOL),
    "configurations_transfer_moved": ("BEFORE UPDATE OF split, system_id ON configurations", *NO_POOL),
    "systems_role_kept": (
        "BEFORE UPDATE OF role ON systems",
        "NEW.role <> OLD.role",
        "A system is trained on or only tested on, for good",
    ),
    "picks_never_test": (
        "BEFORE INSERT ON picks",
        "(SELECT split FROM configurations WHERE id = NEW.configuration_id) <> 'pool'",
        "A configuration of the test set cannot be picked",
    ),
}
SQLITE = (
    "CREATE TRIGGER {name} {when} WHEN {broken} BEGIN SELECT RAISE(ABORT, 'nci: {rule}; nothing was changed.'); END"
)
FUNCTION = """CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        IF {broken} THEN
            RAISE EXCEPTION 'nci: {rule}; nothing was changed.' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$"""
#: Where they were before.
EARLIER = {
    "configurations_split_frozen": "configurations",
    "configurations_test_closed": "configurations",
    "picks_never_test": "picks",
}


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table in EARLIER.items():  # tables are rebuilt, and triggers that name them would be in the way
        op.execute(f"DROP TRIGGER {name}" + ("" if on_sqlite else f" ON {table}"))
    _systems()
    _configurations()
    _labels()
    _cut_points()
    _metrics()
    op.add_column("teacher_labels", sa.Column("torque_ev", JSON, nullable=True))
    for name, (when, broken, rule) in RULES.items():
        if on_sqlite:
            op.execute(SQLITE.format(name=name, when=when, broken=broken, rule=rule))
        else:
            op.execute(FUNCTION.format(name=name, broken=broken, rule=rule))
            op.execute(f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _systems() -> None:
    """The one dimer of the campaign becomes its first system, with the number 1."""
    systems = op.create_table(
        "systems",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("host", JSON, nullable=False),
        sa.Column("probe", JSON, nullable=False),
        sa.Column("test_frozen_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("role IN ('train', 'transfer')", name=op.f("ck_systems_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_systems")),
        sa.UniqueConstraint("name", name=op.f("uq_systems_name")),
    )
    names = ("dimer", "host", "host_symbols", "host_positions_angstrom", "host_source", "probe", "test_frozen_at")
    kinds: dict[str, Any] = {"host_symbols": JSON, "host_positions_angstrom": JSON}
    kinds |= {"test_frozen_at": sa.DateTime(), "created_at": sa.DateTime()}
    columns = [sa.column(name, kinds.get(name, sa.Text())) for name in (*names, "created_at")]
    for row in op.get_bind().execute(sa.select(*columns).select_from(sa.table("campaign_info", *columns))).all():
        host = {"name": row.host, "symbols": row.host_symbols, "positions_angstrom": row.host_positions_angstrom}
        probe = {"name": row.probe, "symbols": [row.probe], "positions_angstrom": [[0.0, 0.0, 0.0]]}
        values = {
            "name": row.dimer,
            "role": "train",
            "place": 0,
            "host": host | {"charge": 0, "source": row.host_source},
            "probe": probe | {"charge": 0, "source": ""},
            "test_frozen_at": row.test_frozen_at,
            "created_at": row.created_at,
        }
        op.get_bind().execute(systems.insert().values(**values))
    with op.batch_alter_table("campaign_info") as table:
        for name in names:
            table.drop_column(name)


def _configurations() -> None:
    op.add_column("configurations", sa.Column("system_id", sa.Integer(), nullable=False, server_default="1"))
    for name, value in (("q_w", "1"), ("q_x", "0"), ("q_y", "0"), ("q_z", "0")):
        op.add_column("configurations", sa.Column(name, sa.Float(53), nullable=False, server_default=value))
    with op.batch_alter_table("configurations") as table:
        table.alter_column("system_id", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        table.create_foreign_key(op.f("fk_configurations_system_id"), "systems", ["system_id"], ["id"])
        table.create_unique_constraint(op.f("uq_configurations_id_system_id"), ["id", "system_id"])
        table.drop_index(op.f("ix_configurations_split"))
        table.create_index(op.f("ix_configurations_split_system_id"), ["split", "system_id"])


def _labels() -> None:
    op.add_column("labels", sa.Column("system_id", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("labels") as table:
        table.alter_column("system_id", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        table.drop_constraint(op.f("fk_labels_configuration_id"), type_="foreignkey")
        table.create_foreign_key(
            op.f("fk_labels_configuration_id_system_id"),
            "configurations",
            ["configuration_id", "system_id"],
            ["id", "system_id"],
        )
        table.create_index(op.f("ix_labels_system_id_recipe_hash_status"), ["system_id", "recipe_hash", "status"])


def _cut_points() -> None:
    op.add_column("cut_points", sa.Column("system_id", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("cut_points", sa.Column("channels_ev", JSON, nullable=False, server_default="{}"))
    _fill_channels()
    with op.batch_alter_table("cut_points") as table:
        table.alter_column("system_id", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        table.alter_column("channels_ev", existing_type=JSON, existing_nullable=False, server_default=None)
        table.create_foreign_key(op.f("fk_cut_points_system_id"), "systems", ["system_id"], ["id"])
        table.drop_column("repulsion_ev")
        table.drop_column("dispersion_ev")
        for owner in ("model_id", "teacher"):
            table.drop_index(op.f(f"ix_cut_points_{owner}_cut"))
            table.create_index(op.f(f"ix_cut_points_{owner}_system_id_cut"), [owner, "system_id", "cut"])


def _fill_channels() -> None:
    """Here and not by the database: SQLite writes fifteen digits into JSON, and a double has seventeen."""
    names = ("repulsion", "dispersion")
    points = sa.table(
        "cut_points",
        sa.column("id", sa.Integer),
        sa.column("channels_ev", JSON),
        *(sa.column(f"{name}_ev", sa.Float(53)) for name in names),
    )
    columns = [points.c[f"{name}_ev"] for name in names]
    query = sa.select(points.c.id, *columns).order_by(points.c.id).limit(AT_ONCE)
    change = sa.update(points).where(points.c.id == sa.bindparam("point")).values(channels_ev=sa.bindparam("found"))
    last = 0
    while rows := op.get_bind().execute(query.where(points.c.id > last)).all():
        last = rows[-1].id
        known = [
            {"point": row.id, "found": {n: v for n, v in zip(names, row[1:], strict=True) if v is not None}}
            for row in rows
        ]
        op.get_bind().execute(change, known)


def _metrics() -> None:
    with op.batch_alter_table("metrics") as table:
        table.add_column(sa.Column("system_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_metrics_system_id"), "systems", ["system_id"], ["id"])
