"""Monitors within a debit: evaluated after each drawn portion, and able to end it there.

The calls are to 49123 at 0.60 a minute, sold by the minute; category `cf` has a connect fee of 0.50.
"""

from accounts.charge import CallCost, Refused
from actions.context import OpenCall
from tariffs.money import decimal_text
from tariffs.zone import SECOND_NS
from tests.action_scene import RATES, Scene, book
from tests.table import table

SETS = """
    TOP1  do=*topup id=BONUS type=*monetary units=1 bw=5
    TOPM  do=*topup id=M type=*monetary units=0.6
    DIS   do=*log w=20
    DIS   do=*disable_account w=10
    LOG   do=*log
    POST  do=*http_post extra=http://127.0.0.1:9/
    CUT   do=*force_disconnect_sessions extra=;*string:~*req.OriginID:c1;;;
    CUT2  do=*force_disconnect_sessions extra=;*string:~*req.OriginID:c2;;;
    GONE  do=*remove_balance id=M
    BROKEN do=*disable_account w=20
    BROKEN do=*remove_balance id=NONE w=10
"""
TRIGGERS = """
    X30   uid=W1 on=*min_balance at=2 type=*monetary run=TOP1 w=10
    X30   uid=W2 on=*min_balance at=2 type=*monetary run=DIS w=20
    X30B  uid=P on=*min_balance at=8 type=*monetary run=POST
    X32   uid=TEVC on=*max_event_counter at=3 type=*monetary to=DST_49 run=DIS
    X32   uid=TEVC0 on=*max_event_counter at=100 type=*monetary run=DIS
    X32   uid=TBALC on=*max_balance_counter at=3 type=*monetary run=LOG
    X32B  uid=TEVC on=*max_event_counter at=3 type=*monetary to=DST_49 run=DIS
    X32C  uid=V on=*max_event_counter at=120000000000 type=*voice to=DST_49 run=TOP1
    X33   uid=T on=*min_balance at=2 type=*monetary run=TOP1
    X33C  uid=R on=*min_balance at=100 type=*monetary id=MON recurrent=true sleep=3s run=TOP1
    X33D  uid=R on=*min_event_counter at=5 type=*monetary recurrent=true run=TOP1
    X35   uid=N on=*max_event_counter at=2 type=*event_connect run=TOP1
    X35D  uid=N on=*max_event_counter at=2 type=*event_connect to=DST_49 run=TOP1
    CUT   uid=C on=*max_event_counter at=1.2 type=*monetary run=CUT
    CUT2  uid=C on=*max_event_counter at=1.2 type=*monetary run=CUT2
    GROW  uid=G on=*min_balance at=0 type=*monetary id=M run=TOPM
    GONE  uid=G on=*max_event_counter at=1.2 type=*monetary run=GONE
    FEE   uid=F on=*max_event_counter at=0.5 type=*monetary run=DIS
    DEBT  uid=D on=*min_balance at=-1 type=*monetary id=*default run=DIS
    FAIL  uid=F on=*max_event_counter at=1.2 type=*monetary run=BROKEN
    RISK  uid=R on=*max_score at=80 id=score.risk run=DIS
    PAST  uid=O on=*max_event_counter at=0 type=*monetary until=2020-01-01T00:00:00Z run=DIS
    PAST  uid=N on=*max_event_counter at=0 type=*monetary from=2090-01-01T00:00:00Z run=DIS
"""
BOOK = book(SETS, TRIGGERS, files=RATES)


@table("""
    before   | group | calls                                    | after
    M=2.4    | X30   | call 60s                                 | M=1.8 disabled fired:W2
    M=9      | X30B  | call 180s                                | M=7.2 fired:P
    M=50     | X32   | call 180s                                | M=48.2 #TEVC=1.8 #TEVC0=1.8 #TBALC=1.8
    M=50     | X32   | call 180s; call 180s 44123               | M=46.4 #TEVC=1.8 #TEVC0=3.6 #TBALC=3.6 fired:TBALC
    M=50     | X32B  | call 180s; call 180s                     | M=47 #TEVC=3 disabled fired:TEVC
    M=50     | X32B  | call 600s                                | M=47 #TEVC=3 disabled fired:TEVC
    V=600s   | X32C  | call 119s                                | V=481s #V=119000000000
    V=600s   | X32C  | call 119s; call 5s                       | V=476s BONUS=1 #V=124000000000 fired:V
    M=1      | X33   | call 60s                                 | M=0.4 BONUS=1 fired:T
    M=3(w10) | X33   | call 180s                                | M=1.2 BONUS=1 fired:T
    M=3(w10) | X33   | call 180s; call 60s                      | M=0.6 BONUS=1 fired:T
    MON=50   | X33C  | call 180s                                | MON=48.2 BONUS=1
    MON=50(w9) | X33C | call 180s; wait 3s; call 60s            | MON=47.6 BONUS=2
    M=50     | X33D  | call 120s                                | M=48.8 BONUS=3 #R=1.2
    M=5      | X35   | call 60s 49123 cf                        | M=3.9 #N=1
    M=5      | X35   | call 60s 49123 cf; call 60s              | M=3.3 BONUS=1 #N=2 fired:N
    M=5      | X35D  | call 60s 44123                           | M=4.4 #N=0
    V=60s    | X35   | call 60s                                 | V=0s #N=0
    M=5      | CUT   | call 600s                                | M=3.8 #C=1.2 fired:C
    M=5      | CUT2  | call 180s                                | M=3.2 #C=1.8 fired:C
    M=1.2    | GROW  | call 180s                                | M=0 fired:G
    M=2 Z=9  | GONE  | call 180s                                | Z=8.4 #G=1.8 fired:G
    M=5      | FEE   | call 60s 49123 cf                        | M=4.5 #F=0.5 disabled fired:F
             | DEBT  | call 300s                                | *default=-1.2 disabled fired:D
    M=5      | FAIL  | call 180s                                | M=3.2 #F=1.8
    M=5      | PAST  | call 60s                                 | M=4.4 #N=0.6              # X 33e: O is gone
    M=1.2    | GROW  | call 180s; refund                        | M=1.8 fired:G
    M=3      | X33   | call 60s; refund                         | M=3
    M=2.4    | X33   | call 60s; refund                         | M=2.4 BONUS=1 fired:T     # fired while it was low
    M=5      | RISK  | call 60s                                 | M=4.4
""")
def test_monitors_fire_in_mid_call(before: str, group: str, calls: str, after: str) -> None:
    scene = Scene(BOOK, before, group)
    scene.calls += [OpenCall("c1", "sw1"), OpenCall("c2", "sw1")]
    assert scene.do(calls).told() == after


@table("""
    group | usage | cost | granted | reason
    X32B  | 600s  | 3    | 300     | ACCOUNT_DISABLED
    CUT   | 600s  | 1.2  | 120     | DISCONNECT
    CUT2  | 180s  | 1.8  | 180     |
    X33   | 180s  | 1.8  | 180     |
""")
def test_a_monitor_that_ends_a_debit_is_named(group: str, usage: str, cost: str, granted: str, reason: str) -> None:
    scene = Scene(BOOK, "M=50", group)
    scene.calls += [OpenCall("c1", "sw1"), OpenCall("c2", "sw1")]
    answer = scene.do(f"call {usage}").answer
    assert isinstance(answer, CallCost)
    stopped = answer.stopped_by
    assert (decimal_text(answer.cost), answer.granted // SECOND_NS) == (cost, int(granted))
    assert ("" if stopped is None else stopped.reason) == reason
    assert stopped is None or stopped.trigger_group == group


def test_a_score_that_holds_fires_at_the_next_portion_and_at_the_first_of_a_debit() -> None:
    """Told while the account was disabled it could not fire; enabled, the call ends at its connect step."""
    scene = Scene(BOOK, "M=5", "RISK")
    scene.account.disabled = True
    scene.do("score score.risk 90")
    scene.account.disabled = False
    assert scene.do("wait 1s; call 600s").told() == "M=5 disabled fired:R"
    assert isinstance(scene.answer, CallCost)
    assert (scene.answer.granted, scene.answer.cost) == (0, 0)


def test_a_score_that_holds_fires_at_a_connect_step_that_nobody_pays() -> None:
    """The account has nothing: without the monitor a minute would be owed."""
    scene = Scene(BOOK, "", "RISK").do("call 60s; score score.risk 79")
    assert scene.told() == "*default=-0.6"
    scene.account.scores = {"score.risk": 90_000_000_000}
    assert scene.do("wait 1s; call 600s").told() == "*default=-0.6 disabled fired:R"


def test_an_expired_trigger_takes_its_counter_with_it() -> None:
    scene = Scene(BOOK, "M=5", "PAST")
    assert [counter.id for counter in scene.account.counters] == ["O", "N"]
    scene.do("call 60s")
    assert [trigger.terms.unique_id for trigger in scene.account.triggers] == ["N"]


def test_usage_that_has_happened_is_charged_whole() -> None:
    scene = Scene(BOOK, "M=50", "X32B")
    scene.call("600s", final=True)
    assert scene.told() == "M=44 #TEVC=6 disabled fired:TEVC"
    assert isinstance(scene.answer, CallCost)
    assert scene.answer.stopped_by is not None


def test_the_next_call_of_a_disabled_account_is_refused() -> None:
    scene = Scene(BOOK, "M=50", "X32B").do("call 600s; call 60s")
    assert isinstance(scene.answer, Refused)
    assert scene.answer.reason == "ACCOUNT_DISABLED"


def test_an_alert_shows_the_account_and_the_call_at_its_portion() -> None:
    scene = Scene(BOOK, "M=9", "X30B").do("call 180s")
    (alert,) = scene.alerts
    state = alert.body["account_state"]
    assert isinstance(state, dict)
    assert state["BalanceMap"]["*monetary"][0]["Value"] == "7.8"
    assert alert.body["call"] == {
        "CgrID": "e784d48dc5e30acac46eb53077175d5d8ff8a1a9",
        "OriginID": "c1",
        "OriginHost": "sw1",
        "Account": "1001",
        "Destination": "49123",
        "Category": "call",
        "ToR": "*voice",
        "TimeStart": "2026-11-21T10:00:00Z",
        "Usage": "120000000000",
    }


def test_an_alert_on_a_counter_names_it_and_a_refund_tells_its_call() -> None:
    """In a refund too: the counter of 1.2 falls to 0.6 and the floor under it fires, 60 s into what is given back."""
    triggers = """
        HIGH uid=H on=*max_event_counter at=1.2 type=*monetary run=POST
        LOW  uid=L id=BACK on=*min_event_counter at=0.6 type=*monetary run=POST
    """
    scene = Scene(book(SETS, triggers, files=RATES), "M=5", "HIGH").do("call 120s")
    scene.do("attach LOW")
    next(counter for counter in scene.account.counters if counter.id == "BACK").value = 1_200_000_000
    high, low = scene.do("refund").alerts
    told = [(a.body["trigger"]["CounterID"], a.body["trigger"]["Observed"]) for a in (high, low)]  # type: ignore[index]
    assert told == [("H", "1.2"), ("BACK", "0.6")]
    calls = [(a.body["call"]["OriginID"], a.body["call"]["Usage"]) for a in (high, low)]  # type: ignore[index]
    assert calls == [("c1", "120000000000"), ("c1", "60000000000")]
