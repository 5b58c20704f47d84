"""How far the runs of action plans have come, what is paused, and what was ordered out of turn.

An instant is run for the accounts of the plan in their order, a chunk at a time, and after each chunk the place is
stored: whoever goes on after a crash repeats at most one chunk, and repeating an effect does nothing, for its
idempotency key is taken.

Of several daemons one runs the schedules, and any may be asked to pause one, to run one now or to replay a window. What
was asked is a row, an order, which the one that runs them finds within a second; a pause is a row too, so that it
outlives daemons and tariffs. Who lifts a pause removes it and leaves an order in the same transaction, that says what
becomes of the instants in between: nobody finds the pause gone and the order not yet there.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from accounts.account import AccountKey
from ratingd.store.database import Database, inserting
from ratingd.store.faults import DataRefused
from ratingd.store.rows import ScheduleRow
from ratingd.store.tables import schedule_orders, schedule_pauses, schedules

t: Final = schedules.c
o: Final = schedule_orders.c
p: Final = schedule_pauses.c
KEPT: Final = ("done_ns", "running_ns", "after_tenant", "after_account", "begun_ns")
KEPT_TOO: Final = ("accounts", "members", "refused", "ran_ns", "owed_ns")
UPSERT: Final = inserting(
    schedules,
    "ON CONFLICT (entry, time_zone) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in (*KEPT, *KEPT_TOO)),
)

RUN: Final = "run"
REPLAY: Final = "replay"
RESUME: Final = "resume"


@dataclass(frozen=True, slots=True)
class Pause:
    """A plan, or one entry of it, that runs nothing since an instant. `entry` "" is the whole plan."""

    plan_id: str
    entry: str
    since_ns: int


@dataclass(frozen=True, slots=True)
class Order:
    """Something to run out of turn, and how far that has come.

    `kind` is RUN (now), REPLAY (the instants of a window, start included, end not) or RESUME (the window was a pause,
    whose instants are made up or skipped). `plan_id` "" is every plan, `entry` "" every entry, `account` "" every
    member. `accounts` of `members` are done; an account counts once for each entry and instant. `place` says where to
    go on, in words of who runs it.
    """

    id: str
    idempotency_key: str
    fingerprint: bytes
    kind: str
    plan_id: str = ""
    entry: str = ""
    tenant: str = ""
    account: str = ""
    start_ns: int = 0
    end_ns: int = 0
    make_up: bool = False
    ordered_ns: int = 0
    begun_ns: int | None = None
    ended_ns: int | None = None
    accounts: int = 0
    members: int = 0
    refused: int = 0
    place: str = ""
    error: str = ""


class Schedules:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def get(self, entry: str, time_zone: str) -> ScheduleRow | None:
        query = select(schedules).where(t.entry == entry, t.time_zone == time_zone)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else schedule(row)

    def rows(self) -> list[ScheduleRow]:
        with self._database.read() as connection:
            return [schedule(row) for row in connection.execute(select(schedules).order_by(t.entry, t.time_zone)).all()]

    def save(self, row: ScheduleRow) -> None:
        place = (row.entry, row.time_zone, row.done_ns, row.running_ns, row.after.tenant, row.after.account)
        figures = (row.begun_ns, row.accounts, row.members, row.refused, row.ran_ns, row.owed_ns)
        with self._database.write() as connection:
            self._database.run(connection, UPSERT, [(*place, *figures)])

    def forget(self, entry: str, time_zone: str) -> None:
        gone = delete(schedules).where(t.entry == entry, t.time_zone == time_zone)
        with self._database.write() as connection:
            connection.execute(gone)

    # Pauses.

    def pauses(self) -> list[Pause]:
        with self._database.read() as connection:
            rows = connection.execute(select(schedule_pauses).order_by(p.plan_id, p.entry)).all()
        return [Pause(row.plan_id, row.entry, row.since_ns) for row in rows]

    def pause(self, pause: Pause) -> bool:
        """False where it was paused already; that pause goes on from its own begin."""
        with self._database.write() as connection:
            if connection.execute(self._paused(pause.plan_id, pause.entry)).one_or_none() is not None:
                return False
            connection.execute(insert(schedule_pauses).values(asdict(pause)))
        return True

    def resume(self, order: Order) -> Pause | None:
        """Lift the pause of the order's plan and entry, and leave the order; None where nothing was paused."""
        with self._database.write() as connection:
            row = connection.execute(self._paused(order.plan_id, order.entry)).one_or_none()
            if row is None:
                return None
            connection.execute(delete(schedule_pauses).where(p.plan_id == order.plan_id, p.entry == order.entry))
            connection.execute(insert(schedule_orders).values(asdict(order) | {"start_ns": row.since_ns}))
        return Pause(row.plan_id, row.entry, row.since_ns)

    @staticmethod
    def _paused(plan_id: str, entry: str) -> Any:
        return select(schedule_pauses).where(p.plan_id == plan_id, p.entry == entry)

    # Orders.

    def place_order(self, order: Order) -> Order:
        """Store it, or find the one that was placed under its key before. Raises nothing of its own for that."""
        known = self.order_of_key(order.idempotency_key)
        if known is not None:
            return known
        try:
            with self._database.write() as connection:
                connection.execute(insert(schedule_orders).values(asdict(order)))
        except DataRefused:  # somebody placed it in between
            known = self.order_of_key(order.idempotency_key)
            if known is None:
                raise
            return known
        return order

    def order_of_key(self, idempotency_key: str) -> Order | None:
        return self._order(select(schedule_orders).where(o.idempotency_key == idempotency_key))

    def order(self, id: str) -> Order | None:
        return self._order(select(schedule_orders).where(o.id == id))

    def _order(self, query: Any) -> Order | None:
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else ordered(row)

    def open_orders(self, kinds: Sequence[str], limit: int = 100) -> list[Order]:
        """What waits or is under way: first what is for one account, then the oldest."""
        query = select(schedule_orders).where(o.ended_ns.is_(None), o.kind.in_(kinds))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(o.account == "", o.ordered_ns, o.id).limit(limit)).all()
        return [ordered(row) for row in rows]

    def latest_orders(self, limit: int) -> list[Order]:
        """What was ordered, newest first."""
        query = select(schedule_orders).order_by(o.ordered_ns.desc(), o.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [ordered(row) for row in connection.execute(query).all()]

    def save_order(self, order: Order) -> None:
        """Keep how far it has come."""
        figures = ("begun_ns", "ended_ns", "accounts", "members", "refused", "place", "error")
        values = {name: getattr(order, name) for name in figures}
        with self._database.write() as connection:
            connection.execute(update(schedule_orders).where(o.id == order.id).values(values))


def schedule(row: Row[Any]) -> ScheduleRow:
    return ScheduleRow(
        row.entry,
        row.time_zone,
        row.done_ns,
        row.running_ns,
        AccountKey(row.after_tenant, row.after_account),
        begun_ns=row.begun_ns,
        accounts=row.accounts,
        members=row.members,
        refused=row.refused,
        ran_ns=row.ran_ns,
        owed_ns=row.owed_ns,
    )


def ordered(row: Row[Any]) -> Order:
    values = dict(row._mapping)
    return Order(**values | {"fingerprint": bytes(row.fingerprint)})
