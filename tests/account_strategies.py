"""Accounts and page operations for property tests: whatever an operation may do to an account, in any order."""

from hypothesis import strategies as st

from accounts.account import (
    Account,
    AccountKey,
    AccountTrigger,
    CounterKind,
    ThresholdType,
    TriggerTerms,
    UnitCounter,
    Window,
)
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.reservation import Reservation

NAMES = st.text("abcDÄ*:_-1", min_size=1, max_size=6)
FLAGS = st.dictionaries(NAMES, st.booleans(), max_size=3)
AMOUNTS = st.integers(-(10**18), 10**18)
WEIGHTS = st.decimals(-1000, 1000, places=2)
INSTANTS = st.integers(0, 2 * 10**18)

TERMS = st.builds(
    BalanceTerms,
    id=NAMES,
    kind=st.sampled_from(BalanceKind),
    weight=WEIGHTS,
    expires_at_ns=st.none() | INSTANTS,
    destinations=FLAGS,
    rating_subject=st.sampled_from(["", "*zero1s", "GOLD"]),
    categories=FLAGS,
    shared_groups=st.frozensets(NAMES, max_size=2),
    timing_ids=FLAGS,
    factors=st.dictionaries(NAMES, st.decimals(0, 100, places=3), max_size=2),
    blocker=st.booleans(),
    disabled=st.booleans(),
)
FILTERS = st.builds(
    BalanceFilter,
    kind=st.none() | st.sampled_from(BalanceKind),
    uuid=st.none() | NAMES,
    id=st.none() | NAMES,
    weight=st.none() | WEIGHTS,
    expires_at_ns=st.none() | INSTANTS,
    destinations=st.none() | FLAGS,
    rating_subject=st.none() | NAMES,
    categories=st.none() | FLAGS,
    shared_groups=st.none() | FLAGS,
    timing_ids=st.none() | FLAGS,
    blocker=st.none() | st.booleans(),
    disabled=st.none() | st.booleans(),
)
COUNTERS = st.builds(
    UnitCounter,
    id=NAMES,
    kind=st.sampled_from([*BalanceKind, "*event_connect"]).map(str),
    of=st.sampled_from(CounterKind),
    filter=FILTERS,
    value=AMOUNTS,
) | st.builds(
    UnitCounter,
    id=NAMES,
    kind=st.sampled_from([*BalanceKind, "*event_connect"]).map(str),
    of=st.sampled_from(CounterKind),
    filter=FILTERS,
    value=AMOUNTS,
    window=st.sampled_from([window for window in Window if window]),
    since_ns=INSTANTS,
    call=st.sampled_from(["", "c1", "c2"]),
    fired=st.lists(NAMES, max_size=2).map(tuple),
    expires_at_ns=st.none() | INSTANTS,
)
RESERVATIONS = st.builds(
    Reservation,
    owner=NAMES,
    switch_id=NAMES,
    call_id=NAMES,
    expires_at_ns=INSTANTS,
    held=st.dictionaries(NAMES, AMOUNTS, max_size=2),
    granted=st.integers(0, 10**12),
    others=st.lists(NAMES, max_size=2).map(tuple),
    tor=st.sampled_from(["*voice", "*sms"]),
    order=st.lists(NAMES, max_size=2).map(tuple),
)
TRIGGERS = st.builds(
    AccountTrigger,
    st.builds(
        TriggerTerms,
        group=NAMES,
        unique_id=NAMES,
        type=st.sampled_from(ThresholdType),
        threshold=AMOUNTS,
        actions_id=NAMES,
        kind=st.sampled_from(["", "*monetary", "*event_connect"]),
        filter=FILTERS,
        recurrent=st.booleans(),
        min_sleep_ns=st.integers(0, 10**12),
        expires_at_ns=st.none() | INSTANTS,
        activates_at_ns=st.none() | INSTANTS,
        weight=WEIGHTS,
        window=st.sampled_from(Window),
    ),
    st.booleans(),
    st.none() | INSTANTS,
)


def _of(counter: UnitCounter) -> tuple[str, ...]:
    return counter.name


def _named(trigger: AccountTrigger) -> tuple[str, str]:
    return trigger.terms.group, trigger.terms.unique_id


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    return Account(
        AccountKey(draw(NAMES), draw(NAMES)),
        [Balance(f"b{i}", draw(TERMS), draw(AMOUNTS)) for i in range(draw(st.integers(0, 3)))],
        draw(st.lists(COUNTERS, max_size=3, unique_by=_of)),
        draw(st.lists(TRIGGERS, max_size=3, unique_by=_named)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(["", "Europe/Berlin", "+02:00"])),
        tuple(draw(st.lists(NAMES, max_size=2))),
        draw(st.none() | st.tuples(NAMES, NAMES, NAMES, NAMES)),
        draw(INSTANTS),
        tuple(draw(st.lists(RESERVATIONS, max_size=2, unique_by=lambda reservation: reservation.call))),
        draw(st.dictionaries(NAMES, AMOUNTS, max_size=2)),
        tuple(draw(st.lists(NAMES, max_size=2))),
    )
