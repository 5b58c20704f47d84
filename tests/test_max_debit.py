"""MaxDebit: exactly what is covered, as one step."""

import pytest

from accounts.account import Bound, BoundSide
from accounts.book import Page
from tests.account_scene import KEY, Scene, account, amount, balances_text, play, scenes
from tests.verdict import Verdict

MAX_DEBITS = """
  # | before | call | answer | after
10 | M=1.5 | maxdebit 600s | cost 1.2 rated 120s | M=0.3
   |       | maxdebit 600s | nothing | M=0.3
10b| M=1.5 | maxdebit 600s force | CREDIT_EXHAUSTED | M=1.5
   |       | maxdebit 120s force | cost 1.2 rated 120s | M=0.3
10c| M=0.6 | maxdebit 30s | cost 0.6 rated 60s | M=0
11 | voice:BL=30s(w20 blocker) M=5 | max 300s | 30s | BL=30s M=5
   |       | debit 60s | BALANCE_BLOCKER | BL=30s M=5
   |       | maxdebit 60s | cost 0 rated 30s | BL=0s M=5
   |       | maxdebit 60s | nothing | BL=0s M=5
   |       | debit 60s | BALANCE_BLOCKER | BL=0s M=5
11b| B=0.7(w20 blocker) M=5 | max 300s | 60s | B=0.7 M=5
   |       | maxdebit 300s | cost 0.6 rated 60s | B=0.1 M=5
11c| allow B=0.1(w20 blocker) M=5 | maxdebit 60s | BALANCE_BLOCKER | B=0.1 M=5
12b| allow M=1 | max 600s | unlimited | M=1
   |       | maxdebit 180s | cost 1.8 rated 180s | M=0.4 *default=-1.2
   |       | maxdebit 60s force | cost 0.6 rated 60s | M=0.4 *default=-1.8
15b| M=0.3 | maxdebit 90s cat:cf | nothing | M=0.3
22b| M=5   | maxdebit 300s cat:maxd | cost 1.2 rated 120s | M=3.8
   |       | debit 300s cat:maxd | cost 3 rated 300s | M=0.8
22c| M=5   | maxdebit 300s cat:maxdfee | cost 1.1 rated 60s | M=3.9
24b| on    | max 60s subject:FREE | 60s |
   |       | maxdebit 60s subject:FREE | cost 0 rated 60s | | 60s[]       # an increment without a balance
141| M=10  | maxdebit 1800s cat:r6 | cost 9.6 rated 960s | M=0.4
142| M=10  | maxdebit 10s cat:r1 | cost 0.2 rated 10s | M=9.8
   |       | maxdebit 10s cat:r1 loop:1 index:20s at:2026-11-21_10:00:10 | cost 0.1 rated 10s | M=9.7
143| M=10  | maxdebit 10s cat:rg | cost 0.6 rated 60s | M=9.4
   |       | maxdebit 10s cat:rg loop:1 index:70s at:2026-11-21_10:01:00 | cost 0.05 rated 10s | M=9.35
a  | M=10  | maxdebit 60s cat:weekend at:2026-11-21_23:59:30 | cost 0.3 rated 30s | M=9.7
b  | M=10  | maxdebit 60s cat:nobody | NO_RATING_PLAN | M=10
c  | M=10  | maxdebit 0s cat:nobody | cost 0 rated 0s | M=10
d  | M=10  | maxdebit 0s cat:cf | cost 0 rated 0s | M=10
e  | M=10  | maxdebit 120s cat:r1 maxrate:0.5/60s | nothing | M=10
f  | M=1.5 | maxdebit 600s dry | cost 1.2 rated 120s | M=1.5
"""


@pytest.mark.parametrize("scene", scenes(MAX_DEBITS), ids=lambda rows: rows[0][0])
def test_max_debit_of_the_worked_examples(scene: list[tuple[str, ...]]) -> None:
    play(scene)


def test_grant_is_cut_where_a_monitor_takes_the_credit() -> None:
    """Five minutes are covered; after the second a monitor's action takes 1.50, and nothing goes below zero."""
    scene = Scene(account("M=3"))

    def take(page: Page) -> Verdict:
        page.move(page.account.balances[0], -amount("1.5"))
        return Verdict(())

    bounds = (Bound(KEY, BoundSide.MIN, amount("1.8"), balance_uuid="M"),)
    assert scene.call("maxdebit 300s", bounds, take) == "cost 1.2 rated 120s"
    assert balances_text(scene.account) == "M=0.3"
