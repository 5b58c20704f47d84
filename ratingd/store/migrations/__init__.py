"""Migrations of the schema, run by Alembic when the daemon starts."""
