"""The answer to a debit, as bytes.

It is written for every debit, on the lane's thread between two decisions, and stored under the request's key as it is;
hence by hand (ratingd.api.wire, ratingd.api.wire_amounts) and only as far as the request's view wants it. A run of
equal increments stays one entry: the answer to a day-long call sold by the second is no longer than that to a minute.

Money of a currency that is not configured names none. A number of units is its decimal text, time is a Duration.
"""

from typing import Final

from librt.strings import BytesWriter

from accounts.account import Account
from accounts.balance import BalanceKind
from accounts.charge import CallCost, Increment, MoneyPart, StoppedBy, Timespan, UnitPart
from ratingd.api.convert import MONETARY
from ratingd.api.reasons import REASONS, wire_reason
from ratingd.api.wire import begin, end, put_flag, put_number, put_text, tag_of
from ratingd.api.wire_amounts import put_amount, put_decimal, put_match, put_money, put_time, put_usage
from ratingd.v1 import call_pb2

_COST: Final = call_pb2.CallCost
_CHARGE_ID: Final = tag_of(_COST, "charge_id")
_COST_COST: Final = tag_of(_COST, "cost")
_GRANTED: Final = tag_of(_COST, "granted")
_RATED_USAGE: Final = tag_of(_COST, "rated_usage")
_REASON: Final = tag_of(_COST, "reason")
_STOPPED_BY: Final = tag_of(_COST, "stopped_by")
_OVERDRAWN: Final = tag_of(_COST, "overdrawn")
_TIMESPANS: Final = tag_of(_COST, "timespans")
_ACCOUNT: Final = tag_of(_COST, "account")

_STOP: Final = call_pb2.StoppedBy
_STOP_REASON: Final = tag_of(_STOP, "reason")
_TRIGGER_GROUP: Final = tag_of(_STOP, "trigger_group")
_TRIGGER_ID: Final = tag_of(_STOP, "trigger_id")
_ACTIONS_ID: Final = tag_of(_STOP, "actions_id")

_SPAN: Final = call_pb2.Timespan
_TIME_START: Final = tag_of(_SPAN, "time_start")
_TIME_END: Final = tag_of(_SPAN, "time_end")
_SPAN_COST: Final = tag_of(_SPAN, "cost")
_ROUND_COST: Final = tag_of(_SPAN, "round_cost")
_DURATION_INDEX: Final = tag_of(_SPAN, "duration_index")
_RUNS: Final = tag_of(_SPAN, "runs")
_MATCH: Final = tag_of(_SPAN, "match")

_RUN: Final = call_pb2.IncrementRun
_RUN_NUMBER: Final = tag_of(_RUN, "run")
_RUN_COUNT: Final = tag_of(_RUN, "count")
_RUN_USAGE: Final = tag_of(_RUN, "usage")
_RUN_COST: Final = tag_of(_RUN, "cost")
_RUN_MONEY: Final = tag_of(_RUN, "money")
_RUN_UNITS: Final = tag_of(_RUN, "units")
_RUN_PAYER: Final = tag_of(_RUN, "payer")

_DRAW: Final = call_pb2.BalanceDraw
_DRAW_UUID: Final = tag_of(_DRAW, "balance_uuid")
_DRAW_ID: Final = tag_of(_DRAW, "balance_id")
_DRAW_AMOUNT: Final = tag_of(_DRAW, "amount")
_DRAW_AFTER: Final = tag_of(_DRAW, "after")
_DRAW_FACTOR: Final = tag_of(_DRAW, "factor")
_DRAW_PAYER: Final = tag_of(_DRAW, "payer")

_SUMMARY: Final = call_pb2.AccountSummary
_TENANT: Final = tag_of(_SUMMARY, "tenant")
_NAME: Final = tag_of(_SUMMARY, "account")
_ALLOW_NEGATIVE: Final = tag_of(_SUMMARY, "allow_negative")
_DISABLED: Final = tag_of(_SUMMARY, "disabled")
_BALANCES: Final = tag_of(_SUMMARY, "balances")

_BALANCE: Final = call_pb2.BalanceSummary
_UUID: Final = tag_of(_BALANCE, "uuid")
_ID: Final = tag_of(_BALANCE, "id")
_KIND: Final = tag_of(_BALANCE, "kind")
_VALUE: Final = tag_of(_BALANCE, "value")
_BALANCE_DISABLED: Final = tag_of(_BALANCE, "disabled")


class CallCostWriter:
    """Writes answers in one currency."""

    __slots__ = ("_currency",)

    def __init__(self, currency: str) -> None:
        self._currency: Final = currency

    def call_cost(self, cost: CallCost, charge_id: str, account: Account, *, voice: bool, full: bool) -> bytes:
        """A CallCost; `account` is the one that was asked, as it is afterwards."""
        out = BytesWriter()
        if cost.timespans:
            put_text(out, _CHARGE_ID, charge_id)
        put_money(out, _COST_COST, cost.cost, self._currency)
        put_usage(out, _GRANTED, cost.granted, voice)
        put_usage(out, _RATED_USAGE, cost.rated_usage, voice)
        if cost.reason is not None:
            put_number(out, _REASON, REASONS[cost.reason])
        if cost.stopped_by is not None:
            _put_stop(out, cost.stopped_by)
        if cost.overdrawn != 0:
            put_money(out, _OVERDRAWN, cost.overdrawn, self._currency)
        if full:
            run = 0
            for timespan in cost.timespans:
                self._put_timespan(out, timespan, run, account, voice)
                run += len(timespan.increments)
            begun = begin(out, _ACCOUNT)
            self._put_summary(out, account)
            end(out, begun)
        return out.getvalue()

    def summary(self, account: Account) -> bytes:
        """An AccountSummary."""
        out = BytesWriter()
        self._put_summary(out, account)
        return out.getvalue()

    def _put_timespan(self, out: BytesWriter, timespan: Timespan, run: int, account: Account, voice: bool) -> None:
        begun = begin(out, _TIMESPANS)
        put_time(out, _TIME_START, timespan.start_ns)
        put_time(out, _TIME_END, timespan.end_ns)
        put_money(out, _SPAN_COST, timespan.cost, self._currency)
        if timespan.round_cost != 0:
            put_money(out, _ROUND_COST, timespan.round_cost, self._currency)
        put_usage(out, _DURATION_INDEX, timespan.duration_index, voice)
        for increment in timespan.increments:
            self._put_run(out, run, increment, account, voice)
            run += 1
        put_match(out, _MATCH, timespan.match, timespan.timing_id)
        end(out, begun)

    def _put_run(self, out: BytesWriter, run: int, increment: Increment, account: Account, voice: bool) -> None:
        begun = begin(out, _RUNS)
        put_number(out, _RUN_NUMBER, run)
        put_number(out, _RUN_COUNT, increment.count)
        put_usage(out, _RUN_USAGE, increment.duration, voice)
        put_money(out, _RUN_COST, increment.cost, self._currency)
        payer = "" if increment.payer == account.key else increment.payer.account
        if increment.money is not None:
            of_other = increment.money_payer != account.key
            self._put_money_draw(
                out, increment.money, increment.cost, increment.money_payer.account if of_other else ""
            )
        if increment.unit is not None:
            self._put_unit_draw(out, increment.unit, voice, payer)
        put_text(out, _RUN_PAYER, payer)
        end(out, begun)

    def _put_money_draw(self, out: BytesWriter, money: MoneyPart, cost: int, payer: str) -> None:
        begun = begin(out, _RUN_MONEY)
        put_text(out, _DRAW_UUID, money.uuid)
        put_text(out, _DRAW_ID, money.balance_id)
        put_amount(out, _DRAW_AMOUNT, cost, MONETARY, self._currency)
        put_amount(out, _DRAW_AFTER, money.after, MONETARY, self._currency)
        put_text(out, _DRAW_PAYER, payer)
        end(out, begun)

    def _put_unit_draw(self, out: BytesWriter, unit: UnitPart, voice: bool, payer: str) -> None:
        kind = unit.kind or (BalanceKind.VOICE if voice else BalanceKind.GENERIC)
        begun = begin(out, _RUN_UNITS)
        put_text(out, _DRAW_UUID, unit.uuid)
        put_text(out, _DRAW_ID, unit.balance_id)
        put_amount(out, _DRAW_AMOUNT, unit.amount, kind, self._currency)
        put_amount(out, _DRAW_AFTER, unit.after, kind, self._currency)
        if unit.factor != "1":
            put_decimal(out, _DRAW_FACTOR, unit.factor)
        put_text(out, _DRAW_PAYER, payer)
        end(out, begun)

    def _put_summary(self, out: BytesWriter, account: Account) -> None:
        put_text(out, _TENANT, account.key.tenant)
        put_text(out, _NAME, account.key.account)
        put_flag(out, _ALLOW_NEGATIVE, account.allow_negative)
        put_flag(out, _DISABLED, account.disabled)
        for balance in account.balances:
            terms = balance.terms
            begun = begin(out, _BALANCES)
            put_text(out, _UUID, balance.uuid)
            put_text(out, _ID, terms.id)
            put_text(out, _KIND, terms.kind)
            put_amount(out, _VALUE, balance.value, terms.kind, self._currency)
            put_flag(out, _BALANCE_DISABLED, terms.disabled)
            end(out, begun)


def _put_stop(out: BytesWriter, stop: StoppedBy) -> None:
    begun = begin(out, _STOPPED_BY)
    put_number(out, _STOP_REASON, wire_reason(stop.reason))
    put_text(out, _TRIGGER_GROUP, stop.trigger_group)
    put_text(out, _TRIGGER_ID, stop.trigger_id)
    put_text(out, _ACTIONS_ID, stop.actions_id)
    end(out, begun)
