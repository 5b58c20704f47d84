"""Plays steps on a real engine over a real store, and the same on the model; whatever differs is a `Disagreement`.

A crash is honest about what a killed process leaves: from an instant on nothing reaches the database, or one commit
more reaches it and nobody is told; no answer leaves; the engine is abandoned with all it held, and another is opened
on the same database. Who got no answer asks again under the same key.
"""

import copy
import hashlib
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final

from sqlalchemy import select

from accounts.account import AccountKey
from accounts.charge import ChargeRules
from accounts.shared_group import group_key
from actions.folder import EMPTY_PLAN_BOOK, read_folder
from ratingd.engine.command import Command, Reply
from ratingd.engine.engine import Engine, EngineOptions
from ratingd.engine.lane import LaneLimits
from ratingd.engine.operation import (
    Answer,
    Debit,
    ExecuteSet,
    GetMaxSessionTime,
    MaxDebit,
    Operation,
    Refund,
    RemoveAccount,
    RemoveTriggers,
    ResetCounters,
    ResetTriggers,
    RunActions,
    SetAccount,
    SetScores,
    SetTrigger,
    SetTriggers,
)
from ratingd.engine.plans import PlanVersion
from ratingd.errors import RatingdError
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from ratingd.store import tables
from ratingd.store.faults import StoreUnavailable
from ratingd.store.rows import Batch
from ratingd.store.store import Store, open_store
from ratingd.store.verify import verify
from tariffs.zone import UTC
from tests.engine_desk import Nowhere
from tests.simulation import naive_operations as naive
from tests.simulation import notation
from tests.simulation.folder import BEGIN, NANO, WATCHES
from tests.simulation.naive_book import Draft, Failed, Key, Trigger, World
from tests.simulation.naive_charge import Order, Request
from tests.simulation.naive_monitors import attach, evaluate, rebuild, roll
from tests.simulation.naive_schedule import Timetable
from tests.simulation.steps import Step

PATIENCE_S: Final = 30
CHECKED_EVERY: Final = 40
ORDERS: Final = 24
REQUEST_FIELDS: Final = frozenset(Request.__dataclass_fields__) - {"key", "start"}
UNSAID: Final = ("id", "runs", "refundable")
SILENT: Final = ("UNAVAILABLE",)


class Disagreement(AssertionError):
    """Engine and model differ after a step."""


class Frail:
    """Lets the store of a process die: `dying` says after how many more commits, and whether the last is stored."""

    def __init__(self, store: Store) -> None:
        self.dead = False
        self._left: int | None = None
        self._stores = False
        self._commit: Final = store.commit
        setattr(store, "commit", self.commit)  # noqa: B010 (the instance alone, and mypy need not know)
        for name in ("accounts", "replies", "charge", "versions"):
            setattr(store, name, self.guarded(getattr(store, name)))

    def die(self, after: int, *, stores: bool) -> None:
        self._left, self._stores = after, stores

    def commit(self, batch: Batch) -> None:
        if self._left is not None:
            if self._left == 0:
                if self._stores and not self.dead:
                    self._commit(batch)
                self.dead = True
            self._left = max(0, self._left - 1)
        self.check()
        self._commit(batch)

    def guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any) -> Any:
            self.check()
            return method(*given)

        return asked

    def check(self) -> None:
        if self.dead:
            raise StoreUnavailable("the process is dead")


class Player:
    """Use as a context. `sets` and `watches` name the parts of the folder in force."""

    def __init__(self, url: str, files: dict[str, bytes], *, lanes: int = 2) -> None:
        self.now = BEGIN
        self.world = World()
        self.timetable = Timetable()
        self.seen: dict[str, tuple[Step, str]] = {}
        self.charge_ids: dict[str, str] = {}
        self.replies: dict[tuple[Key, str], str] = {}
        self.played = 0
        self._url: Final = url
        self._files: Final = files
        self._lanes: Final = lanes
        self._touched: set[Key] = set()

    def __enter__(self) -> "Player":
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _open(self) -> None:
        self.store = open_store(self._url)
        self.store.migrate()
        self.frail = Frail(self.store)
        options = EngineOptions(ChargeRules(), lanes=self._lanes, limits=LaneLimits(gather_us=0))
        self.engine = Engine(self.store, options, Nowhere(), lambda: self.now)
        self.engine.start()
        book, findings = read_folder(self._files, EMPTY_PLAN_BOOK, now_ns=BEGIN, zone=UTC)
        assert book is not None, [str(finding) for finding in findings]
        self.engine.plans.activate(PlanVersion(1, book, 0))
        self.plans = book.catalogue.action_plans

    def _close(self) -> None:
        self.engine.stop(10)
        self.store.close()

    # -- one step on both sides

    def play(self, step: Step) -> None:
        self.now += step.get("wait", 0)
        self.played += 1
        self._touched.clear()
        do = step["do"]
        if do in ("clock", "restart"):
            if do == "restart":
                self._close()
                self._open()
        elif do == "sweep":
            self._sweep()
        elif do == "look":
            self._look()
        elif do in ("again", "reuse"):
            self._again(step)
        elif do == "burst":
            self._burst(step)
        else:
            self._one(step)
        self._compare()
        if self.played % CHECKED_EVERY == 0:
            self.check()

    def _one(self, step: Step) -> None:
        operation = self._operation(step)
        if operation is not None:
            said = self._ask(step, operation).result(PATIENCE_S).body.decode()
            self._expect(step, said)

    def _burst(self, step: Step) -> None:
        """Several requests at once: one lane decides them in their order. Those a crash left unanswered ask again."""
        asked = [(inner, operation) for inner in step["steps"] if (operation := self._operation(inner)) is not None]
        if step.get("crash"):
            self.frail.die(step["after"], stores=step["crash"] == "stored")
        together = self._lanes == 1 or not self.store.shared
        said: list[str] = []
        if together:
            waiting = [self._ask(inner, operation) for inner, operation in asked]
            said = [each.result(PATIENCE_S).body.decode() for each in waiting]
        else:
            said = [self._ask(inner, operation).result(PATIENCE_S).body.decode() for inner, operation in asked]
        if step.get("crash"):
            self._close()
            self._open()
            for number, (inner, operation) in enumerate(asked):
                if json.loads(said[number]).get("refused") in SILENT:
                    said[number] = self._ask(inner, operation).result(PATIENCE_S).body.decode()
        for (inner, _), text in zip(asked, said, strict=True):
            self._expect(inner, text)

    def _again(self, step: Step) -> None:
        """The same request under the same key gets the first answer, word for word; another one is refused."""
        found = self.seen.get(step["of"])
        if found is None:
            return
        first, said = found
        operation = self._operation(first)
        if operation is None or not keyed(first):
            return
        other = step["do"] == "reuse"
        reply = self._ask(first, operation, content="other" if other else "").result(PATIENCE_S).body.decode()
        wanted = json.dumps({"refused": "IDEMPOTENCY_KEY_REUSED"}) if other else said
        if json.loads(reply) != json.loads(wanted):
            raise Disagreement(f"{step['do']} of {step['of']}: engine {reply} | model {wanted}")
        self._touched.add(key_of(first))

    def _expect(self, step: Step, said: str) -> None:
        """Do it on the model too, and compare the answers. Random groups may pay in any order that explains it."""
        key = key_of(step)
        reply = json.loads(said)
        self.seen[step["name"]] = (step, said)
        self._touched.add(key)
        wanted: dict[str, Any] = {}
        for order in orders(reply):
            draft = Draft(self.world, self.now)
            wanted = self._model(draft, step, order)
            same = {name: value for name, value in reply.items() if name not in UNSAID} == wanted
            if same and self._agrees(draft):
                break
        else:
            draft = Draft(self.world, self.now)
            wanted = self._model(draft, step, first_come(reply))
            lines = notation.differing({n: v for n, v in reply.items() if n not in UNSAID}, wanted)
            if lines:
                raise Disagreement("the answer\n  " + "\n  ".join(lines))
        self._keep(draft, step, reply)

    def _agrees(self, draft: Draft) -> bool:
        """Whether this is how the engine has it, where an order had to be guessed."""
        if not any(
            group in ("G_RAND", "G_NONE")
            for account in draft.accounts.values()
            if account
            for group in account.groups()
        ):
            return True
        for key, account in draft.accounts.items():
            engine = self.engine.account(AccountKey(*key))
            shown = copy.deepcopy(account)
            roll(shown, self.now)
            told = None if shown is None else notation.naive_account(shown)
            if notation.differing(None if engine is None else notation.engine_account(engine, self.now), told):
                return False
        return True

    def _keep(self, draft: Draft, step: Step, reply: dict[str, Any]) -> None:
        if "refused" in reply:
            return
        self._touched |= set(draft.accounts)
        if not step.get("dry"):
            if "id" in reply:
                self.charge_ids[step["name"]] = reply["id"]
            self.world.keep(draft)
            self.world.open_calls |= draft.calls
            if step["do"] == "remove":
                pass
        if step["do"] == "refund":
            charge = self.world.charges[key_of(step), step["of"]]
            charge.returned = [a + b for a, b in zip(charge.returned, reply["returned"], strict=True)]
        if reply.get("refundable") and not step.get("dry"):
            self.world.charges[key_of(step), step["name"]] = naive.Charge(
                request_of(step, self.now), self._drawn, self._corrections, reply["runs"]
            )

    # -- the two sides of a step

    def _operation(self, step: Step) -> Operation | None:
        do = step["do"]
        match do:
            case "debit" | "max_debit" | "max_time":
                wanted = notation.request(request_of(step, self._time_of(step)))
                if do == "max_time":
                    return GetMaxSessionTime(wanted, step.get("reserve"))
                return Debit(wanted) if do == "debit" else MaxDebit(wanted)
            case "refund":
                charge_id = self.charge_ids.get(step["of"])
                runs = None if step["runs"] is None else tuple(step["runs"])
                return None if charge_id is None else Refund(charge_id, runs)
            case "actions":
                return RunActions(tuple(notation.action(each) for each in step["actions"]), step["create"])
            case "execute":
                return ExecuteSet(step["set"], step["create"])
            case "set_account":
                return SetAccount(
                    plans=tuple(step["plans"]) if "plans" in step else None,
                    trigger_groups=tuple(step["groups"]) if "groups" in step else None,
                    allow_negative=step.get("allow_negative"),
                    disabled=step.get("disabled"),
                    time_zone=step.get("zone"),
                    overwrite_plans=step.get("overwrite_plans", False),
                    overwrite_triggers=step.get("overwrite_triggers", False),
                )
            case "remove":
                return RemoveAccount()
            case "reset_triggers":
                return ResetTriggers(step["group"], step["uid"], step["executed"])
            case "reset_counters":
                return ResetCounters(step["uid"], step["group"])
            case "remove_triggers":
                return RemoveTriggers(step["group"], step["uid"])
            case "set_triggers":
                return SetTriggers((step["group"],), step["overwrite"])
            case "set_trigger":
                return SetTrigger(notation.terms(step["group"], WATCHES[step["group"]][0]))
            case "scores":
                return SetScores(step["scores"])
        raise AssertionError(do)

    def _model(self, draft: Draft, step: Step, order: Order) -> dict[str, Any]:
        key, do = key_of(step), step["do"]
        try:
            match do:
                case "debit" | "max_debit":
                    wanted = request_of(step, self.now)
                    reply = naive.debit(draft, wanted, order, whole=do == "debit", dry=bool(step.get("dry")))
                    self._drawn = reply.pop("increments")
                    self._corrections = reply.pop("corrections")
                    return reply
                case "max_time":
                    return naive.max_session_time(draft, request_of(step, self.now), order, step.get("reserve"))
                case "refund":
                    return naive.refund(draft, key, self.world.charges.get((key, step["of"])), step["runs"])
                case "actions":
                    return naive.run_actions(draft, key, step["actions"], create=step["create"])
                case "execute":
                    return naive.execute_set(draft, key, step["set"], create=step["create"])
                case "set_account":
                    return naive.set_account(draft, key, step)
                case "remove":
                    return naive.remove_account(draft, key)
                case "reset_triggers":
                    return naive.reset_triggers(draft, key, step["group"], step["uid"], executed=step["executed"])
                case "reset_counters":
                    return naive.reset_counters(draft, key, step["uid"], step["group"])
                case "remove_triggers":
                    return naive.remove_triggers(draft, key, step["group"], step["uid"])
                case "set_triggers":
                    attach(naive.on_account(draft, key), [step["group"]], self.now, overwrite=step["overwrite"])
                    return {"done": True}
                case "set_trigger":
                    account = naive.on_account(draft, key)
                    watch = WATCHES[step["group"]][0]
                    if not any((t.group, t.watch.uid) == (step["group"], watch.uid) for t in account.triggers):
                        account.triggers.append(Trigger(step["group"], watch))
                    account.triggers.sort(key=lambda trigger: -trigger.watch.w)
                    rebuild(account, self.now)
                    evaluate(draft, key, None)
                    return {"done": True}
                case "scores":
                    return naive.set_scores(draft, key, step["scores"])
        except Failed as failed:
            return {"refused": str(failed)}
        raise AssertionError(do)

    def _time_of(self, step: Step) -> int:
        """A request that is asked again says what it said the first time."""
        return int(step.setdefault("said_at", self.now))

    def _ask(self, step: Step, operation: Operation, content: str = "") -> "Future[Reply]":
        answered: Future[Reply] = Future()
        told = {name: value for name, value in step.items() if name not in ("wait", "said_at")}
        fingerprint = hashlib.sha256(json.dumps([told, content], sort_keys=True).encode()).digest()
        name = step["name"] if keyed(step) else ""
        dry = bool(step.get("dry"))
        command = Command(AccountKey(*key_of(step)), operation, encoded, name, fingerprint, dry)
        self.engine.submit(command, answered.set_result)
        return answered

    # -- the scheduler

    def _scheduler(self) -> Scheduler:
        return Scheduler(self.store, self.engine.submit, lambda: self.plans, SchedulerOptions(), lambda: self.now)

    def _sweep(self) -> None:
        """Everybody whom the model has something overdue of is found; who is found is evaluated once."""
        due = {(key.tenant, key.account) for key in self.store.due_accounts(self.now - 1)}
        missed = [key for key, account in self.world.accounts.items() if naive.overdue(account, self.now)]
        if set(missed) - due:
            raise Disagreement(f"overdue, but not found by the sweep: {sorted(set(missed) - due)}")
        self._scheduler().expire()
        for key in sorted(due):
            draft = Draft(self.world, self.now)
            naive.expire(draft, key)
            self.world.keep(draft)
            self._touched |= set(draft.accounts)

    def _look(self) -> None:
        self._scheduler().look()
        for plan, actions_id, zone in self.timetable.due(self.world, self.now):
            members = [k for k, a in self.world.accounts.items() if plan in a.plans and a.zone == zone]
            for key in sorted(members):
                draft = Draft(self.world, self.now)
                try:
                    naive.execute_set(draft, key, actions_id, create=False)
                except Failed:
                    continue
                self.world.keep(draft)
                self._touched |= set(draft.accounts)

    # -- what must agree

    def _compare(self) -> None:
        for key in sorted(self._touched):
            self.compare(key)

    def compare(self, key: Key) -> None:
        engine = self.engine.account(AccountKey(*key))
        draft = Draft(self.world, self.now)
        account = draft.account(key)
        roll(account, self.now)
        told = None if account is None else notation.naive_account(account)
        lines = notation.differing(None if engine is None else notation.engine_account(engine, self.now), told)
        if lines:
            raise Disagreement(f"account {':'.join(key)}\n  " + "\n  ".join(lines))

    def check(self) -> None:
        """All accounts, all members, all that was sent, and everything rebuilt from the operations alone."""
        for key in sorted(self.world.accounts):
            self.compare(key)
        for (tenant, group), members in self.world.groups.items():
            row = self.store.accounts([group_key(tenant, group)]).get(group_key(tenant, group))
            found = [] if row is None or row.document is None else json.loads(row.document).get("members", [])
            if found != members:
                raise Disagreement(f"members of {tenant} {group}: engine {found} | model {members}")
        sent, due = Counter(self._sent()), Counter(self.world.outside)
        if sent != due:
            raise Disagreement(
                f"sent: engine alone {list((sent - due).items())[:4]} | model alone {list((due - sent).items())[:4]}"
            )
        report = verify(self.store)
        if report.differences:
            raise Disagreement(f"rebuilt from operations: {report.differences[:3]}")

    def _sent(self) -> Iterator[tuple[Any, ...]]:
        t = tables.outbox.c
        with self.store.database.read() as connection:
            rows = connection.execute(select(t.tenant, t.account, t.kind, t.target, t.body)).all()
            c = tables.cdrs.c
            records = connection.execute(select(c.tenant, c.account, c.run_id, c.cost_units, c.cost_nanos)).all()
        for tenant, account, run_id, units, nanos in records:
            yield ("cdr", (tenant, account), run_id, units * NANO + nanos)
        for tenant, account, kind, target, body in rows:
            told = json.loads(body)
            key = (tenant, account)
            if kind == "disconnect":
                yield ("disconnect", key, target, told["call_id"])
            else:
                trigger = told.get("trigger")
                yield (kind, key, target, None if trigger is None else (trigger["ID"], trigger["UniqueID"]))


def keyed(step: Step) -> bool:
    """Whether a request writes, and so has a key."""
    return not step.get("dry") and not (step["do"] == "max_time" and "reserve" not in step)


def key_of(step: Step) -> Key:
    return step["who"][0], step["who"][1]


def request_of(step: Step, now: int) -> Request:
    given = {name: value for name, value in step.items() if name in REQUEST_FIELDS}
    start = step.get("said_at", now) + step.get("offset", 0)
    return Request(key=key_of(step), start=start, **{"subject": step["who"][1], **given})


def encoded(answer: Answer | RatingdError) -> Reply:
    return Reply(0, json.dumps(notation.words(answer)).encode())


def first_come(reply: dict[str, Any]) -> Order:
    """Balances of a random group in the order in which the answer has them paying, those that paid nothing behind."""
    paid: list[tuple[str, str]] = []
    for _, _, account, units, _, money in reply.get("drawn", ()):
        paid += [(account, name) for name in (units, money) if (account, name) not in paid]

    def order(found: list[tuple[Key, int]], names: list[str]) -> list[tuple[Key, int]]:
        place = {at: (at[0][1], name) for at, name in zip(found, names, strict=True)}
        return sorted(found, key=lambda at: paid.index(place[at]) if place[at] in paid else len(paid))

    return order


def orders(reply: dict[str, Any]) -> Iterator[Order]:
    """The order that the answer suggests, then others."""
    yield first_come(reply)
    for number in itertools.count():
        if number == ORDERS:
            return
        yield shuffled(number)


def shuffled(number: int) -> Order:
    def order(found: list[tuple[Key, int]], names: list[str]) -> list[tuple[Key, int]]:
        chance = random.Random(number)
        ranks = {at: chance.random() for at in sorted(set(found))}
        return sorted(found, key=lambda at: ranks[at])

    return order
