"""How far the money reaches: two calls at once hold what they were granted, and a daily cap ends a call."""

from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ratingd.cli.client import Client
from ratingd.cli.output import amount, table
from ratingd.cli.plain import duration_ns, money_nano, plain, timestamp_ns
from ratingd.demo import scene
from ratingd.demo.attack import ALERT_SECONDS
from ratingd.demo.paying import main_balance
from ratingd.demo.receiver import Receiver
from ratingd.demo.story import Story
from ratingd.demo.switch import SECOND_NS, Made, Planned, Switch
from ratingd.v1.account_pb2 import Account, UnitCounter
from ratingd.v1.accounts_pb2 import GetAccountRequest
from ratingd.v1.call_pb2 import BASIC
from ratingd.v1.charging_pb2 import DebitRequest, GetMaxSessionTimeRequest
from tariffs.duration import duration_text
from tariffs.instant import instant_text
from tariffs.money import decimal_text
from tariffs.zone import UTC

HELD_FOR_S: Final = 1800


def reservation(story: Story, client: Client, start_ns: int) -> None:
    """Two calls of one account at once: what one is granted, the other one cannot spend."""
    first, second = scene.AT_ONCE
    story.chapter(f"Two calls of {first.account} at once, each asks for an hour at 0.30 a minute")
    had = _money(client, first.account)
    two = _TwoCalls(client, start_ns)
    granted = [two.reserve(first), two.reserve(second)]
    two.hang_up(first)
    again = two.reserve(second)
    two.hang_up(second)
    story.say(two.rows)
    story.say("What a call was granted is held for it until it is over: nobody else can spend it.")
    story.step(
        "two calls at once were granted no money twice",
        granted[0] == again == scene.HOUR_S > granted[1] > 0 and _money(client, first.account) == had - two.charged,
    )


class _TwoCalls:
    """What was asked for two calls, a line each, and what was left after it."""

    def __init__(self, client: Client, start_ns: int) -> None:
        self.rows: Final[Table] = table("call", "asks", "answer", "holds", "balance", "free for others",
                                        numbers=("holds", "balance", "free for others"))  # fmt: skip
        self.charged = 0  # nano-units
        self._client: Final = client
        self._start_ns: Final = start_ns
        self._asked = 0

    def reserve(self, planned: Planned) -> int:
        """The seconds that are granted, and held."""
        request = GetMaxSessionTimeRequest(
            call=planned.piece(self._start_ns, scene.HOUR_S), idempotency_key=self._key()
        )
        request.reserve.FromSeconds(HELD_FOR_S)
        answer = self._client.ask(self._client.charging.GetMaxSessionTime, request)
        granted_ns = duration_ns(answer.usage.duration)
        self._tell(planned, "how long may it last?", f"{duration_text(granted_ns)} granted")
        return granted_ns // SECOND_NS

    def hang_up(self, planned: Planned) -> None:
        call = planned.piece(self._start_ns, planned.talk_s)
        request = DebitRequest(call=call, idempotency_key=self._key(), final=True, view=BASIC)
        cost = money_nano(self._client.ask(self._client.charging.Debit, request).cost)
        self.charged += cost
        self._tell(planned, f"hangs up after {planned.talk_s} s", f"{decimal_text(cost)} charged")

    def _tell(self, planned: Planned, asks: str, answer: str) -> None:
        account = _account(self._client, planned.account)
        held = {each.call_id: sum(money_nano(part.amount.money) for part in each.held) for each in account.reservations}
        money = _money(self._client, planned.account)
        self.rows.add_row(
            planned.call_id,
            asks,
            answer,
            decimal_text(held.get(planned.call_id, 0)),
            decimal_text(money),
            decimal_text(money - sum(held.values())),
        )

    def _key(self) -> str:
        self._asked += 1
        return f"at-once/{self._asked}"


def daily_cap(story: Story, client: Client, switch: Switch, receiver: Receiver) -> None:
    """A telephone is left off the hook, and the day's cap ends the call."""
    call = scene.FORGOTTEN
    story.chapter(f"A daily cap: {call.account}, the second telephone of {scene.CAPPED}, is left off the hook")
    (made,) = switch.make([call])
    account = _account(client, scene.CAPPED)
    day = next(counter for counter in account.counters if counter.id == "DAILY_SPEND")
    story.say(_end_of(made), _monitors_table(account), _alerts_text(receiver))
    story.say(
        f"Account {scene.CAPPED} is {'disabled' if account.disabled else 'enabled'}. Its day ends at "
        f"{_day_end(day)}: the counters of the day begin again at 0, and",
        f"their monitors are armed. `ratingd account set {scene.CAPPED} --enabled` lets it call again.",
    )
    by = made.stopped_by
    story.step(
        "the cap of a day ended a call, where it was reached",
        by is not None and by.trigger_id == "DAILY_SPEND" and account.disabled and plain(day.value) == scene.CAP,
    )


def _end_of(made: Made) -> str:
    """`Attributes.csv says … After 44m15s, at 13.375, monitor STANDARD/DAILY_SPEND fired STOP_SPENDING …`"""
    by = made.stopped_by
    fired = (
        f"monitor {by.trigger_group}/{by.trigger_id} fired {by.actions_id}" if by is not None else "no monitor fired"
    )
    talked = duration_text(made.used_s * SECOND_NS)
    return (
        f"Attributes.csv says that {made.planned.account} is {scene.CAPPED}, which is charged by the minute. After "
        f"{talked}, at {decimal_text(made.cost)},\n{fired}: that was the end of the call."
    )


def _monitors_table(account: Account) -> RenderableType:
    """The monitors whose counters have windows."""
    rows = table("monitor", "watches", "over", "at", "stands at", "state", "fires", numbers=("at", "stands at"))
    for trigger in account.triggers:
        if not trigger.window:
            continue
        rows.add_row(
            trigger.unique_id,
            " ".join(filter(None, (trigger.type, trigger.kind, trigger.balance_id))),
            trigger.window,
            amount(plain(trigger.threshold)),
            amount(plain(trigger.observed)) if trigger.HasField("observed") else "",
            Text("fired", "red") if trigger.executed else Text("armed", "green"),
            trigger.actions_id,
        )
    return rows


def _alerts_text(receiver: Receiver) -> str:
    """`Alerts that arrived: DEAR_CALL at 5, DAILY_SPEND at 15.`"""
    alerts = receiver.wait(ALERT_SECONDS, scene.ALERTS)
    triggers = [each.body["trigger"] for each in alerts if each.genuine and each.body.get("account") == scene.CAPPED]
    told = ", ".join(f"{trigger['UniqueID']} at {trigger['Observed']}" for trigger in triggers)
    return f"Alerts that arrived meanwhile: {told or 'none'}."


def _day_end(counter: UnitCounter) -> str:
    """When the window of a counter ends that counts over a day of UTC."""
    return instant_text(UTC.day_of(timestamp_ns(counter.window_start_time)).end_ns)


def _account(client: Client, name: str) -> Account:
    found: Account = client.ask(client.accounts.GetAccount, GetAccountRequest(account=name))
    return found


def _money(client: Client, account: str) -> int:
    return money_nano(main_balance(client, account).value.money)
