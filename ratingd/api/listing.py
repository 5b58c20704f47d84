"""Lists of accounts and of what was moved on them, a page at a time.

A page token is the place after which the next page begins, so that a page costs what it shows, however many came
before, and an account that appears meanwhile is neither told twice nor makes another one vanish.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Semaphore
from typing import Final, Protocol

from accounts.account import Account, AccountKey
from accounts.balance import Balance
from accounts.counter_window import rolled
from accounts.document import account_from_document, account_from_text, balance_from_document
from ratingd.api.admin import page_size
from ratingd.api.answers import AnswerWriter
from ratingd.api.config import ApiConfig
from ratingd.api.convert import account_key, instant_ns, name, set_amount, set_instant
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.engine.charge_record import charge_from_text
from ratingd.engine.command import Reply
from ratingd.errors import AccountUnknown, InvalidRequest, InvariantBroken, Overloaded
from ratingd.store.history import account_at
from ratingd.store.rows import FIRST_KEY, AccountRow, OperationRow
from ratingd.v1 import accounts_pb2

SERVICE: Final = "/ratingd.v1.AccountService/"
COUNTS_MAX: Final = 2  # at a time: each looks at every account, and the lanes read by the same connections
COUNT_WAIT_S: Final = 5.0
COUNT_AGAIN_MS: Final = 2_000


class DirectoryShelf(Protocol):
    def page(
        self, tenant: str | None, *, prefix: str, disabled: bool | None, after: AccountKey, limit: int
    ) -> Sequence[AccountRow]: ...

    def count(self, tenant: str | None, *, prefix: str, disabled: bool | None) -> int: ...

    def groups(self, tenant: str, *, after: str, limit: int) -> Sequence[AccountRow]:
        """The rows of shared groups that have members, by name."""


class JournalShelf(Protocol):
    def page_back(self, key: AccountKey, limit: int, before: tuple[int, str] | None) -> Sequence[OperationRow]:
        """Operations of an account, newest first, those before a (version, operation id)."""

    def changes(self, key: AccountKey) -> Iterator[tuple[int, int, str, str]]:
        """(version, instant, operation id, changes) of every operation that changed the account, oldest first."""


class Shelves(Protocol):
    """What of the store is listed."""

    @property
    def directory(self) -> DirectoryShelf: ...

    @property
    def journal(self) -> JournalShelf: ...

    def accounts(self, keys: Iterable[AccountKey]) -> Mapping[AccountKey, AccountRow]: ...


class Listing:
    def __init__(self, config: ApiConfig, store: Shelves) -> None:
        self._config: Final = config
        self._store: Final = store
        self._counts: Final = Semaphore(COUNTS_MAX)
        self._writer: Final = AnswerWriter(config.currency)

    def methods(self) -> list[AnyMethod]:
        return [
            Method(SERVICE + "ListAccounts", Kind.SLOW, guarded(self._list_accounts)),
            Method(SERVICE + "CountAccounts", Kind.SLOW, guarded(self._count_accounts)),
            Method(SERVICE + "ListLedger", Kind.SLOW, guarded(self._list_ledger)),
            Method(SERVICE + "ListOpenCalls", Kind.SLOW, guarded(self._list_open_calls)),
            Method(SERVICE + "GetAccountHistory", Kind.SLOW, guarded(self._get_account_history)),
        ]

    def _list_accounts(self, body: bytes, _: int | None) -> Reply:
        request = parse(accounts_pb2.ListAccountsRequest(), body)
        size = page_size(request.page_size)
        tenant = name(request.tenant, "tenant") or self._config.default_tenant
        (after,) = place_of(request.page_token, (str,)) or ("",)
        rows = self._store.directory.page(
            tenant,
            prefix=name(request.account_prefix, "account_prefix"),
            disabled=request.disabled if request.HasField("disabled") else None,
            after=AccountKey(tenant, str(after)) if after else FIRST_KEY,
            limit=size + 1,
        )
        message, now = accounts_pb2.ListAccountsResponse(), self._config.clock()
        for row in rows[:size]:
            if row.document is not None:
                self._writer.write_account(message.accounts.add(), self._rolled(account_from_text(row.document), now))
        if len(rows) > size:
            message.next_page_token = token_of(rows[size - 1].key.account)
        return Reply(0, message.SerializeToString())

    def _count_accounts(self, body: bytes, _: int | None) -> Reply:
        request = parse(accounts_pb2.CountAccountsRequest(), body)
        tenant = name(request.tenant, "tenant") or self._config.default_tenant
        prefix = name(request.account_prefix, "account_prefix")
        disabled = request.disabled if request.HasField("disabled") else None
        if not self._counts.acquire(timeout=COUNT_WAIT_S):
            raise Overloaded(COUNTS_MAX, COUNT_AGAIN_MS)
        try:
            count = self._store.directory.count(tenant, prefix=prefix, disabled=disabled)
        finally:
            self._counts.release()
        return Reply(0, accounts_pb2.CountAccountsResponse(count=count).SerializeToString())

    def _list_ledger(self, body: bytes, _: int | None) -> Reply:
        request = parse(accounts_pb2.ListLedgerRequest(), body)
        size = page_size(request.page_size)
        key = account_key(request.tenant, request.account, self._config.default_tenant)
        place = place_of(request.page_token, (int, str))
        before = None if place is None else (int(place[0]), str(place[1]))
        rows = self._store.journal.page_back(key, size + 1, before)
        message = accounts_pb2.ListLedgerResponse()
        ledger = _Ledger(self._store, key, self._config.currency)
        for row in rows[:size]:
            ledger.write(message, row)
        if len(rows) > size:
            message.next_page_token = token_of(rows[size - 1].version, rows[size - 1].operation_id)
        return Reply(0, message.SerializeToString())

    def _list_open_calls(self, body: bytes, _: int | None) -> Reply:
        request = parse(accounts_pb2.ListOpenCallsRequest(), body)
        key = account_key(request.tenant, request.account, self._config.default_tenant)
        row = self._store.accounts([key]).get(key)
        if row is None or row.document is None:
            raise AccountUnknown(key.tenant, key.account)
        message = accounts_pb2.ListOpenCallsResponse()
        now = self._config.clock()
        for call in sorted(row.open_calls, key=lambda call: (call.last_seen_ns, call.switch_id, call.call_id)):
            if call.expires_ns > now:
                written = message.calls.add(switch_id=call.switch_id, call_id=call.call_id, fields=dict(call.fields))
                set_instant(written.last_seen_time, call.last_seen_ns)
                set_instant(written.expire_time, call.expires_ns)
        return Reply(0, message.SerializeToString())

    def _get_account_history(self, body: bytes, _: int | None) -> Reply:
        request = parse(accounts_pb2.GetAccountHistoryRequest(), body)
        key = account_key(request.tenant, request.account, self._config.default_tenant)
        if not request.HasField("time"):
            raise InvalidRequest("time", "is missing: the moment at which the account is wanted")
        at_ns = instant_ns(request.time, "time")
        moment = account_at(self._store.journal, key, at_ns)
        message = accounts_pb2.AccountHistory(operation_id=moment.operation_id, version=moment.version)
        if moment.account is not None:
            self._writer.write_account(message.account, self._rolled(moment.account, at_ns))
        elif key not in self._store.accounts([key]):
            raise AccountUnknown(key.tenant, key.account)
        return Reply(0, message.SerializeToString())

    def _rolled(self, account: Account, now_ns: int) -> Account:
        """The account with counters of the windows that are at hand at an instant."""
        return rolled(account, now_ns, account.zone_or(self._config.default_zone))


class _Ledger:
    """Writes the movements of operations, each with the name and kind of its balance.

    A movement names its balance by uuid. Most are among those that the account has now; what is gone meanwhile is
    looked for in the account's history, once.
    """

    def __init__(self, store: Shelves, key: AccountKey, currency: str) -> None:
        self._store: Final = store
        self._key: Final = key
        self._currency: Final = currency
        self._known: Final[dict[str, Balance]] = {}
        self._searched = 0  # 1: those it has now; 2: all it ever had

    def write(self, message: accounts_pb2.ListLedgerResponse, row: OperationRow) -> None:
        switch_id, call_id = _call_of(row)
        for change in json.loads(row.changes):
            moved = self._moved(change)
            if moved is None:
                continue
            balance, delta, after = moved
            entry = message.entries.add(
                operation_id=row.operation_id,
                operation=row.kind,
                idempotency_key=row.idempotency_key or "",
                change=change[0],
                balance_uuid=balance.uuid,
                balance_id=balance.terms.id,
                kind=balance.terms.kind.value,
                switch_id=switch_id,
                call_id=call_id,
            )
            set_instant(entry.time, row.at_ns)
            if delta is not None:
                set_amount(entry.delta, delta, balance.terms.kind, self._currency)
            if after is not None:
                set_amount(entry.after, after, balance.terms.kind, self._currency)

    def _moved(self, change: Sequence[object]) -> tuple[Balance, int | None, int | None] | None:
        """The balance, what was added and what it held then; None for a change that concerns no balance."""
        match change:
            case ["value", str(uuid), int(delta), int(after)]:
                return self._balance(uuid), delta, after
            case ["balance", document, int()]:
                balance = balance_from_document(document)
                return balance, None, balance.value
            case ["gone", str(uuid)]:
                return self._balance(uuid), None, None
            case _:
                return None

    def _balance(self, uuid: str) -> Balance:
        while uuid not in self._known and self._searched < 2:
            self._searched += 1
            for balance in self._present() if self._searched == 1 else self._former():
                self._known.setdefault(balance.uuid, balance)
        if uuid not in self._known:
            raise InvariantBroken(f"the journal of {self._key} moves balance {uuid} and never opened it")
        return self._known[uuid]

    def _present(self) -> Iterable[Balance]:
        row = self._store.accounts([self._key]).get(self._key)
        return () if row is None or row.document is None else account_from_text(row.document).balances

    def _former(self) -> Iterator[Balance]:
        for _, _, _, changes in self._store.journal.changes(self._key):
            for change in json.loads(changes):
                match change:
                    case ["balance", document, int()]:
                        yield balance_from_document(document)
                    case ["account", dict(document)]:
                        yield from account_from_document(document).balances


def _call_of(row: OperationRow) -> tuple[str, str]:
    """Switch and call of a charge."""
    if row.charge is None or row.refunds is not None:
        return "", ""
    request = charge_from_text(row.key, row.operation_id, row.charge, ()).request
    return request.switch_id, request.call_id


def token_of(*place: int | str) -> str:
    """A place in a list as a page token."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(token: str, kinds: Sequence[type]) -> Sequence[int | str] | None:
    """The place that a page token means; None for the first page."""
    if not token:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds) or not all(map(_is_place, place)):
        raise InvalidRequest("page_token", "is none that this list gave out")
    return place


def _is_place(part: int | str) -> bool:
    return part.isprintable() if isinstance(part, str) else 0 <= part < 2**63
