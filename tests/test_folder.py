"""A tariff folder as a whole: references between its files, what stays of what was loaded before, and its image."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.action import Action, ActionSet, ActionType
from actions.catalogue import Catalogue
from actions.catalogue_image import catalogue_from_image, catalogue_image
from actions.folder import EMPTY_PLAN_BOOK, book_from_image, book_image, read_folder
from actions.value_formula import ValueFormula
from tariffs.fault import Severity
from tariffs.zone import SECOND_NS, UTC
from tests.account_strategies import FILTERS, NAMES, WEIGHTS
from tests.action_scene import KEY, RATES, SATURDAY_TEN, book, load
from tests.table import table

HOUR_NS = 3600 * SECOND_NS
SETS = "TOP do=*topup id=M type=*monetary units=10\nDIS do=*disable_account"
TRIGGERS = "FRAUD uid=F on=*max_balance at=20 type=*monetary run=DIS"
PLANS = "P,TOP,*asap,10\nP,TOP,*monthly,20\n"
ACCOUNTS = "cgrates.org,1001,P,FRAUD,,\n"


def test_a_folder_gives_a_tariff_and_a_catalogue() -> None:
    found = book(SETS, TRIGGERS, PLANS, ACCOUNTS, RATES)
    catalogue = found.catalogue
    assert list(catalogue.action_sets) == ["TOP", "DIS"]
    assert [(e.actions_id, e.timing.id, e.asap, e.anchor_ns) for e in catalogue.action_plans["P"].entries] == [
        ("TOP", "*asap", True, SATURDAY_TEN),
        ("TOP", "*monthly", False, SATURDAY_TEN),
    ]
    assert [terms.unique_id for terms in catalogue.trigger_groups["FRAUD"]] == ["F"]
    assert catalogue.account_rows[KEY].imported == ("P", "FRAUD", "false", "false")
    assert list(found.tariff.plans) == ["RP", "RP_CF"]


@table("""
    file           | text                       | finding
    ActionPlans    | P,NOACT,*asap,10           | 1:2: fault: ActionsId names no action set
    ActionPlans    | P,TOP,NOTIM,10             | 1:3: fault: TimingId names no timing
    ActionPlans    | P,TOP,*asap,x              | 1:4: fault: Weight is not a number
    ActionPlans    | P,TOP,*asap                | 1: fault: wrong number of fields
    AccountActions | cgrates.org,1001,NOPLAN,,, | 1:3: fault: ActionPlanId names no plan
    AccountActions | cgrates.org,1001,,NOTR,,   | 1:4: fault: ActionTriggersId names no group
    AccountActions | cgrates.org,1001,,,maybe,  | 1:5: fault: AllowNegative is neither true nor false
    AccountActions | ,1001,,,,                  | 1:1: fault: Tenant is empty
    AccountActions | t,*group:F,,,,             | 1:2: fault: Account is the name of a shared group
    SharedGroups   | SG,*any,*lovest,           | 1:3: fault: Strategy is unknown
    Timings        | T,*any,*any,*any,*any      | 1: fault: wrong number of fields
""")
def test_a_fault_refuses_the_folder(file: str, text: str, finding: str) -> None:
    files = {"Actions.csv": b"TOP,*log,,,,,,,,,,,,,,,\n", f"{file}.csv": text.encode() + b"\n"}
    found, findings = read_folder(files, EMPTY_PLAN_BOOK, now_ns=SATURDAY_TEN, zone=UTC)
    assert found is None
    assert str(findings[-1]).startswith(f"{file}.csv:{finding}")


@table("""
    row                 | finding
    ,*any,*lowest,      | 1:1: warning: Id is empty
    SG,1001,*lowest,    | 1:2: warning: Account is no account
    SG,:1001,*lowest,   | 1:2: warning: Account is no account
    SG,t:,*lowest,      | 1:2: warning: Account is no account
    SG,t:1001,*lowest,  |
    SG,,,               |
""")
def test_a_shared_group_that_means_nobody_is_warned_of(row: str, finding: str) -> None:
    files = {"SharedGroups.csv": row.encode() + b"\n"}
    found, findings = read_folder(files, EMPTY_PLAN_BOOK, now_ns=SATURDAY_TEN, zone=UTC)
    assert found is not None
    assert ["".join(str(each).partition(finding)[1]) for each in findings] == ([finding] if finding else [])


def test_two_rows_for_one_account_are_a_fault_that_names_both() -> None:
    """X 45: in CGRateS the second silently wins."""
    _, (finding,) = load(accounts="cgrates.org,1001,,,,\ncgrates.org,1002,,,,\ncgrates.org,1001,,,true,\n")
    assert str(finding).startswith(
        "AccountActions.csv:3:2: fault: Account has two rows, AccountActions.csv:1 and AccountActions.csv:3"
    )


def test_each_file_that_is_not_used_has_one_notice() -> None:
    files = dict.fromkeys(("Chargers.csv", "Filters.csv", "sub/Stats.csv", "README.md"), b"anything, at\nall")
    files["ActionTrigers.csv"] = b""
    found, findings = read_folder(files, EMPTY_PLAN_BOOK, now_ns=SATURDAY_TEN, zone=UTC)
    assert found is not None
    assert {finding.severity for finding in findings} == {Severity.NOTICE}
    assert sorted(finding.file for finding in findings) == sorted(files)
    hints = {finding.file: finding.allowed for finding in findings if finding.allowed}
    assert hints == {"ActionTrigers.csv": "is ActionTriggers.csv meant?"}


def test_rows_of_sub_folders_are_read_too() -> None:
    files = {
        "Actions.csv": b"A,*log,,,,,,,,,,,,,,,20\n",
        "more/Actions.csv": b"A,*disable_account,,,,,,,,,,,,,,,10\nB,*log,,,,,,,,,,,,,,,\n",
    }
    found, _ = read_folder(files, EMPTY_PLAN_BOOK, now_ns=SATURDAY_TEN, zone=UTC)
    assert found is not None
    assert [(id, len(actions.actions)) for id, actions in found.catalogue.action_sets.items()] == [("A", 2), ("B", 1)]


def test_a_load_replaces_what_it_names_and_leaves_the_rest() -> None:
    stored = book(SETS, TRIGGERS, PLANS, ACCOUNTS, RATES)
    found, findings = load("TOP do=*log", plans="Q,DIS,*daily,1\n", stored=stored, now_ns=SATURDAY_TEN + SECOND_NS)
    assert (found is not None, findings) == (True, [])
    assert found is not None
    assert [action.type for action in found.catalogue.action_sets["TOP"].actions] == ["*log"]
    assert list(found.catalogue.action_plans) == ["P", "Q"]
    assert list(found.catalogue.trigger_groups) == ["FRAUD"]
    assert found.catalogue.account_rows == {}
    assert found.tariff.plans == stored.tariff.plans


def test_an_entry_that_is_loaded_again_keeps_its_anchor() -> None:
    stored = book(SETS, plans=PLANS)
    again, _ = load(SETS, plans=PLANS + "P,TOP,*monthly,5\nP,DIS,*monthly,5\n", stored=stored, now_ns=SATURDAY_TEN + 7)
    assert again is not None
    assert [entry.anchor_ns - SATURDAY_TEN for entry in again.catalogue.action_plans["P"].entries] == [0, 0, 7, 7]


@table("""
    first                    | second                   | ends  | begins
    until=+40h               | until=+40h               | 40h   |
    until=+40h               | until=+41h               | 71h   |
    until=+40h               | until=                   |       |
    until=+40h at=9          | until=+40h at=8          | 40h   |
    until=+40h from=+2h      | until=+40h from=+3h      | 40h   | 33h
    from=+2h                 | from=+2h                 |       | 2h
    until=+40h id=M          | until=+40h id=N          | 40h   |
    until=2026-11-22T10:00:00Z | until=2026-11-22T10:00:00Z | 24h |
    until=2026-11-22T10:00:00Z | until=+30h             | 60h   |
""")
def test_a_time_of_a_trigger_counts_from_the_load_that_first_had_it(
    first: str, second: str, ends: str, begins: str
) -> None:
    """Loaded, again 30 hours later, and once more 10 hours after that: told are the hours from the first load on."""
    row, found = "G uid=U on=*max_balance type=*monetary run=DIS ", EMPTY_PLAN_BOOK
    for text, hours in ((first, 0), (second, 30), (second, 40)):
        loaded, _ = load(SETS, row + text, stored=found, now_ns=SATURDAY_TEN + hours * HOUR_NS)
        assert loaded is not None
        found = book_from_image(book_image(loaded))
    (terms,) = found.catalogue.trigger_groups["G"]
    told = [
        None if ns is None else (ns - SATURDAY_TEN) // HOUR_NS for ns in (terms.expires_at_ns, terms.activates_at_ns)
    ]
    assert told == [int(hours.rstrip("h")) if hours else None for hours in (ends, begins)]


def test_a_timing_of_the_folder_comes_before_a_built_in_one() -> None:
    timings = "*daily,*any,*any,*any,1,08:00:00\nPEAK,*any,*any,*any,*any,07:00:00\n"
    found = book(SETS, plans="P,TOP,*daily,1\nP,TOP,PEAK,1\n", files={"Timings": timings})
    entries = found.catalogue.action_plans["P"].entries
    assert [(entry.timing.schedule, entry.timing.week_days) for entry in entries] == [("", {1}), ("", frozenset())]


def test_the_image_of_a_book_gives_the_book() -> None:
    files = RATES | {"Timings": "PEAK,2027,1,2,3,08:00:00;09:00:00\n"}
    found = book(SETS, TRIGGERS, PLANS + "P,DIS,PEAK,1\n", ACCOUNTS, files)
    again = book_from_image(json.loads(json.dumps(book_image(found))))
    assert again.catalogue == found.catalogue
    assert again.tariff.profiles == found.tariff.profiles
    assert book_from_image({}) is EMPTY_PLAN_BOOK


ACTIONS = st.builds(
    Action,
    actions_id=st.just("A"),
    type=st.sampled_from(ActionType),
    weight=WEIGHTS,
    extra=NAMES,
    filters=st.lists(NAMES, max_size=2).map(tuple),
    balance_type=NAMES,
    filter=FILTERS,
    units=st.none() | st.integers(-(10**15), 10**15),
    formula=st.none() | st.builds(ValueFormula, st.integers(), st.integers(1), st.just("month"), st.just("day")),
    expiry=NAMES,
    factors=st.dictionaries(NAMES, WEIGHTS, max_size=2),
)


@given(st.lists(ACTIONS, max_size=3))
@settings(max_examples=50, deadline=None)
def test_the_image_of_any_action_gives_the_action(actions: list[Action]) -> None:
    catalogue = Catalogue({"A": ActionSet("A", tuple(actions))})
    assert catalogue_from_image(json.loads(json.dumps(catalogue_image(catalogue)))) == catalogue


@pytest.mark.parametrize("image", [{}, {"format": 2}, {"format": 1}, {"format": 1, "sets": 5}])
def test_an_image_that_cannot_be_read_is_refused(image: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="catalogue image"):
        catalogue_from_image(image)
