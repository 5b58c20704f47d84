"""Counters of single calls: each its own, though an account has several going, and none once the call is over.

Calls are to 49123 at 0.60 a minute, sold by the minute.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.charge import CallCost
from actions.context import OpenCall
from tariffs.zone import SECOND_NS
from tests.action_scene import CALL_NS, RATES, Scene, book
from tests.table import table

SETS = """
    TELL  do=*http_post extra=http://127.0.0.1:9/
    CUT   do=*force_disconnect_sessions extra=;*string:~*req.OriginID:c1;;;
    ARM   do=*reset_triggers
    TOP1  do=*topup id=BONUS type=*monetary units=1 bw=-5
    WRONG do=*disable_account w=20
    WRONG do=*remove_balance id=NONE w=10
"""
TRIGGERS = """
    CALL   uid=C on=*max_event_counter at=1.2 type=*monetary timing=*call run=TELL
    THERE  uid=T on=*max_event_counter at=1.2 type=*monetary to=DST_49 timing=*call run=TELL
    PAID   uid=P on=*max_balance_counter at=1.2 type=*monetary id=M timing=*call run=TELL
    TWICE  uid=A id=S on=*max_event_counter at=1.2 type=*monetary timing=*call run=TELL w=20
    TWICE  uid=B id=S on=*max_event_counter at=1.8 type=*monetary timing=*call run=TELL w=10
    MIXED  uid=A id=S on=*max_event_counter at=1.2 type=*monetary timing=*call run=TELL
    MIXED  uid=B id=S on=*max_event_counter at=9 type=*monetary run=TELL
    AGAIN  uid=R on=*max_event_counter at=1.2 type=*monetary timing=*call recurrent=true sleep=3s run=TOP1
    CUTS   uid=C on=*max_event_counter at=1.2 type=*monetary timing=*call run=CUT
    WRONG  uid=W on=*max_event_counter at=1.2 type=*monetary timing=*call run=WRONG
    GONE   uid=C on=*max_event_counter at=1.2 type=*monetary timing=*call until=2026-11-21T10:00:05Z run=TELL
"""
BOOK = book(SETS, TRIGGERS, files=RATES)


@table("""
    group | words                                                | after
    CALL  | call 60s id=c1                                       | M=9.4 #C@c1=0.6
    CALL  | call 60s id=c1; call 60s id=c2                       | M=8.8 #C@c1=0.6 #C@c2=0.6
    CALL  | call 120s id=c1; call 60s id=c2                      | M=8.2 #C@c1=1.2 #C@c2=0.6 fired:C@c1
    CALL  | call 120s id=c1; call 120s id=c2                     | M=7.6 #C@c1=1.2 #C@c2=1.2 fired:C@c1 fired:C@c2
    CALL  | call 60s id=c1; call 60s id=c2; call 60s id=c1 final | M=8.2 #C@c2=0.6
    CALL  | call 0s id=c1                                        | M=10             # nothing counted, nothing kept
    CALL  | call 60s id=-; call 60s id=-                         | M=8.8            # each a call of its own
    CALL  | call 60s id=c1 final                                 | M=9.4
    CALL  | call 60s id=c1 final; call 60s id=c1                 | M=8.8 #C@c1=0.6  # counted anew
    CALL  | call 60s id=c1; wait 10799s                          | M=9.4 #C@c1=0.6
    CALL  | call 60s id=c1; wait 10800s                          | M=9.4            # it must be over
    CALL  | call 60s id=c1; wait 10800s; call 60s id=c1          | M=8.8 #C@c1=0.6
    CALL  | call 60s id=c1; topup M 1; wait 10800s; topup M 1    | M=11.4           # whatever was asked meanwhile
    CALL  | call 60s; wait 7200s; call 60s; wait 7200s; call 60s | M=8.2 #C@c1=1.8 fired:C@c1  # put off by each
    CALL  | call 60s; wait 7200s; call 0s; wait 7200s            | M=9.4 #C@c1=0.6  # nothing drawn, yet heard of
    CALL  | call 120s; refund                                    | M=10 #C@c1=0 fired:C@c1
    CALL  | call 120s final; refund                              | M=10
    CALL  | call 120s; run ARM                                   | M=8.8 #C@c1=1.2
    CALL  | call 120s; arm                                       | M=8.8 #C@c1=1.2
    CALL  | call 120s; reattach CALL                             | M=8.8 #C@c1=1.2
    CALL  | call 120s; zero C                                    | M=8.8 #C@c1=0 fired:C@c1
    THERE | call 120s 44123; call 120s 49123                     | M=7.6 #T@c1=1.2 fired:T@c1
    THERE | call 120s 44123                                      | M=8.8
    PAID  | call 60s                                             | M=9.4 #M@c1=0.6
    TWICE | call 120s                                            | M=8.8 #S@c1=1.2 fired:A@c1
    TWICE | call 180s                                            | M=8.2 #S@c1=1.8 fired:A@c1 fired:B@c1
    MIXED | call 120s; call 60s id=c2                            | M=8.2 #S=1.8 #S@c1=1.2 #S@c2=0.6 fired:A@c1
    AGAIN | call 120s; wait 3s; call 60s id=c2; call 120s id=c2  | M=7 BONUS=2 #R@c1=1.2 #R@c2=1.8
    WRONG | call 180s                                            | M=8.2 #W@c1=1.8  # undone, and tried by the next
    GONE  | call 120s; wait 6s; topup M 1                        | M=9.8
""")
def test_each_call_has_its_own_counter_and_marks(group: str, words: str, after: str) -> None:
    assert Scene(BOOK, "M=10", group).do(words).told() == after


def test_a_monitor_on_single_calls_fires_in_each_and_again_in_none() -> None:
    scene = Scene(BOOK, "M=10", "CALL").do("call 120s id=c1; call 60s id=c1; call 120s id=c2; call 60s id=c2")
    calls = [alert.body["call"]["OriginID"] for alert in scene.alerts]  # type: ignore[index]
    assert calls == ["c1", "c2"]


def test_a_debit_ends_where_the_ceiling_of_its_own_call_is_reached() -> None:
    scene = Scene(BOOK, "M=50", "CUTS")
    scene.calls += [OpenCall("c1", "sw1"), OpenCall("c2", "sw1")]
    scene.do("call 60s id=c2; call 600s id=c1")
    assert isinstance(scene.answer, CallCost)
    assert (scene.answer.granted // SECOND_NS, scene.told()) == (120, "M=48.2 #C@c2=0.6 #C@c1=1.2 fired:C@c1")


def test_marking_a_monitor_as_fired_silences_it_in_every_call() -> None:
    scene = Scene(BOOK, "M=10", "CALL").do("call 60s")
    scene.account.triggers[0].executed = True
    assert scene.do("call 120s; call 120s id=c2").alerts == []
    assert len(scene.do("arm; call 60s").alerts) == 1


def test_the_end_of_a_call_is_put_off_once_a_minute() -> None:
    scene = Scene(BOOK, "M=10", "CALL").do("call 60s")
    begin = scene.now_ns
    ends = [counter.expires_at_ns for counter in scene.do("wait 59s; call 60s").account.counters]
    ends += [counter.expires_at_ns for counter in scene.do("wait 1s; call 60s").account.counters]
    assert ends == [begin + CALL_NS, begin + CALL_NS + 60 * SECOND_NS]


CALLS = st.lists(
    st.tuples(st.sampled_from(["c1", "c2", "c3", "-"]), st.integers(0, 3), st.booleans(), st.integers(0, 4)),
    max_size=12,
)


@given(CALLS)
@settings(max_examples=150, deadline=None)
def test_the_counter_of_a_call_is_what_its_debits_cost_since_it_was_opened(
    debits: list[tuple[str, int, bool, int]],
) -> None:
    """Against a list of what each call cost so far, through last debits and calls that are over without one."""
    scene = Scene(BOOK, "M=1000", "CALL")
    spent: dict[str, int] = {}
    heard: dict[str, int] = {}
    for call_id, minutes, final, hours in debits:
        scene.do(f"wait {hours * 3600}s")
        spent = {call: cost for call, cost in spent.items() if heard[call] + CALL_NS > scene.now_ns}
        scene.call(f"{minutes * 60}s", call_id=call_id, final=final)
        spent[call_id] = spent.get(call_id, 0) + minutes * 600_000_000
        heard[call_id] = scene.now_ns
        if final or call_id == "-" or not spent[call_id]:
            del spent[call_id]
        counted = {scene.call_ids[counter.call]: counter.value for counter in scene.account.counters}
        assert counted == spent
