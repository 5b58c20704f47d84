"""AdminService: the daemon itself. Everything here may take its time, so it runs beside the calls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from accounts.account import AccountKey
from ratingd import observe
from ratingd.api.config import ApiConfig
from ratingd.api.convert import name, required, set_instant
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.api.plans import Charger
from ratingd.api.sessions import Sessions
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest, OutboxEntryUnknown
from ratingd.store.rows import OutboxEntry
from ratingd.v1 import admin_pb2

SERVICE: Final = "/ratingd.v1.AdminService/"
STATES: Final[Mapping[admin_pb2.OutboxState, str]] = {
    admin_pb2.OUTBOX_WAITING: "waiting",
    admin_pb2.OUTBOX_DELIVERED: "delivered",
    admin_pb2.OUTBOX_DEAD: "dead",
}
STATES_BY_NAME: Final = {text: state for state, text in STATES.items()}
PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of an account that is stored otherwise than its operations make it."""

    key: AccountKey
    field: str
    stored: str
    rebuilt: str


@dataclass(frozen=True, slots=True)
class Verified:
    accounts: int
    operations: int
    differences: tuple[Difference, ...] = ()


class OutboxShelf(Protocol):
    def entries(
        self, state: str | None = None, key: AccountKey | None = None, limit: int = 100
    ) -> Sequence[OutboxEntry]: ...

    def unknown(self, entry_ids: Sequence[str]) -> list[str]: ...

    def replay(self, entry_ids: Sequence[str] | None, now_ns: int, *, dry_run: bool = False) -> int: ...

    def counts(self) -> dict[str, int]: ...


class Daemon(Protocol):
    """What the daemon tells of itself."""

    @property
    def version(self) -> str: ...

    @property
    def start_ns(self) -> int: ...

    @property
    def store_name(self) -> str: ...

    @property
    def lanes(self) -> int: ...

    @property
    def transport(self) -> str: ...

    def open_streams(self) -> int: ...

    def outbox_filled(self) -> None:
        """Entries wait again: deliver them."""

    def verify(self, tenant: str | None, account: str | None) -> Verified: ...


class Admin:
    def __init__(
        self, config: ApiConfig, charger: Charger, outbox: OutboxShelf, daemon: Daemon, sessions: Sessions
    ) -> None:
        self._config: Final = config
        self._charger: Final = charger
        self._outbox: Final = outbox
        self._daemon: Final = daemon
        self._sessions: Final = sessions

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "Status": self._status,
            "ListOutbox": self._list_outbox,
            "ReplayOutbox": self._replay_outbox,
            "Verify": self._verify,
        }
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _status(self, body: bytes, _: int | None) -> Reply:
        parse(admin_pb2.StatusRequest(), body)
        daemon = self._daemon
        plan = self._charger.plans.current(self._config.clock())
        message = admin_pb2.StatusResponse(
            version=daemon.version,
            tariff_version=str(plan.number) if plan.number else "",
            store=daemon.store_name,
            lanes=daemon.lanes,
            transport=daemon.transport,
            counters=observe.counters(),
            outbox=self._outbox.counts(),
            open_streams=daemon.open_streams(),
            watching_switches=self._sessions.watching(),
        )
        set_instant(message.start_time, daemon.start_ns)
        return Reply(0, message.SerializeToString())

    def _list_outbox(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.ListOutboxRequest(), body)
        if request.account and not request.tenant:
            raise InvalidRequest("tenant", "is empty: whose account is it?")
        key = AccountKey(name(request.tenant, "tenant"), name(request.account, "account")) if request.tenant else None
        entries = self._outbox.entries(STATES.get(request.state), key, page_size(request.page_size))
        message = admin_pb2.ListOutboxResponse()
        for entry in entries:
            _write_entry(message.entries.add(), entry)
        return Reply(0, message.SerializeToString())

    def _replay_outbox(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.ReplayOutboxRequest(), body)
        if len(request.ids) > PAGE_MAX:
            raise InvalidRequest("ids", f"{len(request.ids)} entries; at most {PAGE_MAX} are allowed, none means all")
        ids = [required(entry, f"ids[{place}]") for place, entry in enumerate(request.ids)]
        unknown = self._outbox.unknown(ids) if ids else []
        if unknown:
            raise OutboxEntryUnknown(unknown)
        replayed = self._outbox.replay(ids or None, self._config.clock(), dry_run=request.dry_run)
        if replayed and not request.dry_run:
            self._daemon.outbox_filled()
        return Reply(0, admin_pb2.ReplayOutboxResponse(replayed=replayed).SerializeToString())

    def _verify(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.VerifyRequest(), body)
        found = self._daemon.verify(name(request.tenant, "tenant") or None, name(request.account, "account") or None)
        message = admin_pb2.VerifyResponse(accounts=found.accounts, operations=found.operations)
        for wrong in found.differences:
            message.differences.add(
                tenant=wrong.key.tenant,
                account=wrong.key.account,
                field=wrong.field,
                stored=wrong.stored,
                rebuilt=wrong.rebuilt,
            )
        return Reply(0, message.SerializeToString())


def page_size(asked: int) -> int:
    """How many entries of a list are told at once."""
    if asked < 0:
        raise InvalidRequest("page_size", "is negative")
    return min(asked, PAGE_MAX) or PAGE_DEFAULT


def _write_entry(message: admin_pb2.OutboxEntry, entry: OutboxEntry) -> None:
    message.id, message.state = entry.id, STATES_BY_NAME[entry.state]
    message.kind, message.target = entry.kind, entry.target
    message.tenant, message.account = entry.key.tenant, entry.key.account
    set_instant(message.create_time, entry.created_ns)
    message.attempts = entry.attempts
    if entry.state == "waiting":
        set_instant(message.next_attempt_time, entry.due_ns)
    message.last_error, message.body = entry.last_error, entry.body
