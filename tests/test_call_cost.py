"""The answer to a debit, written by hand, is byte for byte what protobuf makes of the same fields."""

from hypothesis import given
from hypothesis import strategies as st

from accounts.account import Account, AccountKey
from accounts.balance import Balance, BalanceKind
from accounts.charge import CallCost, Increment, MoneyPart, Reason, StoppedBy, Timespan, UnitPart
from ratingd.api.call_cost import CallCostWriter
from tariffs.span import Match
from tests.account_strategies import TERMS
from tests.call_cost_messages import CallCostMessages

KEYS = st.builds(AccountKey, st.sampled_from(["t", "t.org"]), st.sampled_from(["1001", "1002", "Ä" * 70]))
TEXTS = st.text(max_size=5) | st.text(min_size=100, max_size=200)
NUMBERS = st.integers(0, 200) | st.integers(0, 10**18)
SIGNED = st.sampled_from([0, -1, -(10**9), 10**9, 1_500_000_000]) | st.integers(-(10**18), 10**18)
UNITS = st.builds(
    UnitPart,
    uuid=TEXTS,
    balance_id=TEXTS,
    amount=NUMBERS,
    factor=st.sampled_from(["1", "2.5", "0"]),
    after=SIGNED,
    kind=st.none() | st.sampled_from(BalanceKind),
)
MONEY = st.builds(MoneyPart, uuid=TEXTS, balance_id=TEXTS, after=SIGNED, payer=st.none() | KEYS)
INCREMENTS = st.builds(
    Increment,
    duration=NUMBERS,
    cost=SIGNED,
    count=NUMBERS,
    payer=KEYS,
    unit=st.none() | UNITS,
    money=st.none() | MONEY,
)
TIMESPANS = st.builds(
    Timespan,
    start_ns=NUMBERS,
    end_ns=NUMBERS,
    duration_index=NUMBERS,
    cost=SIGNED,
    increments=st.lists(INCREMENTS, max_size=3).map(tuple),
    match=st.builds(Match, TEXTS, TEXTS, TEXTS, TEXTS),
    timing_id=TEXTS,
    round_cost=st.just(0) | SIGNED,
)
STOPS = st.builds(StoppedBy, st.sampled_from(["ACCOUNT_DISABLED", "DISCONNECT"]), TEXTS, TEXTS, TEXTS)
COSTS = st.builds(
    CallCost,
    cost=SIGNED,
    rated_usage=NUMBERS,
    granted=NUMBERS,
    timespans=st.lists(TIMESPANS, max_size=2).map(tuple),
    stopped_by=st.none() | STOPS,
    overdrawn=st.just(0) | SIGNED,
    reason=st.none() | st.sampled_from(Reason),
)
ACCOUNTS = st.builds(
    Account,
    KEYS,
    balances=st.lists(st.builds(Balance, TEXTS, TERMS, SIGNED), max_size=3),
    allow_negative=st.booleans(),
    disabled=st.booleans(),
)


@given(COSTS, ACCOUNTS, st.sampled_from(["", "C1"]), st.sampled_from(["", "EUR"]), st.booleans(), st.booleans())
def test_bytes_are_those_of_protobuf(
    cost: CallCost, account: Account, charge_id: str, currency: str, voice: bool, full: bool
) -> None:
    expected = CallCostMessages(currency).call_cost(cost, charge_id, account, voice=voice, full=full)
    written = CallCostWriter(currency).call_cost(cost, charge_id, account, voice=voice, full=full)
    assert written == expected.SerializeToString(deterministic=True)
    if full:
        assert CallCostWriter(currency).summary(account) == expected.account.SerializeToString(deterministic=True)
