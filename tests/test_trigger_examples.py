"""The worked examples of triggers and counters, with their right results: accounting 10, X 26 and X 30 to X 37.

A row goes on where the one above ended, unless it names an example of its own.
"""

from collections.abc import Mapping

import pytest

from accounts.charge import CallCost, Reason, Refused
from tests.account_scene import scenes
from tests.action_scene import RATES, Scene, book

SETS = """
    ACT_TOP1 do=*topup id=BONUS type=*monetary units=1 bw=5
    TOP10    do=*topup id=MON type=*monetary units=10 bw=10
    ACT_DIS  do=*log w=20
    ACT_DIS  do=*disable_account w=10
    ENABLE   do=*enable_account
    LOG      do=*log
    EXPORT   do=*http_post extra=http://127.0.0.1:9/
    TOP_DEF  do=*topup id=*default type=*monetary units=7 bw=10
    TOP_NONE do=*topup type=*monetary units=3 bw=10
    RESET    do=*topup_reset type=*monetary units=2 bw=10
    ZERO     do=*reset_counters type=*monetary
    ZERO_ID  do=*reset_counters type=*monetary id=TCC1
"""
TRIGGERS = """
    X26  uid=T on=*max_balance at=20 type=*monetary run=ACT_DIS
    X30  uid=W1 on=*min_balance at=2 type=*monetary run=ACT_TOP1 w=10
    X30  uid=W2 on=*min_balance at=2 type=*monetary run=ACT_DIS w=20
    X30B uid=T on=*min_balance at=8 type=*monetary run=EXPORT
    X32  uid=E on=*max_event_counter at=3 type=*monetary to=DST_49 run=ACT_DIS
    X32  uid=E0 on=*max_event_counter at=100 type=*monetary run=ACT_DIS
    X32  uid=B on=*max_balance_counter at=3 type=*monetary run=LOG
    X32B uid=E on=*max_event_counter at=3 type=*monetary to=DST_49 run=ACT_DIS
    X32C uid=T on=*max_event_counter at=120000000000 type=*voice to=DST_49 run=ACT_TOP1
    X33  uid=T on=*min_balance at=2 type=*monetary run=ACT_TOP1
    X33C uid=T on=*min_balance at=100 type=*monetary id=MON recurrent=true sleep=3s run=ACT_TOP1
    X33D uid=T on=*min_event_counter at=5 type=*monetary recurrent=true run=ACT_TOP1
    X33E uid=OLD on=*max_event_counter at=0 type=*monetary until=2020-01-01T00:00:00Z run=ACT_TOP1
    X33E uid=NEW on=*max_event_counter at=0 type=*monetary from=2090-01-01T00:00:00Z run=ACT_TOP1
    X34  uid=T on=*max_balance at=1 type=*monetary run=ACT_TOP1
    X35  uid=T on=*max_event_counter at=2 type=*event_connect run=ACT_TOP1
    X35D uid=T on=*max_event_counter at=2 type=*event_connect to=DST_49 run=ACT_TOP1
    X37  uid=TCC1 on=*max_event_counter at=9 type=*monetary run=LOG
"""
BOOK = book(SETS, TRIGGERS, files=RATES)


def answered(scene: Scene) -> str:
    """Whether the last debit was refused or stopped, each time because the account is disabled."""
    answer, scene.answer = scene.answer, None
    if isinstance(answer, Refused):
        return "refused" if answer.reason is Reason.ACCOUNT_DISABLED else answer.reason.value
    if isinstance(answer, CallCost) and answer.stopped_by is not None:
        return "stopped" if answer.stopped_by.reason == "ACCOUNT_DISABLED" else answer.stopped_by.reason
    return ""


@pytest.mark.parametrize("rows", scenes("""
#    | before     | groups | words                | answer  | after
X26  | M=15       | X26    | topup M 10           |         | M=25 disabled fired:T
     |            |        | call 60s             | refused | M=25 disabled fired:T
     |            |        | topup M 1            |         | M=26 disabled fired:T
     |            |        | run ENABLE           |         | M=26 fired:T
X30  | M=2.4      | X30    | call 60s             | stopped | M=1.8 disabled fired:W2
X30b | M=9        | X30B   | call 180s            |         | M=7.2 fired:T
X31  |            |        | run TOP_DEF          |         | *default=7
     |            |        | run TOP_NONE         |         | *default=7 _=3
     |            |        | run TOP_NONE         |         | *default=7 _=6
     |            |        | run TOP10            |         | *default=7 _=6 MON=10
     |            |        | run RESET            |         | *default=7 _=2 MON=2
X32  | M=50       | X32    | call 180s 49123      |         | M=48.2 #E=1.8 #E0=1.8 #B=1.8
     |            |        | call 180s 44123      |         | M=46.4 #E=1.8 #E0=3.6 #B=3.6 fired:B
     |            |        | call 180s 49123      | stopped | M=45.2 #E=3 #E0=4.8 #B=4.8 disabled fired:E fired:B
X32b | M=50       | X32B   | call 600s            | stopped | M=47 #E=3 disabled fired:E
X32c | V=600s     | X32C   | call 119s            |         | V=481s #T=119000000000
     |            |        | call 5s              |         | V=476s BONUS=1 #T=124000000000 fired:T
X33  | M=1        | X33    |                      |         | M=1
     |            |        | call 60s             |         | M=0.4 BONUS=1 fired:T
X33b | M=3(w10)   | X33    | call 180s            |         | M=1.2 BONUS=1 fired:T
     |            |        | call 60s             |         | M=0.6 BONUS=1 fired:T
X33c | MON=50(w9) | X33C   | call 180s            |         | MON=48.2 BONUS=1
     |            |        | wait 2.9s; call 60s  |         | MON=47.6 BONUS=1
     |            |        | wait 0.1s; call 60s  |         | MON=47 BONUS=2
X33d | M=50       | X33D   | call 120s            |         | M=48.8 BONUS=3 #T=1.2
X33e | M=5        | X33E   | call 60s             |         | M=4.4 #NEW=0.6
X34  | X=2 Y=3    | X34    | topup Z 1            |         | X=2 Y=3 Z=1 BONUS=1 fired:T
X35  | M=5        | X35    | call 60s 49123 cf    |         | M=3.9 #T=1
     |            |        | call 60s             |         | M=3.3 BONUS=1 #T=2 fired:T
X35b | M=5        | X35D   | call 60s 44123       |         | M=4.4 #T=0
X35c | V=60s      | X35    | call 60s             |         | V=0s #T=0
X36  | M=1        |        | set M                |         | M=1
     |            |        | set M 0              |         | M=0
X37  | M=10       | X37    | call 300s            |         | M=7 #TCC1=3
     |            |        | run ZERO             |         | M=7 #TCC1=0
X37b | M=10       | X37    | call 300s            |         | M=7 #TCC1=3
     |            |        | run ZERO_ID          |         | M=7 #TCC1=0
"""), ids=lambda rows: rows[0][0])  # fmt: skip
def test_worked_examples(rows: list[tuple[str, ...]]) -> None:
    _, before, groups, *_ = rows[0]
    scene = Scene(BOOK, before, groups)
    for _, _, _, words, answer, after in rows:
        if words:
            scene.do(words)
        assert (scene.told(), answered(scene)) == (after, answer), words


def test_x30b_the_post_shows_the_account_after_the_second_minute() -> None:
    (alert,) = Scene(BOOK, "M=9", "X30B").do("call 180s").alerts
    state = alert.body["account_state"]
    assert isinstance(state, Mapping)
    assert state["BalanceMap"]["*monetary"][0]["Value"] == "7.8"
    assert state["ActionTriggers"][0]["Executed"] is True


def test_x32b_the_reply_is_that_of_the_minutes_that_were_drawn() -> None:
    answer = Scene(BOOK, "M=50", "X32B").do("call 600s").answer
    assert isinstance(answer, CallCost)
    assert (answer.cost, answer.granted, answer.rated_usage) == (3_000_000_000, 300_000_000_000, 300_000_000_000)
    assert answer.timespans[-1].end_ns - answer.timespans[0].start_ns == 300_000_000_000


def test_x33e_the_trigger_to_come_stays_armed_and_the_old_one_is_deleted() -> None:
    scene = Scene(BOOK, "M=5", "X33E").do("call 60s")
    assert [(t.terms.unique_id, t.executed) for t in scene.account.triggers] == [("NEW", False)]
