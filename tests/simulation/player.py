"""Plays steps on a real engine over a real store, and the same on the model; whatever differs is a `Disagreement`.

A crash is honest about what a killed process leaves: from an instant on nothing reaches the database, or one commit
more reaches it and nobody is told; no answer leaves; the engine is abandoned with all it held, and another is opened
on the same database. Who got no answer asks again under the same key.
"""

import copy
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
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
from ratingd.engine.operation import Answer, Operation
from ratingd.engine.plans import PlanVersion
from ratingd.errors import RatingdError
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from ratingd.store import tables
from ratingd.store.store import open_store
from ratingd.store.verify import verify
from tariffs.zone import UTC
from tests.engine_desk import Nowhere
from tests.simulation import naive_accounts as accounts
from tests.simulation import notation
from tests.simulation.folder import BEGIN, NANO
from tests.simulation.mortal_store import Mortal
from tests.simulation.naive_account import Failed, Key
from tests.simulation.naive_book import Draft, World
from tests.simulation.naive_operations import Charge
from tests.simulation.naive_schedule import Timetable
from tests.simulation.naive_windows import roll
from tests.simulation.notation import Words
from tests.simulation.sides import answer_of, key_of, keyed, operation_of, orders, request_of
from tests.simulation.steps import Step

PATIENCE_S: Final = 30
CHECKED_EVERY: Final = 40
UNSAID: Final = ("id", "runs", "refundable", "increments", "corrections")
SILENT: Final = ("UNAVAILABLE",)


class Disagreement(AssertionError):
    """Engine and model differ after a step."""


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
        self.mortal = Mortal(self.store)
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
            self._look(step)
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
            self.mortal.die(step["after"], stores=step["crash"] == "stored")
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
        draft, wanted = self._explained(step, reply)
        self._keep(draft, step, reply, wanted)

    def _explained(self, step: Step, reply: Words) -> tuple[Draft, Words]:
        """What the model makes of the step, in the first order that explains answer and accounts, else the answer."""
        explained: tuple[Draft, Words] | None = None
        lines: list[str] = []
        for order in orders(reply):
            draft = Draft(self.world, self.now)
            wanted = answer_of(draft, step, order)
            lines = notation.differing(said_alike(reply), said_alike(wanted))
            if not lines and (not keyed(step) or self._agrees(draft)):
                return draft, wanted
            if not lines and explained is None:
                explained = draft, wanted
        if explained is None:
            raise Disagreement("the answer\n  " + "\n  ".join(lines))
        return explained

    def _agrees(self, draft: Draft) -> bool:
        """Whether this is how the engine has it, where an order had to be guessed."""
        if not any(
            group in ("G_RAND", "G_NONE")
            for account in draft.accounts.values()
            if account
            for group in account.groups()
        ):
            return True
        if draft.outside and Counter(self.world.outside + draft.outside) - Counter(self._sent()):
            return False
        for key, account in draft.accounts.items():
            engine = self.engine.account(AccountKey(*key))
            shown = copy.deepcopy(account)
            roll(shown, self.now)
            told = None if shown is None else notation.naive_account(shown, self.now)
            if notation.differing(None if engine is None else notation.engine_account(engine, self.now), told):
                return False
        return True

    def _keep(self, draft: Draft, step: Step, reply: Words, wanted: Words) -> None:
        if "refused" in reply:
            return
        self._touched |= set(draft.accounts)
        if keyed(step):
            if "id" in reply:
                self.charge_ids[step["name"]] = reply["id"]
            self.world.keep(draft)
            self.world.open_calls |= draft.calls
        if step["do"] == "refund":
            charge = self.world.charges[key_of(step), step["of"]]
            charge.returned = [a + b for a, b in zip(charge.returned, reply["returned"], strict=True)]
        if reply.get("refundable") and keyed(step):
            self.world.charges[key_of(step), step["name"]] = Charge(
                request_of(step, self.now), wanted["increments"], wanted["corrections"], reply["runs"]
            )

    # -- the two sides of a step

    def _operation(self, step: Step) -> Operation | None:
        return operation_of(step, self.charge_ids, self.now)

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
        missed = [key for key, account in self.world.accounts.items() if accounts.overdue(account, self.now)]
        if set(missed) - due:
            raise Disagreement(f"overdue, but not found by the sweep: {sorted(set(missed) - due)}")
        self._scheduler().expire()
        for key in sorted(due):
            draft = Draft(self.world, self.now)
            accounts.expire(draft, key)
            self.world.keep(draft)
            self._touched |= set(draft.accounts)

    def _look(self, step: Step) -> None:
        """Run what is due; one that a crash interrupts is gone on with by the next daemon, and nothing runs twice."""
        if "crash" in step:
            self.mortal.die(step["after"], stores=step["crash"] == "stored")
            scheduler = self._scheduler()
            looking = threading.Thread(target=scheduler.look)
            looking.start()
            while looking.is_alive() and not self.mortal.dead:
                looking.join(0.002)
            scheduler.stop()
            looking.join(PATIENCE_S)
            self._close()
            self._open()
        self._scheduler().look()
        for plan, actions_id, zone in self.timetable.due(self.world, self.now):
            members = [k for k, a in self.world.accounts.items() if plan in a.plans and a.zone == zone]
            for key in sorted(members):
                draft = Draft(self.world, self.now)
                try:
                    accounts.execute_set(draft, key, actions_id, create=False)
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
        told = None if account is None else notation.naive_account(account, self.now)
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
                yield (
                    kind,
                    key,
                    target,
                    None if trigger is None else (trigger["ID"], trigger["UniqueID"], trigger["Observed"]),
                )


def said_alike(reply: Words) -> Words:
    """An answer without what only one side can know."""
    return {name: value for name, value in reply.items() if name not in UNSAID}


def encoded(answer: Answer | RatingdError) -> Reply:
    return Reply(0, json.dumps(notation.words(answer)).encode())
