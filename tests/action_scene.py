"""Scenes: one account, the plan book it lives under, and operations on it in an operator's words.

    scene = Scene(SETS, FRAUD, "M=15")
    scene.do("topup M 10; run ENABLE")
    assert scene.told() == "M=25 fired:T1"

Sets and groups are written with short names of their columns (`units=10`) and read as the CSV files they stand for.
Every operation works on a page of its own, whose windows are rolled first, and its record must rebuild the account it
leaves. Times of the clock are those of the account's zone: `at 2026-11-22T00:00:00`.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from accounts.account import Account, AccountKey, UnitCounter
from accounts.account_state import amount_text
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.call_counting import CallCounters
from accounts.call_name import cgr_id
from accounts.charge import CallCost, Charge, ChargeRequest, ChargeRules, Refused
from accounts.counter_window import roll_windows, rolled
from accounts.debit import debit
from accounts.document import account_document
from accounts.refund import refund
from accounts.refusal import refuse_early
from accounts.replay import replay
from actions import account_files, action_files, action_plan_files
from actions.action import Action, ActionType
from actions.context import ActionContext, OpenCall
from actions.failure import ActionFailed
from actions.folder import EMPTY_PLAN_BOOK, PlanBook, read_folder
from actions.outside import LogLine, Outside, PostAlert
from actions.perform import drop_expired, drop_over, run_set
from actions.trigger_groups import attach_groups, reset_counters, reset_triggers
from actions.watch import watch
from ratingd.engine.charge_loop import ChargeLoop
from tariffs.fault import Finding
from tariffs.instant import parse_instant
from tariffs.money import NANO, decimal_text
from tariffs.zone import SECOND_NS, UTC, Zone, zone
from tests.account_scene import runs_of
from triggers import trigger_files
from triggers.monitor import TriggerKey

KEY = AccountKey("cgrates.org", "1001")
CALL_NS = 3 * 3600 * SECOND_NS  # a call that is not heard of for so long is over
SATURDAY_TEN = 1_795_255_200 * NANO  # 2026-11-21T10:00:00Z
RULES = ChargeRules()
RATES = {
    "Destinations": "DST_49,49\nDST_44,44\n",
    "Rates": "RT,0,0.6,60s,60s,0s\nRT_CF,0.5,0.6,60s,60s,0s\nRT_CF,0.5,0.6,60s,1s,60s\n",
    "DestinationRates": "DR,*any,RT,*up,4,0,\nDR_CF,*any,RT_CF,*up,4,0,\n",
    "RatingPlans": "RP,DR,*any,10\nRP_CF,DR_CF,*any,10\n",
    "RatingProfiles": "cgrates.org,call,*any,,RP,\ncgrates.org,cf,*any,,RP_CF,\n",
}
ACTIONS = {"do": "Action", "extra": "ExtraParameters", "if": "Filter", "id": "BalanceId", "type": "BalanceType",
           "to": "DestinationIds", "subject": "RatingSubject", "expiry": "ExpiryTime", "units": "Units",
           "bw": "BalanceWeight", "group": "SharedGroup", "timing": "TimingIds", "w": "Weight"}  # fmt: skip
TRIGGERS = {"uid": "UniqueId", "on": "ThresholdType", "at": "ThresholdValue", "recurrent": "Recurrent",
            "sleep": "MinSleep", "until": "ExpiryTime", "from": "ActivationTime", "id": "BalanceTag",
            "type": "BalanceType", "to": "BalanceDestinationIds", "bw": "BalanceWeight", "run": "ActionsId",
            "timing": "BalanceTimingIds", "w": "Weight"}  # fmt: skip


def instant(text: str, zone: Zone = UTC) -> int:
    found = parse_instant(text, now_ns=0, zone=zone)
    assert found is not None
    return found


def amount(text: str) -> int:
    """`2.4` of money or units as 1e-9, `90s` of voice as nanoseconds."""
    if text.endswith("s"):
        return int(float(text[:-1]) * SECOND_NS)
    whole, _, fraction = text.removeprefix("-").partition(".")
    value = int(whole) * NANO + int(fraction.ljust(9, "0") or 0)
    return -value if text.startswith("-") else value


def rows(columns: tuple[str, ...], names: Mapping[str, str], text: str) -> bytes:
    """Lines `ID word=value …` as rows of a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for line in filter(None, (line.partition(" # ")[0].strip() for line in text.splitlines())):
        id, *words = line.split()
        cells = {columns[0]: id}
        for word in words:
            name, _, value = word.partition("=")
            cells[names[name]] = value
        writer.writerow([cells.get(column, "") for column in columns])
    return out.getvalue().encode()


def book(
    sets: str = "", triggers: str = "", plans: str = "", accounts: str = "", files: Mapping[str, str] | None = None
) -> PlanBook:
    found, findings = load(sets, triggers, plans, accounts, files)
    assert found is not None, [str(finding) for finding in findings]
    return found


def load(
    sets: str = "",
    triggers: str = "",
    plans: str = "",
    accounts: str = "",
    files: Mapping[str, str] | None = None,
    *,
    stored: PlanBook = EMPTY_PLAN_BOOK,
    now_ns: int = SATURDAY_TEN,
) -> tuple[PlanBook | None, list[Finding]]:
    """`plans` and `accounts` are rows as they are; `files` are further files by name without `.csv`."""
    folder = {
        action_files.FILE: rows(action_files.COLUMNS, ACTIONS, sets),
        trigger_files.FILE: rows(trigger_files.COLUMNS, TRIGGERS, triggers),
        action_plan_files.FILE: plans.encode(),
        account_files.FILE: accounts.encode(),
    } | {f"{name}.csv": text.encode() for name, text in (files or {}).items()}
    return read_folder(folder, stored, now_ns=now_ns, zone=UTC)


def balances(text: str) -> list[Balance]:
    """`M=5(w10) V=90s`: money, or voice where an `s` stands behind the value; weights in brackets, `_` is no id."""
    found = []
    for word in text.split():
        id, _, rest = word.partition("=")
        value, _, weight = rest.rstrip(")").partition("(w")
        kind = BalanceKind.VOICE if value.endswith("s") else BalanceKind.MONETARY
        terms = BalanceTerms(id.removeprefix("_"), kind, weight=Decimal(weight or 0))
        found.append(Balance(f"u-{id}", terms, amount(value)))
    return found


class Scene:
    """`outside` collects what the operations send, `refused` why the last one failed."""

    def __init__(
        self, plan_book: PlanBook, before: str = "", groups: str = "", now_ns: int = SATURDAY_TEN, time_zone: str = ""
    ) -> None:
        self.book = plan_book
        self.now_ns = now_ns
        self.zone = zone(time_zone) if time_zone else UTC
        self.account = Account(KEY, balances(before), time_zone=time_zone)
        self.charge: Charge | None = None  # the last one
        self.call_ids: dict[str, str] = {}  # by the name that counters have
        self.calls: list[OpenCall] = []
        self.outside: list[Outside] = []
        self.refused = ""
        self.answer: CallCost | Refused | None = None
        self._ids = 0
        if groups:
            self.do(f"attach {groups}")

    def do(self, words: str) -> "Scene":
        """Operations behind each other, separated by `;`."""
        for part in words.split(";"):
            self._do(*part.split())
        return self

    def _do(self, verb: str, *words: str) -> None:
        match verb:
            case "topup" | "debit" | "set" | "remove":
                self.run(balance_action(verb, *words))
            case "run":
                self.run(*self.book.catalogue.action_sets[words[0]].actions)
            case "attach":
                self.operate(lambda page, context: attach_groups(page, words, self.book.catalogue))
            case "reattach":
                self.operate(lambda page, context: attach_groups(page, words, self.book.catalogue, overwrite=True))
            case "call":
                given = dict(word.split("=") for word in words if "=" in word)
                plain = [word for word in words if "=" not in word and word != "final"]
                self.call(*plain, final="final" in words, call_id=given.get("id", "c1"))
            case "refund":
                self.refund()
            case "score":
                self.operate(lambda page, context: self._score(page, context, *words))
            case "at":
                self.now_ns = instant(words[0], self.zone)
            case "arm":
                self.operate(self._arm)
            case "zero":
                self.operate(lambda page, context: reset_counters(page, counter_id="".join(words)))
            case "wait":
                self.now_ns += amount(words[0])
            case _:
                raise AssertionError(verb)

    def run(self, *actions: Action) -> None:
        self.operate(lambda page, context: run_set(actions, page, self.book.catalogue, context))

    def operate(self, change: Callable[[Page, ActionContext], Sequence[Outside] | None]) -> None:
        """One operation on a page of its own; its record must rebuild the account."""
        page = self.page()
        self.refused = ""
        before = account_document(page.account)
        laid = list(page.changes)
        try:
            outside = change(page, self.context())
        except ActionFailed as failed:
            self.refused = str(failed)
            assert page.changes == laid
            assert account_document(page.account) == before
            return
        self.keep(page, outside or ())

    def keep(self, page: Page, outside: Sequence[Outside]) -> None:
        if page.changes:
            page.account.updated_ns = self.now_ns
        record = json.loads(json.dumps(page.changes))
        rebuilt = replay(self.account.copy(), record, self.now_ns)
        assert rebuilt is not None
        assert account_document(rebuilt) == account_document(page.account)
        self.account = page.account
        self.outside += outside

    def context(self, call: ChargeRequest | None = None) -> ActionContext:
        return ActionContext(self.now_ns, self.zone, self.new_id, call=call, open_calls=self.calls)

    def page(self) -> Page:
        page = Page(self.account.copy())
        roll_windows(page, self.now_ns, self.zone)
        return page

    def new_id(self) -> str:
        self._ids += 1
        return f"n{self._ids}"

    def told(self) -> str:
        """`M=25 #C=1.8 disabled fired:T1`: balances and counters in their order, then what is not as usual.

        A counter of one call is `#C@c1=1.8`, and `fired:T1@c1` a mark in it. The account is told as it reads now.
        """
        account = rolled(self.account, self.now_ns, self.zone)
        words = [f"{b.terms.id or '_'}={_value(b)}" for b in account.balances]
        words += [f"#{c.id}{self._of_call(c)}={amount_text(c.value, c.kind)}" for c in account.counters]
        words += [f"fired:{name.split('/')[1]}{self._of_call(c)}" for c in account.counters for name in c.fired]
        words += ["disabled"] * account.disabled + ["negative"] * account.allow_negative
        words += [f"fired:{t.terms.unique_id}" for t in account.triggers if t.executed]
        return " ".join(words)

    def _of_call(self, counter: UnitCounter) -> str:
        return f"@{self.call_ids[counter.call]}" if counter.call else ""

    def call(
        self, usage: str, destination: str = "49123", category: str = "call", *, final: bool = False,
        call_id: str = "c1",
    ) -> None:  # fmt: skip
        """Debit a piece of a call that begins now; `answer` is the reply. The call `-` has no name."""
        ns = amount(usage)
        call_id = call_id.removeprefix("-")
        request = ChargeRequest(
            KEY, category, "1001", destination, "*voice", self.now_ns, self.now_ns + ns, UTC, final=final,
            call_id=call_id, switch_id="sw1",
        )  # fmt: skip
        self.call_ids[cgr_id("sw1", call_id)] = call_id
        refused = refuse_early(request, self.account, RULES)
        if refused is not None:
            self.answer = refused
            return
        page = self.page()
        loop = self.loop(page, request)
        counting = CallCounters([page], self.context(request).call_name, self.now_ns + CALL_NS)
        loop.arm()
        self.answer = debit(page, self.book.tariff, request, RULES, loop.judge, self.new_id)
        if isinstance(self.answer, CallCost):
            drop_expired(page, self.now_ns)
            drop_over(page, self.now_ns)
            counting.end(over=final)
            self.keep(page, tuple(loop.outside))
            runs = runs_of(self.answer)
            self.charge = Charge("C1", request, runs, (0,) * len(runs))

    def refund(self) -> None:
        """Give the last charge back, all of it."""
        assert self.charge is not None
        page = self.page()
        loop = self.loop(page, self.charge.request)
        loop.arm()
        refund(page, self.book.tariff, self.charge, None, loop.judge)
        self.keep(page, tuple(loop.outside))

    def loop(self, page: Page, request: ChargeRequest) -> ChargeLoop:
        context = self.context(request)

        def context_of(_: Page, used: int, tried: set[TriggerKey]) -> ActionContext:
            return replace(context, used=used, tried=tried)

        return ChargeLoop(page.book, self.book.catalogue, context_of, self.now_ns, context.call_name)

    def _score(self, page: Page, context: ActionContext, address: str, value: str = "") -> tuple[Outside, ...]:
        """SetScores of one address; without a value it is forgotten."""
        page.set_score(address, amount(value) if value else None)
        return watch(page, self.book.catalogue, context).outside

    def _arm(self, page: Page, context: ActionContext) -> tuple[Outside, ...]:
        reset_triggers(page)
        return watch(page, self.book.catalogue, context).outside

    @property
    def alerts(self) -> list[PostAlert]:
        return [effect for effect in self.outside if isinstance(effect, PostAlert)]

    @property
    def log(self) -> list[LogLine]:
        return [effect for effect in self.outside if isinstance(effect, LogLine)]


def balance_action(verb: str, id: str, units: str = "") -> Action:
    """What the API makes of AddBalance, DebitBalance, SetBalance and RemoveBalances."""
    type = ActionType(f"*{verb}") if verb in ("topup", "debit") else ActionType(f"*{verb}_balance")
    kind = BalanceKind.VOICE if units.endswith("s") else BalanceKind.MONETARY
    filter = BalanceFilter(kind=kind, id=id)
    return Action("", type, balance_type=kind.value, filter=filter, units=amount(units) if units else None)


def _value(balance: Balance) -> str:
    if balance.terms.kind is BalanceKind.VOICE:
        return f"{decimal_text(balance.value)}s"
    return decimal_text(balance.value)
