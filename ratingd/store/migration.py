"""Bringing the schema to its newest version, or back.

A daemon migrates when it starts, before it answers anything. Of several that start together one does it while the
others wait, and then find nothing to do. A schema that is newer than this program is refused, not touched.

Nearly every start finds the schema as it should be. That is seen by comparing two words, for Alembic takes a tenth of
a second to be loaded.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, column, inspect, select, table

from ratingd.store.database import Database
from ratingd.store.faults import StoreFault

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS: Final = Path(__file__).with_name("migrations")
VERSION_TABLE: Final = "alembic_version"


class SchemaUnknown(StoreFault):
    pass


def migrate(database: Database, to: str = "head") -> None:
    with database.migrating() as connection:
        found = revision(connection)
        if to == "head" and found == newest():
            return
        upgrade(connection, found, to)
        connection.commit()


def upgrade(connection: Connection, found: str | None, to: str) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_settings(connection), to)
    except CommandError as fault:
        raise SchemaUnknown(
            f"the database has schema {found}, which this version of ratingd does not know. "
            "A newer ratingd has used it: run that one, or restore the backup taken before the upgrade."
        ) from fault


def go_back(database: Database, to: str) -> None:
    from alembic import command

    with database.migrating() as connection:
        command.downgrade(alembic_settings(connection), to)
        connection.commit()


def newest() -> str:
    """The version that this program works with: the number that the last of its migrations begins with."""
    return max(path.name for path in SCRIPTS.glob("versions/[0-9]*.py")).partition("_")[0]


def revision(connection: Connection) -> str | None:
    """The schema's version; None on an empty database."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return version


def alembic_settings(connection: Connection) -> "Config":
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings
