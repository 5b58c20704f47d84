"""The answer to a debit field by field, on a message that protobuf serialises: what `ratingd.api.call_cost` writes."""

from typing import Final

from accounts.account import Account
from accounts.balance import BalanceKind
from accounts.charge import CallCost, Increment, StoppedBy, Timespan
from ratingd.api.convert import set_amount, set_instant, set_money, set_usage
from ratingd.api.reasons import REASONS, wire_reason
from ratingd.v1 import call_pb2


class CallCostMessages:
    """Writes answers in one currency."""

    def __init__(self, currency: str) -> None:
        self._currency: Final = currency

    def call_cost(
        self, cost: CallCost, charge_id: str, account: Account, *, voice: bool, full: bool
    ) -> call_pb2.CallCost:
        message = call_pb2.CallCost()
        message.charge_id = charge_id if cost.timespans else ""
        set_money(message.cost, cost.cost, self._currency)
        set_usage(message.granted, cost.granted, voice)
        set_usage(message.rated_usage, cost.rated_usage, voice)
        if cost.reason is not None:
            message.reason = REASONS[cost.reason]
        if cost.stopped_by is not None:
            _write_stop(message.stopped_by, cost.stopped_by)
        if cost.overdrawn:
            set_money(message.overdrawn, cost.overdrawn, self._currency)
        if full:
            self._write_timespans(message, cost.timespans, account, voice)
            self._write_summary(message.account, account)
        return message

    def _write_timespans(
        self, message: call_pb2.CallCost, timespans: tuple[Timespan, ...], account: Account, voice: bool
    ) -> None:
        run = 0
        for timespan in timespans:
            written = message.timespans.add()
            set_instant(written.time_start, timespan.start_ns)
            set_instant(written.time_end, timespan.end_ns)
            set_money(written.cost, timespan.cost, self._currency)
            if timespan.round_cost:
                set_money(written.round_cost, timespan.round_cost, self._currency)
            set_usage(written.duration_index, timespan.duration_index, voice)
            for increment in timespan.increments:
                self._write_run(written.runs.add(), run, increment, account, voice)
                run += 1
            match, found = written.match, timespan.match
            match.subject, match.rating_plan_id = found.subject, found.plan_id
            match.destination_id, match.prefix = found.destination_id, found.prefix
            match.timing_id = timespan.timing_id

    def _write_run(
        self, message: call_pb2.IncrementRun, run: int, increment: Increment, account: Account, voice: bool
    ) -> None:
        message.run, message.count = run, increment.count
        set_usage(message.usage, increment.duration, voice)
        set_money(message.cost, increment.cost, self._currency)
        money, unit = increment.money, increment.unit
        if money is not None:
            drawn = message.money
            drawn.balance_uuid, drawn.balance_id = money.uuid, money.balance_id
            set_money(drawn.amount.money, increment.cost, self._currency)
            set_money(drawn.after.money, money.after, self._currency)
            if increment.money_payer != account.key:
                drawn.payer = increment.money_payer.account
        if unit is not None:
            drawn = message.units
            kind = unit.kind or (BalanceKind.VOICE if voice else BalanceKind.GENERIC)
            if increment.payer != account.key:
                drawn.payer = increment.payer.account
            drawn.balance_uuid, drawn.balance_id = unit.uuid, unit.balance_id
            set_amount(drawn.amount, unit.amount, kind, self._currency)
            set_amount(drawn.after, unit.after, kind, self._currency)
            if unit.factor != "1":
                drawn.factor.value = unit.factor
        if increment.payer != account.key:
            message.payer = increment.payer.account

    def _write_summary(self, message: call_pb2.AccountSummary, account: Account) -> None:
        message.tenant, message.account = account.key.tenant, account.key.account
        message.allow_negative, message.disabled = account.allow_negative, account.disabled
        for balance in account.balances:
            terms = balance.terms
            written = message.balances.add()
            written.uuid, written.id, written.kind = balance.uuid, terms.id, terms.kind
            set_amount(written.value, balance.value, terms.kind, self._currency)
            if terms.disabled:
                written.disabled = True


def _write_stop(message: call_pb2.StoppedBy, stop: StoppedBy) -> None:
    message.reason = wire_reason(stop.reason)
    message.trigger_group, message.trigger_id, message.actions_id = stop.trigger_group, stop.trigger_id, stop.actions_id
