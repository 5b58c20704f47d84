"""What a load would change in the plans in force, in words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.account import ThresholdType, TriggerTerms, Window
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import Action, ActionType
from actions.folder import EMPTY_PLAN_BOOK, PlanBook, book_from_image, book_image, read_folder
from actions.plan_difference import ITEMS_MAX, ROWS_MAX, KindDifference, plan_differences
from actions.row_words import action_words, trigger_words
from actions.value_formula import ValueFormula
from tariffs.zone import UTC
from tests.action_scene import RATES, SATURDAY_TEN, book
from tests.table import table

SETS = "TOP do=*topup id=M type=*monetary units=10\nDIS do=*disable_account"
TRIGGERS = "FRAUD uid=F on=*max_event_counter at=20 type=*monetary to=DST_49 timing=*day run=DIS"
PLANS = "P,TOP,*asap,10\nP,TOP,*monthly,20\n"
OTHER = {
    "Timings": "PEAK,*any,*any,*any,1;2,08:00:00\n",
    "SharedGroups": "FAMILY,*any,*lowest,\n",
    "Attributes": "t,AL,*any,*string:~*req.Account:1007,,,*req.Account,*constant,1001,,10\n",
}
FORCE = book(SETS, TRIGGERS, PLANS, files=RATES | OTHER)


def loaded(file: str, text: str, stored: PlanBook = FORCE) -> tuple[KindDifference, ...]:
    files = {f"{file}.csv": text.replace("\\n", "\n").encode() + b"\n"}
    found, findings = read_folder(files, stored, now_ns=SATURDAY_TEN + 10**9, zone=UTC)
    assert found is not None, [str(finding) for finding in findings]
    return plan_differences(stored, found)


@table(
    """
    file           % text                                       % kind            % rows
    Destinations   % DST_49,49\\nDST_49,48                      % destinations    % + 48
    Timings        % PEAK,*any,*any,*any,1,08:00:00             % timings         % - on every Monday and Tuesday at 08:00:00; + on every Monday at 08:00:00
    RatingProfiles % cgrates.org,call,*any,,RP_CF,1001          % rating_profiles % - RP; + RP_CF, else as 1001
    Actions        % TOP,*topup,,,M,*monetary,,,,,,,12,,,,      % action_sets     % - *topup 10 of *monetary M; + *topup 12 of *monetary M
    ActionPlans    % P,TOP,*asap,10\\nP,DIS,PEAK,20             % action_plans    % - TOP on day 21 of every month at 10:00:00, weight 20; + DIS on every Monday and Tuesday at 08:00:00 (PEAK), weight 20
    ActionTriggers % FRAUD,F,*max_event_counter,20,1,2h,,,,*monetary,,,,,,,,,,DIS,3 % trigger_groups % - F: *max_event_counter 20 of *monetary a *day runs DIS, to DST_49; + F: *max_event_counter 20 of *monetary runs DIS, again after 2h, weight 3
    SharedGroups   % FAMILY,*any,*highest,\\nFAMILY,t:1,*lowest, % shared_groups  % - *any *lowest; + *any *highest; + t:1 *lowest
    Attributes     % t,AL,*any,*string:~*req.Account:1007,,,*req.Account,*constant,1002,,10 % aliases % - *constant Account 1001; + *constant Account 1002
    """,  # noqa: E501
    split="%",
)
def test_rows_that_differ_are_told_in_words(file: str, text: str, kind: str, rows: str) -> None:
    (found,) = loaded(file, text)
    assert (found.kind, found.new_count, found.changed_count) == (kind, 0, 1)
    assert "; ".join(found.changed[0].rows) == rows


def test_a_price_that_differs_is_told_for_each_destination() -> None:
    prices = {name: text for name, text in RATES.items() if name not in ("Destinations", "RatingProfiles")}
    dearer = {f"{name}.csv": text.replace("RT,0,0.6,", "RT,0,0.7,").encode() for name, text in prices.items()}
    found, _ = read_folder(dearer, FORCE, now_ns=SATURDAY_TEN, zone=UTC)
    assert found is not None
    (difference,) = plan_differences(FORCE, found)
    assert [(item.name, item.rows) for item in difference.changed] == [
        (
            "RP",
            (
                "- *any: 0.6 per 1m by 1m, in *any, rounded *up 4, weight 10",
                "+ *any: 0.7 per 1m by 1m, in *any, rounded *up 4, weight 10",
            ),
        )
    ]


def test_what_is_new_is_named_and_what_the_folder_leaves_out_stays() -> None:
    (found,) = loaded("Actions", "NEW,*log,,,,,,,,,,,,,,,")
    assert found == KindDifference("action_sets", 1, 0, 2, ("NEW",), ())


def test_the_same_folder_again_differs_in_nothing() -> None:
    again = book(SETS, TRIGGERS, PLANS, files=RATES | OTHER)
    assert plan_differences(book_from_image(book_image(FORCE)), again) == ()


def test_a_first_load_tells_numbers_and_the_first_names() -> None:
    many = "\\n".join(f"D{number},{number}" for number in range(10_000))
    (found,) = loaded("Destinations", many, EMPTY_PLAN_BOOK)
    assert (found.new_count, len(found.new), found.new[:2]) == (10_000, ITEMS_MAX, ("D0", "D1"))
    (found,) = loaded("Destinations", "DST_49,49" + "".join(f"\\nDST_49,49{number}" for number in range(500)))
    assert len(found.changed[0].rows) == ROWS_MAX + 1
    assert found.changed[0].rows[-1] == "and 480 more rows"


def test_rows_in_another_order_are_told_as_such() -> None:
    two = book("S do=*log\nS do=*topup id=M type=*monetary units=1")
    (found,) = loaded("Actions", "S,*topup,,,M,*monetary,,,,,,,1,,,,\\nS,*log,,,,,,,,,,,,,,,", two)
    assert found.changed[0].rows == ("its rows stand in another order",)


FILTER = BalanceFilter(BalanceKind.MONETARY, id="M")
ACTION = Action("A", ActionType.TOPUP, balance_type="*monetary", filter=FILTER, units=5)
TERMS = TriggerTerms("G", "U", ThresholdType.MAX_BALANCE, 5, "ACT", "*monetary", FILTER)
FILTER_CHANGES: list[dict[str, Any]] = [
    {"uuid": "u"}, {"id": "N"}, {"weight": Decimal(1)}, {"expires_at_ns": SATURDAY_TEN}, {"destinations": {"D": True}},
    {"destinations": {"D": False}}, {"destinations": {}}, {"rating_subject": "S"}, {"categories": {"c": True}},
    {"shared_groups": {"G": True}}, {"timing_ids": {"T": True}}, {"blocker": True}, {"blocker": False},
    {"disabled": True}, {"disabled": False},
]  # fmt: skip
ACTION_CHANGES: list[dict[str, Any]] = [
    {"type": ActionType.DEBIT}, {"weight": Decimal(1)}, {"extra": "x"}, {"filters": ("*string:~*req.ID:1",)},
    {"balance_type": "*voice"}, {"units": 6}, {"units": None}, {"expiry": "*daily"}, {"factors": {"F": Decimal(2)}},
    {"units": None, "formula": ValueFormula(30, 1, "month", "day")},
    *({"filter": replace(FILTER, **change)} for change in FILTER_CHANGES),
]  # fmt: skip
TERMS_CHANGES: list[dict[str, Any]] = [
    {"unique_id": "V"}, {"type": ThresholdType.MIN_BALANCE}, {"threshold": 6}, {"actions_id": "B"}, {"kind": "*sms"},
    {"recurrent": True}, {"min_sleep_ns": 10**9}, {"expires_at_ns": SATURDAY_TEN}, {"activates_at_ns": SATURDAY_TEN},
    {"weight": Decimal(1)}, {"window": Window.DAY},
    *({"filter": replace(FILTER, **change)} for change in FILTER_CHANGES),
]  # fmt: skip


@given(st.sampled_from([{}, *ACTION_CHANGES]), st.sampled_from([{}, *ACTION_CHANGES]))
def test_actions_that_differ_never_read_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = replace(ACTION, **one), replace(ACTION, **other)
    assert (action_words(first) == action_words(second)) == (first == second)


@given(st.sampled_from([{}, *TERMS_CHANGES]), st.sampled_from([{}, *TERMS_CHANGES]))
def test_triggers_that_differ_never_read_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = replace(TERMS, **one), replace(TERMS, **other)
    assert (trigger_words(first) == trigger_words(second)) == (first == second)


@pytest.mark.parametrize("units", [90_000_000_000, 10**7, 0])
def test_units_of_time_are_told_as_time(units: int) -> None:
    said = action_words(replace(ACTION, balance_type="*voice", filter=BalanceFilter(BalanceKind.VOICE), units=units))
    assert said.split()[1] == {90_000_000_000: "1m30s", 10**7: "10ms", 0: "0s"}[units]
