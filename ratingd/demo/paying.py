"""Who pays for a call: a family's common balance, and a package of minutes before the money.

Both calls are charged whole, when they are over, so that one answer shows all that was drawn.
"""

from rich.console import RenderableType

from ratingd.cli.client import Client
from ratingd.cli.output import amount, table
from ratingd.cli.plain import duration_ns, message, money_nano, plain
from ratingd.demo import scene
from ratingd.demo.story import Story
from ratingd.demo.switch import Planned
from ratingd.v1.account_pb2 import Account, Balance
from ratingd.v1.accounts_pb2 import GetAccountRequest, SetBalanceRequest
from ratingd.v1.call_pb2 import BalanceDraw, CallCost, IncrementRun
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.rating_pb2 import GetCostRequest
from tariffs.duration import duration_text
from tariffs.money import decimal_text


def family(story: Story, client: Client, start_ns: int) -> None:
    """A member with nothing of her own calls, and another one pays."""
    call = scene.FAMILY
    story.chapter(f"A family: {call.account} has no money of her own, and calls for {call.talk_s} s")
    before = {name: main_balance(client, name) for name in (scene.PAYER, call.account)}
    cost = _charged(client, call, start_ns)
    after = {name: main_balance(client, name) for name in before}
    story.say(_drawn_table(call, cost))
    rows = table("account", "balance", "shared by", "before", "after", numbers=("before", "after"))
    for name, was in before.items():
        now = after[name]
        rows.add_row(name, now.id, ", ".join(now.shared_groups), amount(plain(was.value)), amount(plain(now.value)))
    story.say(rows)
    payers = {draw.payer for run in _runs(cost) for draw in _draws(run)}
    paid = {name: money_nano(was.value.money) - money_nano(after[name].value.money) for name, was in before.items()}
    story.step(
        f"{scene.PAYER} paid for {call.account}, who has nothing",
        payers == {scene.PAYER} and paid == {scene.PAYER: money_nano(cost.cost), call.account: 0},
    )


def package(story: Story, client: Client, start_ns: int) -> None:
    """The minutes of a package end within a call."""
    call = scene.PACKAGE
    left = f"{scene.MINUTES_LEFT_S}s"
    story.chapter(f"A package runs out: {call.account} has {amount(left)} of minutes left, and talks {call.talk_s} s")
    balance = {"kind": "*voice", "id": "MINUTES"}
    request = {"account": call.account, "idempotency_key": "few-minutes", "balance": balance, "value": left}
    client.ask(client.accounts.SetBalance, message(SetBalanceRequest, request))
    alone = client.ask(client.rating.GetCost, GetCostRequest(call=call.piece(start_ns, call.talk_s)))
    cost = _charged(client, call, start_ns)
    story.say(_drawn_table(call, cost))
    rest = ", ".join(f"{balance.id} {amount(plain(balance.value))}" for balance in cost.account.balances)
    story.say(
        f"It cost {plain(cost.cost)}; paid by money alone, connect fee included, {plain(alone.cost)}. Left: {rest}."
    )
    paid = [draw.balance_id for run in _runs(cost) for draw in _draws(run)]
    priced = [run for run in _runs(cost) if money_nano(run.cost)]
    story.step(
        "the minutes paid first, then money, without a connect fee",
        paid == ["MINUTES", "MAIN"] and all(duration_ns(run.usage.duration) for run in priced),
    )


def main_balance(client: Client, account: str) -> Balance:
    found: Account = client.ask(client.accounts.GetAccount, GetAccountRequest(account=account))
    return next(balance for balance in found.balances if balance.id == "MAIN")


def _charged(client: Client, planned: Planned, start_ns: int) -> CallCost:
    call = planned.piece(start_ns, planned.talk_s)
    request = DebitRequest(call=call, idempotency_key=f"{planned.call_id}/end", final=True)
    cost: CallCost = client.ask(client.charging.Debit, request)
    return cost


def _drawn_table(call: Planned, cost: CallCost) -> RenderableType:
    """What was drawn, line by line: where in the call, how much, from whose balance."""
    rows = table("from", "drawn", "price", "paid by", "balance", "taken", "left there",
                 numbers=("from", "price", "taken", "left there"))  # fmt: skip
    at_ns = 0
    for run in _runs(cost):
        usage_ns = duration_ns(run.usage.duration)
        drawn = f"{run.count} × {duration_text(usage_ns)}" if usage_ns else "connect fee"
        for draw in _draws(run):
            rows.add_row(
                duration_text(at_ns) or "0s",
                drawn,
                decimal_text(money_nano(run.cost) * run.count),
                draw.payer or call.account,
                draw.balance_id,
                _all_of(draw, run.count),
                amount(plain(draw.after)),
            )
        at_ns += usage_ns * run.count
    return rows


def _all_of(draw: BalanceDraw, count: int) -> str:
    if draw.amount.HasField("money"):
        return decimal_text(money_nano(draw.amount.money) * count)
    return duration_text(duration_ns(draw.amount.duration) * count)


def _runs(cost: CallCost) -> list[IncrementRun]:
    return [run for timespan in cost.timespans for run in timespan.runs]


def _draws(run: IncrementRun) -> list[BalanceDraw]:
    """The balances that a run of increments was drawn from: units, money, or both."""
    return [getattr(run, part) for part in ("units", "money") if run.HasField(part)]
