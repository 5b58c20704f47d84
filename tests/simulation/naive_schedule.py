"""When action plans run, day by day and hour by hour: every instant once, none older than a day."""

from datetime import timedelta

from tests.simulation.folder import BEGIN, DAY, HOUR, PLAN_TIMINGS, PLANS
from tests.simulation.naive_account import instant, local, midnight, zone_of
from tests.simulation.naive_book import World

Place = tuple[str, int, str]  # plan, number of the entry, zone


class Timetable:
    """How far each entry of each plan has come in each zone that members live in."""

    def __init__(self) -> None:
        self.done: dict[Place, int] = {}
        self.looked = 0

    def due(self, world: World, now: int) -> list[tuple[str, str, str]]:
        """(plan, actions, zone) of everything to be run now, in order; afterwards it counts as run."""
        places = {
            (plan, number, account.zone)
            for account in world.accounts.values()
            for plan in account.plans
            for number, entry in enumerate(PLANS[plan])
            if entry[1] != "*asap"
        }
        self.done = {place: at for place, at in self.done.items() if place in places}
        for place in places:
            self.done.setdefault(place, max(BEGIN, self.looked))
        self.looked = now
        found = []
        for plan, number, zone in places:
            actions_id, timing, weight = PLANS[plan][number]
            done = self.done[plan, number, zone]
            for at in instants(timing, now, zone):
                if done < at <= now and at >= now - DAY:
                    found.append((at, -weight, list(PLANS).index(plan), number, zone, (plan, actions_id, zone)))
                    self.done[plan, number, zone] = max(at, self.done[plan, number, zone])
        return [run[-1] for run in sorted(found)]


def instants(timing: str, now: int, zone: str) -> list[int]:
    """Every instant of the last two days at which a timing runs."""
    timed = PLAN_TIMINGS[timing]
    if timed is None:  # *hourly: at the minute and second of the load
        first = BEGIN - BEGIN % HOUR
        last = (now - BEGIN % HOUR) // HOUR * HOUR + BEGIN % HOUR
        assert first % HOUR == BEGIN % HOUR
        return [last - number * HOUR for number in range(49)][::-1]
    days, _ = timed
    found = []
    for back in range(4, -1, -1):
        day = midnight(local(now, zone).replace(tzinfo=None) - timedelta(days=back)).replace(tzinfo=zone_of(zone))
        if not days or day.isoweekday() % 7 in days:
            found.append(instant(day))
    return found
