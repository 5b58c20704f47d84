"""Debits: which balance pays what, in which order, and what is left."""

# ruff: noqa: E501 - tables are as wide as they are

import pytest

from accounts.charge import ChargeRules
from tests.account_scene import KEY, Scene, account, play, runs_of, scenes

DEBITS = """
  # | before | call | answer | after | runs
1  | A=1(w10) B=5(w20)            | debit 180s | cost 1.8 rated 180s | A=1 B=3.2   | 3*60s@0.6[B]
1b | A=5(w10) B=1(w20)            | debit 180s | cost 1.8 rated 180s | A=3.8 B=0.4 | 60s@0.6[B] ; 2*60s@0.6[A]
2  | voice:ANY=120s(w30) voice:D49=60s(w20 to:DST_49) voice:D4915=60s(w10 to:DST_4915) | debit 150s to:4915123 | cost 0 rated 150s | ANY=90s D49=0s D4915=0s | 60*1s[D4915] ; 60*1s[D49] ; 30*1s[ANY]
3  | A=1(w10) B=1(w10) C=1(w10)   | debit 60s  | cost 0.6 rated 60s  | A=0.4 B=1 C=1
4  | voice:V=65s(w10) M=2(w99)    | debit 180s | cost 1.2 rated 185s | V=0s M=0.8  | 65*1s[V] ; 2*60s@0.6[M]
5  | voice:V=100s(subj:*zero1m) M=2 | debit 90s | cost 0.6 rated 120s | V=40s M=1.4 | 60s[V] ; 60s@0.6[M]
6  | voice:V=300s(subj:HALF) M=0.1 | debit 180s | cost 0.15 rated 180s | V=120s M=0 *default=-0.05 | 2*60s@0.05[V+M] 60s@0.05[V+*default]
7  | CHEAP=0.1(w20 subj:HALF) M=5(w10) | debit 240s | cost 1.3 rated 240s | CHEAP=0 M=3.8 | 2*60s@0.05[CHEAP] ; 2*60s@0.6[M]
8  | voice:EXC=60s(to:!DST_4915) M=5 | debit 30s to:4915123 | cost 0.6 rated 60s | EXC=60s M=4.4
   |                              | debit 30s to:4930123 | cost 0 rated 30s | EXC=30s M=4.4
   |                              | debit 10s to:7777 | cost 0 rated 10s | EXC=20s M=4.4      # no destination knows 7777: it is not excluded
8b | voice:N=60s(to:DST_49+!DST_4915) M=5 | debit 60s to:4915123 | cost 0.6 rated 60s | N=60s M=4.4
   |                              | debit 60s to:4930123 | cost 0 rated 60s | N=0s M=4.4
9  | voice:F=100s(factor:PREM*2.5) | debit 20s factor:PREM | cost 0 rated 20s | F=50s
   |                              | debit 20s | cost 0 rated 20s | F=30s
11 | voice:BL=30s(w20 blocker) M=5 | debit 60s | BALANCE_BLOCKER | BL=30s M=5
   |                              | maxdebit 60s | cost 0 rated 30s | BL=0s M=5
   |                              | maxdebit 60s | nothing | BL=0s M=5
   |                              | debit 60s | BALANCE_BLOCKER | BL=0s M=5
12 | M=1                          | debit 180s | cost 1.8 rated 180s | M=0.4 *default=-1.2 | 60s@0.6[M] ; 2*60s@0.6[*default]
12c| allow voice:V=30s            | debit 60s | cost 0.6 rated 90s | V=0s *default=-0.6
13 | M=1                          | debit 180s deny | cost 0.6 rated 60s | M=0.4
n1 | M=5                          | debit 180s cat:neg | cost -1.8 rated 180s | M=6.8 | 3*60s@-0.6[M]      # a price below zero gives money
n2 | M=5                          | debit 180s cat:negcap | cost -1.8 rated 180s | M=6.8
n3 | M=5                          | debit 60s cat:negfee | cost 0.1 rated 60s | M=4.9 | 0s@-0.5[M] 60s@0.6[M]
14 | M=0.3                        | debit 90s cat:cf | cost 1.4 rated 90s | M=0.3 *default=-1.4 | 0s@0.5[*default] ; 60s@0.6[*default] ; 30*1s@0.01[*default]
15 | M=2                          | debit 90s cat:cf | cost 1.4 rated 90s | M=0.6 | 0s@0.5[M] 60s@0.6[M] ; 30*1s@0.01[M]
15c| B=0.7(w20) A=2(w10)          | debit 90s cat:cf | cost 1.4 rated 90s | B=0.2 A=1.1 | 0s@0.5[B] ; 60s@0.6[A] ; 30*1s@0.01[A]
15d| M=2                          | debit 60s cat:cf loop:1 index:120s | cost 0.6 rated 60s | M=1.4 | 60*1s@0.01[M]
16 | voice:V=30s M=2              | debit 90s cat:cf | cost 0.6 rated 90s | V=0s M=1.4 | 30*1s[V] ; 60s@0.6[M]
16b| voice:V=600s M=2             | debit 90s cat:cf | cost 0 rated 90s | V=510s M=2
16c| voice:V=600s(subj:CFSUB) M=2 | debit 90s | cost 1.4 rated 90s | V=510s M=0.6 | 0s@0.5[M] 60s@0.6[V+M] ; 30*1s@0.01[V+M]
20 | E=5(until:2026-12-01)        | debit 60s at:2026-12-02_00:00:00 | cost 0.6 rated 60s | E=5 *default=-0.6
20a| E=5(until:2026-12-01)        | debit 60s at:2026-12-01_00:00:00 | cost 0.6 rated 60s | E=4.4   # the last instant
20b| voice:CAT=60s(only:premium) voice:DISB=60s(disabled) M=5 | debit 60s | cost 0.6 rated 60s | CAT=60s DISB=60s M=4.4
21 | sms:SMS=3 generic:GEN=2 M=5  | debit 4 tor:sms cat:sms | cost 0 rated 4 | SMS=0 GEN=1 M=5
   |                              | debit 4 tor:sms cat:sms | cost 0.6 rated 4 | SMS=0 GEN=0 M=4.4
21b| data:DATA=5000 M=5           | debit 7000 tor:data cat:data | cost 0.00196 rated 7048 | DATA=0 M=4.99804
21c| data:D=5000 M=5              | debit 4000000 tor:data cat:data | cost 3.82396 rated 4000648 | D=0 M=1.17604
22 | M=5                          | debit 300s cat:maxf | cost 1 rated 300s | M=4 | 60s@0.6[M] 60s@0.4[M] 3*60s[M]
22b| M=5                          | debit 300s cat:maxd | cost 3 rated 300s | M=2
23 | M=100(subj:*zero1s)          | debit 60s | cost 0.6 rated 60s | M=100 *default=-0.6    # refused where it is written
24 | voice:V=60s                  | debit 60s cat:nobody | cost 0 rated 60s | V=0s
   |                              | debit 60s cat:nobody | NO_RATING_PLAN | V=0s
25 | M=5                          | debit -5s | INVALID_USAGE | M=5
25b| none                         | debit 60s | ACCOUNT_UNKNOWN |
25c| off M=5                      | debit 60s | ACCOUNT_DISABLED | M=5
25d| off M=5                      | debit 100h | USAGE_TOO_LONG | M=5
25e| off M=5                      | debit 60s emergency | cost 0.6 rated 60s | M=4.4    # help may be called
   |                              | maxdebit 60s emergency | cost 0.6 rated 60s | M=3.8
   |                              | debit 60s | ACCOUNT_DISABLED | M=3.8
   |                              | debit 60s cat:nobody emergency | NO_RATING_PLAN | M=3.8
25f| none                         | debit 60s emergency | ACCOUNT_UNKNOWN |
27 | M=5                          | debit 7s cat:odd | cost 0.01169 rated 7s | M=4.98831
27b| M=5                          | debit 7s cat:odd rounding | cost 0.02 rated 7s | M=4.98
"""

DEBITS_OF_PLANS = """
  # | before | call | answer | after | runs
124| M=10 | debit 300s cat:maxf | cost 1 rated 300s | M=9
126| M=10 | debit 120s cat:freefee | cost 0.6 rated 120s | M=9.4 | 0s@0.5[M] 10*1s@0.01[M] 110*1s[M]
127| M=10 | debit 120s cat:nocap | cost 1.2 rated 120s | M=8.8
138| M=10 | debit 65s cat:r1 | cost 0.75 rated 65s | M=9.25
139| M=10 | debit 65s cat:rsixth | cost 0.0143 rated 65s | M=9.9857
139b| M=10 | debit 65s cat:rsixth rounding | cost 0.02 rated 65s | M=9.98
140| M=10 | debit 65s cat:rmid rounding | cost 0.01 rated 65s | M=9.99
140b| M=10 | debit 65s cat:rint rounding | cost 0.0143 rated 65s | M=9.9857      # no decimals is no rounding
141| M=10 | debit 1800s cat:r6 | cost 18 rated 1800s | M=0.4 *default=-8.4 | 16*60s@0.6[M] ; 14*60s@0.6[*default]
144| M=10 | debit 2000000 tor:generic cat:bulk | cost 200000 rated 2000000 | M=0 *default=-199990
"""

MORE = """
  # | before | call | answer | after | runs
a  | M=10   | debit 60s cat:finefee | cost 1.50529 rated 60s | M=8.49471             # the fee has 5 decimals before it is taken
   |        | debit 0s | cost 0 rated 0s | M=8.49471                                   # nothing used, nothing paid, no fee
c  | M=0.041| debit 60s cat:cheapdown | cost 0.041 rated 60s | M=0
d  | M=0.04 | debit 60s cat:cheapdown deny | nothing | M=0.04                          # cheap is not free, whatever the final rounding
e  | M=1    | debit 60s cat:maxf sofar:1.2 | cost 0 rated 60s | M=1 | 60s[M]
f  | M=0    | debit 60s cat:maxf sofar:1.2 | cost 0 rated 60s | M=0 | 60s[]             # the cap is reached: nobody needs to pay
g  | *default=5 | debit 600s | cost 6 rated 600s | *default=-1                         # the default balance pays like any other, then below zero
h  | *default=-1 M=5 | debit 60s | cost 0.6 rated 60s | *default=-1 M=4.4
i  | M=0(w20 blocker) N=5 | debit 60s | BALANCE_BLOCKER | M=0 N=5                      # an empty blocker blocks
j  | allow M=0(w20 blocker) N=5 | debit 60s | BALANCE_BLOCKER | M=0 N=5
k  | M=0.6(w20 blocker) N=5 | debit 60s | cost 0.6 rated 60s | M=0 N=5
l  | B=0.3(w20 blocker) A=2(w10) | debit 60s cat:cf | BALANCE_BLOCKER | B=0.3 A=2      # it has not the fee, and nobody after it may pay it
m  | voice:V=60s(subj:HALF) M=5 | debit 60s to:49123 cat:weekend at:2026-11-22_10:00:00 | DESTINATION_UNRATED | V=60s M=5
n  | voice:V=100s(subj:*zero1m+) M=5 | debit 60s | cost 0 rated 60s | V=40s M=5        # no increment: as if not given
o  | A=0.3 B=2 | debit 60s cat:cf | cost 1.1 rated 60s | A=0.3 B=0.9 | 0s@0.5[B] ; 60s@0.6[B]   # the fee in A's turn, the minute in B's
p  | M=5 voice:G=0s generic:U=120000000000 | debit 60s | cost 0 rated 60s | M=5 G=0s U=60000000000
q  | M=5(subj:*any) | debit 60s subject:HALF | cost 0.05 rated 60s | M=4.95
r  | M=5 | debit 60s to:4412 cat:germany | DESTINATION_UNRATED | M=5
s  | M=5 | debit 60s at:2026-11-21_23:59:30 cat:weekend | DESTINATION_UNRATED | M=5     # the second half has no price: nothing is charged
t  | M=5 | debit 60s at:2026-11-21_23:59:30 cat:odd rounding | cost 0.11 rated 60s | M=4.89 | 60*1s@0.00167[M]
w  | CHEAP=0.1(subj:HALF) | debit 240s | cost 1.3 rated 240s | CHEAP=0 *default=-1.2 | 2*60s@0.05[CHEAP] ; 2*60s@0.6[*default]   # the rest at the request's own price
x  | M=0.6 | debit 60s cat:ones loop:1 index:120s deny | cost 0.6 rated 60s | M=0
u  | M=0.3 | maxdebit 60s cat:rz | cost 0 rated 60s | M=0.3
v  | voice:V=100s(factor:P*0.33333333333) | debit 10s factor:P | cost 0 rated 10s | V=1m36.66666666s   # ns, rounded up each second
"""


DENIED = """
  # | before | call | answer | after | runs
fee     | M=0.3                          | debit 60s cat:cf deny | nothing | M=0.3                          # nobody has the fee: the call is not served
fee later | A=0.6 N=0.2                  | debit 60s cat:cf deny | cost 0.5 rated 0s nothing | A=0.1 N=0.2  # the fee is paid, and then no minute
units   | voice:V=300s(subj:HALF) M=0.1  | debit 180s deny | cost 0.1 rated 120s | V=180s M=0
units at once | voice:V=300s(subj:HALF)  | debit 180s deny | nothing | V=300s
units, most | voice:V=300s(subj:HALF) M=0.1 | maxdebit 180s | cost 0.1 rated 120s | V=180s M=0
units of a fee | voice:V=300s(subj:CFSUB) M=0.3 | debit 180s deny | nothing | V=300s M=0.3
units, allowed | allow voice:V=60s(subj:HALF) | debit 120s deny | cost 0.05 rated 60s | V=0s *default=-0.05   # post-paid: the price of units, but no more
in debt | *default=-1 M=1                | debit 120s deny | cost 0.6 rated 60s | *default=-1 M=0.4
free minutes first | voice:V=30s M=0.3   | debit 60s cat:cf deny | cost 0 rated 30s | V=0s M=0.3
rounding | M=0.01169                     | debit 7s cat:odd deny rounding | cost 0.02 rated 7s | M=-0.00831   # a correction is taken all the same
plain   | voice:V=300s(subj:HALF) M=0.1  | debit 180s | cost 0.15 rated 180s | V=120s M=0 *default=-0.05
"""

SUBJECTS = """
  # | before | call | answer | after | runs
none given   | voice:V=120s M=5          | debit 60s | cost 0.05 rated 60s | V=60s M=4.95 | 60s@0.05[V+M]
any          | voice:V=120s(subj:*any) M=5 | debit 60s | cost 0.05 rated 60s | V=60s M=4.95
its own      | voice:V=120s(subj:*zero1s) M=5 | debit 60s | cost 0 rated 60s | V=60s M=5
its own name | voice:V=120s(subj:CFSUB) M=5 | debit 60s | cost 1.1 rated 60s | V=60s M=3.9
no increment | voice:V=120s(subj:*zero1m+) M=5 | debit 60s | cost 0.05 rated 60s | V=60s M=4.95
generic      | generic:U=120000000000 M=5 | debit 60s | cost 0.05 rated 60s | U=60000000000 M=4.95
another kind | sms:SMS=3 M=5             | debit 2 tor:sms cat:sms | cost 0 rated 2 | SMS=1 M=5
money        | M=5                       | debit 60s | cost 0.6 rated 60s | M=4.4
most         | voice:V=120s M=0.05       | max 120s | 60s | V=120s M=0.05
"""


@pytest.mark.parametrize("scene", scenes(DENIED), ids=lambda rows: rows[0][0])
def test_debit_that_denies_the_negative(scene: list[tuple[str, ...]]) -> None:
    play(scene)


@pytest.mark.parametrize("scene", scenes(SUBJECTS), ids=lambda rows: rows[0][0])
def test_units_without_a_subject_have_that_of_the_settings(scene: list[tuple[str, ...]]) -> None:
    play(scene, ChargeRules(balance_rating_subject={"*any": "*zero1ns", "*voice": "HALF"}))


@pytest.mark.parametrize("scene", scenes(DEBITS), ids=lambda rows: rows[0][0])
def test_debit_of_the_worked_examples(scene: list[tuple[str, ...]]) -> None:
    play(scene)


def test_increment_tells_what_it_took_of_units_and_by_which_factor() -> None:
    """X 9: a second of a premium call takes 2.5 of the balance's."""
    scene = Scene(account("voice:F=100s(factor:PREM*2.5)"))
    scene.call("debit 20s factor:PREM")
    assert scene.last is not None
    (run,) = runs_of(scene.last)
    assert run.unit is not None
    assert (run.duration, run.count) == (10**9, 20)
    assert (run.unit.amount, run.unit.factor, run.unit.after) == (2_500_000_000, "2.5", 50 * 10**9)


def test_correction_is_told_apart_and_is_part_of_the_cost() -> None:
    """X 27: 7 × 0.00167 are 0.01169, rounded up to 0.02."""
    scene = Scene(account("M=5"))
    scene.call("debit 7s cat:odd rounding")
    assert scene.last is not None
    (timespan,) = scene.last.timespans
    correction = timespan.round_increment
    assert correction is not None
    assert correction.money is not None
    assert (correction.cost, correction.money.uuid) == (8_310_000, "M")
    assert (timespan.cost, scene.last.cost) == (20_000_000, 20_000_000)


def test_increment_that_costs_nothing_names_its_account_and_no_balance() -> None:
    """X 24b: nobody has money, and none is needed."""
    scene = Scene(account("on"))
    scene.call("debit 60s subject:FREE")
    assert scene.last is not None
    (run,) = runs_of(scene.last)
    assert (run.payer, run.unit, run.money) == (KEY, None, None)


@pytest.mark.parametrize("scene", scenes(DEBITS_OF_PLANS), ids=lambda rows: rows[0][0])
def test_debit_of_the_rating_examples(scene: list[tuple[str, ...]]) -> None:
    play(scene)


@pytest.mark.parametrize("scene", scenes(MORE), ids=lambda rows: rows[0][0])
def test_debit(scene: list[tuple[str, ...]]) -> None:
    play(scene)
