"""Schema revisions: checked whenever a store opens, upgraded in one transaction when it is older."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from nci_core.errors import StoreError

#: The revision this code reads and writes; a test compares it with the newest migration.
HEAD = "0011"
MIGRATIONS = Path(__file__).parent / "migrations"


def current_revision(connection: Connection) -> str | None:
    """The schema revision of a database, None if it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if revision is None else str(revision)


def check_revision(connection: Connection, where: str, *, create: bool) -> bool:
    """Whether the schema is up to date; alembic is not loaded.

    Raises StoreError for a database that is not a campaign, or one made by a newer nci.
    """
    revision = current_revision(connection)
    if revision == HEAD:
        return True
    if revision is None:
        others = inspect(connection).get_table_names()
        if not create and not others and connection.dialect.name == "postgresql":
            raise StoreError(f"There is no campaign at {where}, or you may not see it; make one with `nci init`.")
        if not create or others:
            raise StoreError(f"{where} is a database, but not of a campaign; give the folder that `nci init` made.")
        return False
    if not any((MIGRATIONS / "versions").glob(f"{revision}_*.py")):
        raise StoreError(f"{where} was written by a newer nci (schema {revision}, this one has {HEAD}); update nci.")
    return False


def upgrade(connection: Connection, where: str, *, create: bool) -> None:
    """Bring the schema to HEAD inside the caller's transaction, which holds the write lock.

    Another process may have done it while this one waited for the lock, so it looks again first.
    """
    if check_revision(connection, where, create=create):
        return
    # Takes a quarter of a second, and most openings need no migration.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StoreError(f"{where} could not be brought up to date: it has rows that refer to missing ones.")
