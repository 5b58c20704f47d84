"""The demo from beginning to end: a daemon is started, its chapters are told one after the other, and it is ended.

All that is charged is charged by that daemon, over gRPC; nothing outlives it.
"""

import secrets
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NoReturn

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.client import Client, connected
from ratingd.cli.findings import counts_text
from ratingd.cli.folder import uploads
from ratingd.cli.output import amount, console, table
from ratingd.cli.plain import money_nano, plain
from ratingd.cli.refusal import Refused
from ratingd.demo import attack, limits, masking, model, paying, scene, under_rule
from ratingd.demo.child import DidNotStart, daemon
from ratingd.demo.learning import Learning
from ratingd.demo.receiver import Receiver
from ratingd.demo.sample_plan import RECEIVER_PORT, TENANT, sample_files
from ratingd.demo.story import WIDTH, Story
from ratingd.demo.switch import SPEED, Made, Planned, Switch
from ratingd.v1.accounts_pb2 import ListAccountsRequest, ListLedgerRequest
from ratingd.v1.admin_pb2 import VerifyRequest
from ratingd.v1.rating_pb2 import ExplainCostRequest
from ratingd.v1.tariffs_pb2 import TariffOptions
from tariffs.instant import instant_text
from tariffs.money import decimal_text

SWITCH_ID: Final = "demo-switch"
Accounts = Mapping[str, Mapping[str, Any]]


def tell(*, keep: bool) -> int:
    """The whole story; 0 when every step happened."""
    on = console(stderr=False)
    story = Story(on if on.is_terminal else console(stderr=False, width=WIDTH))
    signal.signal(signal.SIGTERM, _end)
    secret = secrets.token_hex(16)
    try:
        with (
            TemporaryDirectory(prefix="ratingd-demo-") as folder,
            Learning(Path(folder)) as learning,
            Receiver(secret, RECEIVER_PORT) as receiver,
            daemon(Path(folder), secret, receiver.url) as address,
            connected(address) as client,
        ):
            _play(story, client, receiver, learning)
            if keep:
                _stay(story, address)
    except (DidNotStart, FileNotFoundError) as error:
        story.say(Text(str(error), "red"))
        return 1
    except Refused as refused:
        story.say(Text(f"{refused.refusal.reason}: {refused.refusal.message}", "red"))
        return 1
    except KeyboardInterrupt:
        return 0 if keep and story.kept else 130
    return 0 if story.kept else 1


def _end(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _play(story: Story, client: Client, receiver: Receiver, learning: Learning) -> None:
    story.say(Text("ratingd demo", "bold"))
    story.say(f"A daemon serves on {client.address}, with a new SQLite file; alerts go to 127.0.0.1:{receiver.port}.")
    _load(story, client, receiver.port)
    before = _accounts(client)
    start_ns = scene.monday_morning()
    with Switch(client, SWITCH_ID, start_ns) as switch:
        _calls(story, switch, start_ns)
        _explain(story, client, start_ns)
        paying.family(story, client, start_ns)
        paying.package(story, client, start_ns)
        limits.reservation(story, client, start_ns)
        fatal = attack.hijack(story, switch)
        attack.alert(story, receiver, fatal)
        limits.daily_cap(story, client, switch, receiver)
        _balances(story, before, _accounts(client))
        masking.call_centre(story, client)
        masking.attack(story, client, switch, receiver)
        model.learn(story, client, learning)
        under_rule.patients(story, client)
        under_rule.attacked(story, client, switch, receiver)
    _verify(story, client)
    story.summary()


def _load(story: Story, client: Client, port: int) -> None:
    files = sample_files(port)
    story.chapter("The sample tariff is loaded")
    report = client.ask(client.tariffs.LoadTariff, uploads(files, TariffOptions()), 60)
    rows = table("file", "rows", numbers=("rows",))
    for path, content in files.items():
        lines = [line for line in content.decode().splitlines() if line and not line.startswith("#")]
        rows.add_row(path, str(len(lines)))
    story.say(rows)
    story.say(f"In force as version {report.version}: {counts_text(dict(sorted(report.counts.items())))}.")
    story.step("the sample tariff is in force", report.loaded)


def _calls(story: Story, switch: Switch, start_ns: int) -> list[Made]:
    calls = [*scene.ordinary(), *scene.impossible()]
    story.chapter(f"{len(calls)} calls at once")
    story.say(f"A switch plays a Monday, {instant_text(start_ns)}, {SPEED} times as fast as a clock.")
    begun = time.monotonic()
    made = switch.make(calls)
    took = time.monotonic() - begun
    story.say(_calls_table(made))
    charges = sum(call.charges for call in made)
    story.say(f"{charges} charges over gRPC in {took:.1f} s, each on disk before it was answered.")
    reasons = sorted(call.ended for call in made if call.refused)
    story.step(f"{len(scene.ordinary())} calls were charged to their end", all(
        call.ended == "hung up" and call.used_s == call.planned.talk_s for call in made if not call.refused
    ) and len(made) - len(reasons) == len(scene.ordinary()))  # fmt: skip
    story.step(
        "3 calls were refused, each with its reason",
        reasons == ["ACCOUNT_DISABLED", "ACCOUNT_UNKNOWN", "DESTINATION_UNRATED"],
    )
    return made


def _calls_table(made: Sequence[Made]) -> RenderableType:
    by_account: dict[str, list[Made]] = defaultdict(list)
    for call in made:
        by_account[call.planned.account].append(call)
    rows = table("account", "calls", "talk", "charges", "cost", "refused", numbers=("calls", "talk", "charges", "cost"))
    for account in sorted(by_account):
        calls = by_account[account]
        rows.add_row(
            account,
            str(len(calls)),
            f"{sum(call.used_s for call in calls)} s",
            str(sum(call.charges for call in calls)),
            decimal_text(sum(call.cost for call in calls)),
            ", ".join(f"{call.planned.destination}: {call.ended}" for call in calls if call.refused),
        )
    return rows


def _explain(story: Story, client: Client, start_ns: int) -> None:
    call = scene.EXPLAINED
    story.chapter(f"Why the call of {call.account} to {call.destination}, {call.talk_s} s, cost what it cost")
    request = ExplainCostRequest(call=call.piece(start_ns, call.talk_s))
    explained = client.ask(client.rating.ExplainCost, request)
    story.say(Text(explained.text.rstrip("\n")))
    charged = _charged(client, call)
    story.say(f"It was charged in pieces while it ran: {decimal_text(charged)} in all.")
    story.step("a call charged in pieces cost what it costs whole", charged == money_nano(explained.cost.cost))


def _charged(client: Client, call: Planned) -> int:
    """What the ledger says was taken for a call, in nano-units."""
    ledger = client.ask(client.accounts.ListLedger, ListLedgerRequest(account=call.account, page_size=1000))
    return -sum(money_nano(entry.delta.money) for entry in ledger.entries if entry.call_id == call.call_id)


def _accounts(client: Client) -> Accounts:
    request = ListAccountsRequest(tenant=TENANT, page_size=100)
    return {account.account: plain(account) for account in client.ask(client.accounts.ListAccounts, request).accounts}


def _balances(story: Story, before: Accounts, after: Accounts) -> None:
    story.chapter("Balances before and after")
    rows = table("account", "balance", "before", "after", "state", numbers=("before", "after"))
    for name, account in after.items():
        held = {balance["uuid"]: balance for balance in before[name]["balances"]} if name in before else {}
        state = Text("disabled", "red") if account["disabled"] else Text("enabled", "green")
        for balance in account["balances"]:
            was = held.get(balance["uuid"], {}).get("value", "")
            rows.add_row(name, balance["id"], amount(was), amount(balance.get("value")), state)
    story.say(rows)
    disabled = [name for name, account in after.items() if account["disabled"] and not before[name]["disabled"]]
    stopped = [scene.CAPPED, scene.HIJACKED]
    story.step(f"accounts {' and '.join(stopped)} were disabled, and no other", disabled == stopped)


def _verify(story: Story, client: Client) -> None:
    story.chapter("Do the books agree?")
    verified = client.ask(client.admin.Verify, VerifyRequest(), 60)
    differ = len(verified.differences)
    story.say(
        f"`ratingd verify` rebuilt {verified.accounts} accounts from {verified.operations} operations: "
        + (f"{differ} differences." if differ else "all agree.")
    )
    story.step("every account is what its operations say", verified.accounts > 0 and not differ)


def _stay(story: Story, address: str) -> None:
    story.chapter("Look around")
    flags = f"--address {address}"
    for command in (
        f"ratingd account show 1008 {flags}",
        f"ratingd account ledger 1011 {flags}",
        f"ratingd triggers list {flags} --fired",
        f"ratingd explain 4930123456 --subject 1006 --usage 90s {flags}",
        f"ratingd schedules list {flags}",
        f"ratingd outbox list {flags}",
        f"ratingd fraud incidents {flags}",
        f"ratingd fraud alerts {flags}",
        f"ratingd fraud case +{scene.UNSEEN_VICTIM} {flags}",
        f"ratingd model status {flags}",
        f"ratingd status {flags}",
        f"grpcurl -plaintext {address} list",
    ):
        story.say(f"  {command}")
    story.say(Text("The daemon stays up until Ctrl-C.", "bold"))
    threading.Event().wait()
