"""Actions.csv: what a row becomes, and what is wrong with one."""

from decimal import Decimal

import pytest

from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import LEFT_OUT, Action, ActionSet, ActionType
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
    assert findings == []


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
    do=*topup type=*monetary units=1 extra=gift           / fault ExtraParameters is nothing for *topup (not JSON
    do=*log if=*xx:y                                      / fault Filter has a broken filter (unknown filter type *xx)
    do=*http_post                                         / fault ExtraParameters is nothing for *http_post (not a URL)
    do=*http_post_async extra=example.org                 / fault ExtraParameters is nothing for *http_post_async
    do=*call_url extra=ftp:~~example.org                  / fault ExtraParameters is nothing for *call_url (not a URL)
    do=*force_disconnect_sessions extra=a;b               / fault ExtraParameters is nothing for *force_disconnect
    do=*force_disconnect_sessions extra=;*xx:~*req.A:1;;; / fault ExtraParameters is nothing for *force_disconnect
    do=*reset_triggers extra={"Group":"A"}                / fault ExtraParameters is nothing for *reset_triggers
    do=*topup_zero_negative type=*monetary subject=*zero1 / fault RatingSubject is for units, not for money
    do=*remove_balance type=*minutes                      / warning BalanceType is no type of balance: the action fails
    do=*set_expiry type=*minutes                          / warning BalanceType is no type of balance: the action fails
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


@table("""
    action               | extra                          | why
    *set_recurrent       | {"GroupID":1}                  | GroupID is not a text
    *unset_recurrent     | []                             | not a JSON object
    *topup               | {"P":-1}                       | the factor P is not a number from 0 on
    *topup_zero_negative | {"P":"2"}                      | P is not a number
    *debit               | {"P":NaN}                      | not JSON: NaN is not a number
    *set_balance         | {"P":1e99}                     | P has more digits than any amount
    *debit_reset         | {"\\u0000":1}                  | '\\x00' holds control characters
    *post_event          | example.org                    | not a URL
    *http_post           | http://example.org:99999       | Port out of range 0-65535
    *mail_async          |                                | names nobody to mail to
    *mail_async          | noc@example.org;noc            | 'noc' is no mail address
    *mail_async          | a@b@c.org                      | 'a@b@c.org' is no mail address
    *mail_async          | a@b,c@d.org                    | 'a@b,c@d.org' is no mail address
    *export              |                                | names no exporter
    *export              | ;                              | names no exporter
    *cdrlog              | category                       | not JSON: Expecting value
    *cdrlog              | {"Category":1}                 | Category is not a text
    *cdrlog              | {"OriginID":"1"}               | OriginID is not to be chosen
    *cdrlog              | {"x":"a;~*acnt.Balance"}       | '~*acnt.Balance' is none of ~*acnt.AccountID, ~*acnt.
    *remove_account      | {"Account":1}                  | Account is not a text
    *remove_account      | {"Name":"1"}                   | 'Name' is none of Tenant, Account
    *remove_account      | {"Account":"*group:F"}         | '*group:F' is no account but a shared group
    *transfer_balance    |                                | names no destination
    *transfer_balance    | {}                             | DestinationAccountID and DestinationBalanceID are texts
""")
def test_extra_parameters_are_read_as_the_action_will(action: str, extra: str, why: str) -> None:
    _, (found,) = written(f"A do={action} id=V type=*voice units=1s extra={extra}")
    assert (found.severity, found.line, found.field) == (Severity.FAULT, 1, "ExtraParameters")
    assert found.message.startswith(f"ExtraParameters is nothing for {action} ({why}")


def test_what_is_not_supported_loads_with_a_warning() -> None:
    for type in LEFT_OUT:
        sets, (found,) = written(f"A do={type}")
        assert sets["A"].actions[0].type is type
        assert str(found).startswith(f"Actions.csv:1:2: warning: Action is not done ({LEFT_OUT[type]})")
        assert found.found == type


def test_a_flag_that_is_none_is_a_fault() -> None:
    _, findings = read("A,*topup,,,,*monetary,,,,,,,1,,yes,no,\n")
    assert [(f.field, f.message) for f in findings] == [
        ("BalanceBlocker", "BalanceBlocker is neither true nor false: 'yes'"),
        ("BalanceDisabled", "BalanceDisabled is neither true nor false: 'no'"),
    ]


def test_a_broken_formula_is_a_fault() -> None:
    params = '{"Units":1,"Interval":7,"Increment":"day"}'
    for formula in ('{"Method":"*x"}', "{", f'{{"Method":"*incremental","Params":{params}}}'):
        quoted = formula.replace('"', '""')
        _, (found,) = read(f'A,*topup,,,,*monetary,,,,,,,"{quoted}",,,,\n')
        assert (found.severity, found.field) == (Severity.FAULT, "Units")


@pytest.mark.parametrize(("interval", "increment"), [("eon", "day"), ("day", "eon"), ("day", "month")])
def test_a_formula_of_an_unknown_share_gives_nothing_and_is_warned_of(interval: str, increment: str) -> None:
    params = f'{{"Units":1,"Interval":"{interval}","Increment":"{increment}"}}'
    quoted = f'{{"Method":"*incremental","Params":{params}}}'.replace('"', '""')
    sets, (found,) = read(f'A,*topup,,,,*monetary,,,,,,,"{quoted}",,,,\n')
    assert (found.severity, found.field) == (Severity.WARNING, "Units")
    formula = sets["A"].actions[0].formula
    assert formula is not None
    assert formula.value(2026, 11, scale=10**9) == 0


TRANSFER = '{"DestinationAccountID":"cgrates.org:XD","DestinationBalanceID":"DB"}'


@table("""
    parameters                                                                     | finding
    {"DestinationAccountID":"XD","DestinationBalanceID":"DB"}                      | 'XD' is not tenant:account
    {"DestinationAccountID":":XD","DestinationBalanceID":"DB"}                     | ':XD' is not tenant:account
    {"DestinationAccountID":"t:*group:F","DestinationBalanceID":"DB"}              | 't:*group:F' is not tenant:account
    {"DestinationAccountID":"t:XD","DestinationBalanceID":""}                      | are texts, and neither is empty
    {"DestinationAccountID":"t:XD","DestinationBalanceID":"D","Units":1}           | 'Units' is none of
    {"DestinationAccountID":"t:XD","DestinationBalanceID":"D","DestinationReferenceValue":"5"} | is not a number
""")
def test_the_destination_of_a_transfer_is_checked(parameters: str, finding: str) -> None:
    _, (found,) = written(f"A do=*transfer_balance id=M units=1 extra={parameters}")
    assert (found.severity, found.field) == (Severity.FAULT, "ExtraParameters")
    assert finding in found.message


@table("""
    row                                                          | field
    do=*transfer_balance units=1                                 | BalanceId
    do=*transfer_balance id=M                                    | Units
    do=*transfer_balance id=M units=0                            | Units
""")
def test_a_transfer_that_moves_nothing_is_warned_of(row: str, field: str) -> None:
    _, (found,) = written(f"A {row} extra={TRANSFER}")
    assert (found.severity, found.field) == (Severity.WARNING, field)


def test_what_a_column_leaves_open_is_not_given() -> None:
    sets, findings = written("A do=*topup id=*any type=*voice units=1s subject=*any group=S1;!S2 timing=PEAK")
    assert findings == []
    assert sets["A"].actions[0].filter == BalanceFilter(
        kind=BalanceKind.VOICE, shared_groups={"S1": True, "S2": False}, timing_ids={"PEAK": True}
    )


def test_json_that_is_nested_without_end_is_a_fault() -> None:
    deep = "[" * 100_000
    for row in (f"do=*cdrlog extra={deep}", f'do=*topup type=*sms units={{"Method":{deep}'):
        _, (found,) = written(f"A {row}")
        assert found.severity is Severity.FAULT
        assert "nested too deeply" in found.message
