"""How long a call may last: what credit, caps, rates and holes in a tariff allow."""

# ruff: noqa: E501 - tables are as wide as they are

import pytest

from accounts.account_state import account_state
from tests.account_scene import Scene, account, play, scenes

GRANTS = """
  # | before | call | answer | after
4  | voice:V=65s(w10) M=2(w99)          | max 600s | 245s | V=65s M=2
5  | voice:V=100s(subj:*zero1m) M=2     | max 300s | 240s | V=100s M=2
6  | voice:V=300s(subj:HALF) M=0.1      | max 300s | 120s | V=300s M=0.1
7  | CHEAP=0.1(w20 subj:HALF) M=5(w10)  | max 300s | 300s | CHEAP=0.1 M=5
9  | voice:F=100s(factor:PREM*2.5)      | max 300s factor:PREM | 40s | F=100s
   |                                    | max 300s | 100s | F=100s
10 | M=1.5                              | max 600s | 120s | M=1.5
10c| M=0.6                              | max 30s | 30s | M=0.6
11 | voice:BL=30s(w20 blocker) M=5      | max 300s | 30s | BL=30s M=5
11a| voice:BL=0s(w20 blocker) M=5       | max 300s | 0s | BL=0s M=5
11b| B=0.7(w20 blocker) M=5             | max 300s | 60s | B=0.7 M=5
11c| allow B=0.7(w20 blocker) M=5       | max 300s | unlimited | B=0.7 M=5
12b| allow M=1                          | max 600s | unlimited | M=1
15 | M=2                                | max 600s cat:cf | 150s | M=2
15b| M=0.3                              | max 600s cat:cf | 0s | M=0.3
16c| voice:V=600s(subj:CFSUB) M=2       | max 300s | 150s | V=600s M=2
21c| data:D=5000 M=5                    | max 4000000 tor:data cat:data | 4000000 | D=5000 M=5
22 | M=5                                | max 600s cat:maxf | 600s | M=5
22b| M=5                                | max 600s cat:maxd | 120s | M=5
22c| M=5                                | max 600s cat:maxdfee | 60s | M=5       # the fee is part of what the call has cost
22d| M=5                                | max 600s cat:maxd loop:1 sofar:0.6 | 60s | M=5
22e| M=5                                | max 600s cat:maxd loop:1 sofar:1.2 | 0s | M=5
23 | M=100(subj:*zero1s)                | max 300s | 0s | M=100
24b| M=0                                | max 60s subject:FREE | 60s | M=0
128| M=10 | max 3h cat:r1 | 990s | M=10
   |      | max 3h cat:r6 | 960s | M=10
   |      | max 3h cat:rg | 1940s | M=10
129| M=0.5 | max 3h cat:r1 | 40s | M=0.5                                          # exactly all of it
   |      | max 3h cat:r6 | 0s | M=0.5
130| M=0  | max 3h cat:r1 | 0s | M=0
   |      | max 3h cat:rz | 10800s | M=0
130b| on  | max 3h cat:r1 | 0s |
   |      | max 3h cat:rz | 10800s |
131| M=100 | max 3h cat:r6 | 9960s | M=100
132| M=10 | max 3h cat:maxf | 10800s | M=10
   |      | max 3h cat:maxd | 120s | M=10
133| allow M=1 | max 3h cat:germany to:4412 | DESTINATION_UNRATED | M=1           # post-paid, but to no number without a price
   |      | max 3h cat:nobody | NO_RATING_PLAN | M=1
134| off M=1 | max 3h | ACCOUNT_DISABLED | M=1
134c| off M=1 | max 3h cat:r6 emergency | 60s | M=1
134b| none | max 3h | ACCOUNT_UNKNOWN |
135| M=10 | max 3h cat:germany to:4412 | DESTINATION_UNRATED | M=10
   |      | max 3h cat:nobody | NO_RATING_PLAN | M=10
136| M=10 | max 60s cat:r1 | 60s | M=10
   |      | max 0s cat:r1 | 0s | M=10
   |      | max 96h1m cat:r1 | USAGE_TOO_LONG | M=10
   |      | max -1s cat:nobody | INVALID_USAGE | M=10
137| M=10 | max 3h cat:r1 maxrate:0.5/60s | 0s | M=10
   |      | max 3h cat:r1 maxrate:0.7/60s | 990s | M=10
   |      | max 3h cat:r1 maxrate:0.6/60s | 990s | M=10                           # not above it
   |      | max 3h cat:cf maxrate:0.6/1m | 950s | M=10
"""

HOLES = """
  # | before | call | answer | after
a  | M=10 | max 60s cat:weekend at:2026-11-21_23:59:30 | 30s | M=10                # the price ends at midnight
b  | M=10 | max 60s cat:weekend at:2026-11-22_10:00:00 | DESTINATION_UNRATED | M=10
c  | voice:V=10s M=10 | max 60s cat:weekend at:2026-11-21_23:59:30 | 30s | V=10s M=10
d  | voice:V=30s M=10 | max 60s cat:weekend at:2026-11-21_23:59:30 | 30s | V=30s M=10
e  | voice:V=40s M=10 | max 60s cat:weekend at:2026-11-21_23:59:30 | 30s | V=40s M=10  # the call as if it ended at midnight
f  | voice:V=60s M=10 | max 60s cat:weekend at:2026-11-22_10:00:00 | 60s | V=60s M=10  # minutes alone need no price
g  | voice:V=30s M=10 | max 60s cat:weekend at:2026-11-22_10:00:00 | DESTINATION_UNRATED | V=30s M=10
h  | voice:V=30s M=10 | max 60s cat:nobody | NO_RATING_PLAN | V=30s M=10
i  | allow M=10 | max 60s cat:weekend at:2026-11-21_23:59:30 | DESTINATION_UNRATED | M=10
j  | M=10 | max 30s cat:weekend at:2026-11-21_23:59:30 | 30s | M=10
"""


@pytest.mark.parametrize("scene", scenes(GRANTS), ids=lambda rows: rows[0][0])
def test_grant_of_the_worked_examples(scene: list[tuple[str, ...]]) -> None:
    play(scene)


@pytest.mark.parametrize("scene", scenes(HOLES), ids=lambda rows: rows[0][0])
def test_grant_ends_where_the_price_ends(scene: list[tuple[str, ...]]) -> None:
    play(scene)


def test_asking_changes_nothing() -> None:
    scene = Scene(account("voice:V=65s M=2"))
    assert scene.account is not None
    before = account_state(scene.account)
    scene.call("max 600s cat:cf")
    assert account_state(scene.account) == before
