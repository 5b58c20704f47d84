"""How many calls were cut or refused and how many people were spared them: the figures of a dashboard.

Nine calls to one number are flagged. The first four are up: three of them are cut, one has ended. The other five were
answered DISCONNECT when they came and never started: 9 flagged, 3 disconnected, 5 blocked, 1 victim. A call that the
blacklist refuses is one blocked, and the number that it was for one more victim.

A million flagged calls take a fifth of a second to count, and a page that is shown to twenty people asks once a second.
So an answer is remembered: for a second where this daemon has flagged calls since, and else for as long as what another
daemon on the same database does may go unseen.
"""

import threading
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, union

from ratingd.store.database import Database
from ratingd.store.fraud_rows import REFUSED
from ratingd.store.tables import flagged_calls, incidents

f: Final = flagged_calls.c
i: Final = incidents.c
DISCONNECTED: Final = f.result == "OK"
NEVER_STARTED: Final = and_(f.reason == REFUSED, f.result.in_(("", "ALREADY_ENDED")))
BLOCKED: Final = or_(f.reason.in_(("blacklist", "blocked")), NEVER_STARTED)
SPARED: Final = or_(DISCONNECTED, BLOCKED)


@dataclass(frozen=True, slots=True)
class FraudTotals:
    """Of all that is kept. `victims` are different called numbers of disconnected or blocked calls."""

    flagged: int
    disconnected: int
    blocked: int
    victims: int
    incidents: int


class Totals:
    _database: Database

    def __init__(self) -> None:
        self._counting: Final = threading.Lock()
        self._counted: FraudTotals | None = None
        self._counted_s = 0.0
        self._outdated = False

    def totals(self, max_age_s: float = 10, outdated_s: float = 1) -> FraudTotals:
        """The figures, at most so many seconds old; `outdated_s` where it is known that they have changed."""
        with self._counting:
            now_s = time.monotonic()
            age_s = min(max_age_s, outdated_s) if self._outdated else max_age_s
            if self._counted is None or now_s - self._counted_s >= age_s:
                self._outdated = False
                with self._database.read() as connection:
                    self._counted = _counted(connection)
                self._counted_s = now_s
            return self._counted

    def _totals_changed(self) -> None:
        self._outdated = True


def _counted(connection: Connection) -> FraudTotals:
    counts = select(func.count(), _number(DISCONNECTED), _number(BLOCKED)).select_from(flagged_calls)
    flagged, disconnected, blocked = connection.execute(counts).one()
    of_incidents = select(i.b_number).where(select(literal(1)).where(f.incident_id == i.id, SPARED).exists())
    of_calls = select(f.b_number).where(and_(f.b_number.is_not(None), SPARED))
    victims = select(func.count()).select_from(union(of_incidents, of_calls).subquery())
    return FraudTotals(
        flagged=flagged,
        disconnected=disconnected,
        blocked=blocked,
        victims=connection.execute(victims).scalar_one(),
        incidents=connection.execute(select(func.count()).select_from(incidents)).scalar_one(),
    )


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
