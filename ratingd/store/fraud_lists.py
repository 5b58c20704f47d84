"""What an operator sets by hand: entries of the white and black lists, and rules in place of the shipped ones."""

from typing import Any, Final

from sqlalchemy import Row, func, select

from ratingd.store.database import Database
from ratingd.store.fraud_rows import ListRow, RulesRow
from ratingd.store.tables import fraud_rules, number_lists

n: Final = number_lists.c
r: Final = fraud_rules.c

Stamps = dict[str, tuple[int, int, int]]


class NumberLists:
    _database: Database

    def lists(self, list: str = "") -> "list[ListRow]":
        """All entries, or those of one list, by list, kind and value; those that have expired too."""
        query = select(number_lists).order_by(n.list, n.kind, n.value)
        with self._database.read() as connection:
            return [
                ListRow(**row._mapping) for row in connection.execute(query.where(n.list == list) if list else query)
            ]

    def list_stamps(self) -> Stamps:
        """Of each list how many entries it has, the instant of the newest, and the sum of all these instants: two of
        them differ where somebody has added, replaced or removed an entry in between.
        """
        made = n.created_ms
        query = select(n.list, func.count(), func.max(made), func.sum(made)).group_by(n.list)
        with self._database.read() as connection:
            return {list: (count, int(newest), int(sum)) for list, count, newest, sum in connection.execute(query)}


class Rules:
    _database: Database

    def rules(self) -> RulesRow | None:
        """The rules that were set last; None: nobody has set any. An empty text goes back to the shipped ones."""
        found = self.rules_history(1)
        return found[0] if found else None

    def rules_history(self, limit: int = 100) -> list[RulesRow]:
        """What was set, newest first."""
        query = select(fraud_rules).order_by(r.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_rules(row) for row in connection.execute(query)]


def _rules(row: Row[Any]) -> RulesRow:
    return RulesRow(row.rules, row.who, row.set_ms)
