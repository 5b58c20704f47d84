"""Alembic's way in: it runs on the connection that `ratingd.store.migration` hands over, all in one transaction."""

from alembic import context

from ratingd.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
