"""Action sets on one account: what each action does, in which order, and that a set is one thing."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.balance import BalanceKind, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.reservation import Reservation
from actions.action import LEFT_OUT, SUPPORTED, Action, ActionType
from actions.failure import ActionFailed, FailureReason
from actions.perform import run_set
from actions.value_formula import parse_value_formula
from tests.action_scene import Scene, amount, book, instant
from tests.table import table

SETS = """
    TOP7DEF  do=*topup id=*default type=*monetary units=7 bw=10
    TOP3     do=*topup type=*monetary units=3 bw=10
    TOP10    do=*topup id=MON type=*monetary units=10 bw=10
    TOP_NEG  do=*topup id=MON type=*monetary units=-10
    RST2     do=*topup_reset type=*monetary units=2 bw=10
    DEB1     do=*debit id=MON type=*monetary units=1
    DEB_NEG  do=*debit id=MON type=*monetary units=-1
    DEB_RST  do=*debit_reset id=MON type=*monetary units=4
    SET9     do=*set_balance id=MON type=*monetary units=9 bw=20
    SET_FINE do=*set_balance id=MON type=*monetary units=-0.123456789
    SET_DEF  do=*set_balance id=*default type=*monetary units=9 bw=20
    REMOVE   do=*remove_balance id=MON
    MINUTES  do=*topup id=V type=*voice units=10m
    FINE     do=*topup id=MON type=*monetary units=0.123456789
    OFF      do=*disable_account
    ON       do=*enable_account
    NEG      do=*allow_negative
    POS      do=*deny_negative
    O        do=*topup id=O type=*monetary units=10 w=10
    O        do=*topup_reset id=O type=*monetary units=3 w=30
    O        do=*debit id=O type=*monetary units=1 w=20
    BAD      do=*topup id=O type=*monetary units=10 w=20
    BAD      do=*cgr_rpc w=10
    ZERONEG  do=*topup_zero_negative id=MON type=*monetary units=6
    NEGZERO  do=*topup_zero_negative id=MON type=*monetary units=-6
    OWING    do=*topup_zero_negative type=*monetary units=1
    SWEEP    do=*transfer_monetary_default
    SWEEPA   do=*transfer_monetary_default id=A type=*monetary
    SWEEPV   do=*transfer_monetary_default type=*voice
    RESET    do=*reset_account
    ENDED    do=*remove_expired
    ENDEDM   do=*remove_expired id=MON
    NOKIND   do=*remove_balance type=*minutes
    NOKIND2  do=*set_expiry type=*minutes expiry=+1h
    HUGE     do=*topup id=M type=*monetary units=9e15
    LONG     do=*topup id=V type=*voice units=1000000000000000000
    IFRICH   do=*topup id=B type=*monetary units=1 if=*gte:~*req.BalanceMap.*monetary.GetTotalValue:5
    IFMON    do=*topup id=B type=*monetary units=1 if=*lt:~*req.BalanceMap.*monetary[0].Value:2
    IFME     do=*topup id=B type=*monetary units=1 if=*string:~*req.ID:cgrates.org:1001
    IFOTHER  do=*topup id=B type=*monetary units=1 if=*string:~*req.Account:1002
    IFODD    do=*topup id=B type=*monetary units=1
    IFODD    do=*disable_account if=*lt:~*req.ID:5
    IFNAMED  do=*disable_account if=FLTR_1
"""
BOOK = book(SETS)


@table("""
    before             | words                            | after
                       | run TOP7DEF                      | *default=7               # X 31
                       | run TOP3; run TOP3               | _=6                      # X 31
    MON=0              | run TOP10                        | MON=10
    *default=7 _=6(w10) MON=10(w10) | run RST2            | *default=7 _=2 MON=2     # X 31: never *default
                       | run SET9; run TOP10              | MON=19                   # X 39
    MON=19             | run SET9                         | MON=9                    # X 39
    *default=1         | run SET_DEF                      | *default=9
    MON=5              | run TOP_NEG                      | MON=15                   # its sign does not matter
    MON=5              | run DEB1                         | MON=4
                       | run DEB1                         | MON=-1                   # created below zero
    MON=5              | run DEB_NEG                      | MON=6
    MON=5              | run DEB_RST                      | MON=-4
    MON=5 X=1          | run REMOVE                       | X=1
                       | run MINUTES                      | V=600s
                       | run FINE                         | MON=0.12346              # stored with five decimals
                       | run SET_FINE                     | MON=-0.12346             # and so when it is set
    MON=-0.5           | debit MON 0.6                    | MON=-1.1                 # half rounding, no drift
                       | run OFF                          | disabled
                       | run OFF; run ON; run NEG         | negative
                       | run NEG; run POS                 |
                       | run O                            | O=12                     # X 54: 3 - 1 + 10, by weight
    O=12               | run BAD                          | O=12                     # X 54: undone as a whole
    MON=-2.6           | run ZERONEG                      | MON=6                    # X 40: it adds (CGRateS -6)
    MON=-2.6           | run NEGZERO                      | MON=6
    MON=2              | run ZERONEG                      | MON=8
                       | run ZERONEG                      | MON=6
    A=-1 B=2           | run OWING                        | A=1 B=3
    A=5 B=-1 *default=2 V=60s | run SWEEP                 | A=0 B=-1 *default=7 V=60s
    A=5 B=3            | run SWEEP                        | A=0 B=0 *default=8
    A=5 B=3            | run SWEEPA                       | A=0 B=3 *default=5
    A=-5               | run SWEEP                        | A=-5
    A=5 V=60s          | run SWEEPV                       | A=5 V=60s
    V=60s M=6 X=1      | run RESET                        | _=0s _=0                 # X 53: one blank balance a kind
                       | run RESET                        |
    M=1 V=60s          | run NOKIND                       | M=1 V=60s                # no type is none, not any
    M=1                | run NOKIND2                      | M=1
    M=5                | run IFRICH                       | M=5 B=1
    M=4                | run IFRICH                       | M=4
    M=1                | run IFMON                        | M=1 B=1
    M=2                | run IFMON                        | M=2
                       | run IFME; run IFOTHER            | B=1
                       | run IFODD                        |                          # a filter that fails fails the set
    M=1                | set M 0                          | M=0                      # X 36
""")
def test_a_set_changes_balances(before: str, words: str, after: str) -> None:
    assert Scene(BOOK, before).do(words).told() == after


@table("""
    set     | cause
    BAD     | *cgr_rpc of BAD: ratingd does not do this: it calls a method of CGRateS
    NOKIND  | *remove_balance of NOKIND: there are no balances of type '*minutes'; one of *monetary
    NOKIND2 | *set_expiry of NOKIND2: there are no balances of type '*minutes'; one of *monetary
    ENDED   | *remove_expired of ENDED: the account has no such balance that has expired
    IFODD   | *disable_account of IFODD: its filter: 'cgrates.org:1001' is neither a number nor a duration
    IFNAMED | *disable_account of IFNAMED: its filter: FLTR_1 is the id of a filter profile
    REMOVE  | *remove_balance of REMOVE: the account has no such balance
""")
def test_a_set_that_fails_says_which_action_and_why(set: str, cause: str) -> None:
    assert Scene(BOOK).do(f"run {set}").refused.startswith(cause)


def test_a_second_top_up_keeps_the_first_expiry_and_weight() -> None:
    scene = Scene(book("TOP do=*topup id=M type=*monetary units=1 expiry=*monthly bw=5\nTOP do=*disable_account"))
    scene.do("run TOP; wait 86400s; run TOP")
    terms = scene.account.balances[0].terms
    assert (scene.told(), terms.expires_at_ns) == ("M=2 disabled", instant("2026-12-21T10:00:00Z"))


@table("""
    words                        | weights
    run TOP7DEF                  | *default:0              # X 31: the units only
    run SET_DEF                  | *default:0
    run SET9; run TOP10          | MON:20                  # X 39: a top-up changes no weight
    run SET9; run TOP10; run SET9 | MON:20
    run TOP10; run SET9          | MON:20                  # *set_balance does
    run TOP3; run TOP7DEF; run TOP10 | _:10 *default:0 MON:10
""")
def test_who_gives_a_balance_its_weight(words: str, weights: str) -> None:
    balances = Scene(BOOK).do(words).account.balances
    assert " ".join(f"{each.terms.id or '_'}:{each.terms.weight}" for each in balances) == weights


def test_a_set_balance_keeps_its_expiry_until_another_is_given() -> None:
    sets = """
        SET  do=*set_balance id=M type=*monetary units=1 expiry=+24h
        KEEP do=*set_balance id=M units=2
        FREE do=*set_balance id=M units=3 expiry=*unlimited
    """
    scene = Scene(book(sets)).do("run SET; run KEEP")
    assert scene.account.balances[0].terms.expires_at_ns == instant("2026-11-22T10:00:00Z")
    scene.do("run FREE")
    assert scene.account.balances[0].terms.expires_at_ns is None


def test_an_expired_balance_is_not_topped_up_but_replaced() -> None:
    scene = Scene(book("TOP do=*topup id=M type=*monetary units=1 expiry=+1h"))
    scene.do("run TOP; wait 7200s; run TOP")
    assert [(b.uuid, b.value) for b in scene.account.balances] == [("n2", amount("1"))]


@pytest.mark.parametrize("type", sorted(LEFT_OUT))
def test_an_action_that_is_not_supported_fails_and_changes_nothing(type: ActionType) -> None:
    scene = Scene(BOOK, "M=1")
    page = Page(scene.account.copy())
    with pytest.raises(ActionFailed) as failed:
        run_set([Action("", ActionType.DISABLE_ACCOUNT), Action("", type)], page, BOOK.catalogue, scene.context())
    assert failed.value.reason is FailureReason.UNSUPPORTED
    assert (page.changes, page.account.disabled) == ([], False)


URL = "http://127.0.0.1/alert"
EXTRA = {
    ActionType.HTTP_POST: URL,
    ActionType.HTTP_POST_ASYNC: URL,
    ActionType.CALL_URL: URL,
    ActionType.CALL_URL_ASYNC: URL,
    ActionType.POST_EVENT: URL,
    ActionType.MAIL_ASYNC: "noc@example.org",
    ActionType.EXPORT: "KAFKA",
    ActionType.ALERT: '{"Severity":"HIGH"}',
    ActionType.BLOCK_NUMBER: '{"Number":"+371909000"}',
    ActionType.BLOCK_TRUNK: '{"Trunk":"t-7"}',
    ActionType.LIMIT_SESSION: '{"Limit":"60s"}',
    ActionType.TRANSFER_BALANCE: '{"DestinationAccountID":"cgrates.org:1001","DestinationBalanceID":"N"}',
}


@pytest.mark.parametrize("type", sorted(SUPPORTED))
def test_every_supported_action_is_done(type: ActionType) -> None:
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id="M")
    scene = Scene(BOOK, "M=1")
    if type is ActionType.REMOVE_EXPIRED:
        scene.run(Action("", ActionType.SET_EXPIRY, filter=filter, expiry="-1h"))
    page, context = scene.page(), replace(scene.context(), exporters={"KAFKA"})
    run_set(
        [Action("", type, filter=filter, units=amount("1"), extra=EXTRA.get(type, ""))], page, BOOK.catalogue, context
    )


@pytest.mark.parametrize("type", sorted(EXTRA))
def test_extra_parameters_that_mean_nothing_fail_the_set_at_once(type: ActionType) -> None:
    scene = Scene(BOOK, "M=1")
    scene.run(Action("", ActionType.DISABLE_ACCOUNT, Decimal(1)), Action("", type, extra="{"))
    assert scene.refused.startswith(f"{type}: ")
    assert scene.told() == "M=1"


def test_a_balance_that_no_reply_can_tell_fails_the_set() -> None:
    scene = Scene(BOOK).do(";".join(["run LONG"] * 9))
    assert scene.told() == "V=9000000000s"
    scene.do("run LONG")
    assert scene.refused.endswith("balance V would hold more than 2^63 - 1 ns, which no reply can tell")
    scene.do(";".join(["run HUGE"] * 1024))
    assert scene.told().endswith("M=9216000000000000000")
    scene.do("run HUGE")
    assert scene.refused.endswith("balance M would hold more than 2^63 - 1 units, which no reply can tell")


def test_an_expiry_is_set_on_live_and_on_expired_balances() -> None:
    sets = """
        SOON  do=*set_expiry id=M type=*monetary expiry=+1h
        NEVER do=*set_expiry type=*monetary
        OLD   do=*set_expiry id=M expiry=-1h
    """
    scene = Scene(book(sets), "M=1 N=2 V=60s").do("run SOON")
    assert [b.terms.expires_at_ns for b in scene.account.balances] == [instant("2026-11-21T11:00:00Z"), None, None]
    scene.do("run OLD; run NEVER")
    assert [b.terms.expires_at_ns for b in scene.account.balances] == [None, None, None]


def test_expired_balances_are_removed_and_only_those() -> None:
    sets = "OLD do=*set_expiry id=M expiry=-1h\nENDED do=*remove_expired\nENDEDN do=*remove_expired id=N"
    scene = Scene(book(sets), "M=1 N=2").do("run OLD; run ENDEDN")
    assert scene.refused.endswith("the account has no such balance that has expired")
    assert scene.do("run ENDED").told() == "N=2"


@table("""
    choice                            | recurrent
                                      | F1 F2 G1
    {"GroupID":"F"}                   | F1 F2
    {"UniqueID":"F2"}                 | F2
    {"ThresholdType":"*max_balance"}  | F2
""")
def test_triggers_are_made_recurrent_and_not_again(choice: str, recurrent: str) -> None:
    triggers = """
        F uid=F1 on=*min_balance at=1 type=*monetary run=OFF
        F uid=F2 on=*max_balance at=9 type=*monetary run=OFF
        G uid=G1 on=*min_balance at=1 type=*voice run=OFF
    """
    scene = Scene(book(SETS, triggers), "M=5", "F G").do("debit M 4; run ON")
    scene.run(Action("", ActionType.SET_RECURRENT, extra=choice))
    assert " ".join(t.terms.unique_id for t in scene.account.triggers if t.terms.recurrent) == recurrent
    assert scene.told() == "M=1 fired:F1"  # marks stay
    scene.run(Action("", ActionType.UNSET_RECURRENT))
    assert not any(t.terms.recurrent for t in scene.account.triggers)


def test_a_monitor_may_make_itself_recurrent() -> None:
    triggers = "F uid=F1 on=*min_balance at=9 type=*monetary run=AGAIN"
    scene = Scene(book('AGAIN do=*set_recurrent extra={"GroupID":"F"}', triggers), "M=5", "F").do("debit M 1")
    (trigger,) = scene.account.triggers
    assert (trigger.terms.recurrent, trigger.executed) == (True, False)


def test_a_reset_account_begins_afresh_and_arms_its_monitors() -> None:
    """X 53. The monitors are armed, then evaluated: one that holds at 0 fires again."""
    triggers = """
        F uid=LOW on=*min_balance at=1 type=*monetary run=OFF w=10
        F uid=HIGH on=*max_balance at=9 type=*monetary run=OFF
    """
    scene = Scene(book(SETS, triggers), "V=60s M=6", "F").do("topup M 4; run ON; run RESET")
    assert scene.told() == "_=0s _=0 disabled fired:LOW"
    assert [(b.terms, len(b.uuid) > 0) for b in scene.account.balances] == [
        (BalanceTerms("", BalanceKind.VOICE), True),
        (BalanceTerms("", BalanceKind.MONETARY), True),
    ]


@table("""
    set                                    | after
    uuid:u-M id=N units=3                  | N=3 X=2
    uuid:u-M units=3 subject=GOLD          | M=3 X=2
    uuid:u-none units=3                    | M=1 X=2
    uuid:u-M id=*default units=3 bw=9      | M=3 X=2
    id=M                                   | M=1 X=2
    id=M units=0                           | M=0 X=2
    id=NEW                                 | M=1 X=2
    id=NEW units=7 type=*monetary          | M=1 X=2 NEW=7
    id=X units=7s type=*voice              | M=1 X=2 X=7s
    units=7 type=*monetary                 | M=1 X=2 _=7
""")
def test_a_balance_is_set_by_its_uuid_or_id(set: str, after: str) -> None:
    """X 36: units that are not given leave the value, 0 is a value."""
    uuid, _, row = set.removeprefix("uuid:").partition(" ") if set.startswith("uuid:") else ("", "", set)
    (action,) = book(f"SET do=*set_balance {row}").catalogue.action_sets["SET"].actions
    scene = Scene(BOOK, "M=1 X=2")
    scene.run(replace(action, filter=replace(action.filter, uuid=uuid or None)))
    assert scene.told() == after
    assert all(balance.terms.weight == 0 for balance in scene.account.balances)


def test_a_factor_below_zero_is_refused() -> None:
    filter = BalanceFilter(kind=BalanceKind.VOICE, id="V")
    scene = Scene(BOOK)
    scene.run(Action("", ActionType.TOPUP, filter=filter, units=1, factors={"PREMIUM": Decimal(-1)}))
    assert scene.refused == "*topup: a factor is below zero"


def test_what_a_call_holds_is_not_swept_away() -> None:
    scene = Scene(BOOK, "A=5 B=3")
    held = Reservation("1001", "sw1", "c1", scene.now_ns + 1, {"u-A": amount("1.2")})
    scene.operate(lambda page, context: page.reserve(held))
    assert scene.do("run SWEEP").told() == "A=1.2 B=0 *default=6.8"
    assert scene.do("wait 1s; run SWEEP").told() == "A=0 B=0 *default=8"


def test_a_money_balance_cannot_count_units() -> None:
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id="M", rating_subject="*zero1s")
    scene = Scene(BOOK)
    scene.run(Action("", ActionType.TOPUP, filter=filter, units=1))
    assert "is for units, not for money" in scene.refused


@table("""
    units  | interval | increment | topped up
    30     | month    | day       | I=1            # X 42, in November: a formula adds like a number
    7      | week     | day       | I=1
    365    | year     | day       | I=1
    10     | day      | hour      | I=0.41667
    1440.0 | day      | minute    | I=1
    5      | day      | month     | I=0
""")
def test_a_formula_tops_up_its_share(units: str, interval: str, increment: str, topped_up: str) -> None:
    params = f'{{"Units":{units},"Interval":"{interval}","Increment":"{increment}"}}'
    formula = parse_value_formula(f'{{"Method":"*incremental","Params":{params}}}')
    scene = Scene(BOOK)
    scene.run(Action("", ActionType.TOPUP, filter=BalanceFilter(kind=BalanceKind.MONETARY, id="I"), formula=formula))
    assert scene.told() == topped_up


KINDS = st.sampled_from([BalanceKind.MONETARY, BalanceKind.VOICE])
FILTERS = st.builds(BalanceFilter, kind=KINDS, id=st.sampled_from([None, "A", "B", "*default"]))
CHANGES = st.sampled_from(
    [
        ActionType.TOPUP, ActionType.TOPUP_RESET, ActionType.DEBIT, ActionType.DEBIT_RESET, ActionType.SET_BALANCE,
        ActionType.REMOVE_BALANCE, ActionType.DISABLE_ACCOUNT, ActionType.ENABLE_ACCOUNT, ActionType.ALLOW_NEGATIVE,
        ActionType.RESET_TRIGGERS, ActionType.RESET_COUNTERS, ActionType.POST_EVENT, ActionType.TOPUP_ZERO_NEGATIVE,
        ActionType.SET_EXPIRY, ActionType.REMOVE_EXPIRED, ActionType.TRANSFER_MONETARY_DEFAULT,
        ActionType.RESET_ACCOUNT, ActionType.SET_RECURRENT, ActionType.UNSET_RECURRENT,
    ]
)  # fmt: skip
ACTIONS = st.builds(
    Action,
    actions_id=st.just(""),
    type=CHANGES,
    weight=st.integers(0, 3).map(Decimal),
    filter=FILTERS,
    units=st.none() | st.integers(-(10**11), 10**11),
    expiry=st.sampled_from(["", "*unlimited", "+1h", "-1h", "*month_end"]),
)
MONITORED = book(
    "DIS do=*disable_account\nTOP do=*topup id=B type=*monetary units=1\nBAD do=*topup id=B type=*monetary units=1\n"
    "BAD do=*cgr_rpc",
    """
    G uid=1 on=*max_balance at=20 type=*monetary run=DIS
    G uid=2 on=*min_balance at=1 type=*monetary recurrent=true run=TOP w=10
    G uid=3 on=*max_balance at=0 type=*voice run=BAD w=20
    G uid=4 on=*max_event_counter at=0 type=*monetary run=TOP until=2026-11-21T10:00:01Z
    """,
)


@given(st.lists(st.lists(ACTIONS, max_size=4), max_size=4))
@settings(max_examples=100, deadline=None)
def test_the_record_of_any_sets_rebuilds_the_account(sets: list[list[Action]]) -> None:
    """The scene replays each operation's record, and looks that a set which failed has left nothing."""
    scene = Scene(MONITORED, "A=5 B=3(w10) V=90s", "G")
    for actions in sets:
        scene.run(*actions)
        scene.do("wait 1800s")


@given(st.lists(ACTIONS, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_set_that_fails_at_its_end_leaves_nothing(actions: list[Action]) -> None:
    scene = Scene(MONITORED, "A=5 B=3(w10) V=90s", "G")
    failing = Action("", ActionType.REMOVE_BALANCE, Decimal(-1), filter=BalanceFilter(id="NONE"))
    scene.run(*actions, failing)
    assert scene.refused
    assert scene.outside == []
