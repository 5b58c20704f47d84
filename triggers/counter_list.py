"""Which counters an account has: one for each of its counter monitors.

A counter is known by its list (the monitor's BalanceType), by what it counts (events, or what matching balances paid)
and by its id: the monitor's BalanceTag, or its unique id where that is blank. Monitors that agree in all three share a
counter, with the filter of the first.
"""

from collections.abc import Iterable

from accounts.account import AccountTrigger, UnitCounter
from triggers.monitor import COUNTER_SIDES, counter_id


def counters_of(triggers: Iterable[AccountTrigger], held: Iterable[UnitCounter]) -> list[UnitCounter]:
    """The counters that belong to the triggers, in their order; those that are held already keep their values."""
    values = {(counter.kind, counter.of, counter.id): counter.value for counter in held}
    found: dict[tuple[str, str, str], UnitCounter] = {}
    for trigger in triggers:
        terms = trigger.terms
        if terms.type in COUNTER_SIDES:
            of, _ = COUNTER_SIDES[terms.type]
            key = (terms.kind, of, counter_id(trigger))
            if key not in found:
                found[key] = UnitCounter(key[2], terms.kind, of, terms.filter, values.get(key, 0))
    return list(found.values())
