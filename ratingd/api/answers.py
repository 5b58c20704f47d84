"""What the engine answers, as messages: grants, refunds and accounts. Of a debit it is written in `call_cost`.

An answer is written on the lane's thread, between two decisions, so it is written by plain assignments.
"""

from typing import Final

from accounts.account import Account, AccountTrigger, UnitCounter
from accounts.balance import Balance
from accounts.charge import UNLIMITED, Granted, RefundCost
from accounts.holding import reservation_of
from accounts.reservation import Reservation
from ratingd.api.call_cost import CallCostWriter
from ratingd.api.convert import set_amount, set_duration, set_instant, set_money, set_usage
from ratingd.api.reasons import REASONS
from ratingd.v1 import account_pb2, charging_pb2
from tariffs.money import decimal_text
from tariffs.span import VOICE
from triggers.distance import distance, observed


class AnswerWriter:
    """Writes answers in one currency."""

    __slots__ = ("_currency", "costs")

    def __init__(self, currency: str) -> None:
        self._currency: Final = currency
        self.costs: Final = CallCostWriter(currency)

    # -- charging

    def granted(self, granted: Granted, *, voice: bool) -> charging_pb2.GetMaxSessionTimeResponse:
        message = charging_pb2.GetMaxSessionTimeResponse()
        if granted.usage == UNLIMITED:
            message.unlimited = True
        else:
            set_usage(message.usage, granted.usage, voice)
        if granted.reason is not None:
            message.reason = REASONS[granted.reason]
        return message

    def reserved(
        self, granted: Granted, call: tuple[str, str, str], holders: tuple[Account, ...], *, voice: bool
    ) -> charging_pb2.GetMaxSessionTimeResponse:
        """`holders` are the accounts that the call holds balances of; what it holds is told as one."""
        message = self.granted(granted, voice=voice)
        for holder in holders:
            reservation = reservation_of(holder, call)
            if reservation is not None:
                if not message.HasField("reservation"):
                    self._write_reservation(message.reservation, reservation, holder)
                else:
                    self._write_held(message.reservation, reservation, holder, name=True)
        return message

    def refund(self, cost: RefundCost, account: Account) -> charging_pb2.RefundResponse:
        message = charging_pb2.RefundResponse()
        set_money(message.money, cost.money, self._currency)
        for run, count in enumerate(cost.returned):
            if count:
                message.returned.add(run=run, count=count)
        for missed in cost.not_refunded:
            message.not_refunded.add(run=missed.run, count=missed.count, balance_id=missed.balance_id, why=missed.why)
        message.account.ParseFromString(self.costs.summary(account))
        return message

    # -- accounts

    def account(self, account: Account) -> account_pb2.Account:
        message = account_pb2.Account()
        self.write_account(message, account)
        return message

    def write_account(self, message: account_pb2.Account, account: Account) -> None:
        message.tenant, message.account = account.key.tenant, account.key.account
        message.allow_negative, message.disabled = account.allow_negative, account.disabled
        message.time_zone = account.time_zone
        message.action_plans.extend(account.plans)
        if account.updated_ns:
            set_instant(message.update_time, account.updated_ns)
        for balance in account.balances:
            self._write_balance(message.balances.add(), balance)
        for reservation in account.reservations:
            self._write_reservation(message.reservations.add(), reservation, account)
        for counter in account.counters:
            self._write_counter(message.counters.add(), counter)
        for trigger in account.triggers:
            written = message.triggers.add()
            self._write_trigger(written, trigger)
            self._write_standing(written, account, trigger)
        for address, score in account.scores.items():
            message.scores[address] = decimal_text(score)

    def _write_standing(self, message: account_pb2.Trigger, account: Account, trigger: AccountTrigger) -> None:
        """What the trigger watches stands at, and how far that is from firing."""
        value, left, kind = observed(account, trigger), distance(account, trigger), trigger.terms.kind
        if value is not None:
            set_amount(message.observed, value, kind, self._currency)
        if left is not None:
            set_amount(message.distance, left, kind, self._currency)

    def _write_balance(self, message: account_pb2.Balance, balance: Balance) -> None:
        terms = balance.terms
        message.uuid, message.id, message.kind = balance.uuid, terms.id, terms.kind.value
        set_amount(message.value, balance.value, terms.kind, self._currency)
        message.weight.value = str(terms.weight)
        if terms.expires_at_ns is not None:
            set_instant(message.expire_time, terms.expires_at_ns)
        message.destinations.update(terms.destinations)
        message.categories.update(terms.categories)
        message.timing_ids.update(terms.timing_ids)
        message.shared_groups.extend(sorted(terms.shared_groups))
        message.rating_subject = terms.rating_subject
        message.factors.update({factor: str(value) for factor, value in terms.factors.items()})
        message.blocker, message.disabled = terms.blocker, terms.disabled

    def _write_reservation(self, message: account_pb2.Reservation, reservation: Reservation, account: Account) -> None:
        message.owner, message.switch_id, message.call_id = reservation.call
        set_usage(message.granted, reservation.granted, reservation.tor == VOICE)
        set_instant(message.expire_time, reservation.expires_at_ns)
        message.others.extend(reservation.others)
        self._write_held(message, reservation, account, name=False)

    def _write_held(
        self, message: account_pb2.Reservation, reservation: Reservation, account: Account, *, name: bool
    ) -> None:
        """What is held of the balances that are still there; `name` the account where it is not the one asked."""
        for uuid, amount in reservation.held.items():
            balance = account.balance(uuid)
            if balance is not None:
                held = message.held.add(balance_uuid=uuid, balance_id=balance.terms.id)
                set_amount(held.amount, amount, balance.terms.kind, self._currency)
                if name:
                    held.account = account.key.account

    def _write_counter(self, message: account_pb2.UnitCounter, counter: UnitCounter) -> None:
        message.id, message.kind, message.of = counter.id, counter.kind, counter.of.value
        set_amount(message.value, counter.value, counter.kind, self._currency)
        message.window = counter.window.value
        if counter.since_ns:
            set_instant(message.window_start_time, counter.since_ns)

    def _write_trigger(self, message: account_pb2.Trigger, trigger: AccountTrigger) -> None:
        terms = trigger.terms
        message.group, message.unique_id, message.type = terms.group, terms.unique_id, terms.type.value
        set_amount(message.threshold, terms.threshold, terms.kind, self._currency)
        message.actions_id, message.kind = terms.actions_id, terms.kind
        message.balance_id = terms.filter.id or ""
        message.recurrent = terms.recurrent
        if terms.min_sleep_ns:
            set_duration(message.min_sleep, terms.min_sleep_ns)
        if terms.activates_at_ns is not None:
            set_instant(message.activation_time, terms.activates_at_ns)
        if terms.expires_at_ns is not None:
            set_instant(message.expire_time, terms.expires_at_ns)
        message.weight.value = str(terms.weight)
        message.window = terms.window.value
        message.executed = trigger.executed
        if trigger.last_executed_ns is not None:
            set_instant(message.last_execute_time, trigger.last_executed_ns)
