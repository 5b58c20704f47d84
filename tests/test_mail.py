"""Mails of action sets: to whom, about what, and with which account."""

import json

from actions.action import Action, ActionType
from actions.outside import SendMail
from tests.action_scene import KEY, Scene, book

SETS = """
    TELL do=*mail_async extra=noc@example.org;fraud@example.org;noc@example.org w=10
    TOP  do=*topup id=MON type=*monetary units=21 w=20
    TOP  do=*mail_async extra=noc@example.org w=10
"""
TRIGGERS = "FRAUD uid=F1 on=*max_balance at=20 type=*monetary run=TELL"


def mails(scene: Scene) -> list[SendMail]:
    return [effect for effect in scene.outside if isinstance(effect, SendMail)]


def test_a_monitor_mails_what_it_saw() -> None:
    scene = Scene(book(SETS, TRIGGERS), "MON=10", "FRAUD").do("topup MON 21")
    (sent,) = mails(scene)
    assert (sent.to, sent.account) == (("noc@example.org", "fraud@example.org"), KEY)
    assert sent.subject == "[CGR Notification] Threshold hit on Balance: cgrates.org:1001"
    head, state = sent.body.split("\n\n")
    assert head.splitlines() == [
        "The monitor FRAUD/F1 of account cgrates.org:1001 has fired: *max_balance is at 20, and 31 was observed.",
        "The action set TELL has run at 2026-11-21T10:00:00Z and left the account as follows.",
    ]
    assert json.loads(state)["BalanceMap"]["*monetary"][0]["Value"] == "31"


def test_a_set_of_an_operator_mails_what_it_did() -> None:
    scene = Scene(book(SETS)).do("run TOP")
    (sent,) = mails(scene)
    assert sent.subject == "[CGR Notification] Threshold hit on Balance: cgrates.org:1001"
    assert sent.body.startswith("Account cgrates.org:1001 was acted upon by an operator or by a plan.\n")
    assert '"Value": "21"' in sent.body


def test_each_mail_has_an_id_of_its_own() -> None:
    scene = Scene(book(SETS)).do("run TELL; run TELL")
    assert len({sent.id for sent in mails(scene)}) == 2


def test_a_request_without_a_set_mails_too() -> None:
    scene = Scene(book())
    scene.run(Action("", ActionType.MAIL_ASYNC, extra="noc@example.org"))
    assert [sent.subject for sent in mails(scene)] == ["[CGR Notification] Threshold hit on Balance: cgrates.org:1001"]
