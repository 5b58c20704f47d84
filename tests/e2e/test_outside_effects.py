"""A set that mails, exports, publishes, posts and records, over gRPC: everything arrives once, or nothing does."""

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from accounts.account import AccountKey
from ratingd.v1.accounts_pb2 import (
    AccountChange,
    AddBalanceRequest,
    BalanceSelector,
    ExecuteActionsRequest,
    SetTriggersRequest,
)
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from tests.alert_receiver import AlertReceiver
from tests.e2e.serving import Serving, serving
from tests.mail_server import MailServer
from tests.waiting import until

A = AccountKey("cgrates.org", "1001")
KINDS = {"webhook": 2, "mail": 2, "export": 3}  # how many entries TELL leaves

FOLDER = {
    "Actions.csv": """
OPEN,*topup,,,M,*monetary,,,,,,,1,,,,10
TELL,*topup,,,M,*monetary,,,,,,,10,,,,90
TELL,*cdrlog,"{""Category"":""gift"",""Why"":""~*act.ActionID""}",,,,,,,,,,,,,,80
TELL,*mail_async,noc@example.org;billing@example.org,,,,,,,,,,,,,,70
TELL,*export,CRM;FILE,,,,,,,,,,,,,,60
TELL,*publish_account,,,,,,,,,,,,,,,50
TELL,*http_post,{url},,,,,,,,,,,,,,40
TELL,*post_event,{url},,,,,,,,,,,,,,30
TELL_NOBODY,*topup,,,M,*monetary,,,,,,,10,,,,90
TELL_NOBODY,*cdrlog,,,,,,,,,,,,,,,80
TELL_NOBODY,*mail_async,noc@example.org,,,,,,,,,,,,,,70
TELL_NOBODY,*http_post,{url},,,,,,,,,,,,,,60
TELL_NOBODY,*export,GONE,,,,,,,,,,,,,,10
""",
    "ActionTriggers.csv": "GRP,HIGH,*max_balance,20,false,0,,,,*monetary,,,,,,,,,,TELL,10\n",
}


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver(b"the-secret") as receiver:
        yield receiver


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "accounts.jsonl"


@pytest.fixture
def daemon(store_url: str, receiver: AlertReceiver, mails: MailServer, file: Path) -> Iterator[Serving]:
    settings: dict[str, object] = {
        "webhook_secret": "the-secret",
        "webhook_hosts": ("127.0.0.1",),
        "webhook_private": True,
        "exporters": {"CRM": receiver.url, "FILE": file.as_uri()},
        "account_updates": ("FILE",),
        "smtp_host": "127.0.0.1",
        "smtp_port": mails.port,
        "smtp_tls": "none",
        "smtp_from": "ratingd@example.org",
    }
    with serving(store_url, **settings) as daemon:
        daemon.load({path: text.replace("{url}", receiver.url).lstrip().encode() for path, text in FOLDER.items()})
        execute(daemon, "OPEN", "opening")
        yield daemon


def accounts(daemon: Serving) -> AccountServiceStub:
    return AccountServiceStub(daemon.channel)


def top_up(daemon: Serving, units: int, key: str, *, cdrlog: bool = False) -> None:
    """Over the API: the exporters of account updates hear of it."""
    request = AddBalanceRequest(account="1001", idempotency_key=key, balance=BalanceSelector(kind="*monetary", id="M"))
    request.amount.money.units = units
    request.cdrlog = cdrlog
    accounts(daemon).AddBalance(request, timeout=20)


def execute(daemon: Serving, actions_id: str, key: str) -> AccountChange:
    request = ExecuteActionsRequest(account="1001", actions_id=actions_id, idempotency_key=key)
    change: AccountChange = accounts(daemon).ExecuteActions(request, timeout=20)
    return change


def sent(daemon: Serving) -> dict[str, int]:
    """How many entries of each kind are delivered, once all are."""
    outbox = daemon.daemon.store.outbox
    until(lambda: set(outbox.counts()) <= {"delivered"}, 20)
    kinds = [entry.kind for entry in outbox.entries(limit=1000)]
    return {kind: kinds.count(kind) for kind in sorted(kinds)}


def test_everything_that_a_set_tells_arrives_once(
    daemon: Serving, receiver: AlertReceiver, mails: MailServer, file: Path
) -> None:
    first = execute(daemon, "TELL", "tell")
    again = execute(daemon, "TELL", "tell")  # a retry of the caller
    assert again == first
    assert sent(daemon) == KINDS

    assert sorted(taken.recipient for taken in mails.taken) == ["billing@example.org", "noc@example.org"]
    assert len({taken.message["Message-ID"] for taken in mails.taken}) == 1
    assert "cgrates.org:1001" in mails.taken[0].message["Subject"]

    assert all(alert.verified for alert in receiver.alerts)
    by_event = {alert.headers["X-Ratingd-Event"]: alert.body for alert in receiver.alerts}
    assert len(receiver.alerts) == 3  # *http_post, *post_event and the exporter CRM
    exported = by_event["AccountUpdate"]
    assert (exported["EventType"], exported["EventSource"]) == ("AccountUpdate", "AccountS")
    assert exported["Account"]["BalanceMap"]["*monetary"][0]["Value"] == "11"

    whole, short = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    assert {name: whole[name] for name in exported} == exported
    assert short["AccountID"] == "1001"
    assert whole["id"] != short["id"]

    (record,) = daemon.daemon.store.cdrs.page(A)
    assert (record.run_id, record.source, record.tor, record.cost) == ("*topup", "*cdrlog", "*monetary", 10 * 10**9)
    assert (record.category, record.extra_fields, record.usage, record.pre_rated) == ("gift", {"Why": "TELL"}, 1, True)


def test_set_that_fails_tells_nobody(daemon: Serving, receiver: AlertReceiver, mails: MailServer, file: Path) -> None:
    with pytest.raises(grpc.RpcError, match="GONE"):
        execute(daemon, "TELL_NOBODY", "tell")
    assert sent(daemon) == {}
    assert (receiver.attempts, mails.recipients, file.exists(), daemon.daemon.store.cdrs.page(A)) == (0, 0, False, [])


def test_monitor_that_fires_tells_the_same_way(daemon: Serving, mails: MailServer) -> None:
    request = SetTriggersRequest(account="1001", idempotency_key="arm", groups=["GRP"])
    accounts(daemon).SetTriggers(request, timeout=20)
    top_up(daemon, 30, "fires")
    top_up(daemon, 1, "is quiet")
    assert sent(daemon) == KINDS | {"export": KINDS["export"] + 2}
    assert "GRP/HIGH" in mails.taken[0].message.get_content()
    (record,) = daemon.daemon.store.cdrs.page(A)
    assert record.cost == 10 * 10**9


def test_top_up_over_the_api_is_published_and_recorded_if_asked(daemon: Serving, file: Path) -> None:
    top_up(daemon, 4, "a", cdrlog=True)
    top_up(daemon, 4, "a", cdrlog=True)  # a retry
    top_up(daemon, 5, "b")
    assert sent(daemon) == {"export": 2}
    told = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["AccountID"] for line in told] == ["1001", "1001"]
    (record,) = daemon.daemon.store.cdrs.page(A)
    assert (record.run_id, record.cost) == ("*topup", 4 * 10**9)
