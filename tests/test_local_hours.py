from tariffs.zone import zone
from tests.table import table
from triggers.traffic.counted_call import NIGHT, UNSOCIAL
from triggers.traffic.local_hours import LocalHours
from triggers.traffic.terms import NIGHT_HOURS

WINTER, SUMMER = 1_704_067_200_000, 1_719_792_000_000  # midnight UTC, 2024-01-01 and 2024-07-01


@table("""
    zone          | season | utc | hour | night | unsocial
    UTC           | winter | 5   | 5    | yes   | yes
    UTC           | winter | 6   | 6    | no    | yes
    UTC           | winter | 8   | 8    | no    | no
    UTC           | winter | 21  | 21   | no    | yes
    UTC           | winter | 22  | 22   | yes   | yes
    Europe/Berlin | winter | 21  | 22   | yes   | yes
    Europe/Berlin | summer | 20  | 22   | yes   | yes
    Asia/Kolkata  | winter | 2.5 | 8    | no    | no
    Asia/Kolkata  | winter | 2   | 7    | no    | yes
""")
def test_the_hour_on_the_wall(zone: str, season: str, utc: str, hour: str, night: str, unsocial: str) -> None:
    hours = LocalHours(zone_named(zone), NIGHT_HOURS)
    at = (WINTER if season == "winter" else SUMMER) + int(float(utc) * 3_600_000)
    assert hours.hour(at) == int(hour)
    marks = hours.marks(at)
    assert (bool(marks & NIGHT), bool(marks & UNSOCIAL)) == (night == "yes", unsocial == "yes")


zone_named = zone


def test_hours_in_any_order_and_in_any_number() -> None:
    hours, fresh = LocalHours(zone("Europe/Berlin"), (3,)), LocalHours(zone("Europe/Berlin"), (3,))
    for n in range(3_000):
        at = WINTER + (n * 7_919 % 3_000) * 3_600_000 + n
        assert hours.marks(at) == LocalHours(zone("Europe/Berlin"), (3,)).marks(at) == fresh.marks(at)
