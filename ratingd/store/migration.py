"""Bringing the schema to its newest version, or back.

A daemon migrates when it starts, before it answers anything. Of several that start together one does it while the
others wait, and then find nothing to do. A schema that is newer than this program is refused, not touched.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from ratingd.store.database import Database
from ratingd.store.faults import StoreFault

SCRIPTS: Final = Path(__file__).with_name("migrations")


class SchemaUnknown(StoreFault):
    pass


def migrate(database: Database, to: str = "head") -> None:
    with database.migrating() as connection:
        settings = alembic_settings(connection)
        found = revision(connection)
        if to == "head" and found == ScriptDirectory.from_config(settings).get_current_head():
            return
        try:
            command.upgrade(settings, to)
        except CommandError as fault:
            raise SchemaUnknown(
                f"the database has schema {found}, which this version of ratingd does not know. "
                "A newer ratingd has used it: run that one, or restore the backup taken before the upgrade."
            ) from fault
        connection.commit()


def go_back(database: Database, to: str) -> None:
    with database.migrating() as connection:
        command.downgrade(alembic_settings(connection), to)
        connection.commit()


def revision(connection: Connection) -> str | None:
    """The schema's version; None on an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def alembic_settings(connection: Connection) -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings
