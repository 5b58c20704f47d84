"""Calls of several accounts that go on at once, written as an operator would tell of them.

    before                         | step                        | answer              | holds          | after
    1001: M=2                      | 1001/A reserve 120s         | 120s                | A:M=1.2        | M=2
                                   | 1001/B reserve 600s         | 60s                 | A:M=1.2 B:M=0.6| M=2

A step is `account/call verb usage options` with the verbs `reserve`, `max`, `debit`, `maxdebit`, `final` and `refund`
(of the call's last charge), `account top balance amount`, `wait time`, or `sweep`, which removes what has expired. A
call goes on where its last debit ended. Accounts are parted by semicolons, terms of a balance by commas, and
`share:FAM` makes it one of that group.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Final, TypeVar

from accounts.account import Account, AccountKey
from accounts.account_state import amount_text
from accounts.balance import Balance
from accounts.book import AccountsNeeded, Book, Page
from accounts.charge import CallCost, Charge, ChargeRequest, Granted, Refused, RequestType, no_judge
from accounts.holding import charged, expire, hold, release
from accounts.postponed import settle
from accounts.refund import refund
from accounts.refusal import refuse_early
from accounts.session_time import max_session_time
from accounts.shared_group import SharedGroup, Strategy, group_key
from tariffs.duration import parse_duration
from tests.account_scene import (
    RULES,
    SATURDAY,
    TARIFF,
    amount,
    balance,
    cost_text,
    granted_text,
    instant,
    request,
    runs_of,
    usage_text,
)

TENANT: Final = "cgrates.org"
LIFETIME: Final = "1h"
Result = TypeVar("Result")


class Family:
    """Accounts, their calls and a clock. Every step works on copies, which stay if nothing is refused."""

    def __init__(self, text: str, strategy: Strategy = Strategy.MINE_RANDOM) -> None:
        self.accounts: Final[dict[AccountKey, Account]] = {}
        self.now_ns = instant(SATURDAY)
        self.groups: Final[Mapping[str, SharedGroup]] = {"FAM": SharedGroup("FAM", {"*any": strategy})}
        self.used: Final[dict[str, int]] = {}  # usage of a call so far
        self.loops: Final[dict[str, int]] = {}
        self.charges: Final[dict[str, Charge]] = {}
        self.last: CallCost | None = None
        self.granted: Granted | None = None
        self._ids = count(1)
        members = []
        for part in text.split(";"):
            name, _, balances = part.partition(":")
            account = Account(key_of(name.strip()), [_shared(word) for word in balances.split(" ") if "=" in word])
            account.allow_negative = "allow" in balances.split()
            self.accounts[account.key] = account
            if any(each.terms.shared_groups for each in account.balances):
                members.append(account.key.account)
        row = group_key(TENANT, "FAM")
        self.accounts[row] = Account(row, members=tuple(members))

    # -- steps

    def step(self, text: str) -> str:
        first, *words = text.split()
        if first == "wait":
            self.now_ns += parse_duration(words[0])
            return ""
        if first == "sweep":
            for key in self.accounts:
                self._change(key, lambda page: expire(page, self.now_ns))
            return ""
        name, _, call = first.partition("/")
        key, verb = key_of(name), words[0]
        if verb == "top":
            self._change(key, lambda page: _top(page, words[1], amount(words[2])))
            return ""
        if verb == "refund":
            return self._refund(key, call)
        return self._call(key, call, verb, words[1], words[2:])

    def _call(self, key: AccountKey, call: str, verb: str, usage: str, words: list[str]) -> str:
        asked = self.asked(key, call, usage, words, final=verb == "final")
        early = refuse_early(asked, self.accounts.get(key), RULES)
        if early is not None:
            return early.reason
        if verb in ("reserve", "max"):
            life = next((word[5:] for word in words if word.startswith("life:")), LIFETIME)
            granted = self.run(lambda book: self._ask(_page(book, key), asked, life if verb == "reserve" else ""))
            self.granted = None if isinstance(granted, Refused) else granted
            return granted_text(granted, asked.tor)
        outcome = self.run(lambda book: self._debit(_page(book, key), asked, whole=verb != "maxdebit"))
        if isinstance(outcome, Refused):
            return outcome.reason
        self.last = outcome
        self.used[call] = self.used.get(call, 0) + outcome.granted
        self.loops[call] = self.loops.get(call, 0) + 1
        self.charges[call] = Charge("C", asked, runs_of(outcome), (0,) * len(runs_of(outcome)))
        return cost_text(outcome, asked)

    def asked(self, key: AccountKey, call: str, usage: str, words: list[str], *, final: bool) -> ChargeRequest:
        """A request for the next piece of a call."""
        wanted = request(words, usage)
        used = self.used.get(call, 0)
        start_ns = wanted.start_ns + used
        kind = next((RequestType(f"*{word[5:]}") for word in words if word.startswith("type:")), RequestType.PREPAID)
        return ChargeRequest(
            key, wanted.category, wanted.subject, wanted.destination, wanted.tor, start_ns, start_ns + wanted.usage,
            wanted.zone, duration_index=used + wanted.usage, loop_index=self.loops.get(call, 0),
            deny_negative="deny" in words, force_duration="force" in words, final=final, switch_id="sw", call_id=call,
            max_rate=wanted.max_rate, max_rate_unit=wanted.max_rate_unit, request_type=kind,
        )  # fmt: skip

    def _ask(self, page: Page, asked: ChargeRequest, life: str) -> Granted | Refused:
        granted = max_session_time(page, TARIFF, asked, RULES, self.groups, self.now_ns)
        if life and not isinstance(granted, Refused):
            hold(page, asked, granted, self.now_ns + parse_duration(life))
        return granted

    def _debit(self, page: Page, asked: ChargeRequest, *, whole: bool) -> CallCost | Refused:
        new_id = lambda: f"new{next(self._ids)}"  # noqa: E731
        outcome = settle(page, TARIFF, asked, RULES, no_judge, new_id, self.groups, self.now_ns, whole=whole)
        if not isinstance(outcome, Refused):
            charged(page, asked, outcome, self.now_ns)
        return outcome

    def _refund(self, key: AccountKey, call: str) -> str:
        charge = self.charges.pop(call)

        def give_back(page: Page) -> None:
            refund(page, TARIFF, charge, None, no_judge)
            release(page, charge.request.call)

        self._change(key, give_back)
        return ""

    def _change(self, key: AccountKey, change: Callable[[Page], None]) -> None:
        self.run(lambda book: change(_page(book, key)))

    def run(self, work: Callable[[Book], Result]) -> Result:
        """Work on copies of everything, and keep them unless it is refused."""
        book = Book()
        for account in self.accounts.values():
            Page(account.copy(), book=book)
        try:
            result = work(book)
        except AccountsNeeded as needed:
            raise AssertionError(f"there is no {needed.keys}") from needed
        if not isinstance(result, Refused):
            self.accounts.update({key: page.account for key, page in book.pages.items() if page is not None})
        return result

    # -- what is seen afterwards

    def holds(self) -> str:
        """`A:M=1.2 B:M=0.6`: calls by their names, with what each holds, expired or not."""
        found: list[str] = []
        for account in self.accounts.values():
            for reservation in account.reservations:
                for uuid, held in reservation.held.items():
                    found.append(f"{reservation.call_id}:{uuid}={_shown(held, _balance(account, uuid))}")
        return " ".join(sorted(found, key=lambda held: held.partition(":")[0]))

    def balances(self) -> str:
        return " ".join(
            f"{each.uuid}={_shown(each.value, each)}" for account in self.accounts.values() for each in account.balances
        )


def key_of(name: str) -> AccountKey:
    return AccountKey(TENANT, name)


def _page(book: Book, key: AccountKey) -> Page:
    page = book.page(key)
    assert page is not None
    return page


def _shared(word: str) -> Balance:
    made = balance(word.replace(",", " "))
    groups = frozenset(term[6:] for term in word.rstrip(")").replace("(", ",").split(",") if term.startswith("share:"))
    return Balance(made.uuid, replace(made.terms, shared_groups=groups), made.value)


def _top(page: Page, uuid: str, by: int) -> None:
    page.move(_balance(page.account, uuid), by)


def _shown(value: int, of: Balance) -> str:
    kind = of.terms.kind.value
    return usage_text(value, kind) if kind == "*voice" else amount_text(value, kind)


def _balance(account: Account, uuid: str) -> Balance:
    found = account.balance(uuid)
    assert found is not None, f"{account.key} has no balance {uuid}"
    return found


def play_family(rows: Iterable[tuple[str, ...]], strategy: Strategy = Strategy.MINE_RANDOM) -> None:
    """Play a scene's rows: name, before, step, answer, holds, and the balances where the row tells them."""
    family: Family | None = None
    for name, before, step, answer, holds, *after in rows:
        if before:
            family = Family(before, strategy)
        assert family is not None
        assert family.step(step) == answer, f"{name}: {step}"
        assert family.holds() == holds, f"{name}: {step}"
        if after and after[0]:
            assert family.balances() == after[0], f"{name}: {step}"
