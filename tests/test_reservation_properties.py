"""Several calls of several accounts at once: whatever their order, nobody is short and nobody owes anything."""

from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accounts.account import Account
from accounts.charge import Granted
from accounts.shared_group import Strategy
from tariffs.money import NANO
from tests.reservation_scene import Family, key_of

CATEGORIES: Final = ("call", "ones", "r1", "rg", "cf", "feemin")  # with fees, and prices that change in the call
ACCOUNTS: Final = ("1001", "1002", "1003")


class Grant:
    """What a call was granted and has not debited yet: seconds, and the increments they are sold in."""

    def __init__(self, account: str, category: str, granted: Granted, until_ns: int) -> None:
        self.account: Final = account
        self.category: Final = category
        self.left = granted.usage // NANO
        self.until_ns: Final = until_ns
        self.increments: Final = [run.duration // NANO for run in granted.drawn for _ in range(run.count)]

    def take(self, increments: int) -> int:
        """The seconds of so many more increments."""
        seconds = min(self.left, sum(self.increments[:increments]))
        del self.increments[:increments]
        self.left -= seconds
        return seconds


class CallsAtOnce(RuleBasedStateMachine):
    """1001 and 1002 share a group; 1003 has balances of its own. Every call asks, holds, and debits what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.grants: dict[str, Grant] = {}
        self.serial = 0

    @initialize(
        values=st.tuples(*[st.integers(0, 400) for _ in range(6)]),
        minutes=st.integers(0, 200),
        priced=st.sampled_from(["", ",subj:HALF"]),
        strategy=st.sampled_from(Strategy),
    )
    def begin(self, values: tuple[int, ...], minutes: int, priced: str, strategy: Strategy) -> None:
        a, b, c, d, e, f = [f"{value / 100:.2f}" for value in values]
        self.family = Family(
            f"1001: A={a}(w5) B={b}(w9,share:FAM) ; 1002: C={c}(share:FAM) voice:V={minutes}s(share:FAM,w7{priced}) ; "
            f"1003: D={d}(w3) E={e}(w8) voice:W={minutes}s(to:DST_4915{priced}) F={f}",
            strategy,
        )

    # -- calls that reserve

    @rule(
        account=st.sampled_from(ACCOUNTS),
        pick=st.integers(0, 9),
        minutes=st.integers(1, 8),
        number=st.sampled_from(["49123", "4915123"]),
        life=st.sampled_from([5, 30, 600]),
    )
    def reserve(self, account: str, pick: int, minutes: int, number: str, life: int) -> None:
        self.serial += 1
        category = CATEGORIES[pick % len(CATEGORIES)]
        self._reserve(f"{account}-{self.serial}-{number}", account, category, minutes, life)

    @precondition(lambda self: self.grants)
    @rule(pick=st.integers(0, 99), minutes=st.integers(1, 8), life=st.sampled_from([5, 30, 600]))
    def reserve_again(self, pick: int, minutes: int, life: int) -> None:
        call = self._pick(pick)
        grant = self.grants[call]
        self._reserve(call, grant.account, grant.category, minutes, life)

    def _reserve(self, call: str, account: str, category: str, minutes: int, life: int) -> None:
        self._step(account, call, "reserve", minutes * 60, f"cat:{category} life:{life}s")
        assert self.family.granted is not None
        self.grants[call] = Grant(account, category, self.family.granted, self.family.now_ns + life * NANO)

    @precondition(lambda self: self.grants)
    @rule(pick=st.integers(0, 99), increments=st.sampled_from([1, 2, 3, 61, 1000]), final=st.booleans())
    def debit_within_the_grant(self, pick: int, increments: int, final: bool) -> None:
        call = self._pick(pick)
        grant = self.grants[call]
        seconds = grant.take(increments)
        if seconds == 0:
            return
        answer = self._step(grant.account, call, "final" if final else "debit", seconds, f"cat:{grant.category}")
        assert "granted" not in answer
        assert self.family.last is not None
        assert self.family.last.granted == seconds * NANO
        assert not self.family.last.overdrawn
        if final:
            del self.grants[call]

    @precondition(lambda self: self.grants)
    @rule(pick=st.integers(0, 99))
    def hang_up(self, pick: int) -> None:
        call = self._pick(pick)
        self._step(self.grants.pop(call).account, call, "final", 0, "")
        assert f"{call}:" not in self.family.holds()

    @precondition(lambda self: self.family.charges)
    @rule(pick=st.integers(0, 99))
    def refund(self, pick: int) -> None:
        calls = sorted(self.family.charges)
        call = calls[pick % len(calls)]
        self.family.step(f"{call.split('-')[0]}/{call} refund")
        self.grants.pop(call, None)
        assert f"{call}:" not in self.family.holds()

    # -- calls that do not, and what happens meanwhile

    @rule(
        account=st.sampled_from(ACCOUNTS),
        pick=st.integers(0, 9),
        seconds=st.integers(1, 600),
        verb=st.sampled_from(["maxdebit", "deny"]),
    )
    def debit_what_is_free(self, account: str, pick: int, seconds: int, verb: str) -> None:
        self.serial += 1
        category = CATEGORIES[pick % len(CATEGORIES)]
        options = f"cat:{category}" + (" deny" if verb == "deny" else "")
        self._step(account, f"{account}-{self.serial}-49123", "debit" if verb == "deny" else verb, seconds, options)

    @rule(balance=st.sampled_from(["1001 B", "1002 C", "1003 D", "1003 F"]), cents=st.integers(1, 300))
    def top_up(self, balance: str, cents: int) -> None:
        account, uuid = balance.split()
        self.family.step(f"{account} top {uuid} {cents / 100:.2f}")

    @rule(seconds=st.integers(1, 40))
    def time_goes_on(self, seconds: int) -> None:
        self.family.step(f"wait {seconds}s")
        for call in [call for call, grant in self.grants.items() if grant.until_ns <= self.family.now_ns]:
            del self.grants[call]

    @rule()
    def sweep(self) -> None:
        self.family.step("sweep")

    def _step(self, account: str, call: str, verb: str, seconds: int, options: str) -> str:
        return self.family.step(f"{account}/{call} {verb} {seconds}s to:{call.split('-')[2]} {options}")

    def _pick(self, pick: int) -> str:
        return sorted(self.grants)[pick % len(self.grants)]

    # -- what always holds

    @invariant()
    def nobody_owes_anything(self) -> None:
        for account in self._accounts():
            for balance in account.balances:
                assert balance.value >= 0, (account.key, balance.uuid, balance.value)

    @invariant()
    def no_balance_is_promised_twice(self) -> None:
        now_ns = self.family.now_ns
        for account in self._accounts():
            for balance in account.balances:
                held = sum(r.held.get(balance.uuid, 0) for r in account.reservations if r.expires_at_ns > now_ns)
                assert held <= balance.value, (account.key, balance.uuid, held, balance.value)

    @invariant()
    def only_calls_that_go_on_hold_anything(self) -> None:
        for account in self._accounts():
            for reservation in account.reservations:
                if reservation.expires_at_ns > self.family.now_ns:
                    assert reservation.call_id in self.grants
                    assert reservation.held or reservation.others

    def _accounts(self) -> list[Account]:
        return [self.family.accounts[key_of(name)] for name in ACCOUNTS] if hasattr(self, "family") else []


TestCallsAtOnce = CallsAtOnce.TestCase
TestCallsAtOnce.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
