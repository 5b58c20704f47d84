"""Deciding: one command on its account, and everything that follows from it, without touching anything but a copy.

A debit of 0.60 on account 1001: the account is copied onto a page, settled, watched and acted upon, and what comes back
is a `Decision`: the bytes of the reply, the page with its changes, the charge as a refund will need it, the alerts and
disconnects that its monitors asked for, and whether the call is open now. A refusal or an error leaves no page, so that
nothing of it can be stored; its reply is stored under its key all the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import Account, AccountKey
from accounts.book import Book, Page
from accounts.call_counting import CallCounters
from accounts.call_name import cgr_id
from accounts.charge import CallCost, Charge, ChargeRequest, ChargeRules, Granted, Reason, Refused
from accounts.counter_window import rolled
from accounts.holding import charged, hold, release
from accounts.postponed import settle
from accounts.refund import refund
from accounts.refusal import refuse_early
from accounts.session_time import max_session_time
from accounts.sharing import ask_for_members
from actions.context import ActionContext
from actions.context import OpenCall as ActionCall
from actions.outside import LogLine
from actions.perform import drop_expired, drop_over
from ratingd.engine.account_operations import AccountOperations, Result
from ratingd.engine.admission import Admitting, admission, for_help, over_limit, refused, shortened, within
from ratingd.engine.cache import Held
from ratingd.engine.charge_loop import ChargeLoop
from ratingd.engine.charge_record import charge_from_text, returned_text
from ratingd.engine.command import Command, Reply
from ratingd.engine.decision import Decision
from ratingd.engine.ids import OperationIds, new_balance_id
from ratingd.engine.laying import Laid, changed, keep_members, lay, look
from ratingd.engine.open_calls import CALL_VERSION, NO_CALLS, OpenCalls, call_write, known_call
from ratingd.engine.operation import (
    AccountAnswer,
    Charged,
    Debit,
    GetMaxSessionTime,
    MaxDebit,
    ReadAccount,
    Refund,
    Refunded,
    Reserved,
)
from ratingd.engine.plans import PlanDesk, PlanVersion
from ratingd.errors import AccountUnknown, ChargeUnknown, InvariantBroken, RatingdError
from ratingd.store.rows import OpenCall, OperationRow
from ratingd.store.store import Store
from tariffs.money import decimal_text
from tariffs.zone import Zone, zone
from triggers.monitor import TriggerKey


class Decider:
    """Decides commands with the tariff in force. One serves all lanes: it holds nothing of an account."""

    def __init__(
        self,
        store: Store,
        plans: PlanDesk,
        rules: ChargeRules,
        ids: OperationIds,
        clock: Callable[[], int],
        default_zone: Zone,
        open_call_ns: int,
        exporters: Collection[str] = (),
        account_updates: Sequence[str] = (),
        admitting: Admitting | None = None,
    ) -> None:
        self._store: Final = store
        self._admitting: Final = admitting
        self._plans: Final = plans
        self._rules: Final = rules
        self._ids: Final = ids
        self._clock: Final = clock
        self._default_zone: Final = default_zone
        self._open_call_ns: Final = open_call_ns
        self._exporters: Final = frozenset(exporters)
        self._account_updates: Final = tuple(account_updates)
        self._accounts: Final = AccountOperations(rules)

    def new_id(self) -> str:
        return new_balance_id()

    def decide(self, command: Command, laid: Laid, pending: Sequence[OperationRow]) -> Decision:
        """Decide a command on the accounts laid before it, its own among them.

        `pending` are this account's operations that may not be on disk yet. Raises AccountsNeeded where it must be
        decided again with other accounts laid too, and RatingdError where the command cannot be carried out; `failed`
        makes its decision then.
        """
        operation, held = command.operation, laid.held[command.key]
        laid.asked.clear()
        if isinstance(operation, (Debit, MaxDebit)):
            request = self._localised(operation.request, held.account)
            return self._charge(command, laid, held, request, isinstance(operation, Debit))
        match operation:
            case GetMaxSessionTime(request, reserve_ns):
                return self._ask(command, laid, self._localised(request, held.account), reserve_ns)
            case Refund():
                return self._refund(command, laid, operation, pending)
            case ReadAccount():
                if held.account is None:
                    raise AccountUnknown(command.key.tenant, command.key.account)
                now = self._clock()
                account = rolled(held.account, now, held.account.zone_or(self._default_zone))
                return self._plain(command, command.encode(AccountAnswer("", account)))
            case _:
                return self._change(command, laid)

    def failed(self, command: Command, error: RatingdError) -> Decision:
        """The decision of a command that raised: a reply, kept under its key unless nothing is known or was done."""
        now = self._clock()
        stored = error.kept and bool(command.idempotency_key) and not command.dry_run
        return Decision(self._ids.next(), now, _kind(command), self._plans.current(now).number, command.encode(error),
                        stored=stored)  # fmt: skip

    # -- charging

    def _ask(self, command: Command, laid: Laid, request: ChargeRequest, reserve_ns: int | None) -> Decision:
        """GetMaxSessionTime; with `reserve_ns` the call holds what it is granted, and is open from then on."""
        now, held = self._clock(), laid.held[command.key]
        known = known_call(held, request, now)
        version = self._version(known, request, now)
        admitted = admission(self._admitting, request, now, dry_run=command.dry_run)
        emergency = for_help(self._admitting, request, held.account)
        early = refuse_early(request, held.account, self._rules, emergency=emergency) or refused(admitted, request)
        asking = look(laid).page(command.key)
        if early is not None or asking is None:
            granted: Granted | Refused = early or _unknown(request.key)
        else:
            groups = version.book.catalogue.shared_groups
            asked = shortened(admitted, request, known)
            granted = max_session_time(asking, version.book.tariff, asked, self._rules, groups, now)
            granted = within(admitted, granted, request, known)
        if reserve_ns is None:
            return self._plain(command, command.encode(granted))
        operation_id = self._ids.next()
        if isinstance(granted, Refused):
            return self._refused(command, granted, operation_id, now, version)
        book = lay(laid, now, self._default_zone)
        page = book.page(command.key)
        if page is None or request.call is None:
            raise InvariantBroken(f"{command.key} is to hold what it is granted, and there is no such account or call")
        holders = tuple([holder.account for holder in hold(page, request, granted, now + reserve_ns)])
        reply = command.encode(Reserved(operation_id, granted, request.call, holders))
        if command.dry_run:
            return Decision(operation_id, now, _kind(command), version.number, reply)
        return Decision(
            operation_id, now, _kind(command), version.number, reply,
            stored=True,
            pages=changed(book, laid, now),
            open_call=call_write(known, request, version, now, self._open_call_ns, served=granted.usage != 0),
        )  # fmt: skip

    def _charge(self, command: Command, laid: Laid, held: Held, request: ChargeRequest, whole: bool) -> Decision:
        """Debit (`whole`) or MaxDebit."""
        now, operation_id = self._clock(), self._ids.next()
        known = known_call(held, request, now)
        version = self._version(known, request, now)
        admitted = admission(self._admitting, request, now, dry_run=command.dry_run)
        emergency = for_help(self._admitting, request, held.account)
        early = refuse_early(request, held.account, self._rules, open_call=known is not None, emergency=emergency)
        early = early or refused(admitted, request) or over_limit(admitted, request, known, whole=whole)
        book = lay(laid, now, self._default_zone, charging=True)
        page = book.page(command.key)
        if early is not None or page is None:
            return self._refused(command, early or _unknown(request.key), operation_id, now, version)
        request = shortened(admitted, request, known)
        if request.final:
            ask_for_members(page)
        catalogue, of_calls = version.book.catalogue, _watching_calls(book)
        call = _call_name(of_calls, request)
        counting = CallCounters(of_calls, call, now + self._open_call_ns)
        loop = ChargeLoop(book, catalogue, _Contexts(self, laid, now, request).of, now, call)
        if not command.dry_run:
            loop.arm()
        outcome = settle(
            page, version.book.tariff, request, self._rules, loop.judge, new_balance_id, catalogue.shared_groups, now,
            whole=whole,
        )  # fmt: skip
        if isinstance(outcome, Refused):
            return self._refused(command, outcome, operation_id, now, version)
        charged(page, request, outcome, now)
        counting.end(over=request.final)
        _drop_past(book, now)
        keep_members(book, laid)
        pages = changed(book, laid, now)
        reply = command.encode(Charged(operation_id, operation_id, outcome, page.account))
        served = outcome.granted != 0 or bool(outcome.timespans)
        if command.dry_run:
            return Decision(operation_id, now, _kind(command), version.number, reply)
        return Decision(
            operation_id, now, _kind(command), version.number, reply,
            stored=True,
            pages=pages,
            outside=tuple(loop.outside),
            log=_log_lines(loop, request.key) + _overdrawn(request.key, outcome),
            drawn=(request, outcome) if outcome.timespans else None,
            open_call=call_write(known, request, version, now, self._open_call_ns, served=served),
        )  # fmt: skip

    def _refund(self, command: Command, laid: Laid, wanted: Refund, pending: Sequence[OperationRow]) -> Decision:
        now, operation_id = self._clock(), self._ids.next()
        version = self._plans.current(now)
        book = lay(laid, now, self._default_zone)
        page = book.page(command.key)
        if page is None:
            raise AccountUnknown(command.key.tenant, command.key.account)
        charge = self._charge_of(command.key, wanted.charge_id, pending)
        call = _call_name(_watching_calls(book), charge.request)
        loop = ChargeLoop(book, version.book.catalogue, _Contexts(self, laid, now, charge.request).of, now, call)
        if not command.dry_run:
            loop.arm()
        cost = refund(page, version.book.tariff, charge, wanted.runs, loop.judge)
        release(page, charge.request.call)
        _drop_past(book, now)
        keep_members(book, laid)
        pages = changed(book, laid, now)
        reply = command.encode(Refunded(operation_id, cost, page.account))
        if command.dry_run:
            return Decision(operation_id, now, _kind(command), version.number, reply)
        return Decision(
            operation_id, now, _kind(command), version.number, reply,
            stored=True,
            pages=pages,
            outside=tuple(loop.outside),
            log=_log_lines(loop, command.key),
            returned=returned_text(cost.returned),
            refunds=wanted.charge_id,
        )  # fmt: skip

    def _charge_of(self, key: AccountKey, charge_id: str, pending: Sequence[OperationRow]) -> Charge:
        """The charge and all refunds of it: those on disk, and those of batches on their way there (once each)."""
        text: str | None = None
        refunds = {}
        for operation in pending:
            if operation.operation_id == charge_id:
                text = operation.charge
            elif operation.refunds == charge_id and operation.charge is not None:
                refunds[operation.operation_id] = operation.charge
        stored = self._store.charge(key, charge_id)
        if stored is not None:
            text = stored.charge
            refunds.update(stored.refunds)
        if text is None:
            raise ChargeUnknown(key.tenant, key.account, charge_id)
        return charge_from_text(key, charge_id, text, [refunds[operation_id] for operation_id in sorted(refunds)])

    def _refused(
        self, command: Command, refused: Refused, operation_id: str, now: int, version: PlanVersion
    ) -> Decision:
        stored = bool(command.idempotency_key) and not command.dry_run
        line = LogLine(f"{_kind(command)}.refused", {"account": str(command.key), "reason": refused.reason.value})
        return Decision(
            operation_id, now, _kind(command), version.number, command.encode(refused), stored=stored, log=(line,)
        )

    # -- accounts

    def _change(self, command: Command, laid: Laid) -> Decision:
        """Every operation that is not a charge: top-ups, settings, triggers, imports."""
        now, operation_id, held = self._clock(), self._ids.next(), laid.held[command.key]
        version = self._plans.current(now)
        context = self.context(held.account, held, now, None, laid)
        book = lay(laid, now, self._default_zone)
        for each in book.there:
            each.forget_outline()
        result: Result = self._accounts.run(command.operation, command.key, book, version.book, context)
        keep_members(book, laid)
        pages = changed(book, laid, now)
        page = book.page(command.key)
        after = None if page is None or page.removed else page.account
        reply = command.encode(AccountAnswer(operation_id, after, result.notes))
        if command.dry_run:
            return Decision(operation_id, now, _kind(command), version.number, reply)
        return Decision(
            operation_id, now, _kind(command), version.number, reply,
            stored=bool(pages) or bool(command.idempotency_key),
            pages=pages,
            outside=result.outside,
            log=_log_lines(result, command.key),
        )  # fmt: skip

    # -- what a decision depends on

    def _plain(self, command: Command, reply: Reply) -> Decision:
        now = self._clock()
        return Decision("", now, _kind(command), self._plans.current(now).number, reply)

    def _version(self, call: OpenCall | None, request: ChargeRequest, now: int) -> PlanVersion:
        begun = None if call is None or request.loop_index == 0 else call.fields.get(CALL_VERSION)
        return self._plans.current(now) if begun is None else self._plans.of_call(begun, now)

    def _localised(self, request: ChargeRequest, account: Account | None) -> ChargeRequest:
        """Rate in the account's time zone where the request names none."""
        if request.zone_given or account is None or not account.time_zone:
            return request
        return request.in_zone(zone(account.time_zone))

    def context(
        self,
        account: Account | None,
        held: Held,
        now: int,
        request: ChargeRequest | None,
        laid: Laid,
        used: int = 0,
        tried: set[TriggerKey] | None = None,
    ) -> ActionContext:
        return ActionContext(
            now_ns=now,
            zone=self._default_zone if account is None else account.zone_or(self._default_zone),
            new_id=new_balance_id,
            decimals=self._rules.decimals,
            call=request,
            used=used,
            tried=set() if tried is None else tried,
            open_calls=OpenCalls(held, request, now),
            exporters=self._exporters,
            account_updates=self._account_updates,
            default_zone=self._default_zone,
            calls_of=_calls_of(laid, now),
        )


@mypyc_attr(acyclic=True, free_list_len=1)
class _Contexts:
    """The contexts in which the monitors of a charge are evaluated: of each member its own time zone and calls."""

    __slots__ = ("_decider", "_laid", "_now", "_request")

    def __init__(self, decider: Decider, laid: Laid, now: int, request: ChargeRequest) -> None:
        self._decider: Final = decider
        self._laid: Final = laid
        self._now: Final = now
        self._request: Final = request

    def of(self, page: Page, used: int, tried: set[TriggerKey]) -> ActionContext:
        account, laid = page.account, self._laid
        return self._decider.context(account, laid.held[account.key], self._now, self._request, laid, used, tried)


def _kind(command: Command) -> str:
    return _KINDS.get(type(command.operation)) or type(command.operation).__name__


_KINDS: Final[dict[type, str]] = {
    Debit: "debit", MaxDebit: "max_debit", Refund: "refund", GetMaxSessionTime: "max_session_time",
}  # fmt: skip


def _calls_of(laid: Laid, now: int) -> Mapping[AccountKey, Sequence[ActionCall]]:
    """The open calls of several accounts; one alone has its own in the context."""
    if len(laid.held) == 1:
        return NO_CALLS
    return {key: OpenCalls(other, None, now) for key, other in laid.held.items()}


def _watching_calls(book: Book) -> list[Page]:
    """The pages with monitors on single calls."""
    return [page for page in book.there if page.account.outlined().of_calls]


def _call_name(watching: list[Page], request: ChargeRequest) -> str:
    """The name of the call, if a monitor is on single calls; nothing else asks for it."""
    return cgr_id(request.switch_id, request.call_id) if watching else ""


def _drop_past(book: Book, now: int) -> None:
    """Drop the balances and triggers whose time is over, of the accounts whose balances took part: of those alone have
    the monitors been looked at."""
    for page in book.there:
        if page.dirty:
            outline = page.account.outlined()
            if outline.first_expiry_ns < now:
                drop_expired(page, now)
            if outline.first_end_ns < now:
                drop_over(page, now)


def _unknown(key: AccountKey) -> Refused:
    return Refused(Reason.ACCOUNT_UNKNOWN, f"there is no account {key}")


def _overdrawn(key: AccountKey, cost: CallCost) -> tuple[LogLine, ...]:
    """A warning for an account that owes money and may not."""
    if not cost.overdrawn:
        return ()
    return (LogLine("account.overdrawn", {"account": str(key), "amount": decimal_text(cost.overdrawn)}),)


def _log_lines(done: ChargeLoop | Result, key: AccountKey) -> tuple[LogLine, ...]:
    if not (done.outside or done.failures or done.fired):
        return ()
    lines = [effect for effect in done.outside if isinstance(effect, LogLine)]
    lines += [LogLine("trigger.fired", {"account": str(key), "trigger": name}) for name in done.fired]
    lines += [LogLine("actions.failed", {"account": str(key), "cause": failure}) for failure in done.failures]
    return tuple(lines)
