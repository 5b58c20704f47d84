"""Watching: monitors fire within operations, once each, and what they set off."""

import json

from accounts.account_state import account_state
from actions.context import OpenCall
from actions.outside import Disconnect
from tariffs.zone import SECOND_NS
from tests.action_scene import SATURDAY_TEN, Scene, book
from tests.table import table

SETS = """
    TOP1     do=*topup id=BONUS type=*monetary units=1 bw=5
    DIS      do=*log w=20
    DIS      do=*disable_account w=10
    ENABLE   do=*enable_account
    POST     do=*http_post extra=http://127.0.0.1:9/alert
    ASYNC    do=*http_post_async extra=http://127.0.0.1:9/alert
    CUT      do=*force_disconnect_sessions extra=;;;;
    CUT_SAT  do=*force_disconnect_sessions extra=;*prefix:~*req.Destination:88&*exists:~*req.CGRID:;;;
    CUT_ONE  do=*force_disconnect_sessions extra=cgrates.org;;1;;
    CUT_ELSE do=*force_disconnect_sessions extra=other.org;;;;
    BROKEN   do=*topup id=BONUS type=*monetary units=1 w=20
    BROKEN   do=*remove_balance id=NONE w=10
    ARM      do=*reset_triggers
    ARM_B    do=*reset_triggers extra={"GroupID":"B"}
    ARM_U    do=*reset_triggers extra={"UniqueID":"A1"}
    ARM_TYPE do=*reset_triggers extra={"ThresholdType":"*max_balance"}
    ARM_VOICE do=*reset_triggers type=*voice
    ZERO     do=*reset_counters
    ZERO_ID  do=*reset_counters id=C1
    ZERO_KIND do=*reset_counters type=*event_connect
    UP_THEN_POST do=*topup id=M type=*monetary units=10 w=20
    UP_THEN_POST do=*http_post extra=http://127.0.0.1:9/alert w=10
    UP_THEN_FAIL do=*topup id=M type=*monetary units=10 w=20
    UP_THEN_FAIL do=*remove_balance id=NONE w=10
"""
TRIGGERS = """
    MAX20   uid=T on=*max_balance at=20 type=*monetary run=DIS
    TWO     uid=LOW on=*min_balance at=2 type=*monetary run=TOP1 w=10
    TWO     uid=OFF on=*min_balance at=2 type=*monetary run=DIS w=20
    ONE     uid=P on=*max_balance at=1 type=*monetary run=TOP1
    RECUR   uid=R on=*max_balance at=10 type=*monetary id=M recurrent=true sleep=3s run=TOP1
    RECUR0  uid=R0 on=*max_balance at=10 type=*monetary id=M recurrent=true run=TOP1
    PAST    uid=OLD on=*max_balance at=1 type=*monetary until=2020-01-01T00:00:00Z run=TOP1
    FUTURE  uid=NEW on=*max_balance at=1 type=*monetary from=2090-01-01T00:00:00Z run=TOP1
    FAILING uid=F on=*max_balance at=1 type=*monetary run=BROKEN
    POSTING uid=POST on=*max_balance at=20 type=*monetary id=M run=POST
    CUTTING uid=CUT on=*max_balance at=20 type=*monetary run=CUT
    CUTSAT  uid=SAT on=*max_balance at=20 type=*monetary run=CUT_SAT
    FLOOR   uid=F on=*min_balance at=2 type=*monetary run=TOP1
    VOICE   uid=V on=*min_balance at=60000000000 type=*voice run=TOP1
    EXPIRED uid=X on=*balance_expired type=*monetary run=POST
    CAPS    uid=CAP20 on=*max_balance at=20 type=*monetary run=POST w=20
    CAPS    uid=CAP30 on=*max_balance at=30 type=*monetary run=DIS w=10
    RISK    uid=RISK20 on=*max_score at=20 id=score.risk run=POST w=20
    RISK    uid=RISK30 on=*max_score at=30 id=score.risk run=DIS w=10
    ASR     uid=ASR on=*min_counter at=15 id=b.asr.300 recurrent=true sleep=3s run=TOP1
"""
BOOK = book(SETS, TRIGGERS)


@table("""
    before   | groups  | words                                      | after
    M=15     | MAX20   | topup M 10; topup M 1; run ENABLE          | M=26 fired:T            # X 26
    M=15     | MAX20   | topup M 10; topup M 1                      | M=26 disabled fired:T   # X 26
    M=1      | FLOOR   |                                            | M=1                     # X 33: not at attach
    M=1      | FLOOR   | set M 1                                    | M=1 BONUS=1 fired:F     # changed by 0
    M=1 Z=9  | FLOOR   | set Z 8                                    | M=1 Z=8                 # M did not change
    X=2 Y=3  | ONE     | topup Z 1                                  | X=2 Y=3 Z=1 BONUS=1 fired:P  # X 34: once
    M=5      | RECUR   | topup M 6; topup M 1; wait 3s; topup M 1   | M=13 BONUS=2            # X 33c: MinSleep
    M=5      | RECUR   | topup M 6; wait 2.999999999s; topup M 1    | M=12 BONUS=1
    M=5      | RECUR0  | topup M 6; topup M 1                       | M=12 BONUS=2
    M=5      | PAST    | topup M 6                                  | M=11                    # X 33e
    M=5      | FUTURE  | topup M 6                                  | M=11                    # X 33e
    M=5      | FAILING | topup M 6                                  | M=11                    # undone, armed
    M=2.4    | TWO     | debit M 0.6                                | M=1.8 disabled fired:OFF  # X 30: LOW stays armed
    V=90s    | VOICE   | debit V 30s                                | V=60s BONUS=1 fired:V
    M=5      | CAPS    | topup M 16; topup M 10                     | M=31 disabled fired:CAP20 fired:CAP30
    M=5      | MAX20   | topup M 20; arm; run ENABLE; arm           | M=25                    # nothing is dirty
    M=5      | MAX20   | topup M 20; run ENABLE; arm; topup M 1     | M=26 disabled fired:T
    M=5      | MAX20   | topup M 20; run ENABLE; run ARM            | M=25
    M=5      | MAX20   | topup M 20; run ENABLE; attach MAX20       | M=25 fired:T            # kept as it is
    M=5      | MAX20   | topup M 20; run ENABLE; reattach MAX20     | M=25                    # armed
    M=5      | POSTING | run UP_THEN_FAIL                           | M=5
    M=5      | RISK    | score score.risk 25                        | M=5 fired:RISK20        # the talk's example
    M=5      | RISK    | score score.risk 25; score score.risk 31   | M=5 disabled fired:RISK20 fired:RISK30
    M=5      | RISK    | score score.knn 99; topup M 1              | M=6
    M=5      | RISK    | score score.risk 25; score score.risk; arm | M=5                     # forgotten
    M=5      | RISK    | score score.risk 25; arm                   | M=5 fired:RISK20        # a level
    M=5      | ASR     | score b.asr.300 14; topup M 1; wait 3s; topup M 1 | M=7 BONUS=2
""")
def test_monitors_fire_within_the_operation(before: str, groups: str, words: str, after: str) -> None:
    scene = Scene(BOOK, before, groups)
    if words:
        scene.do(words)
    assert scene.told() == after


def test_a_trigger_whose_time_is_over_is_deleted_and_one_to_come_stays() -> None:
    scene = Scene(BOOK, "M=5", "PAST FUTURE").do("topup M 6")
    assert [trigger.terms.unique_id for trigger in scene.account.triggers] == ["NEW"]


def test_a_disabled_account_notes_the_attempt() -> None:
    scene = Scene(BOOK, "M=2.4", "TWO").do("debit M 0.6")
    assert [(t.terms.unique_id, t.last_executed_ns) for t in scene.account.triggers] == [
        ("OFF", SATURDAY_TEN),
        ("LOW", SATURDAY_TEN),
    ]


def test_a_failing_set_is_told_and_tried_again_by_the_next_operation() -> None:
    scene = Scene(BOOK, "M=5", "FAILING").do("topup M 6; topup M 1")
    cause = "*remove_balance of BROKEN: the account has no such balance"
    assert [(line.event, line.fields["cause"]) for line in scene.log] == [("trigger.failed", cause)] * 2
    assert scene.account.triggers[0].last_executed_ns == SATURDAY_TEN


def test_a_set_of_a_monitor_is_not_watched_itself() -> None:
    """BONUS 1 is at the ceiling of 1, but evaluation does not nest; the next operation on M sees M alone."""
    sets = "TOP1 do=*topup id=BONUS type=*monetary units=1\nTELL do=*http_post extra=http://127.0.0.1:9/"
    triggers = """
        G uid=A on=*max_balance at=10 type=*monetary id=M run=TOP1 w=20
        G uid=B on=*max_balance at=1 type=*monetary id=BONUS run=TELL w=10
    """
    scene = Scene(book(sets, triggers), "M=5", "G").do("topup M 6; topup M 1")
    assert scene.told() == "M=12 BONUS=1 fired:A"
    assert scene.do("topup BONUS 0").told() == "M=12 BONUS=1 fired:A fired:B"


def test_a_set_is_watched_after_each_change_of_a_balance() -> None:
    """The ceiling at 30 fires between the top-up and the post of one set, so the post shows the account disabled."""
    triggers = "G uid=C on=*max_balance at=30 type=*monetary run=DIS"
    scene = Scene(book(SETS, triggers), "M=21", "G").do("run UP_THEN_POST")
    assert scene.alerts[0].body["account_state"] == account_state(scene.account)
    assert scene.account.disabled


@table("""
    words        | armed
    run ARM      | A1 A2 B1
    run ARM_B    | B1
    run ARM_U    | A1
    run ARM_TYPE | A1 B1
    run ARM_VOICE | A2
""")
def test_reset_triggers_arms_those_it_means(words: str, armed: str) -> None:
    triggers = """
        A uid=A1 on=*max_balance at=1 type=*monetary run=TOP1
        A uid=A2 on=*min_balance at=1 type=*voice run=TOP1
        B uid=B1 on=*max_balance at=1 type=*monetary run=TOP1
    """
    scene = Scene(book(SETS, triggers), "", "A B")
    for trigger in scene.account.triggers:
        trigger.executed = True
    scene.do(words)
    assert " ".join(t.terms.unique_id for t in scene.account.triggers if not t.executed) == armed


@table("""
    words         | after
    run ZERO      | #C1=0 #C2=0 #C1=0      # X 37: all that agree with nothing given
    run ZERO_ID   | #C1=0 #C2=3 #C1=0
    run ZERO_KIND | #C1=3 #C2=3 #C1=0
    zero C2       | #C1=3 #C2=0 #C1=2
    zero          | #C1=0 #C2=0 #C1=0
""")
def test_reset_counters_zeroes_those_it_means(words: str, after: str) -> None:
    triggers = """
        A uid=C1 on=*max_event_counter at=9 type=*monetary run=TOP1
        A uid=C2 on=*max_balance_counter at=9 type=*monetary run=TOP1
        A uid=U id=C1 on=*max_event_counter at=9 type=*event_connect run=TOP1
    """
    scene = Scene(book(SETS, triggers), "", "A")
    for counter, value in zip(scene.account.counters, (3, 3, 2), strict=True):
        counter.value = value * SECOND_NS
    assert scene.do(words).told() == after


def test_counters_follow_triggers_and_keep_their_values() -> None:
    triggers = """
        A uid=C1 on=*max_event_counter at=9 type=*monetary run=TOP1
        B uid=C2 on=*max_event_counter at=9 type=*monetary run=TOP1
    """
    scene = Scene(book(SETS, triggers), "", "A")
    scene.account.counters[0].value = 3 * SECOND_NS
    assert scene.do("attach B").told() == "#C1=3 #C2=0"
    assert scene.do("reattach B A").told() == "#C2=0 #C1=3"
    assert scene.do("reattach B").told() == "#C2=0"


def test_an_alert_names_the_trigger_and_shows_the_account_as_of_that_moment() -> None:
    scene = Scene(BOOK, "M=15", "POSTING").do("topup M 6; topup M 1")
    (alert,) = scene.alerts
    body = dict(alert.body)
    state = body.pop("account_state")
    assert body == {
        "event": "trigger.fired",
        "id": alert.id,
        "created_at": 1795255200.0,
        "tenant": "cgrates.org",
        "account": "1001",
        "actions_id": "POST",
        "trigger": {
            "ID": "POSTING",
            "UniqueID": "POST",
            "ThresholdType": "*max_balance",
            "ThresholdValue": "20",
            "Observed": "21",
            "BalanceID": "M",
        },
    }
    assert isinstance(state, dict)
    assert (state["BalanceMap"]["*monetary"][0]["Value"], state["ActionTriggers"][0]["Executed"]) == ("21", True)
    assert (alert.url, alert.sync) == ("http://127.0.0.1:9/alert", True)
    json.dumps(alert.body)


def test_an_alert_on_a_score_names_its_address_and_what_was_observed() -> None:
    (alert,) = Scene(BOOK, "M=5", "RISK").do("score score.risk 25.5").alerts
    assert alert.body["trigger"] == {
        "ID": "RISK",
        "UniqueID": "RISK20",
        "ThresholdType": "*max_score",
        "ThresholdValue": "20",
        "Observed": "25.5",
        "Score": "score.risk",
    }


def test_a_post_that_nobody_fired_is_no_firing() -> None:
    (alert,) = Scene(BOOK).do("run ASYNC").alerts
    assert (alert.event, "trigger" in alert.body, alert.sync) == ("actions.executed", False, False)


def test_an_expired_balance_fires_and_goes() -> None:
    sets = SETS + "SHORT do=*topup id=E type=*monetary units=1 expiry=+1h"
    scene = Scene(book(sets, TRIGGERS), "M=1", "EXPIRED").do("run SHORT; topup M 1; wait 3601s; topup M 1")
    assert scene.told() == "M=3 fired:X"
    assert scene.alerts[0].body["trigger"] == {
        "ID": "EXPIRED",
        "UniqueID": "X",
        "ThresholdType": "*balance_expired",
        "ThresholdValue": "0",
        "Observed": "1",
        "BalanceID": "E",
    }


CALLS = (
    OpenCall("c1", "sw1", {"Destination": "49123", "ToR": "*voice"}),
    OpenCall("c2", "sw1", {"Destination": "88123", "ToR": "*voice"}),
    OpenCall("c3", "sw2", {"Destination": "88199", "ToR": "*voice"}),
)


@table("""
    set      | cut
    CUT      | c1 c2 c3
    CUT_SAT  | c2 c3
    CUT_ONE  | c1
    CUT_ELSE |
""")
def test_a_disconnect_names_the_open_calls_it_means(set: str, cut: str) -> None:
    scene = Scene(BOOK)
    scene.calls += CALLS
    scene.do(f"run {set}")
    effects = [effect for effect in scene.outside if isinstance(effect, Disconnect)]
    assert " ".join(effect.call_id for effect in effects) == cut
    assert all(effect.reason == "DISCONNECT" for effect in effects)
