"""Accounts and calls as an operator would write them, and a table to write them in.

    before               | call               | answer         | after
    A=1(w10) B=5(w20)    | debit 180s         | cost 1.8       | A=1 B=3.2
                         | debit 60s cat:cf   | cost 1.1       | A=1 B=2.1     # goes on where the row above ended

A balance is `id=value`, money unless a kind stands before it (`voice:V=60s`, `sms:S=3`), with its terms in brackets: a
weight `w10`, `subj:HALF`, `to:DST_49+!DST_4915`, `only:premium`, `until:2026-12-01`, `factor:PREM*2.5`, its timings
`on:SAT+!NIGHT`, its groups `share:FAM`, `blocker`, `disabled`. The words `allow` and `off` make the account post-paid
or disabled, `none` leaves it out. Several accounts are written as `tests.member_scene` tells.

A call is `max`, `debit` or `maxdebit` with a usage and options; unless it says otherwise it is voice of category `call`
to 49123 on Saturday 2026-11-21 at 10:00 UTC; one that is `emergency` is for help. An answer is a grant, `cost … rated
…`, or the reason of a refusal, with `runs` to look at single increments.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Final

from accounts.account import Account, AccountKey, Bound
from accounts.account_state import amount_text
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.book import Page
from accounts.charge import (
    UNLIMITED,
    CallCost,
    Charge,
    ChargeRequest,
    ChargeRules,
    Granted,
    Increment,
    Judge,
    Reached,
    Reason,
    Refused,
    StoppedBy,
)
from accounts.debit import debit
from accounts.max_debit import max_debit
from accounts.refusal import refuse_early
from accounts.session_time import max_session_time
from tariffs.duration import duration_text, parse_duration
from tariffs.money import NANO, RoundingMethod, decimal_text
from tariffs.rate import Rate, RateSlot
from tariffs.rating_plan import MaxCostStrategy, Rating, RatingInterval, RatingPlan
from tariffs.rating_profile import Activation, RatingProfile
from tariffs.tariff import Tariff
from tariffs.timing import Timing
from tariffs.zone import UTC as UTC_ZONE
from tariffs.zone import zone
from tests.verdict import Verdict, put_in_force

KEY: Final = AccountKey("cgrates.org", "1001")
SATURDAY: Final = "2026-11-21T10:00:00"
RULES: Final = ChargeRules()
MINUTE: Final = 60 * NANO


def amount(text: str) -> int:
    """Nano-units of a decimal."""
    return int(Decimal(text) * NANO)


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NANO


# -- the tariff


def slot(start: str, price: str, unit: str, increment: str) -> RateSlot:
    exponent = Decimal(price).as_tuple().exponent
    assert isinstance(exponent, int)
    scale = max(0, -exponent)
    whole = int(Decimal(price).scaleb(scale))
    return RateSlot(parse_duration(start), whole, scale, parse_duration(unit), parse_duration(increment))


def rating(text: str) -> Rating:
    """`0.5 + 0.6/60s/60s 60s:0.6/60s/1s up4 free1.0`: fee, slots (the first from 0), rounding, cap."""
    fee, slots = "0", []
    rounding, decimals, cap, strategy = RoundingMethod.UP, 4, "0", MaxCostStrategy.NONE
    for word in text.replace(" + ", "+ ").split():
        if word.endswith("+"):
            fee = word[:-1]
        elif "/" in word:
            start, _, price = word.rpartition(":")
            slots.append(slot(start or "0s", *price.split("/")))
        elif word.startswith(("free", "disc")):
            strategy = MaxCostStrategy.FREE if word.startswith("free") else MaxCostStrategy.DISCONNECT
            cap = word[4:]
        else:
            method = word.rstrip("0123456789")
            rounding, decimals = RoundingMethod(f"*{method}"), int(word.removeprefix(method))
    return Rating(Rate(text, amount(fee), tuple(slots)), rounding, decimals, amount(cap), strategy)


PRICES: Final = {
    "call": "0.6/60s/60s",
    "cf": "0.5 + 0.6/60s/60s 60s:0.6/60s/1s",
    "ones": "0.01/1s/1s",
    "neg": "-0.6/60s/60s",
    "negcap": "-0.6/60s/60s free1.0",
    "negfee": "-0.5 + 0.6/60s/60s",
    "odd": "0.10/60s/1s up2",
    "sms": "0.20/1/1",
    "data": "1/1048576/1024",
    "maxf": "0.6/60s/60s free1.0",
    "maxd": "0.6/60s/60s disc1.0",
    "maxdfee": "0.5 + 0.6/60s/60s disc1.0",
    "r1": "0.1 + 0.6/60s/1s",
    "r6": "0.6/60s/60s",
    "rg": "0.6/60s/60s 60s:0.3/60s/1s",
    "rz": "0/60s/1s",
    "rsixth": "0.0133333/60s/1s up2",
    "rmid": "0.0133333/60s/1s middle2",
    "rint": "0.0133333/60s/1s middle0",
    "bulk": "0.1/1/1",
    "freefee": "0.5 + 0.6/60s/1s free0.6",
    "nocap": "0.6/60s/60s free0",
    "finefee": "0.905285 + 0.6/60s/60s",
    "feemin": "0.5 + 0.6/60s/60s",
    "cheapdown": "0.041/60s/60s down1",
}
SUBJECTS: Final = {"HALF": "0.05/60s/60s", "CFSUB": PRICES["cf"], "FREE": "0/60s/60s"}
HOUR: Final = 3600 * NANO
TIMINGS: Final = {
    timing.id: timing
    for timing in (
        Timing("SAT", week_days=frozenset({6})),
        Timing("SUN", week_days=frozenset({0})),
        Timing("MORNING", start_ns=8 * HOUR, end_ns=12 * HOUR),
        Timing("NIGHT", start_ns=22 * HOUR),
        Timing("BACKWARDS", start_ns=22 * HOUR, end_ns=6 * HOUR),
        Timing("YEAREND", years=frozenset({2026}), months=frozenset({12}), month_days=frozenset({31})),
    )
}
DESTINATIONS: Final[dict[str, tuple[str, ...]]] = {
    "DST_49": ("49",),
    "DST_4915": ("4915",),
    "DST_1": ("1",),
    "DST_44": ("44",),
}


def tariff() -> Tariff:
    """Every category prices every number; `weekend` only Germany, and only on Saturdays."""
    always, saturdays = Timing("*any"), TIMINGS["SAT"]
    plans = {name: _plan(name, "*any", text, always) for name, text in (PRICES | SUBJECTS).items()}
    plans["weekend"] = _plan("weekend", "DST_49", "0.6/60s/1s", saturdays)
    plans["germany"] = _plan("germany", "DST_49", "0.6/60s/1s", always)
    profiles = {("cgrates.org", name, "*any"): name for name in [*PRICES, "weekend", "germany"]}
    profiles |= {("cgrates.org", "call", name): name for name in SUBJECTS}
    return Tariff(
        DESTINATIONS,
        TIMINGS,
        plans,
        {key: RatingProfile(*key, (Activation(0, plan),)) for key, plan in profiles.items()},
    )


def _plan(name: str, destination: str, text: str, timing: Timing) -> RatingPlan:
    return RatingPlan(name, {destination: (RatingInterval(timing, rating(text), Decimal(10)),)})


TARIFF: Final = tariff()


# -- accounts


def account(text: str) -> Account | None:
    """An account by its balances; their uuids are their ids."""
    words = _words(text)
    if "none" in words:
        return None
    account = Account(KEY, allow_negative="allow" in words, disabled="off" in words)
    account.balances.extend(balance(word) for word in words if "=" in word)
    return account


def balance(word: str) -> Balance:
    name, _, terms = word.removesuffix(")").partition("(")
    kind_and_id, _, value = name.partition("=")
    kind_text, _, id = kind_and_id.rpartition(":")
    kind = BalanceKind(f"*{kind_text or 'monetary'}")
    return Balance(id, _terms(id, kind, terms.split()), _value(value, kind))


def _value(text: str, kind: BalanceKind) -> int:
    return parse_duration(text) if kind is BalanceKind.VOICE else amount(text)


def _terms(id: str, kind: BalanceKind, words: list[str]) -> BalanceTerms:
    given: dict[str, str] = {}
    weight = Decimal(0)
    for word in words:
        name, _, value = word.partition(":")
        given[name] = value
        if word[0] == "w" and word[1:].isdigit():
            weight = Decimal(word[1:])
    until, factor = given.get("until"), given.get("factor")
    return BalanceTerms(
        id,
        kind,
        weight,
        expires_at_ns=None if until is None else instant(until),
        destinations=_members(given.get("to", "")),
        rating_subject=given.get("subj", ""),
        categories=_members(given.get("only", "")),
        factors={} if factor is None else {factor.split("*")[0]: Decimal(factor.split("*")[1])},
        timing_ids=_members(given.get("on", "")),
        shared_groups=frozenset(_members(given.get("share", ""))),
        blocker="blocker" in given,
        disabled="disabled" in given,
    )


def _members(text: str) -> dict[str, bool]:
    return {word.removeprefix("!"): not word.startswith("!") for word in text.split("+") if word}


def _words(text: str) -> list[str]:
    """Split at blanks outside brackets."""
    words, depth = [""], 0
    for character in text.strip():
        depth += (character == "(") - (character == ")")
        if character == " " and depth == 0:
            words.append("")
        else:
            words[-1] += character
    return [word for word in words if word]


def balances_text(account: Account | None) -> str:
    return "" if account is None else " ".join(_balance_text(balance) for balance in account.balances)


def _balance_text(balance: Balance) -> str:
    kind = balance.terms.kind
    if kind is BalanceKind.VOICE:
        return f"{balance.terms.id}={usage_text(balance.value, '*voice')}"
    return f"{balance.terms.id}={amount_text(balance.value, kind.value)}"


def usage_text(usage: int, tor: str) -> str:
    """Seconds for voice, as the tables write them, else units."""
    if tor != "*voice":
        return str(usage)
    return f"{usage // NANO}s" if usage % NANO == 0 else duration_text(usage)


# -- calls


def request(words: list[str], usage: str, key: AccountKey = KEY) -> ChargeRequest:
    given = dict(word.split(":", 1) for word in words if ":" in word)
    start_ns = instant(given.get("at", SATURDAY).replace("_", "T"))
    tor = f"*{given.get('tor', 'voice')}"
    max_rate = given.get("maxrate", "").split("/")
    length = parse_duration(usage)
    return ChargeRequest(
        key,
        given.get("cat", "call"),
        given.get("subject", key.account),
        given.get("to", "49123"),
        tor,
        start_ns,
        start_ns + length,
        zone(given["zone"]) if "zone" in given else UTC_ZONE,
        duration_index=parse_duration(given.get("index", "0")),
        loop_index=int(given.get("loop", "0")),
        max_cost_so_far=amount(given.get("sofar", "0")),
        max_rate=amount(max_rate[0]) if len(max_rate) == 2 else None,
        max_rate_unit=parse_duration(max_rate[1]) if len(max_rate) == 2 else None,
        force_duration="force" in words,
        perform_rounding="rounding" in words,
        deny_negative="deny" in words,
        final="final" in words,
        extra_fields={"BalanceFactorID": given["factor"]} if "factor" in given else None,
        switch_id="sw" if "id" in given else "",
        call_id=given.get("id", ""),
    )


class Scene:
    """An account and what is done with it, one call after the other."""

    def __init__(self, account: Account | None, rules: ChargeRules = RULES) -> None:
        self.account = account
        self.rules: Final = rules
        self.ids = count(1)
        self.pauses: list[int] = []
        self.last: CallCost | None = None

    def call(self, text: str, bounds: tuple[Bound, ...] = (), verdict: Callable[[Page], Verdict] | None = None) -> str:
        verb, usage, *words = text.split()
        asked = request(words, usage)
        early = refuse_early(asked, self.account, self.rules, emergency="emergency" in words)
        if early is not None or self.account is None:
            return str(early.reason if early is not None else "none")
        if verb == "max":
            return granted_text(max_session_time(Page(self.account), TARIFF, asked, self.rules), asked.tor)
        page = Page(self.account.copy())
        settle = debit if verb == "debit" else max_debit
        put_in_force(page.book, bounds)
        outcome = settle(page, TARIFF, asked, self.rules, self.judge(page, verdict), self.new_id)
        if isinstance(outcome, Refused):
            return outcome.reason
        if "dry" not in words:
            self.account = page.account
        self.last = outcome
        self.charge = Charge("C1", asked, runs_of(outcome), (0,) * len(runs_of(outcome)))
        return cost_text(outcome, asked)

    def judge(self, page: Page, verdict: Callable[[Page], Verdict] | None) -> Judge:
        """Answers each pause as `verdict` says, and notes after how much usage it came."""

        def judged(reached: Reached) -> StoppedBy | None:
            assert verdict is not None, f"paused after {reached.used} without a bound"
            self.pauses.append(reached.used)
            found = verdict(page)
            put_in_force(page.book, found.bounds)
            return found.stop

        return judged

    def new_id(self) -> str:
        return f"new{next(self.ids)}"


def runs_of(cost: CallCost) -> tuple[Increment, ...]:
    """The increments of a charge as it is stored: those of the timespans, then the corrections."""
    drawn = [increment for timespan in cost.timespans for increment in timespan.increments]
    return (*drawn, *(span.round_increment for span in cost.timespans if span.round_increment is not None))


def granted_text(granted: Granted | Refused, tor: str) -> str:
    if isinstance(granted, Refused):
        return granted.reason
    if granted.usage == UNLIMITED:
        return "unlimited"
    return usage_text(granted.usage, tor)


def cost_text(cost: CallCost, asked: ChargeRequest) -> str:
    words = [f"cost {decimal_text(cost.cost)} rated {usage_text(cost.rated_usage, asked.tor)}"]
    if cost.granted != min(cost.rated_usage, asked.usage):
        words.append(f"granted {usage_text(cost.granted, asked.tor)}")
    if cost.reason is Reason.CREDIT_EXHAUSTED:
        words = ["nothing"] if cost.cost == 0 and not cost.timespans else [*words, "nothing"]
    if cost.stopped_by is not None:
        words.append(f"stopped {cost.stopped_by.reason}")
    return " ".join(words)


def runs_text(cost: CallCost, tor: str = "*voice") -> str:
    """`60s@0.6[B] 2*60s@0.6[A] ; 3*1s[V]`: timespans by semicolons, runs with what paid them."""
    return " ; ".join(" ".join(_run_text(run, tor) for run in span.increments) for span in cost.timespans)


def _run_text(run: Increment, tor: str) -> str:
    many = f"{run.count}*" if run.count > 1 else ""
    price = f"@{decimal_text(run.cost)}" if run.cost else ""
    payers = [part.balance_id for part in (run.unit, run.money) if part is not None]
    return f"{many}{usage_text(run.duration, tor)}{price}[{'+'.join(payers)}]"


# -- tables


def table_rows(text: str) -> list[tuple[str, ...]]:
    """The rows of a table: cells between bars, comments after `  #`, a name for each row in its first cell."""
    lines = (line.split("  #")[0].strip() for line in text.strip().splitlines()[1:])
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines if line]


def scenes(text: str) -> list[list[tuple[str, ...]]]:
    """The rows of a table, grouped: a row without a name goes on where the one above ended."""
    found: list[list[tuple[str, ...]]] = []
    for row in table_rows(text):
        if row[0]:
            found.append([])
        found[-1].append(row)
    return found


def play(rows: Iterable[tuple[str, ...]], rules: ChargeRules = RULES) -> None:
    """Play a scene's rows: name, before, call, answer, after, and the runs where a row tells them."""
    scene = Scene(None, rules)
    for row in rows:
        name, before, call, answer, after, *runs = (*row, "")[: max(6, len(row))]
        if before:
            scene = Scene(account(before), rules)
        got = scene.call(call)
        assert got == answer, f"{name}: {call}"
        assert balances_text(scene.account) == after, f"{name}: {call}"
        if runs[0]:
            assert scene.last is not None
            assert runs_text(scene.last) == runs[0], f"{name}: {call}"
