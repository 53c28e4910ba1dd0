"""Alembic's entry point: runs on the connection that `nci_core.store.migrate` hands over."""

from alembic import context

from nci_core.store.schema import CampaignInfo


def migrate() -> None:
    """Run the migrations in one transaction, the caller's: a migration is whole or absent."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=CampaignInfo.metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


# Absent when a tool imports this file without a migration to run.
if getattr(context, "config", None) is not None:
    migrate()
