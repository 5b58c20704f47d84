"""Tariff versions: every tariff that was loaded, as a compressed image, and from when each is in force.

Loading makes version N+1; activating says from which instant on it holds. The version in force is the one with the
latest such instant that has passed, so that going back is activating an older version again.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, insert, select, update

from ratingd.store.database import Database
from ratingd.store.rows import StoredTariff
from ratingd.store.tables import tariff_versions

t: Final = tariff_versions.c


class TariffVersions:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def add(
        self,
        image: bytes,
        *,
        source_fingerprint: str,
        loaded_ns: int,
        loaded_by: str,
        effective_at_ns: int | None,
        moves_calls: bool = False,
    ) -> int:
        """Store a new version and return its number, which is higher than any before."""
        row = {
            "image": image,
            "source_fingerprint": source_fingerprint,
            "loaded_ns": loaded_ns,
            "loaded_by": loaded_by,
            "effective_at_ns": effective_at_ns,
            "moves_calls": moves_calls,
        }
        with self._database.write() as connection:
            return int(connection.execute(insert(tariff_versions).values(row).returning(t.id)).scalar_one())

    def activate(self, number: int, effective_at_ns: int, *, moves_calls: bool = False) -> bool:
        """Let a version hold from an instant on; False when there is none of that number."""
        with self._database.write() as connection:
            changed = connection.execute(
                update(tariff_versions)
                .where(t.id == number)
                .values(effective_at_ns=effective_at_ns, moves_calls=moves_calls)
            )
            return changed.rowcount == 1

    def to_serve(self, now_ns: int) -> list[StoredTariff]:
        """The version in force, if there is one, and those that will be, in the order in which they come into force."""
        order = (t.effective_at_ns, t.id)
        now = select(tariff_versions).where(t.effective_at_ns <= now_ns).order_by(*(c.desc() for c in order)).limit(1)
        later = select(tariff_versions).where(t.effective_at_ns > now_ns).order_by(*order)
        return [*self._read(now), *self._read(later)]

    def get(self, number: int) -> StoredTariff | None:
        return next(iter(self._read(select(tariff_versions).where(t.id == number))), None)

    def history(self, limit: int = 50) -> list[StoredTariff]:
        """The newest versions, the last loaded first, without their images."""
        columns = [column for column in t if column is not t.image]
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).order_by(t.id.desc()).limit(limit)).all()
        return [stored(row, b"") for row in rows]

    def _read(self, query: Select[Any]) -> Sequence[StoredTariff]:
        with self._database.read() as connection:
            return [stored(row, bytes(row.image)) for row in connection.execute(query).all()]


def stored(row: Row[Any], image: bytes) -> StoredTariff:
    return StoredTariff(
        number=row.id,
        image=image,
        source_fingerprint=row.source_fingerprint,
        effective_at_ns=row.effective_at_ns,
        loaded_ns=row.loaded_ns,
        loaded_by=row.loaded_by,
        moves_calls=row.moves_calls,
    )
