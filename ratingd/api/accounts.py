"""AccountService: what an operator does with accounts, as commands on their lanes.

Reads and writes take the same way, so an account that is shown is one whose every operation is on disk.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from google.protobuf.message import Message

from accounts.account import Account, AccountKey
from actions.action import Action, ActionType
from ratingd.api.answers import AnswerWriter
from ratingd.api.balance_request import adding, debiting, removing, setting, settings
from ratingd.api.charging import failed, fingerprint
from ratingd.api.config import ApiConfig
from ratingd.api.convert import account_key, idempotency_key, name, required
from ratingd.api.method import AnyMethod, Kind, Method, Prepared, guarded, parse
from ratingd.api.trigger_request import scores_of, transferring, trigger_terms
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import (
    AccountAnswer,
    Answer,
    ExecuteSet,
    Operation,
    ReadAccount,
    RemoveAccount,
    RemoveTriggers,
    ResetCounters,
    ResetTriggers,
    RunActions,
    SetAccount,
    SetScores,
    SetTrigger,
    SetTriggers,
)
from ratingd.errors import InvalidRequest, RatingdError, UnknownTimeZone
from ratingd.v1 import accounts_pb2
from ratingd.v1.account_pb2 import Account as AccountMessage
from tariffs.zone import zone

SERVICE: Final = "/ratingd.v1.AccountService/"
LIST_MAX: Final = 100  # names of plans, groups and the like in one request


class AccountWrite(Protocol):
    """What every request has that changes an account."""

    tenant: str
    account: str
    idempotency_key: str
    dry_run: bool


Wanted = TypeVar("Wanted", bound=Message)


class Accounts:
    def __init__(self, config: ApiConfig) -> None:
        self._config: Final = config
        self._writer: Final = AnswerWriter(config.currency)

    def methods(self) -> list[AnyMethod]:
        writes = [
            self._write("SetAccount", accounts_pb2.SetAccountRequest, _set_account),
            self._write("RemoveAccount", accounts_pb2.RemoveAccountRequest, lambda _: RemoveAccount()),
            self._write("AddBalance", accounts_pb2.AddBalanceRequest, self._add_balance),
            self._write("SetBalance", accounts_pb2.SetBalanceRequest, self._set_balance),
            self._write("SetBalances", accounts_pb2.SetBalancesRequest, self._set_balances),
            self._write("DebitBalance", accounts_pb2.DebitBalanceRequest, self._debit_balance),
            self._write("RemoveBalance", accounts_pb2.RemoveBalanceRequest, _remove_balance),
            self._write("TransferBalance", accounts_pb2.TransferBalanceRequest, self._transfer_balance),
            self._write("ExecuteActions", accounts_pb2.ExecuteActionsRequest, _execute_actions),
            self._write("SetTriggers", accounts_pb2.SetTriggersRequest, _set_triggers),
            self._write("SetTrigger", accounts_pb2.SetTriggerRequest, self._set_trigger),
            self._write("RemoveTriggers", accounts_pb2.RemoveTriggersRequest, _remove_triggers),
            self._write("ResetTriggers", accounts_pb2.ResetTriggersRequest, _reset_triggers),
            self._write("ResetCounters", accounts_pb2.ResetCountersRequest, _reset_counters),
            self._write("SetScores", accounts_pb2.SetScoresRequest, lambda request: SetScores(scores_of(request))),
        ]
        return [Method(SERVICE + "GetAccount", Kind.LANE, guarded(self._get_account)), *writes]

    def _write(self, method: str, kind: type[Wanted], operation: Callable[[Wanted], Operation]) -> AnyMethod:
        """A method that changes one account: the operation is made of the request, the rest is alike for all."""

        def prepare(body: bytes, deadline_ns: int | None) -> Prepared:
            return self._command(parse(kind(), body), operation, method.encode(), deadline_ns)

        return Method(SERVICE + method, Kind.LANE, guarded(prepare))

    def _command(
        self, request: Wanted, operation: Callable[[Wanted], Operation], method: bytes, deadline_ns: int | None
    ) -> Command:
        target: AccountWrite = request  # type: ignore[assignment]
        key = idempotency_key(target.idempotency_key, dry_run=target.dry_run)
        account = account_key(target.tenant, target.account, self._config.default_tenant)
        encode = _ChangeEncoding(self._writer, account, dry_run=target.dry_run)
        return Command(
            account, operation(request), encode, key, fingerprint(request, method), target.dry_run, deadline_ns
        )

    def _get_account(self, body: bytes, deadline_ns: int | None) -> Command:
        request = parse(accounts_pb2.GetAccountRequest(), body)
        key = account_key(request.tenant, request.account, self._config.default_tenant)
        return Command(key, ReadAccount(), _AccountEncoding(self._writer, key), deadline_ns=deadline_ns)

    def _add_balance(self, request: accounts_pb2.AddBalanceRequest) -> Operation:
        return self._told(adding(request, self._config), request.cdrlog)

    def _set_balance(self, request: accounts_pb2.SetBalanceRequest) -> Operation:
        return self._told(setting(request, self._config), request.cdrlog)

    def _set_balances(self, request: accounts_pb2.SetBalancesRequest) -> Operation:
        return RunActions(settings(request, self._config), create=True)

    def _debit_balance(self, request: accounts_pb2.DebitBalanceRequest) -> Operation:
        return self._told(debiting(request, self._config), request.cdrlog)

    def _transfer_balance(self, request: accounts_pb2.TransferBalanceRequest) -> Operation:
        return self._told(transferring(request, self._config), request.cdrlog, create=False)

    def _told(self, action: Action, cdrlog: bool, *, create: bool = True) -> Operation:
        """The action, and who is told of it: the exporters of account updates, the call records."""
        actions = [action]
        if self._config.publishes_accounts:
            actions.append(Action("", ActionType.PUBLISH_ACCOUNT))
        if cdrlog:
            actions.append(Action("", ActionType.CDRLOG))
        return RunActions(tuple(actions), create=create)

    def _set_trigger(self, request: accounts_pb2.SetTriggerRequest) -> Operation:
        executed = request.executed if request.HasField("executed") else None
        return SetTrigger(trigger_terms(request, self._config), executed)


def _set_account(request: accounts_pb2.SetAccountRequest) -> Operation:
    return SetAccount(
        plans=_names(request.action_plans, "action_plans", given=request.overwrite_action_plans),
        trigger_groups=_names(request.trigger_groups, "trigger_groups", given=request.overwrite_trigger_groups),
        allow_negative=request.allow_negative if request.HasField("allow_negative") else None,
        disabled=request.disabled if request.HasField("disabled") else None,
        time_zone=_time_zone(request.time_zone) if request.HasField("time_zone") else None,
        overwrite_plans=request.overwrite_action_plans,
        overwrite_triggers=request.overwrite_trigger_groups,
    )


def _remove_balance(request: accounts_pb2.RemoveBalanceRequest) -> Operation:
    return RunActions((removing(request),))


def _execute_actions(request: accounts_pb2.ExecuteActionsRequest) -> Operation:
    return ExecuteSet(required(request.actions_id, "actions_id"))


def _set_triggers(request: accounts_pb2.SetTriggersRequest) -> Operation:
    groups = _names(request.groups, "groups", given=request.overwrite)
    if groups is None:
        raise InvalidRequest("groups", "is empty; with `overwrite` that takes all triggers away")
    return SetTriggers(groups, request.overwrite)


def _remove_triggers(request: accounts_pb2.RemoveTriggersRequest) -> Operation:
    return RemoveTriggers(name(request.group, "group"), name(request.unique_id, "unique_id"))


def _reset_triggers(request: accounts_pb2.ResetTriggersRequest) -> Operation:
    return ResetTriggers(name(request.group, "group"), name(request.unique_id, "unique_id"), request.executed)


def _reset_counters(request: accounts_pb2.ResetCountersRequest) -> Operation:
    return ResetCounters(name(request.counter_id, "counter_id"), name(request.kind, "kind"))


def _names(names: Sequence[str], field: str, *, given: bool) -> tuple[str, ...] | None:
    """The names of a list; None for an empty one, unless `given` says that it is meant to be empty."""
    if len(names) > LIST_MAX:
        raise InvalidRequest(field, f"{len(names)} names; at most {LIST_MAX} are allowed")
    checked = tuple(required(member, f"{field}[{place}]") for place, member in enumerate(names))
    return checked if checked or given else None


def _time_zone(text: str) -> str:
    try:
        return zone(text).name if text else ""
    except ValueError as error:
        raise UnknownTimeZone("time_zone", str(error)) from None


class _ChangeEncoding:
    """Writes an AccountChange."""

    __slots__ = ("_dry_run", "_key", "_writer")

    def __init__(self, writer: AnswerWriter, key: AccountKey, *, dry_run: bool) -> None:
        self._writer: Final = writer
        self._key: Final = key
        self._dry_run: Final = dry_run

    def __call__(self, answer: Answer | RatingdError) -> Reply:
        if not isinstance(answer, AccountAnswer):
            return failed(answer, self._key.account)
        change = accounts_pb2.AccountChange(
            operation_id="" if self._dry_run else answer.operation_id, notes=answer.notes
        )
        if answer.account is not None:
            self._writer.write_account(change.account, answer.account)
        return Reply(0, change.SerializeToString())


class _AccountEncoding:
    """Writes an Account."""

    __slots__ = ("_key", "_writer")

    def __init__(self, writer: AnswerWriter, key: AccountKey) -> None:
        self._writer: Final = writer
        self._key: Final = key

    def __call__(self, answer: Answer | RatingdError) -> Reply:
        account: Account | None = answer.account if isinstance(answer, AccountAnswer) else None
        if account is None or not isinstance(answer, AccountAnswer):
            return failed(answer, self._key.account)
        message: AccountMessage = self._writer.account(account)
        return Reply(0, message.SerializeToString())
