"""`ratingd schedules`: what runs when, how far it has come, and running, replaying or pausing it by hand.

A NAME is a plan, PACKAGE, or one entry of it as `schedules list` shows it, PACKAGE/TOPUP@*daily.
"""

import time
import uuid
from typing import Any, Final

import click
from click.shell_completion import CompletionItem
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ratingd.cli.client import Client
from ratingd.cli.options import Where, answers, asks, complete_accounts
from ratingd.cli.output import Output, console, moment, table
from ratingd.cli.plain import message, plain
from ratingd.cli.refusal import Refused
from ratingd.v1.admin_pb2 import (
    GetScheduleOrderRequest,
    ListSchedulesRequest,
    PauseScheduleRequest,
    ReplaySchedulesRequest,
    ResumeScheduleRequest,
    RunScheduleRequest,
    ScheduleOrder,
)

POLL_S: Final = 0.3
COMPLETION_S: Final = 1.0
OPEN: Final = (ScheduleOrder.WAITING, ScheduleOrder.RUNNING)
_STYLES: Final = {"paused": "yellow", "running": "bold", "failed": "bold red"}


def complete_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Plans and their entries, from the daemon if it answers at once."""
    where = Where(context.params.get("address"), context.params.get("config"))
    try:
        with where.client() as client:
            listed = client.ask(client.admin.ListSchedules, ListSchedulesRequest(), COMPLETION_S).schedules
    except (Refused, click.UsageError):
        return []
    names = dict.fromkeys([*(each.plan for each in listed), *(each.entry for each in listed)])
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


name_argument = click.argument("name", shell_complete=complete_names)
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would be, and change nothing.")
_account = click.option("--account", default="", shell_complete=complete_accounts, help="Only for this account.")
_tenant = click.option("--tenant", default="", help="Only for accounts of this tenant. Default: every tenant.")
_key = click.option("--key", default="", help="Idempotency key: what has it is done once. Default: a new one.")
_wait = click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is done.")


@click.group("schedules")
def schedules_command() -> None:
    """Action plans: when they run, how far they are; run, replay, pause and resume them."""


@schedules_command.command("list")
@click.option("--plan", default="", shell_complete=complete_names, help="Only entries of this plan.")
@click.option("--orders", type=click.IntRange(1, 1000), default=10, show_default=True, help="At most so many orders.")
@asks
@answers
def list_command(plan: str, orders: int, where: Where, out: Output) -> None:
    """Every plan entry in each time zone that its accounts live in, and what was ordered out of turn."""
    with where.client() as client:
        request = ListSchedulesRequest(plan=plan, order_page_size=orders)
        told = plain(client.ask(client.admin.ListSchedules, request))
    rows = table("entry", "runs", "zone", "weight", "accounts", "next", "last", "state", numbers=("weight", "accounts"))
    for each in told["schedules"]:
        rows.add_row(
            each["entry"],
            each["timing"],
            each["time_zone"],
            each["weight"],
            str(each["accounts"]),
            moment(each.get("next_due_time")),
            moment(each.get("last_done_time")),
            state_text(each),
        )
    shown: list[RenderableType] = [rows]
    if told["orders"]:
        shown += [Text(), orders_table(told["orders"])]
    out.show(told, *shown)


@schedules_command.command("run")
@name_argument
@_account
@_tenant
@click.option("--only-existing", is_flag=True, help="Refuse an account that does not exist, rather than create it.")
@_dry_run
@_key
@_wait
@asks
@answers
@click.pass_context
def run_command(context: click.Context, /, name: str, where: Where, out: Output, **given: Any) -> None:
    """Run plan or entry NAME now: for every account that has it, or with *asap entries for --account."""
    wait = given.pop("wait")
    request = message(RunScheduleRequest, {**named(name), **keyed(given)})
    with where.client() as client:
        order = client.ask(client.admin.RunSchedule, request)
        show_order(context, out, client, order, wait=wait)


@schedules_command.command("replay")
@click.argument("name", required=False, default="", shell_complete=complete_names)
@click.option("--from", "start_time", required=True, metavar="TIME", help="First instant of the window.")
@click.option("--to", "end_time", required=True, metavar="TIME", help="End of the window, which is not part of it.")
@_account
@_tenant
@_dry_run
@_key
@_wait
@asks
@answers
@click.pass_context
def replay_command(context: click.Context, /, name: str, where: Where, out: Output, **given: Any) -> None:
    """Run what was due in a window and has not run: of plan or entry NAME, or of every plan."""
    wait = given.pop("wait")
    request = message(ReplaySchedulesRequest, {**(named(name) if name else {}), **keyed(given)})
    with where.client() as client:
        order = client.ask(client.admin.ReplaySchedules, request)
        show_order(context, out, client, order, wait=wait)


@schedules_command.command("pause")
@name_argument
@_dry_run
@asks
@answers
def pause_command(name: str, dry_run: bool, where: Where, out: Output) -> None:
    """Hold plan or entry NAME until it is resumed, over restarts and loads."""
    request = message(PauseScheduleRequest, {**named(name), "dry_run": dry_run})
    with where.client() as client:
        told = plain(client.ask(client.admin.PauseSchedule, request))
    verb = "would be paused" if dry_run else "paused"
    verdict = f"{name} {verb}." if told["changed"] else f"{name} is paused since {moment(told['since_time'])} already."
    out.show(told, Text("\n".join([*told["entries"], verdict])))


@schedules_command.command("resume")
@name_argument
@click.option(
    "--make-up/--skip",
    "make_up",
    default=None,
    help="Run what fell into the pause, oldest first, or go on with what comes now. One of them has to be said.",
)
@_dry_run
@asks
@answers
def resume_command(name: str, make_up: bool | None, dry_run: bool, where: Where, out: Output) -> None:
    """Let plan or entry NAME run again."""
    if make_up is None:
        raise click.UsageError("say what becomes of the runs that fell into the pause: --make-up or --skip")
    missed = "MAKE_UP" if make_up else "SKIP"
    request = message(ResumeScheduleRequest, {**named(name), "missed": missed, "dry_run": dry_run})
    with where.client() as client:
        told = plain(client.ask(client.admin.ResumeSchedule, request))
    out.show(told, Text("\n".join([*told["entries"], resumed_text(name, told, make_up, dry_run)])))


@schedules_command.command("order")
@click.argument("id")
@_wait
@asks
@answers
@click.pass_context
def order_command(context: click.Context, id: str, wait: bool, where: Where, out: Output) -> None:
    """How far an order has come."""
    with where.client() as client:
        order = client.ask(client.admin.GetScheduleOrder, GetScheduleOrderRequest(id=id))
        show_order(context, out, client, order, wait=wait)


def named(name: str) -> dict[str, str]:
    """A plan, or an entry: PLAN/ACTIONS@TIMING."""
    return {"entry": name} if "/" in name and "@" in name else {"plan": name}


def keyed(given: dict[str, Any]) -> dict[str, Any]:
    key = given.pop("key") or str(uuid.uuid4())
    return {**given, "idempotency_key": key}


def show_order(context: click.Context, out: Output, client: Client, order: ScheduleOrder, *, wait: bool) -> None:
    """Show an order, when it is done if that is waited for. Exits 1 where it could not be carried out."""
    steps = plain(order)["steps"]
    if wait and order.state in OPEN:
        order = followed(client, order, progress=out.for_people)
    told = plain(order) | {"steps": steps}
    shown: list[RenderableType] = []
    if steps:
        rows = table("entry", "zone", "runs", numbers=("runs",))
        for step in steps:
            rows.add_row(step["entry"], step["time_zone"], str(step["instants"]))
        shown += [rows, Text()]
    out.show(told, *shown, Text(order_text(told), "bold"))
    if order.state == ScheduleOrder.FAILED:
        context.exit(1)


def followed(client: Client, order: ScheduleOrder, *, progress: bool) -> ScheduleOrder:
    """The order when it is done; with `progress` a bar shows how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True, disable=not progress) as bar:
        task = bar.add_task("running", total=None)
        while order.state in OPEN:
            time.sleep(POLL_S)
            order = client.ask(client.admin.GetScheduleOrder, GetScheduleOrderRequest(id=order.id))
            bar.update(task, completed=order.progress.accounts_done, total=order.progress.accounts_total)
    return order


def state_text(each: dict[str, Any]) -> Text:
    if "paused_since_time" in each:
        return Text(f"paused since {moment(each['paused_since_time'])}", _STYLES["paused"])
    if "running_due_time" in each:
        return Text(f"running: {progress_text(each['progress'])}", _STYLES["running"])
    refused = each.get("progress", {}).get("refused", 0)
    return Text(f"{refused} refused" if refused else "")


def progress_text(progress: dict[str, Any], noun: str = "accounts") -> str:
    refused = f", {progress['refused']} refused" if progress["refused"] else ""
    return f"{progress['accounts_done']} of {progress['accounts_total']} {noun}{refused}"


def orders_table(orders: list[dict[str, Any]]) -> RenderableType:
    rows = table("order", "what", "of", "for", "ordered", "state", "progress")
    for order in orders:
        state = str(order["state"]).lower()
        rows.add_row(
            order["id"],
            str(order["kind"]).lower(),
            order["entry"] or order["plan"] or "every plan",
            order["account"] or order["tenant"] or "all",
            moment(order["order_time"]),
            Text(state, _STYLES.get(state, "")),
            order["error"] or ("" if order["kind"] == "RESUME" else progress_text(order["progress"], "runs")),
        )
    return rows


def order_text(told: dict[str, Any]) -> str:
    """What became of an order, or would. An account is a run for each entry and instant."""
    progress = told["progress"]
    match told.get("state"):
        case None:
            return (
                f"{progress['accounts_total']} runs, one for each account, entry and instant. A dry run: not ordered."
            )
        case "DONE":
            refused = f", {progress['refused']} refused (the log names them)" if progress["refused"] else ""
            return f"Done: {progress['accounts_done']} runs{refused}."
        case "FAILED":
            return f"Not done: {told['error']}"
        case state:
            follow = f"`ratingd schedules order {told['id']}` follows it."
            return f"{str(state).capitalize()}: {progress_text(progress, 'runs')}. {follow}"


def resumed_text(name: str, told: dict[str, Any], make_up: bool, dry_run: bool) -> str:
    if not told["changed"]:
        return f"{name} was not paused."
    what = f"{told['missed']} runs since {moment(told['since_time'])}"
    if dry_run:
        return f"{name} would go on; {what} would be {'made up' if make_up else 'skipped'}."
    return f"{name} goes on; {what} are {'made up' if make_up else 'skipped'}."
