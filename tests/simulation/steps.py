"""Steps: a history that a seed makes, as plain data, so that any part of it can be played again and cut down.

A step stands for itself: times are offsets from the clock at hand, an earlier step is meant by its name, and one that
names a step that has been cut away is passed over.
"""

import random
from collections.abc import Collection, Iterator
from typing import Any, Final

from tests.simulation.folder import (
    DAY,
    HOUR,
    MINUTE,
    NANO,
    NUMBERS,
    PLANS,
    SECOND,
    TENANTS,
    VOICE_CATEGORIES,
    WATCHES,
    Act,
)

Step = dict[str, Any]
SHARING: Final = tuple(str(number) for number in range(100, 108))
HOT: Final = tuple(str(number) for number in range(110, 118))
COLD: Final = 120  # the first of those that are seldom met; `crowd` of them in each tenant
GROUP_IDS: Final = ("G_LOW", "G_HIGH", "G_MLOW", "G_MHIGH", "G_RAND", "G_NONE")
ZONES: Final = ("", "Europe/Vienna", "America/New_York", "Asia/Kolkata")


class Chance:
    """Makes the steps of one seed. `sets` and `watches` are those of the folder that the engine can do.

    With a `crowd` of accounts beside those that meet all the time, everybody of it begins with something too.
    """

    def __init__(
        self,
        seed: int,
        *,
        sets: Collection[str],
        watches: Collection[str],
        actions: Collection[str],
        crowd: int = 0,
    ) -> None:
        self.random = random.Random(seed)
        self.crowd = crowd
        self.cold = tuple(str(COLD + number) for number in range(crowd or 30))
        self.sets = sorted(sets)
        self.watches = sorted(watches)
        self.actions = actions
        self.names: list[str] = []
        self.charges: list[tuple[str, list[str]]] = []
        self.calls: list[dict[str, Any]] = []
        self.called = 0

    def steps(self, count: int) -> Iterator[Step]:
        yield from self.opening()
        for number in range(count):
            yield self.step(f"s{number}")

    def opening(self) -> Iterator[Step]:
        """Everybody of interest has something to begin with."""
        for tenant in TENANTS:
            for name in (*SHARING, *HOT, *(self.cold if self.crowd else ())):
                who = [tenant, name]
                yield {"name": f"o-{tenant}-{name}", "do": "actions", "who": who, "create": True, "wait": 0,
                       "actions": self.endowment(who)}  # fmt: skip
                if self.random.random() < 0.8:
                    groups = self.some(self.watches, 3)
                    yield {"name": f"g-{tenant}-{name}", "do": "set_account", "who": who, "groups": groups, "wait": 0}

    def endowment(self, who: list[str]) -> list[Act]:
        """Something of one's own, something to share, and something odd."""
        chance = self.random
        own: list[Act] = [
            {"do": "*topup", "type": "*monetary", "id": "M", "units": chance.choice((1, 2, 4, 8, 40)) * NANO}
        ]
        if chance.random() < 0.5:
            voice: Act = {"do": "*topup", "type": "*voice", "id": "V", "units": chance.choice((65, 300, 900)) * SECOND}
            if chance.random() < 0.3:
                voice["subject"] = chance.choice(("HALF", "CFSUB", "*zero1m"))
            if chance.random() < 0.3:
                voice["factors"] = {"PREM": "2.5"}
            own.append(voice)
        if who[1] in SHARING:
            own.append({"do": "*topup", "type": "*monetary", "id": "S", "units": chance.choice((0, 1, 3, 10)) * NANO,
                        "weight": chance.choice((0, 10, 20)), "groups": self.groups_for(who)})  # fmt: skip
            if chance.random() < 0.4:
                own.append({"do": "*topup", "type": "*voice", "id": "T", "units": chance.choice((0, 120, 600)) * SECOND,
                            "weight": 20, "groups": self.groups_for(who)})  # fmt: skip
        return [*own, self.action(who)]

    def step(self, name: str) -> Step:
        roll = self.random.random()
        kinds = (
            (0.30, self.debit), (0.12, self.max_debit), (0.12, self.max_time), (0.06, self.refund),
            (0.14, self.top_up), (0.04, self.execute), (0.05, self.set_account), (0.01, self.remove),
            (0.02, self.triggers), (0.02, self.scores), (0.02, self.sweep), (0.03, self.look), (0.03, self.again),
            (0.02, self.clock), (0.02, self.burst), (0.02, self.crash), (0.01, self.restart),
        )  # fmt: skip
        total = sum(weight for weight, _ in kinds)
        make = next(make for weight, make in kinds if (roll := roll - weight / total) < 0)
        step = make(name)
        step.setdefault("wait", self.random.choice((0, 0, 1, 5, 40)) * SECOND)
        self.names.append(name)
        return step

    # -- who and what

    def who(self) -> list[str]:
        names = self.random.choices((SHARING, HOT, self.cold), (10, 10, 5 if self.crowd else 1))[0]
        return [self.random.choice(TENANTS), self.random.choice(names)]

    def some(self, of: list[str], most: int) -> list[str]:
        return self.random.sample(of, self.random.randint(1, min(most, len(of))))

    def request(self, who: list[str]) -> dict[str, Any]:
        chance = self.random
        tor = chance.choices(("*voice", "*sms", "*data"), (8, 1, 1))[0]
        category = {"*sms": "text", "*data": "net"}.get(tor) or chance.choice(VOICE_CATEGORIES)
        usage = {
            "*voice": chance.choice((0, 1, 7, 20, 30, 59, 60, 61, 90, 119, 150, 180, 300, 600)) * SECOND,
            "*sms": chance.randint(1, 6),
            "*data": chance.choice((1, 1024, 3000, 7000, 20_000)),
        }[tor]
        wanted: dict[str, Any] = {"category": category, "tor": tor, "usage": usage, "number": chance.choice(NUMBERS)}
        if chance.random() < 0.1:
            wanted["subject"] = chance.choice(("HALF", "CFSUB", "FREE", "NOBODY"))
        if chance.random() < 0.08:
            wanted["offset"] = chance.choice((-DAY, -HOUR, HOUR, DAY))
        if chance.random() < 0.25:
            wanted["factor"] = chance.choice(("PREM", "NO_SUCH"))
        if chance.random() < 0.1:
            wanted["zone"] = chance.choice(ZONES)
        if chance.random() < 0.05:
            wanted["so_far"] = 700_000_000
        if chance.random() < 0.08:
            wanted["max_rate"] = chance.choice((100_000_000, 600_000_000))
        if chance.random() < 0.1:
            wanted["type"] = chance.choice(("*pseudoprepaid", "*postpaid"))
        if chance.random() < 0.01:
            wanted["usage"] = chance.choice((-5, 80 * HOUR))
        for flag, odds in (("deny_negative", 0.15), ("force_duration", 0.05), ("perform_rounding", 0.15)):
            if chance.random() < odds:
                wanted[flag] = True
        return wanted | self.call(who, usage)

    def call(self, who: list[str], usage: int) -> dict[str, Any]:
        """A call that goes on, or a new one; half of all requests name none."""
        chance = self.random
        if chance.random() < 0.5:
            return {"final": True} if chance.random() < 0.1 else {}
        mine = [call for call in self.calls if call["who"] == who]
        if not mine or chance.random() < 0.4:
            call: Step = {"who": who, "switch": chance.choice(("sw1", "sw2")), "call": f"c{self.called}"}
            call |= {"loop": -1, "used": 0}
            self.called += 1
            self.calls.append(call)
        else:
            call = chance.choice(mine)
        call["loop"] += 1
        call["used"] += max(0, usage)
        wanted: dict[str, Any] = {"switch": call["switch"], "call": call["call"]}
        if call["loop"]:
            wanted |= {"loop_index": call["loop"], "duration_index": call["used"]}
        if chance.random() < 0.3:
            self.calls = [other for other in self.calls if other is not call]
            wanted["final"] = True
        return wanted

    # -- charging

    def debit(self, name: str, do: str = "debit") -> Step:
        who = self.who()
        self.charges.append((name, who))
        step = {"name": name, "do": do, "who": who, **self.request(who)}
        if self.random.random() < 0.05:
            step["dry"] = True
        return step

    def max_debit(self, name: str) -> Step:
        return self.debit(name, "max_debit")

    def max_time(self, name: str) -> Step:
        who = self.who()
        step = {"name": name, "do": "max_time", "who": who, **self.request(who)}
        step.pop("final", None)
        if "call" in step and self.random.random() < 0.8:
            if step["tor"] == "*voice":
                step["usage"] = self.random.choice((120, 600, 1200)) * SECOND
            step["reserve"] = self.random.choice((30, 300, 7200)) * SECOND
        return step

    def refund(self, name: str) -> Step:
        if not self.charges:
            return self.top_up(name)
        of, who = self.random.choice(self.charges[-40:])
        runs = None if self.random.random() < 0.5 else [self.random.randint(0, 4) for _ in range(3)]
        return {"name": name, "do": "refund", "who": who, "of": of, "runs": runs}

    # -- actions

    def top_up(self, name: str) -> Step:
        return self.of_actions(name, self.who(), create=self.random.random() < 0.5)

    def of_actions(self, name: str, who: list[str], *, create: bool) -> Step:
        actions = [self.action(who) for _ in range(self.random.choice((1, 1, 2, 3)))]
        return {"name": name, "do": "actions", "who": who, "actions": actions, "create": create}

    def action(self, who: list[str]) -> Act:
        chance = self.random
        kinds = [kind for kind in KINDS if kind in self.actions]
        do = chance.choices(kinds, [KINDS[kind] for kind in kinds])[0]
        action: Act = {"do": do}
        if do in ("*enable_account", "*disable_account", "*allow_negative", "*deny_negative"):
            return action
        if do == "*transfer_balance":
            to = self.who()
            units = chance.choice((0, 300_000_000, NANO))
            ends = {"to": f"{who[0]}:{to[1]}", "to_id": chance.choice(("M", "GIFT"))}
            return action | ends | {"id": chance.choice(("M", "A", "*default")), "units": units}
        if do == "*transfer_monetary_default":
            return action | {"type": "*monetary"}
        type = chance.choices(("*monetary", "*voice", "*sms", "*data", "*generic"), (8, 5, 1, 1, 1))[0]
        action["type"] = type
        action["id"] = chance.choice(("M", "A", "B", "*default", "") if type == "*monetary" else ("V", "W", ""))
        if do not in ("*remove_balance", "*remove_expired", "*set_expiry"):
            action["units"] = self.units(type) // (10 if "debit" in do else 1)
        if do in ("*remove_expired",):
            return {"do": do}
        if do == "*set_expiry" or chance.random() < 0.12:
            action["expiry"] = chance.choice((20, 90, 4000, 100_000))
        if chance.random() < 0.5:
            action["weight"] = chance.choice((0, 10, 20))
        if chance.random() < 0.2:
            action["dests"] = chance.choice(({"DST_49": True}, {"DST_4915": True}, {"DST_4915": False},
                                             {"DST_49": True, "DST_4915": False}, {"*any": True}))  # fmt: skip
        if chance.random() < 0.2:
            action["subject"] = chance.choice(("HALF", "CFSUB", "NOBODY") if type == "*monetary" else
                                              ("*zero1s", "*zero1m", "*zero5s", "HALF", "CFSUB"))  # fmt: skip
            if type in ("*sms", "*data", "*generic"):
                action["subject"] = chance.choice(("*zero1", "*zero1024", "NOBODY"))
        elif type == "*data":
            action["subject"] = "*zero512"
        if chance.random() < 0.06:
            action["cats"] = chance.choice(({"call": True}, {"call": False}, {"cf": True, "ones": True}))
        if chance.random() < 0.08:
            action["timings"] = chance.choice(({"SATURDAY": True}, {"MORNING": True}, {"SATURDAY": False}))
        if chance.random() < 0.04:
            action["blocker"] = True
        if chance.random() < 0.03:
            action["disabled"] = True
        if chance.random() < 0.25 and type != "*monetary" and do == "*topup":
            action["factors"] = {"PREM": chance.choice(("2.5", "0.3333333"))}
        if who[1] in SHARING and chance.random() < 0.35 and action["id"] != "*default":
            action["groups"] = self.groups_for(who)
            if set(action["groups"]) & {"G_RAND", "G_NONE"}:
                action.pop("blocker", None)
        return action

    def groups_for(self, who: list[str]) -> list[str]:
        """Each group has three or four members, so that the orders of a random one can be tried."""
        place = int(who[1])
        near = [group for number, group in enumerate(GROUP_IDS) if (place + number) % 3 == 0]
        return self.random.sample(near, 1 if self.random.random() < 0.9 else min(2, len(near)))

    def units(self, type: str) -> int:
        chance = self.random
        if type == "*voice":
            return chance.choice((0, 30, 65, 100, 300, 600)) * SECOND
        if type == "*monetary":
            return chance.choice((0, 10_000_000, 500_000_000, 600_000_000, NANO, 1_700_000_000, 5 * NANO, 20 * NANO))
        return chance.choice((1, 3, 5000)) * NANO

    def execute(self, name: str) -> Step:
        set_id = self.random.choice(self.sets) if self.random.random() < 0.95 else "NO_SUCH"
        return {"name": name, "do": "execute", "who": self.who(), "set": set_id, "create": self.random.random() < 0.5}

    # -- accounts

    def set_account(self, name: str) -> Step:
        chance = self.random
        step: Step = {"name": name, "do": "set_account", "who": self.who()}
        if chance.random() < 0.4:
            step["plans"] = self.some(sorted(PLANS), 2) if chance.random() < 0.95 else ["NO_SUCH"]
            step["overwrite_plans"] = chance.random() < 0.3
        if chance.random() < 0.6:
            step["groups"] = self.some(self.watches, 3)
            step["overwrite_triggers"] = chance.random() < 0.4
        if chance.random() < 0.2:
            step["allow_negative"] = chance.random() < 0.4
        if chance.random() < 0.5:
            step["disabled"] = chance.random() < 0.1
        if chance.random() < 0.2:
            step["zone"] = chance.choice(ZONES)
        return step

    def remove(self, name: str) -> Step:
        return {"name": name, "do": "remove", "who": self.who()}

    def triggers(self, name: str) -> Step:
        group = self.random.choice(self.watches)
        uid = self.random.choice(("", WATCHES[group][0].uid))
        do = self.random.choice(("reset_triggers", "reset_counters", "remove_triggers", "set_triggers", "set_trigger"))
        step: Step = {"name": name, "do": do, "who": self.who(), "group": group, "uid": uid}
        if do == "reset_counters":
            step["group"] = self.random.choice(("", "*monetary", "*event_connect"))
        if do == "reset_triggers":
            step["executed"] = self.random.random() < 0.3
        if do == "set_triggers":
            step["overwrite"] = self.random.random() < 0.3
        return step

    def scores(self, name: str) -> Step:
        address = self.random.choice(("score.masking", "score.irsf"))
        value: int | None = self.random.choice((None, 0, NANO // 2, NANO))
        return {"name": name, "do": "scores", "who": self.who(), "scores": {address: value}}

    # -- the machine

    def sweep(self, name: str) -> Step:
        return {"name": name, "do": "sweep"}

    def look(self, name: str) -> Step:
        step: Step = {"name": name, "do": "look", "wait": self.random.choice((0, HOUR, 15 * HOUR))}
        if self.random.random() < 0.5:
            step |= {"crash": self.random.choice(("lost", "stored")), "after": self.random.choice((0, 1, 1, 2, 3))}
        return step

    def again(self, name: str) -> Step:
        if not self.names:
            return self.top_up(name)
        of = self.random.choice(self.names[-30:])
        return {"name": name, "do": "again" if self.random.random() < 0.7 else "reuse", "of": of}

    def clock(self, name: str) -> Step:
        by = self.random.choice((-3 * SECOND, -90 * SECOND, MINUTE, 20 * MINUTE, HOUR, HOUR, 6 * HOUR, DAY))
        return {"name": name, "do": "clock", "wait": by}

    def burst(self, name: str, crash: str = "") -> Step:
        steps = [self.inner(f"{name}.{number}") for number in range(self.random.randint(1 if crash else 2, 6))]
        step: Step = {"name": name, "do": "burst", "steps": steps}
        if crash:
            step |= {"crash": crash, "after": self.random.choice((0, 0, 1, 2))}
        return step

    def inner(self, name: str) -> Step:
        make = self.random.choice(
            (self.debit, self.debit, self.max_debit, self.max_time, self.top_up, self.execute, self.set_account,
             self.refund)
        )  # fmt: skip
        step = make(name)
        step.pop("dry", None)
        if step["do"] == "max_time" and "reserve" not in step:  # it has no key, so it cannot be asked again
            step = self.max_debit(name) | {"dry": False}
        self.names.append(name)
        return step | {"wait": 0}

    def crash(self, name: str) -> Step:
        return self.burst(name, self.random.choice(("lost", "stored")))

    def restart(self, name: str) -> Step:
        return {"name": name, "do": "restart"}


KINDS: Final = {
    "*topup": 40, "*topup_reset": 6, "*debit": 8, "*debit_reset": 2, "*set_balance": 10, "*remove_balance": 4,
    "*topup_zero_negative": 3, "*remove_expired": 1, "*set_expiry": 2, "*enable_account": 8, "*disable_account": 2,
    "*allow_negative": 1, "*deny_negative": 3, "*transfer_balance": 6, "*transfer_monetary_default": 1,
}  # fmt: skip
