"""Alembic's entry point: runs on the connection that `nci_core.store.migrate` hands over."""

from alembic import context

from nci_core.store.schema import Base

connection = context.config.attributes["connection"]
# One transaction, ours: a migration is whole or absent.
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
