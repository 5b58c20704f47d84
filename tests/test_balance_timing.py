"""Timings of balances: which may be used when, by whose clock."""

# ruff: noqa: E501 - tables are as wide as they are

import pytest

from accounts.balance_timing import is_active
from tariffs.zone import zone
from tests.account_scene import TIMINGS, instant, play, scenes, table_rows

TIMES = table_rows("""
  # | timings | zone | at | active
on its day          | SAT | UTC | 2026-11-21T00:00:00 | yes
on another          | SAT | UTC | 2026-11-22T00:00:00 | no
to its last instant | SAT | UTC | 2026-11-21T23:59:59 | yes
by the clock there  | SAT | America/New_York | 2026-11-22T04:59:59 | yes
by the clock here   | SAT | America/New_York | 2026-11-21T04:59:59 | no
begin               | MORNING | UTC | 2026-11-21T08:00:00 | yes
before              | MORNING | UTC | 2026-11-21T07:59:59 | no
end                 | MORNING | UTC | 2026-11-21T12:00:00 | yes
after               | MORNING | UTC | 2026-11-21T12:00:01 | no
a later offset      | MORNING | Europe/Berlin | 2026-07-01T06:00:00 | yes
no end              | NIGHT | UTC | 2026-11-21T23:59:59 | yes
not before midnight | NIGHT | UTC | 2026-11-22T00:00:00 | no
start after end     | BACKWARDS | UTC | 2026-11-21T23:00:00 | no
date                | YEAREND | UTC | 2026-12-31T12:00:00 | yes
another year        | YEAREND | UTC | 2027-12-31T12:00:00 | no
one of two          | SAT+SUN | UTC | 2026-11-22T12:00:00 | yes
none of two         | SAT+SUN | UTC | 2026-11-23T12:00:00 | no
negated             | !SAT | UTC | 2026-11-21T12:00:00 | no
only negated        | !SAT | UTC | 2026-11-22T12:00:00 | yes
both only negated   | !SAT+!SUN | UTC | 2026-11-22T12:00:00 | no
negated wins        | SAT+!NIGHT | UTC | 2026-11-21T22:00:00 | no
negated elsewhere   | SAT+!NIGHT | UTC | 2026-11-21T21:59:59 | yes
not its day either  | SAT+!NIGHT | UTC | 2026-11-22T12:00:00 | no
unknown             | GONE | UTC | 2026-11-21T12:00:00 | no
unknown beside      | GONE+SAT | UTC | 2026-11-21T12:00:00 | yes
unknown negated     | !GONE | UTC | 2026-11-21T12:00:00 | yes
built in            | *any | UTC | 2026-11-21T12:00:00 | yes
built in, negated   | !*any+SAT | UTC | 2026-11-21T12:00:00 | no
first of two o'clocks | MORNING | Europe/Berlin | 2026-10-25T07:00:00 | yes
""")


@pytest.mark.parametrize("row", TIMES, ids=lambda row: row[0])
def test_balance_is_active(row: tuple[str, ...]) -> None:
    _, names, place, at, active = row
    timing_ids = {name.removeprefix("!"): not name.startswith("!") for name in names.split("+")}
    assert is_active(timing_ids, TIMINGS, instant(at), zone(place)) is (active == "yes")


DEBITS = """
  # | before | call | answer | after | runs
19  | voice:SATONLY=600s(w20 on:SAT) M=5 | debit 60s at:2026-11-21_23:59:30 | cost 0 rated 60s | SATONLY=540s M=5    # begun in time, covered to its end
    |                                    | debit 60s at:2026-11-22_10:00:00 | cost 0.6 rated 60s | SATONLY=540s M=4.4
19m | voice:SATONLY=600s(on:SAT) M=0.6   | max 1200s at:2026-11-21_23:59:30 | 660s | SATONLY=600s M=0.6
    |                                    | max 1200s at:2026-11-22_10:00:00 | 60s | SATONLY=600s M=0.6
zone | voice:SATONLY=600s(on:SAT) M=5    | debit 60s at:2026-11-22_02:00:00 zone:America/New_York | cost 0 rated 60s | SATONLY=540s M=5
money | A=5(w20 on:SUN) B=2(w10)         | debit 60s | cost 0.6 rated 60s | A=5 B=1.4
later | voice:V=600s(on:SUN) M=0.6       | debit 120s at:2026-11-21_23:59:30 | cost 0.6 rated 120s | V=540s M=0 | 60s@0.6[M] ; 60*1s[V]      # money has brought the call to Sunday
too late | voice:V=600s(on:SUN) M=5      | debit 120s at:2026-11-21_23:59:30 | cost 1.2 rated 120s | V=600s M=3.8        # money pays on: nobody asks again
nobody | voice:V=600s(on:SUN)            | debit 120s at:2026-11-21_23:59:30 | cost 1.2 rated 120s | V=600s *default=-1.2   # nothing advances the start
among money | A=5(w20 on:SUN) B=0.6(w10) | debit 120s at:2026-11-21_23:59:30 | cost 1.2 rated 120s | A=4.4 B=0 | 60s@0.6[B] ; 60s@0.6[A]
later grant | voice:V=600s(on:SUN) M=0.6 | max 120s at:2026-11-21_23:59:30 | 120s | V=600s M=0.6
over in mid-call | voice:V=30s(w9 on:SAT) voice:W=30s(on:SAT) M=5 | debit 90s at:2026-11-21_23:59:45 | cost 0.6 rated 90s | V=0s W=30s M=4.4   # W's turn begins on Sunday
blocker | voice:V=60s(w20 blocker on:SUN) M=5 | debit 60s | BALANCE_BLOCKER | V=60s M=5                                      # an inactive blocker blocks
        |                                | max 60s | 0s | V=60s M=5
fee | A=5(w20 on:SUN) B=2(w10)           | debit 60s cat:cf | cost 1.1 rated 60s | A=5 B=0.9 | 0s@0.5[B] 60s@0.6[B]
fee beside a blocker | voice:V=600s(subj:CFSUB) A=5(w20 blocker on:SUN) B=2(w10) | debit 60s | cost 1.1 rated 60s | V=540s A=5 B=0.9 | 0s@0.5[B] 60s@0.6[V+B]
money for units | voice:V=600s(subj:HALF) A=5(w20 on:SUN) B=2(w10) | debit 60s | cost 0.05 rated 60s | V=540s A=5 B=1.95
"""


@pytest.mark.parametrize("scene", scenes(DEBITS), ids=lambda rows: rows[0][0])
def test_balance_is_used_when_it_is_active(scene: list[tuple[str, ...]]) -> None:
    play(scene)
