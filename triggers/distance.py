"""Distance: how far a monitor is from firing, for whoever looks at an account.

A ceiling of 20.00 a day whose counter stands at 12.60 has 7.40 left. A floor of 5.00 on every balance is as far off as
the lowest of them; a score that nobody has told has no distance. A level that is reached has none left, whatever the
mark says: the monitor has fired, waits for its reset, or will fire with the next operation.
"""

from accounts.account import Account, AccountTrigger, BoundSide, ThresholdType
from accounts.counting import counter_name
from triggers.monitor import BALANCE_SIDES, COUNTER_SIDES, SCORE_SIDES, watched


def observed(account: Account, trigger: AccountTrigger) -> int | None:
    """What a monitor watches stands at, the nearest of several, in the scale of its threshold; None: nothing yet.

    Counters of single calls stand at the highest of the calls that are going on.
    """
    values = _values(account, trigger)
    if not values:
        return None
    return min(values) if side_of(trigger.terms.type) is BoundSide.MIN else max(values)


def distance(account: Account, trigger: AccountTrigger) -> int | None:
    """How far what is observed is from the threshold; 0 or less: it is reached."""
    value, side = observed(account, trigger), side_of(trigger.terms.type)
    if value is None or side is None:
        return None
    threshold = trigger.terms.threshold
    return value - threshold if side is BoundSide.MIN else threshold - value


def side_of(type: ThresholdType) -> BoundSide | None:
    return BALANCE_SIDES.get(type) or COUNTER_SIDES.get(type) or SCORE_SIDES.get(type)


def _values(account: Account, trigger: AccountTrigger) -> list[int]:
    terms = trigger.terms
    if terms.type in COUNTER_SIDES:
        name = counter_name(terms)
        return [counter.value for counter in account.counters if name is not None and counter.name[:4] == name[:4]]
    if terms.type in SCORE_SIDES:
        score = account.scores.get(terms.filter.id or "")
        return [] if score is None else [score]
    return [balance.value for balance in watched(account, trigger)]
