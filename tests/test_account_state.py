"""The account as webhooks carry it: the names a CGRateS receiver looks for, amounts as text."""

from decimal import Decimal
from typing import Any

from accounts.account import (
    Account,
    AccountKey,
    AccountTrigger,
    CounterKind,
    ThresholdType,
    TriggerTerms,
    UnitCounter,
    Window,
)
from accounts.account_state import account_state
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import ANY_BALANCE, BalanceFilter

NEVER = "0001-01-01T00:00:00Z"


def test_state_uses_the_names_of_the_field() -> None:
    spent = BalanceFilter(destinations={"DST_49": True})
    account = Account(
        AccountKey("cgrates.org", "1001"),
        [
            Balance("b1", BalanceTerms("*default", BalanceKind.MONETARY, Decimal("2.5")), 7_800_000_000),
            Balance("b2", BalanceTerms("MIN", BalanceKind.VOICE, Decimal(10), 1_796_083_200_000_000_000), 60 * 10**9),
        ],
        [UnitCounter("SPENT", "*monetary", CounterKind.EVENT, spent, 600_000_000)],
        [
            AccountTrigger(
                TriggerTerms("CAP", "SPENT", ThresholdType.MAX_EVENT_COUNTER, 3 * 10**9, "ACT_DIS", "*monetary", spent),
                executed=True,
                last_executed_ns=1_796_083_200_000_000_000,
            )
        ],
    )
    state = account_state(account)
    assert list(state) == [
        "ID", "BalanceMap", "UnitCounters", "ActionTriggers", "AllowNegative", "Disabled", "UpdateTime",
    ]  # fmt: skip
    assert state["BalanceMap"] == {
        "*monetary": [_balance("b1", "*default", "7.8", 2.5, NEVER)],
        "*voice": [_balance("b2", "MIN", "60000000000", 10, "2026-12-01T00:00:00Z")],
    }
    given = _filter(DestinationIDs={"DST_49": True})
    assert state["UnitCounters"] == {
        "*monetary": [
            {
                "CounterType": "*event",
                "Counters": [{"Value": "0.6", "Filter": given | {"ID": "SPENT", "Type": "*monetary"}}],
            }
        ]
    }
    assert state["ActionTriggers"] == [
        {
            "ID": "CAP",
            "UniqueID": "SPENT",
            "ThresholdType": "*max_event_counter",
            "ThresholdValue": "3",
            "Recurrent": False,
            "MinSleep": 0,
            "ExpirationDate": NEVER,
            "ActivationDate": NEVER,
            "Balance": given | {"Type": "*monetary"},
            "Weight": 0,
            "ActionsID": "ACT_DIS",
            "MinQueuedItems": 0,
            "Executed": True,
            "LastExecutionTime": "2026-12-01T00:00:00Z",
        }
    ]
    assert state["UpdateTime"] == NEVER


def test_a_counter_of_a_window_tells_when_it_began_and_one_of_a_call_whose_it_is() -> None:
    day = TriggerTerms("CAP", "D", ThresholdType.MAX_EVENT_COUNTER, 1, "ACT", "*monetary", window=Window.DAY)
    began_ns = 1_796_083_200_000_000_000
    account = Account(
        AccountKey("cgrates.org", "1001"),
        counters=[
            UnitCounter("D", "*monetary", CounterKind.EVENT, ANY_BALANCE, window=Window.DAY, since_ns=began_ns),
            UnitCounter("C", "*monetary", CounterKind.EVENT, ANY_BALANCE, window=Window.CALL, call="e784d48d"),
            UnitCounter("U", "*monetary", CounterKind.EVENT, ANY_BALANCE),
        ],
        triggers=[AccountTrigger(day)],
    )
    state: Any = account_state(account)
    counters = state["UnitCounters"]["*monetary"][0]["Counters"]
    added = [
        {name: value for name, value in counter.items() if name not in ("Value", "Filter")} for counter in counters
    ]
    assert added == [
        {"Window": "*day", "Since": "2026-12-01T00:00:00Z"},
        {"Window": "*call", "CgrID": "e784d48d"},
        {},
    ]
    assert state["ActionTriggers"][0]["Window"] == "*day"


def _balance(uuid: str, id: str, value: str, weight: float, expires: str) -> dict[str, object]:
    return {
        "Uuid": uuid, "ID": id, "Value": value, "ExpirationDate": expires, "Weight": weight, "DestinationIDs": {},
        "RatingSubject": "", "Categories": {}, "SharedGroups": {}, "Timings": None, "TimingIDs": {}, "Disabled": False,
        "Factors": {},
        "Blocker": False,
    }  # fmt: skip


def _filter(**given: object) -> dict[str, object]:
    names = (
        "Uuid", "ID", "Type", "ExpirationDate", "Weight", "DestinationIDs", "RatingSubject", "Categories",
        "SharedGroups", "TimingIDs", "Disabled", "Blocker",
    )  # fmt: skip
    return dict.fromkeys(names) | given
