"""Monitors on traffic: when an account is told what they saw, and of whom their metrics are."""

import pytest

from accounts.account import Account, AccountKey, AccountTrigger, ThresholdType, TriggerTerms
from accounts.balance_filter import BalanceFilter
from tests.account_scene import amount
from tests.table import table
from triggers.calls.call_event import INVITE, CallEvent
from triggers.metric_monitor import MetricMonitor, key_of, metric_monitors
from triggers.numbers.number_reading import NumberReader

SECOND_NS = 1_000_000_000
NUMBERS = NumberReader("DE")


def terms(
    type: str, at: str, address: str = "b.distinct_a.60", *, sleep_s: int = 0, recurrent: bool = False
) -> TriggerTerms:
    return TriggerTerms(
        "G", "U", ThresholdType(type), amount(at), "ACT", filter=BalanceFilter(id=address), recurrent=recurrent,
        min_sleep_ns=sleep_s * SECOND_NS,
    )  # fmt: skip


def monitor(type: str, at: str, *, sleep_s: int = 0, recurrent: bool = False) -> MetricMonitor:
    account = Account(
        AccountKey("t", "1001"), triggers=[AccountTrigger(terms(type, at, sleep_s=sleep_s, recurrent=recurrent))]
    )
    (found,) = metric_monitors(account)
    return found


@table("""
    watches                      | values               | told        # a value a second
    *max_counter 20              | 18 19 20 21 22       | 20          # once, when the level is reached
    *max_counter 20              | 25                   | 25
    *max_counter 20              | 20 12 20             | 20 12 20    # and when it is left
    *min_counter 30              | 40 30 10 31          | 30 31
    *max_score 20 recurrent      | 20 21 22             | 20 21 22
    *max_score 20 recurrent 2s   | 20 21 22 23 24       | 20 22 24    # spaced by MinSleep
    *max_score 20 recurrent 2s   | 20 12 13             | 20 12
""")
def test_an_account_is_told_where_a_level_is_reached_or_left(watches: str, values: str, told: str) -> None:
    type, at, *more = watches.split()
    one = monitor(type, at, recurrent=bool(more), sleep_s=int(more[1].rstrip("s")) if len(more) > 1 else 0)
    seen = [value for second, value in enumerate(values.split()) if one.looked(amount(value), 1000 * second)]
    assert seen == told.split()


def test_kinds_of_metrics_are_of_the_numbers_ranges_trunk_and_account_of_a_call() -> None:
    event = CallEvent(
        INVITE, 0, "c", NUMBERS.caller("+493055510001"), NUMBERS.read("+37190912345"), trunk="t-7", tenant="t",
        account="1001",
    )  # fmt: skip
    found = {kind: key_of(kind, event) for kind in ("a", "b", "trunk", "account", "a_range", "b_range", "score")}
    assert found == {
        "a": "+493055510001", "b": "+37190912345", "trunk": "t-7", "account": "t:1001", "a_range": "+4930555",
        "b_range": "+3719091", "score": "",
    }  # fmt: skip


@pytest.mark.parametrize("address", ["score.mood", "b.charm.300", "b.asr", "x.asr.300", "b.asr.301"])
def test_what_nobody_computes_is_left_to_whoever_tells_it(address: str) -> None:
    account = Account(AccountKey("t", "1001"), triggers=[AccountTrigger(terms("*max_score", "20", address))])
    assert metric_monitors(account) == []


def test_monitors_on_balances_are_no_metric_monitors() -> None:
    account = Account(AccountKey("t", "1001"), triggers=[AccountTrigger(terms("*max_balance", "20"))])
    assert metric_monitors(account) == []
    assert not account.outlined().of_metrics


def test_a_level_that_fades_is_left_without_a_call() -> None:
    one = monitor("*max_counter", "20")
    assert [one.faded(amount("12")), one.looked(amount("20"), 0), one.faded(amount("20")), one.faded(amount("12"))] == [
        False, True, False, True,
    ]  # fmt: skip
    assert one.looked(amount("20"), 5_000)


def test_a_score_of_a_call_that_is_found_again_is_the_most_of_both() -> None:
    one = monitor("*max_score", "20")
    assert [one.of_call("x", 95), one.of_call("x", 10), one.of_call("x", 99), one.of_call("y", 10)] == [95, 95, 99, 10]


@pytest.mark.parametrize("address", ["score.masking", "score.risk", "score.knn"])
def test_scores_are_watched_by_their_names(address: str) -> None:
    account = Account(AccountKey("t", "1001"), triggers=[AccountTrigger(terms("*max_score", "20", address))])
    assert [(one.address, one.kind) for one in metric_monitors(account)] == [(address, "")]
