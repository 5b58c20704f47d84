"""What an action set is run with: the instant, the ids it may use up, what fired it, and which calls are open."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from accounts.account import Account, AccountKey
from accounts.call_name import cgr_id
from accounts.charge import ChargeRequest
from tariffs.zone import UTC, Zone
from triggers.monitor import Firing, TriggerKey


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of the account that is going on, for actions that select calls. `fields` are those of its first request:
    Account, Category, Destination, Tenant, ToR, Usage and what else the switch sent. `key` is who makes the call: the
    monitor that cuts it may be another's, who shares a group with the caller."""

    call_id: str
    switch_id: str
    fields: Mapping[str, str] = field(default_factory=dict)
    key: AccountKey | None = None


@dataclass(frozen=True, slots=True)
class ActionContext:
    """`new_id` gives a fresh UUID text at each call, `decimals` are those that balances keep.

    `tried` collects the triggers whose set failed: they are not tried again in the operation.
    `exporters` are the ids that the settings name; `account_updates` are those of them that a `*publish_account` feeds.
    `calls_of` are the open calls of other accounts that the operation has before it, and `evaluating` are the accounts
    whose monitors have fired what is being run: none of them is evaluated again meanwhile.
    """

    now_ns: int
    zone: Zone  # the account's, or the daemon's default
    new_id: Callable[[], str]
    decimals: int = 5
    call: ChargeRequest | None = None  # what is being debited, or has been and is refunded
    used: int = 0  # usage of the call drawn so far in this operation
    cause: Firing | None = None  # the monitor that fired the set
    open_calls: Sequence[OpenCall] = ()  # of the account, the one being debited included
    tried: set[TriggerKey] = field(default_factory=set)
    exporters: Set[str] = frozenset()
    account_updates: tuple[str, ...] = ()
    default_zone: Zone = UTC
    calls_of: Mapping[AccountKey, Sequence[OpenCall]] = field(default_factory=dict)
    evaluating: frozenset[AccountKey] = frozenset()

    @property
    def call_name(self) -> str:
        """The CgrID of the call that is charged or refunded; "" for none."""
        return "" if self.call is None else cgr_id(self.call.switch_id, self.call.call_id)

    def about(self, account: Account) -> "ActionContext":
        """The same for another account of the operation: its time zone, and its open calls."""
        return replace(self, zone=account.zone_or(self.default_zone), open_calls=self.calls_of.get(account.key, ()))
