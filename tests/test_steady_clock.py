"""A clock that is set back shows on as if nothing had happened; one that is set ahead is followed."""

from ratingd.delivery.steady_clock import SteadyClock

# readings one after the other, in seconds: what the wall clock shows, what has really passed | what this one shows, and
# how far the wall clock is behind that
READINGS = """
    100   0      | 100     0
    110   10     | 110     0
    50    15     | 115     65       # set back by 65 s
    60    25     | 125     65
    200   30     | 200     0        # set ahead, beyond what it had shown
    190   31     | 201     11
"""


def test_readings() -> None:
    wall, passed = 100, 0
    clock = SteadyClock(lambda: wall, lambda: passed)
    for row in READINGS.strip().splitlines():
        wall, passed, steady, set_back = map(int, row.partition("#")[0].replace("|", " ").split())
        assert (clock(), clock.set_back_ns()) == (steady, set_back), row
