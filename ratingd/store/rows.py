"""What goes into the store and what comes out of it: rows, as plain values.

A lane that has decided sixty debits hands over one `Batch`: sixty `OperationRow`s, one `AccountWrite` for each account
they changed (its version goes from the one it was read with to the one after its last operation), what must be
delivered and which calls are open. The batch is stored whole or not at all.

The rows know nothing of the domain but an account's key. Documents, changes and charges are JSON text, replies are
bytes: who writes them reads them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from accounts.account import AccountKey

SHARDS: Final = 64
FIRST_KEY: Final = AccountKey("", "")  # before all accounts, in the order of keys


def shard_of(key: AccountKey) -> int:
    """The account shard: stored with every row of the account, and what lanes are made of. Never change it."""
    return crc32(f"{key.tenant}\0{key.account}".encode("utf-8", "surrogatepass")) % SHARDS


def first_id(at_ns: int) -> str:
    """What comes before all operation ids given from an instant on: they begin with it, in sixteen hex digits."""
    return f"{at_ns:016x}"


def instant_of(operation_id: str) -> int:
    return int(operation_id[:16], 16)


def receiver_of(target: str) -> str:
    """Who gets what goes to `target`: scheme, host and port of a URL, or the switch. Order is kept for each account
    and receiver."""
    scheme, separator, rest = target.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}".lower() if separator else target


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that an account is paying for. `fields` are what filters of actions are tested against."""

    switch_id: str
    call_id: str
    key: AccountKey
    last_seen_ns: int
    expires_ns: int  # after this instant the call counts as over, whatever the switch failed to say
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenCallWrite:
    call: OpenCall
    closed: bool = False


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as stored. `document` None means removed: the row stays so that its version goes on counting."""

    key: AccountKey
    version: int
    document: str | None
    open_calls: tuple[OpenCall, ...] = ()


class AccountWrite:
    """An account after the operations of a batch. `expected_version` 0 inserts.

    `plans` are the action plans it belongs to; None leaves them alone, which is right as long as neither they nor the
    time zone changed. `monitored` says whether monitors on scores or metrics watch it; None where it is as it was.
    """

    __slots__ = (
        "disabled",
        "document",
        "expected_version",
        "key",
        "monitored",
        "next_due_ns",
        "plans",
        "shard",
        "time_zone",
        "version",
    )

    def __init__(
        self,
        key: AccountKey,
        shard: int,
        expected_version: int,
        version: int,
        document: str | None,
        disabled: bool = False,
        next_due_ns: int | None = None,
        plans: tuple[str, ...] | None = None,
        time_zone: str = "",
        monitored: bool | None = None,
    ) -> None:
        self.key: Final = key
        self.shard: Final = shard
        self.monitored: Final = monitored
        self.expected_version: Final = expected_version
        self.version: Final = version
        self.document: Final = document
        self.disabled: Final = disabled
        self.next_due_ns: Final = next_due_ns
        self.plans: Final = plans
        self.time_zone: Final = time_zone


class OperationRow:
    """One operation for ever. `version` is the account's after it; an operation without changes repeats the former one.

    `operation_id` begins with the instant it was given at, as sixteen hex digits: rows lie in the order of their ids.

    `changes` is the JSON array of what it changed (accounts.book.Change), `charge` the JSON of what a debit drew or a
    refund gave back, `refunds` the charge that a refund is about.
    """

    __slots__ = (
        "at_ns", "changes", "charge", "fingerprint", "idempotency_key", "key", "kind", "operation_id", "refunds",
        "reply", "reply_code", "shard", "tariff_version", "version",
    )  # fmt: skip

    def __init__(
        self,
        operation_id: str,
        key: AccountKey,
        shard: int,
        version: int,
        kind: str,
        at_ns: int,
        idempotency_key: str | None,
        fingerprint: bytes,
        tariff_version: int,
        changes: str,
        charge: str | None,
        refunds: str | None,
        reply_code: int,
        reply: bytes | None,
    ) -> None:
        self.operation_id: Final = operation_id
        self.key: Final = key
        self.shard: Final = shard
        self.version: Final = version
        self.kind: Final = kind
        self.at_ns: Final = at_ns
        self.idempotency_key: Final = idempotency_key
        self.fingerprint: Final = fingerprint
        self.tariff_version: Final = tariff_version
        self.changes: Final = changes
        self.charge: Final = charge
        self.refunds: Final = refunds
        self.reply_code: Final = reply_code
        self.reply: Final = reply  # None once it is older than `idempotency_days`


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Something to deliver at least once; `body` is JSON made when it was decided.

    `target` is the URL of a 'webhook', the switch of a 'disconnect', the address of a 'mail', the id of the exporter of
    an 'export', what is asked for of a 'protect'.
    """

    id: str
    key: AccountKey
    shard: int
    kind: str  # 'webhook', 'disconnect', 'mail', 'export' or 'protect'
    target: str
    body: str
    created_ns: int
    attempts: int = 0
    due_ns: int = 0
    state: str = "waiting"  # 'waiting', 'delivered' or 'dead'
    last_error: str = ""
    alert: str = ""  # uuid of one that may not be stored yet: its id is put into the body as it is stored


@dataclass(frozen=True, slots=True)
class CdrRow:
    """The record of a call, or of what a `*cdrlog` tells. One for each tenant, `cgr_id` and `run_id`.

    `cost` is 1e-9 of what the field Cost says, whatever it counts; None is a record that could not be rated. `usage` is
    whole ns for voice, units, messages or bytes else. Instants that are not known are None.
    """

    key: AccountKey
    cgr_id: str
    run_id: str
    created_ns: int
    origin_id: str
    origin_host: str = ""
    source: str = ""
    tor: str = ""
    request_type: str = ""
    category: str = ""
    subject: str = ""
    destination: str = ""
    setup_ns: int | None = None
    answer_ns: int | None = None
    usage: int = 0
    cost: int | None = None
    cost_source: str = ""
    cost_details: str | None = None  # JSON: what the cost is made of
    pre_rated: bool = False
    partial: bool = False
    extra_fields: Mapping[str, str] = field(default_factory=dict)
    extra_info: str = ""


@dataclass(frozen=True, slots=True)
class CursorWrite:
    """How far a reader of a long list has come: a name and a place in words of its own."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction stores."""

    operations: Sequence[OperationRow] = ()
    accounts: Sequence[AccountWrite] = ()
    outbox: Sequence[OutboxEntry] = ()
    open_calls: Sequence[OpenCallWrite] = ()
    cursors: Sequence[CursorWrite] = ()
    cdrs: Sequence[CdrRow] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to store."""
        kinds = (self.operations, self.accounts, self.outbox, self.open_calls, self.cursors, self.cdrs)
        return any(map(bool, kinds))


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The first answer to a request. `reply` None: forgotten after `idempotency_days`, the key remains used."""

    fingerprint: bytes
    reply_code: int
    reply: bytes | None
    at_ns: int


@dataclass(frozen=True, slots=True)
class StoredCharge:
    """What a debit drew and what its refunds gave back since, by their operation ids; JSON as the engine wrote it."""

    charge_id: str
    at_ns: int
    charge: str
    refunds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredTariff:
    """One version of the tariff. It is in force from `effective_at_ns` on; None: loaded, but never activated."""

    number: int
    image: bytes
    source_fingerprint: str
    effective_at_ns: int | None
    loaded_ns: int
    loaded_by: str
    moves_calls: bool = False


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """How far the runs of one plan entry have come in one time zone.

    Every instant up to `done_ns` has run for all accounts. While `running_ns` is being run, since `begun_ns`, it has
    run for the accounts up to `after`, so many (`accounts`) of the plan's `members`. Afterwards these figures are those
    of the run of `ran_ns`. Instants up to `owed_ns` are made up however long ago they were.
    """

    entry: str
    time_zone: str
    done_ns: int
    running_ns: int | None = None
    after: AccountKey = FIRST_KEY
    begun_ns: int | None = None
    accounts: int = 0
    members: int = 0
    refused: int = 0
    ran_ns: int | None = None
    owed_ns: int | None = None
