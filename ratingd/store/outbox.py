"""The outbox: what has been decided and must still reach somebody.

An account's alerts reach each receiver in the order in which they were decided: the next one waits until the former is
delivered or dead. The order is by the account's version, which only grows, so it holds over restarts and between
daemons. Two receivers are independent of each other: one that is down must not silence the other for three days.
Disconnects wait for nothing at all, since each is about a call of its own.

Whoever delivers an entry leases it first: for the length of the lease nobody else sees it, and if the process dies the
lease ends by itself.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import Update

from accounts.account import AccountKey
from ratingd.store.database import Database
from ratingd.store.rows import OutboxEntry, receiver_of
from ratingd.store.tables import outbox

t: Final = outbox.c
first: Final = outbox.alias("first")
former: Final = outbox.alias("former")
LITERALLY_WAITING: Final[ColumnElement[str]] = literal_column(
    "'waiting'"
)  # a bound value would hide the partial indexes
PLACE: Final = tuple_(t.tenant, t.shard, t.account, t.id)
FIRST_IN_LINE: Final = and_(
    first.c.state == LITERALLY_WAITING,
    ~exists(1).where(
        *(former.c[name] == first.c[name] for name in ("tenant", "shard", "account", "receiver", "kind")),
        former.c.state == LITERALLY_WAITING,
        tuple_(former.c.version, former.c.created_ns, former.c.place)
        < tuple_(first.c.version, first.c.created_ns, first.c.place),
    ),
)


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def lease(
        self, kind: str, now_ns: int, until_ns: int, limit: int, *, but_for: Collection[str] = ()
    ) -> list[OutboxEntry]:
        """Take entries that are due and first in line, but none for some receivers; nobody else gets them before
        `until_ns`."""
        due = (
            select(first.c.tenant, first.c.shard, first.c.account, first.c.id)
            .where(first.c.kind == kind, first.c.due_ns <= now_ns, first.c.leased_until_ns <= now_ns, FIRST_IN_LINE)
            .where(first.c.receiver.not_in(but_for))
            .order_by(first.c.due_ns)
            .limit(limit)
        )
        with self._database.read() as connection:  # lanes may write meanwhile
            found = [tuple(row) for row in connection.execute(due).all()]
        if not found:
            return []
        free = update(outbox).where(PLACE.in_(found), t.state == LITERALLY_WAITING, t.leased_until_ns <= now_ns)
        with self._database.write() as connection:
            rows = connection.execute(free.values(leased_until_ns=until_ns).returning(*t)).all()
        return [entry(row) for row in sorted(rows, key=lambda row: (row.version, row.created_ns, row.place))]

    def delivered(self, entry_id: str) -> bool:
        """Done. False when it was not waiting."""
        return self._settle(entry_id, state="delivered", last_error="", attempts=t.attempts + 1)

    def retry(self, failed: OutboxEntry, due_ns: int, error: str) -> bool:
        """One more attempt has failed; the next is at `due_ns`, and what waits behind the entry is not due sooner."""
        line = (t.tenant == failed.key.tenant, t.shard == failed.shard, t.account == failed.key.account)
        behind = (t.receiver == receiver_of(failed.target), t.kind == failed.kind, t.state == LITERALLY_WAITING)
        put_off = update(outbox).where(t.id == failed.id, t.state == LITERALLY_WAITING)
        values = {"due_ns": due_ns, "last_error": error, "attempts": t.attempts + 1, "leased_until_ns": 0}
        with self._database.write() as connection:
            waited = connection.execute(put_off.values(values)).rowcount == 1
            connection.execute(update(outbox).where(*line, *behind, t.due_ns < due_ns).values(due_ns=due_ns))
        return waited

    def dead(self, entry_id: str, error: str) -> bool:
        """Put aside until somebody replays it."""
        return self._settle(entry_id, state="dead", last_error=error, attempts=t.attempts + 1)

    def release(self, entry_ids: Sequence[str]) -> None:
        """Give leased entries back untried."""
        with self._database.write() as connection:
            connection.execute(update(outbox).where(t.id.in_(entry_ids)).values(leased_until_ns=0))

    def release_all(self) -> None:
        """End the leases of a process that is gone; for a store that serves one process."""
        with self._database.write() as connection:
            connection.execute(
                update(outbox).where(t.state == LITERALLY_WAITING, t.leased_until_ns > 0).values(leased_until_ns=0)
            )

    def bring_forward(self, kind: str, now_ns: int, by_ns: int) -> int:
        """The clock was set back by so much: what is due later is due that much sooner; how many entries."""
        later = update(outbox).where(t.state == LITERALLY_WAITING, t.kind == kind, t.due_ns > now_ns)
        with self._database.write() as connection:
            return connection.execute(later.values(due_ns=t.due_ns - by_ns)).rowcount

    def unknown(self, entry_ids: Sequence[str]) -> list[str]:
        """Those ids that nothing in the outbox has."""
        with self._database.read() as connection:
            known = set(connection.scalars(select(t.id).where(t.id.in_(entry_ids))))
        return [entry_id for entry_id in dict.fromkeys(entry_ids) if entry_id not in known]

    def replay(self, entry_ids: Sequence[str] | None, now_ns: int, *, dry_run: bool = False) -> int:
        """Let dead entries (all of them for None) be tried again, as if they were new; how many there were."""
        dead = t.state == "dead" if entry_ids is None else and_(t.state == "dead", t.id.in_(entry_ids))
        if dry_run:
            with self._database.read() as connection:
                return int(connection.execute(select(func.count()).where(dead)).scalar_one())
        again = {"state": "waiting", "attempts": 0, "created_ns": now_ns, "due_ns": now_ns, "leased_until_ns": 0}
        with self._database.write() as connection:
            return connection.execute(update(outbox).where(dead).values(again)).rowcount

    def waiting_for(self, kind: str, targets: Collection[str] | None, limit: int = 1000) -> list[OutboxEntry]:
        """What waits for some targets, or for any (None), oldest first."""
        query = select(outbox).where(t.state == LITERALLY_WAITING, t.kind == kind)
        if targets is not None:
            query = query.where(t.target.in_(targets))
        return self._read(query.order_by(t.created_ns, t.place).limit(limit))

    def put_aside(self, kind: str, before_ns: int, error: str) -> int:
        """Give up what was made before an instant and still waits; how many there were."""
        old = update(outbox).where(t.state == LITERALLY_WAITING, t.kind == kind, t.created_ns < before_ns)
        with self._database.write() as connection:
            return connection.execute(old.values(state="dead", last_error=error)).rowcount

    def entries(self, state: str | None = None, key: AccountKey | None = None, limit: int = 100) -> list[OutboxEntry]:
        """What is in the outbox, newest first; of one account, or of a tenant where the key names no account."""
        query = select(outbox).order_by(t.created_ns.desc(), t.place.desc()).limit(limit)
        if state is not None:
            query = query.where(t.state == state)
        if key is not None:
            query = query.where(t.tenant == key.tenant)
            query = query.where(t.account == key.account) if key.account else query
        return self._read(query)

    def counts(self) -> dict[str, int]:
        """How many entries are in each state."""
        with self._database.read() as connection:
            rows = connection.execute(select(t.state, func.count()).group_by(t.state)).all()
        return {str(state): int(count) for state, count in rows}

    def forget_delivered(self, before_ns: int, stopping: Callable[[], bool] = lambda: False, chunk: int = 2000) -> int:
        """Delete what was delivered and made before an instant, a chunk a transaction so that nobody waits for it; how
        many there were, until it was done or `stopping`."""
        old = select(t.id).where(t.created_ns < before_ns, t.state == "delivered").order_by(t.created_ns).limit(chunk)
        forgotten, found = 0, chunk
        while found >= chunk and not stopping():
            with self._database.write() as connection:
                gone = delete(outbox).where(t.id.in_(old), t.state == "delivered")
                found = connection.execute(gone).rowcount
            forgotten += found
        return forgotten

    def _settle(self, entry_id: str, **values: Any) -> bool:
        query: Update = update(outbox).where(t.id == entry_id, t.state == LITERALLY_WAITING).values(values)
        with self._database.write() as connection:
            return connection.execute(query).rowcount == 1

    def _read(self, query: Select[Any]) -> list[OutboxEntry]:
        with self._database.read() as connection:
            return [entry(row) for row in connection.execute(query).all()]


def entry(row: Row[Any]) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        key=AccountKey(row.tenant, row.account),
        shard=row.shard,
        kind=row.kind,
        target=row.target,
        body=row.body,
        created_ns=row.created_ns,
        attempts=row.attempts,
        due_ns=row.due_ns,
        state=row.state,
        last_error=row.last_error,
    )
