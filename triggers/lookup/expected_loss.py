"""Expected loss: which alert costs most if nobody looks at it.

Two alerts are open. Account 1001 calls premium numbers at 2.00 a minute and has 50.00 left; that is revenue share fraud
with a probability of 0.95. Account 2002 calls mobiles at 0.05 and has 400.00 left, with 0.75. Within a day of talking
the first can lose all of its 50.00, the second 1,440 minutes, 72.00: 47.50 and 54.00 are to be expected, so the second
one is looked at first.

Loss is probability · what remains of the balance, as far as it can be talked away within a day at the price of a minute
now. Minutes of a package are worth what they would cost. An account that may go below zero can lose the whole day; one
that is disabled, or calls for nothing, loses nothing. Each account counts once, with the dearest number it called. It
is one line that talks: ten at a time lose it sooner, and not more than there is, but for accounts that may go below
zero.
"""

from collections.abc import Sequence
from typing import Final

from accounts.account import Account
from accounts.balance import BalanceKind, BalanceTerms
from accounts.called_number import CalledNumber

MINUTE_NS: Final = 60_000_000_000
DAY_MINUTES: Final = 1_440
MILLIONTHS: Final = 1_000_000
NOT_PRICED: Final = -1
ANY: Final = "*any"


class Exposure:
    """What an account can lose on one number. Amounts are nano-units, `talk_ns` minutes that pay for the number."""

    __slots__ = ("loss_nano", "money_nano", "price_nano", "talk_ns")

    def __init__(self, price_nano: int, money_nano: int, talk_ns: int, loss_nano: int) -> None:
        self.price_nano: Final = price_nano  # of a minute; NOT_PRICED where nothing says what the number costs
        self.money_nano: Final = money_nano
        self.talk_ns: Final = talk_ns
        self.loss_nano: Final = loss_nano


class ExpectedLoss:
    """`price_nano` is that of the dearest number, `money_nano` and `talk_ns` what all accounts have together."""

    __slots__ = ("accounts", "basis", "loss_nano", "money_nano", "price_nano", "probability", "talk_ns")

    def __init__(
        self, loss_nano: int, probability: float, price_nano: int, money_nano: int, talk_ns: int, accounts: int,
        basis: str,
    ) -> None:  # fmt: skip
        self.loss_nano: Final = loss_nano
        self.probability: Final = probability
        self.price_nano: Final = price_nano
        self.money_nano: Final = money_nano
        self.talk_ns: Final = talk_ns
        self.accounts: Final = accounts
        self.basis: Final = basis


def exposure(account: Account, number: CalledNumber, price_nano: int, at_ns: int) -> Exposure:
    """What an account can lose on a number at `price_nano` a minute; without a price all its money."""
    money, talk = 0, 0
    for balance in account.balances:
        terms = balance.terms
        if balance.value > 0 and not terms.disabled and not terms.expired(at_ns) and _meant(terms, number):
            if terms.kind is BalanceKind.MONETARY:
                money += balance.value
            elif terms.kind is BalanceKind.VOICE:
                talk += balance.value
    if account.disabled or price_nano == 0:
        return Exposure(price_nano, money, talk, 0)
    if price_nano == NOT_PRICED:
        return Exposure(price_nano, money, talk, money)
    day = DAY_MINUTES * price_nano
    if account.allow_negative:
        return Exposure(price_nano, money, talk, day)
    return Exposure(price_nano, money, talk, min(day, money + talk * price_nano // MINUTE_NS))


def expected_loss(probability: float, exposures: Sequence[Exposure]) -> ExpectedLoss:
    """Of the accounts that an alert is about, one exposure each."""
    if not exposures:
        return ExpectedLoss(0, probability, 0, 0, 0, 0, "no account here pays for these calls")
    total, money, talk, dearest = 0, 0, 0, NOT_PRICED
    for each in exposures:
        total += each.loss_nano
        money += each.money_nano
        talk += each.talk_ns
        dearest = max(dearest, each.price_nano)
    loss = round(probability * MILLIONTHS) * total // MILLIONTHS
    return ExpectedLoss(
        loss, probability, max(dearest, 0), money, talk, len(exposures), _basis(len(exposures), dearest, total, money)
    )


def _meant(terms: BalanceTerms, number: CalledNumber) -> bool:
    """Whether it may pay for the number: as far as its destinations say, which is enough to compare alerts."""
    agreed = terms.destinations
    if not agreed or ANY in agreed:
        return True
    for id in number.destination_ids:
        if id in agreed:
            return agreed[id]
    return terms.excludes_only


def _basis(accounts: int, dearest: int, total: int, money: int) -> str:
    whose = "1 account" if accounts == 1 else f"{accounts} accounts"
    if total == 0 and dearest > 0 and money > 0:
        return f"nothing of {whose}, disabled as things stand"
    if dearest == NOT_PRICED:
        return f"all the money of {whose}: no tariff prices what was called"
    return f"a day of talking of {whose}, one line each, at the price of now, as far as the balance goes"
