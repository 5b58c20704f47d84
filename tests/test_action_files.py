"""Actions.csv: what a row becomes, and what is wrong with one."""

from decimal import Decimal

from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import SUPPORTED, Action, ActionSet, ActionType
from actions.action_files import COLUMNS, FILE, read_actions
from tariffs.fault import Finding, Severity
from tariffs.zone import UTC
from tests.action_scene import ACTIONS, SATURDAY_TEN, rows
from tests.table import table

WHOLE = (
    'A,*topup,"{""PREMIUM"":2.5}",*string:~*req.ID:cgrates.org:1001;*empty:~*req.BalanceMap,MON,*monetary,call,'
    "DST_49;!DST_4915,GOLD,SHARED,+24h,PEAK,4.5,10,true,false,20\n"
)


def read(data: bytes | str) -> tuple[dict[str, ActionSet], list[Finding]]:
    findings: list[Finding] = []
    files = {FILE: data.encode() if isinstance(data, str) else data}
    return read_actions(files, {"PEAK", "*any"}, findings, now_ns=SATURDAY_TEN, zone=UTC), findings


def written(text: str) -> tuple[dict[str, ActionSet], list[Finding]]:
    return read(rows(COLUMNS, ACTIONS, text))


def test_every_column_is_read() -> None:
    sets, findings = read(WHOLE)
    assert sets["A"].actions == (
        Action(
            actions_id="A",
            type=ActionType.TOPUP,
            weight=Decimal(20),
            extra='{"PREMIUM":2.5}',
            filters=("*string:~*req.ID:cgrates.org:1001", "*empty:~*req.BalanceMap"),
            balance_type="*monetary",
            filter=BalanceFilter(
                kind=BalanceKind.MONETARY,
                id="MON",
                weight=Decimal(10),
                destinations={"DST_49": True, "DST_4915": False},
                rating_subject="GOLD",
                categories={"call": True},
                shared_groups={"SHARED": True},
                timing_ids={"PEAK": True},
                blocker=True,
                disabled=False,
            ),
            units=4_500_000_000,
            expiry="+24h",
            factors={"PREMIUM": Decimal("2.5")},
        ),
    )
    assert {(f.severity, f.field) for f in findings} == {
        (Severity.WARNING, "ExtraParameters"),
        (Severity.WARNING, "SharedGroup"),
        (Severity.WARNING, "TimingIds"),
    }


def test_a_set_is_sorted_by_weight_and_keeps_the_order_of_the_file() -> None:
    sets, _ = written("A do=*log w=10\nA do=*disable_account w=20\nA do=*enable_account w=10")
    assert [action.type for action in sets["A"].actions] == ["*disable_account", "*log", "*enable_account"]


@table("""
    cells                                       | units
    type=*monetary units=10                     | 10000000000
    type=*monetary units=1.23456789             | 1234567890
    type=*voice units=90s                       | 90000000000
    type=*voice units=10m                       | 600000000000
    type=*voice units=3600000000000             | 3600000000000
    type=*sms units=100                         | 100000000000
    type=*data units=102400                     | 102400000000000
    type=*monetary units=-3                     | -3000000000
    type=*monetary                              | None
    type=*monetary units=0                      | 0
""")
def test_units_have_the_scale_of_their_type(cells: str, units: str) -> None:
    sets, findings = written(f"A do=*topup {cells}")
    assert (str(sets["A"].actions[0].units), findings) == (units, [])


@table("""
    weight     | given
    *time_asc  | 1795255200
    *time_desc | 729352800
    10         | 10
    0.5        | 0.5
""")
def test_a_balance_weight_may_be_the_time_of_the_load(weight: str, given: str) -> None:
    sets, _ = written(f"A do=*topup type=*monetary units=1 bw={weight}")
    assert sets["A"].actions[0].filter.weight == Decimal(given)


@table("""
    row                                                   / finding
    do=*make_coffee                                       / fault Action is unknown
    do=*topup type=*monetary units=ten                    / fault Units is no amount (not a number)
    do=*topup type=*monetary units=1e30                   / fault Units is no amount (larger than any balance)
    do=*topup type=*voice units=*unlimited                / fault Units is no amount (a balance has an end)
    do=*topup type=*voice units=1parsec                   / fault Units is no amount ('1parsec' is not a duration)
    do=*topup type=*monetary units=1 bw=x                 / fault BalanceWeight is not a number
    do=*topup type=*monetary units=1 w=abc                / fault Weight is not a number
    do=*topup type=*monetary units=1 expiry=someday       / fault ExpiryTime is not an instant
    do=*topup type=*monetary units=1 timing=NOPE          / fault TimingIds names no timing with ['NOPE']
    do=*topup type=*monetary units=1 subject=*zero1s      / fault RatingSubject is for units, not for money
    do=*topup type=*monetary units=1 extra=gift           / fault ExtraParameters is nothing for *topup (Expecting value
    do=*log if=*xx:y                                      / fault Filter has a broken filter (unknown filter type *xx)
    do=*http_post                                         / fault ExtraParameters is nothing for *http_post (not a URL)
    do=*http_post_async extra=example.org                 / fault ExtraParameters is nothing for *http_post_async
    do=*call_url extra=ftp:~~example.org                  / fault ExtraParameters is nothing for *call_url (not a URL)
    do=*force_disconnect_sessions extra=a;b               / fault ExtraParameters is nothing for *force_disconnect
    do=*force_disconnect_sessions extra=;*xx:~*req.A:1;;; / fault ExtraParameters is nothing for *force_disconnect
    do=*reset_triggers extra={"Group":"A"}                / fault ExtraParameters is nothing for *reset_triggers
    do=*log if=FLTR_1                                     / warning Filter cannot be tested, and the action fails
    do=*topup units=1                                     / warning BalanceType is empty: the action fails
    do=*topup type=*minutes units=1                       / warning BalanceType is no type of balance
    do=*topup type=*voice units=12000                     / warning Units means 12us: a bare number is nanoseconds
    do=*force_disconnect_sessions extra=;;;a:b;           / warning ExtraParameters has options or event fields, which
""", split="/")  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(row: str, finding: str) -> None:
    _, (found,) = written(f"A {row}")
    severity, _, message = finding.partition(" ")
    assert found.severity is Severity(severity)
    assert found.message.startswith(message)
    assert (found.file, found.line, COLUMNS[found.column - 1]) == (FILE, 1, found.field)


def test_what_is_not_supported_loads_with_a_warning() -> None:
    for type in set(ActionType) - SUPPORTED:
        sets, (found,) = written(f"A do={type}")
        assert sets["A"].actions[0].type is type
        assert str(found).startswith("Actions.csv:1:2: warning: Action is not supported yet")
        assert found.found == type


def test_a_flag_that_is_none_is_a_fault() -> None:
    _, findings = read("A,*topup,,,,*monetary,,,,,,,1,,yes,no,\n")
    assert [(f.field, f.message) for f in findings] == [
        ("BalanceBlocker", "BalanceBlocker is neither true nor false: 'yes'"),
        ("BalanceDisabled", "BalanceDisabled is neither true nor false: 'no'"),
    ]


def test_a_broken_formula_is_a_fault() -> None:
    params = '{"Units":1,"Interval":"eon","Increment":"day"}'
    for formula in ('{"Method":"*x"}', "{", f'{{"Method":"*incremental","Params":{params}}}'):
        quoted = formula.replace('"', '""')
        _, (found,) = read(f'A,*topup,,,,*monetary,,,,,,,"{quoted}",,,,\n')
        assert (found.severity, found.field) == (Severity.FAULT, "Units")
