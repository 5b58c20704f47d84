"""The directory of accounts: which there are, which belong to a plan, and for which something expires.

Everything is read in pages that begin after the last account of the page before, so that a million accounts are listed
at the price of each page, and an account that appears meanwhile shifts nothing.

The rows that keep the members of shared groups lie among the accounts and are none: only `every_key` gives them.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import ColumnElement, func, select, tuple_

from accounts.account import AccountKey
from accounts.shared_group import GROUP
from ratingd.store.database import Database
from ratingd.store.rows import FIRST_KEY, AccountRow, shard_of
from ratingd.store.tables import accounts, monitored_accounts, plan_members

a: Final = accounts.c
m: Final = plan_members.c
AN_ACCOUNT: Final = func.substr(a.account, 1, len(GROUP)) != GROUP


class Directory:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def page(
        self,
        tenant: str | None = None,
        *,
        prefix: str = "",
        disabled: bool | None = None,
        after: AccountKey = FIRST_KEY,
        limit: int = 100,
    ) -> list[AccountRow]:
        """Accounts in the order of their keys; of one tenant, and only those whose name begins with `prefix`."""
        place = tuple_(a.tenant, a.account)
        query = select(a.tenant, a.account, a.version, a.document).where(*_chosen(tenant, prefix, disabled))
        query = query.where(place > (after.tenant, after.account)).order_by(a.tenant, a.account).limit(limit)
        if after.tenant == tenant:
            query = query.where(a.account > after.account)  # the index is entered there
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [AccountRow(AccountKey(row.tenant, row.account), row.version, row.document) for row in rows]

    def groups(self, tenant: str, *, after: str = "", limit: int = 100) -> list[AccountRow]:
        """The rows of shared groups of a tenant that have members, by name; `after` is the name of a group."""
        query = select(a.tenant, a.account, a.version, a.document).where(a.tenant == tenant, a.document.is_not(None))
        query = query.where(func.substr(a.account, 1, len(GROUP)) == GROUP, a.account > GROUP + after)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(a.account).limit(limit)).all()
        return [AccountRow(AccountKey(row.tenant, row.account), row.version, row.document) for row in rows]

    def every_key(self, chunk: int = 1000) -> Iterator[AccountKey]:
        """Every account that has a row, removed ones and groups too, in the order of the table."""
        place, last = tuple_(a.tenant, a.shard, a.account), ("", -1, "")
        while True:
            query = select(a.tenant, a.shard, a.account).where(place > last).order_by(a.tenant, a.shard, a.account)
            with self._database.read() as connection:
                rows = connection.execute(query.limit(chunk)).all()
            if not rows:
                return
            last = (rows[-1].tenant, rows[-1].shard, rows[-1].account)
            yield from (AccountKey(row.tenant, row.account) for row in rows)

    def monitored(self, after: AccountKey = FIRST_KEY, limit: int = 1000) -> list[AccountKey]:
        """Accounts that monitors on scores or traffic metrics watch, in the order of their keys."""
        w = monitored_accounts.c
        query = select(w.tenant, w.account).where(tuple_(w.tenant, w.account) > (after.tenant, after.account))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(w.tenant, w.account).limit(limit)).all()
        return [AccountKey(row.tenant, row.account) for row in rows]

    def count(self, tenant: str | None = None, *, prefix: str = "", disabled: bool | None = None) -> int:
        """How many accounts `page` would give on all its pages."""
        query = select(func.count()).select_from(accounts).where(*_chosen(tenant, prefix, disabled))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def due(self, now_ns: int, limit: int) -> list[AccountKey]:
        """Accounts of which something has expired, the longest overdue first."""
        query = select(a.tenant, a.account).where(a.next_due_ns.is_not(None), a.next_due_ns <= now_ns)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(a.next_due_ns).limit(limit)).all()
        return [AccountKey(row.tenant, row.account) for row in rows]

    def members(
        self,
        plan_id: str,
        *,
        time_zone: str | None = None,
        tenant: str = "",
        after: AccountKey = FIRST_KEY,
        limit: int = 1000,
    ) -> list[AccountKey]:
        """Accounts of an action plan, of one time zone and tenant or of all, in the order of their keys."""
        query = select(m.tenant, m.account).where(*of_plan(plan_id, time_zone, tenant))
        query = query.where(tuple_(m.tenant, m.account) > (after.tenant, after.account))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(m.tenant, m.account).limit(limit)).all()
        return [AccountKey(row.tenant, row.account) for row in rows]

    def count_members(self, plan_id: str, *, time_zone: str | None = None, tenant: str = "") -> int:
        query = select(func.count()).select_from(plan_members).where(*of_plan(plan_id, time_zone, tenant))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def zone_of_member(self, plan_id: str, key: AccountKey) -> str | None:
        """The time zone in which an account runs a plan; None where it is no member."""
        query = select(m.time_zone).where(
            m.tenant == key.tenant, m.shard == shard_of(key), m.account == key.account, m.plan_id == plan_id
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def zones(self, plan_id: str) -> list[str]:
        """The time zones that members of a plan live in, each found by one step through the index."""
        found: list[str] = []
        with self._database.read() as connection:
            lowest = select(func.min(m.time_zone)).where(m.plan_id == plan_id)
            zone = connection.scalar(lowest)
            while zone is not None:
                found.append(str(zone))
                zone = connection.scalar(lowest.where(m.time_zone > zone))
        return found


def _chosen(tenant: str | None, prefix: str, disabled: bool | None) -> list[ColumnElement[bool]]:
    """Accounts that there are, of one tenant or of all."""
    conditions = [a.document.is_not(None), AN_ACCOUNT]
    if tenant is not None:
        conditions.append(a.tenant == tenant)
    if prefix:
        conditions += [a.account >= prefix, func.substr(a.account, 1, len(prefix)) == prefix]
    if disabled is not None:
        conditions.append(a.disabled == disabled)
    return conditions


def of_plan(plan_id: str, time_zone: str | None, tenant: str) -> list[ColumnElement[bool]]:
    """The members of a plan, of one time zone and tenant or of all."""
    conditions = [m.plan_id == plan_id]
    if time_zone is not None:
        conditions.append(m.time_zone == time_zone)
    if tenant:
        conditions.append(m.tenant == tenant)
    return conditions
