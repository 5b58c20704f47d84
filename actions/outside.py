"""Outside effects: what an action set wants done in the world, as values.

An alert about account 1001 at 20.20 is written in the transaction of the debit that reached 20.00, with the account as
it stood at that portion, and delivered afterwards, at least once. Nothing here can fail the set: a receiver that is
down neither undoes nor delays what was booked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from accounts.account import AccountKey


@dataclass(frozen=True, slots=True)
class PostAlert:
    """POST `body` as JSON to `url`. `id` is the same at every attempt, so that a receiver can drop repeats.

    `sync` holds back the reply of the operation, after its commit, for the first attempt of the delivery.
    """

    url: str
    id: str
    body: Mapping[str, object]
    sync: bool
    account: AccountKey | None = None  # in whose order it is delivered; None: that of the operation

    @property
    def event(self) -> str:
        return str(self.body["event"])


@dataclass(frozen=True, slots=True)
class SendMail:
    """Mail `body`, plain text, to all of `to`. `id` is the same at every attempt."""

    id: str
    to: tuple[str, ...]
    subject: str
    body: str
    account: AccountKey | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """Hand the event `body` to the exporter of that name. `id` is the same at every attempt."""

    id: str
    exporter: str
    body: Mapping[str, object]
    account: AccountKey | None = None


@dataclass(frozen=True, slots=True)
class WriteCdr:
    """Store one record in the transaction of the operation. (tenant, `call_id`, `run_id`) are unique.

    `cost` has the scale of `tor` (accounts.balance.kind_scale): what a `*cdrlog` records are units that were moved,
    ns for voice, not a price. `usage` is 1 ns there. `extra` are fields that a record has no place of its own for.
    """

    key: AccountKey
    call_id: str  # OriginID
    run_id: str
    switch_id: str  # OriginHost
    source: str
    request_type: str
    tor: str
    category: str
    subject: str
    destination: str
    setup_ns: int
    answer_ns: int
    usage: int
    cost: int
    pre_rated: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Ask a switch to cut one call. `reason` is DISCONNECT, the word a switch is told.

    The trigger is the monitor that asked for it; "" where a plan or an operator did.
    """

    call_id: str
    switch_id: str
    reason: str
    trigger_group: str = ""
    trigger_id: str = ""
    account: AccountKey | None = None  # whose call it is; None: the account of the operation


@dataclass(frozen=True, slots=True)
class Protect:
    """Have fraud detection raise an alert, refuse a number or a trunk, or keep an account's calls short.

    `kind` and `body` are in the words of `actions.protection`. `id` is the same however often it is taken there.
    """

    id: str
    kind: str
    body: Mapping[str, object]
    account: AccountKey | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """An event for the log: a name and JSON-ready fields."""

    event: str
    fields: Mapping[str, object]


Outside: TypeAlias = PostAlert | SendMail | Export | WriteCdr | Disconnect | Protect | LogLine
