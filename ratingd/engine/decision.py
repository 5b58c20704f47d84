"""A decision: what a command came to, before any of it is stored.

A daughter's minute of 0.60 is paid from her father's balance. Two pages have changed: hers counts the minute, his gives
the money. Each becomes an operation of its own account, under one operation id and with the next version of that
account; hers alone carries the idempotency key and the reply, because she is who asked.
"""

from typing import Final, cast

from accounts.account import AccountKey
from accounts.book import Page
from accounts.charge import CallCost, ChargeRequest
from actions.outside import LogLine, Outside
from ratingd.engine.change_record import changes_text
from ratingd.engine.charge_record import charge_text
from ratingd.engine.command import Reply
from ratingd.store.rows import OpenCallWrite

PLAN_CHANGES: Final = ("plans", "time_zone")  # memberships are stored by time zone


class Decision:
    """What a command came to. `stored` tells whether it leaves an operation row; `pages` are those that changed."""

    __slots__ = (
        "_drawn", "_returned", "at_ns", "kind", "log", "open_call", "operation_id", "outside", "pages", "refunds",
        "reply", "stored", "tariff_version",
    )  # fmt: skip

    def __init__(
        self,
        operation_id: str,
        at_ns: int,
        kind: str,
        tariff_version: int,
        reply: Reply,
        *,
        stored: bool = False,
        pages: tuple[Page, ...] = (),
        outside: tuple[Outside, ...] = (),
        log: tuple[LogLine, ...] = (),
        drawn: tuple[ChargeRequest, CallCost] | None = None,
        returned: str | None = None,
        refunds: str | None = None,
        open_call: OpenCallWrite | None = None,
    ) -> None:
        self.operation_id: Final = operation_id
        self.at_ns: Final = at_ns
        self.kind: Final = kind
        self.tariff_version: Final = tariff_version
        self.reply: Final = reply
        self.stored: Final = stored
        self.pages: Final = pages
        self.outside: Final = outside
        self.log: Final = log
        self._drawn: Final = drawn
        self._returned: Final = returned
        self.refunds: Final = refunds
        self.open_call: Final = open_call

    @property
    def charge(self) -> str | None:
        """What was drawn as a refund will need it, or what a refund gave back, as it is stored."""
        drawn = self._drawn
        return self._returned if drawn is None else charge_text(drawn[0], drawn[1])

    def changes_of(self, key: AccountKey) -> str:
        """What the operation changed on one account, as it is stored."""
        for page in self.pages:
            if page.account.key == key:
                return changes_text(page.changes)
        return "[]"


def plans_changed(page: Page) -> bool:
    """Whether the account's memberships may be others: it came, it went, or it said so."""
    if page.removed:
        return True
    for change in page.changes:
        what = cast(str, change[0])
        if what == "account" or (what == "set" and change[1] in PLAN_CHANGES):
            return True
    return False
