"""Expected loss: what remains of balances, as far as a day of talking takes it away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.account import Account, AccountKey
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.called_number import CalledNumber
from tariffs.money import NANO
from tariffs.tariff import Tariff
from triggers.lookup.expected_loss import MINUTE_NS, NOT_PRICED, expected_loss, exposure

TARIFF = Tariff({"DST_49": ("49",), "DST_PREMIUM": ("371909",)}, {}, {}, {})
KEY = AccountKey("cgrates.org", "1001")
NOW_NS = 1_795_255_200 * NANO


@pytest.mark.parametrize(
    ("money", "minutes", "price", "state", "loss"),
    [
        (50.0, 0, 2.0, "", 50.0),  # talked away within 25 minutes
        (400.0, 0, 0.05, "", 72.0),  # 1,440 minutes, and not all that there is
        (5.0, 10, 0.5, "", 10.0),  # a package of ten minutes is worth what they would cost
        (50.0, 0, 0.0, "", 0.0),  # nobody pays
        (50.0, 0, None, "", 50.0),  # nothing says what it costs
        (0.0, 0, 2.0, "", 0.0),
        (-3.0, 0, 2.0, "postpaid", 2880.0),
        (50.0, 0, 2.0, "disabled", 0.0),
    ],
)
def test_what_can_be_lost(money: float, minutes: int, price: float | None, state: str, loss: float) -> None:
    account = Account(KEY, [balance("M", BalanceKind.MONETARY, nano(money))])
    account.allow_negative, account.disabled = state == "postpaid", state == "disabled"
    if minutes:
        account.balances.append(balance("V", BalanceKind.VOICE, minutes * MINUTE_NS))
    found = exposure(account, CalledNumber(TARIFF, "37190012345"), NOT_PRICED if price is None else nano(price), NOW_NS)
    assert found.loss_nano == nano(loss)


@pytest.mark.parametrize(
    ("destinations", "digits", "pays"),
    [
        ({}, "4930111", True),
        ({"DST_49": True}, "4930111", True),
        ({"DST_49": True}, "371909123", False),
        ({"DST_PREMIUM": False}, "371909123", False),
        ({"DST_PREMIUM": False}, "4930111", True),
        ({"*any": True}, "371909123", True),
    ],
)
def test_only_balances_that_pay_for_the_number_count(destinations: dict[str, bool], digits: str, pays: bool) -> None:
    terms = BalanceTerms("M", BalanceKind.MONETARY, destinations=destinations)
    found = exposure(Account(KEY, [Balance("u", terms, nano(7))]), CalledNumber(TARIFF, digits), nano(1), NOW_NS)
    assert found.money_nano == (nano(7) if pays else 0)


def test_what_has_expired_or_is_disabled_pays_nothing() -> None:
    over = BalanceTerms("M", BalanceKind.MONETARY, expires_at_ns=NOW_NS - 1)
    off = BalanceTerms("M", BalanceKind.MONETARY, disabled=True)
    account = Account(KEY, [Balance("u", over, nano(7)), Balance("v", off, nano(7))])
    assert exposure(account, CalledNumber(TARIFF, "4930111"), nano(1), NOW_NS).loss_nano == 0


def test_accounts_add_up_and_the_probability_counts() -> None:
    number = CalledNumber(TARIFF, "4930111")
    accounts = [Account(KEY, [balance("M", BalanceKind.MONETARY, nano(money))]) for money in (10, 30)]
    found = expected_loss(0.75, [exposure(each, number, nano(1), NOW_NS) for each in accounts])
    assert (found.loss_nano, found.money_nano, found.price_nano, found.accounts) == (nano(30), nano(40), nano(1), 2)
    assert "2 accounts, one line each" in found.basis
    assert expected_loss(0.95, []).loss_nano == 0
    assert "no account here" in expected_loss(0.95, []).basis
    for account in accounts:
        account.disabled = True
    found = expected_loss(0.75, [exposure(each, number, nano(1), NOW_NS) for each in accounts])
    assert (found.loss_nano, found.basis) == (0, "nothing of 2 accounts, disabled as things stand")


@given(st.integers(0, 10**12), st.integers(0, 10**10), st.integers(0, 10**6), st.floats(0, 1))
def test_a_dearer_number_or_a_greater_balance_never_loses_less(
    money: int, price: int, more: int, probability: float
) -> None:
    number = CalledNumber(TARIFF, "4930111")

    def loss(money: int, price: int) -> int:
        account = Account(KEY, [balance("M", BalanceKind.MONETARY, money)])
        return expected_loss(probability, [exposure(account, number, price, NOW_NS)]).loss_nano

    assert 0 <= loss(money, price) <= min(loss(money + more, price), loss(money, price + more), money)


def nano(amount: float) -> int:
    return round(amount * NANO)


def balance(id: str, kind: BalanceKind, value: int) -> Balance:
    return Balance(id, BalanceTerms(id, kind), value)
