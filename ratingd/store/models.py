"""`store.models`: trained models with their files, and which of each name is active or in the shadow.

Version 3 of `masking` takes the place of version 2: 2 is archived, 3 becomes production and remembers 2, and who did
it is in the audit; all of it in one transaction, or none. Two people who activate at once follow one another: at most
one version of a name is production, and the database itself sees to it.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from ratingd.store.database import Database
from ratingd.store.fraud_rows import AuditRow
from ratingd.store.model_rows import ARCHIVED, PRODUCTION, SHADOW, ModelFile, ModelRow
from ratingd.store.model_tables import model_files, models
from ratingd.store.tables import fraud_audits

m: Final = models.c
f: Final = model_files.c

InUse = dict[tuple[str, str], int]  # (name, status) -> version


class Models:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def add(self, row: ModelRow, files: Sequence[ModelFile], audit: AuditRow) -> ModelRow:
        """Store it as the next version of its name; `row.version` does not matter."""
        with self._database.write() as connection:
            newest = connection.scalar(select(func.max(m.version)).where(m.name == row.name)) or 0
            added = _numbered(row, newest + 1)
            connection.execute(insert(models).values(_values(added)))
            for file in files:
                key = {"name": added.name, "version": added.version}
                content = {"file": file.file, "sha256": file.sha256, "content": file.content}
                connection.execute(insert(model_files).values(**key, **content))
            _audit(connection, audit, added)
        return added

    def one(self, name: str, version: int) -> ModelRow | None:
        found = self._models(name, m.version == version)
        return found[0] if found else None

    def all(self, name: str = "") -> list[ModelRow]:
        """By name, newest first."""
        return self._models(name)

    def of_status(self, name: str, status: str) -> ModelRow | None:
        found = self._models(name, m.status == status)
        return found[0] if found else None

    def in_use(self) -> InUse:
        """Which version of each name is in production and in the shadow. Asked every few seconds."""
        query = select(m.name, m.status, m.version).where(m.status.in_((PRODUCTION, SHADOW)))
        with self._database.read() as connection:
            return {(row.name, row.status): row.version for row in connection.execute(query)}

    def files(self, name: str, version: int) -> list[ModelFile]:
        query = select(model_files).where(f.name == name, f.version == version).order_by(f.file)
        with self._database.read() as connection:
            return [ModelFile(row.file, row.sha256, bytes(row.content)) for row in connection.execute(query)]

    def put(
        self, name: str, version: int, status: str, audit: AuditRow, *, previous: int | None = None
    ) -> ModelRow | None:
        """Give a version a status; who has it now is archived. None: there is no such version.

        One that becomes production remembers whom it follows, or `previous` where that is said.
        """
        with self._database.write() as connection:
            mine = (m.name == name, m.version == version)
            all_of_name = select(models).where(m.name == name).order_by(m.version)
            found = connection.execute(all_of_name.with_for_update()).all()
            if version not in {row.version for row in found}:
                return None
            held = [row.version for row in found if row.status == status and row.version != version]
            if status in (PRODUCTION, SHADOW):
                holders = update(models).where(m.name == name, m.status == status, m.version != version)
                connection.execute(holders.values(status=ARCHIVED))
            changed: dict[str, Any] = {"status": status}
            if status == PRODUCTION:
                changed |= {"activated_ms": audit.at_ms, "activated_by": audit.who}
                if previous is not None or held:
                    changed["previous"] = held[0] if previous is None else previous
            connection.execute(update(models).where(*mine).values(changed))
            row = _model(connection.execute(select(models).where(*mine)).one())
            _audit(connection, audit, row)
        return row

    def _models(self, name: str, *conditions: Any) -> list[ModelRow]:
        query = select(models).where(*conditions).order_by(m.name, m.version.desc())
        with self._database.read() as connection:
            found = connection.execute(query.where(m.name == name) if name else query)
            return [_model(row) for row in found]


def _numbered(r: ModelRow, version: int) -> ModelRow:
    return ModelRow(r.name, version, r.created_ms, r.algorithm, r.schema_hash, r.status, r.who, r.manifest)


def _values(r: ModelRow) -> dict[str, Any]:
    return {name: getattr(r, name) for name in models.c.keys()}  # noqa: SIM118


def _model(row: Row[Any]) -> ModelRow:
    return ModelRow(**row._mapping)


def _audit(connection: Connection, audit: AuditRow, row: ModelRow) -> None:
    values = {"at_ms": audit.at_ms, "who": audit.who, "what": audit.what, "details": audit.details}
    connection.execute(insert(fraud_audits).values(subject=f"{row.name} {row.version}", **values))
