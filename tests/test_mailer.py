"""Mails over a real mail server: taken once, encrypted and logged in as set, and what each refusal means."""

import json
import socket
import ssl
import time
from dataclasses import replace

import pytest

from accounts.account import AccountKey
from ratingd.delivery import mailer
from ratingd.delivery.attempt import Judgement, Verdict
from ratingd.delivery.mailer import MailCarrier, MailTerms
from ratingd.store.rows import OutboxEntry, shard_of
from tests.dripping_server import DrippingServer
from tests.mail_server import DROP, PASSWORD, USER, MailServer, trusting_context

A = AccountKey("cgrates.org", "1001")
NOW_NS = 1_795_255_200_000_000_000
SUBJECT = "[CGR Notification] Threshold hit on Balance: cgrates.org:1001"

# what the server answers to the recipient and to the text, and what that means for the mail
ANSWERS = """
    250 OK                  | 250 OK                   | DELIVERED |
    550 no such mail box    | -                        | DEAD      | answered 550: no such mail box
    554 relaying denied     | -                        | DEAD      | answered 554: relaying denied
    450 greylisted          | -                        | RETRY     | answered 450: greylisted
    250 OK                  | 552 too large            | DEAD      | answered 552: too large
    250 OK                  | 451 try again            | RETRY     | answered 451: try again
    250 OK                  | drop                     | RETRY     | no answer: SMTPServerDisconnected: Connection unexpectedly closed
"""  # noqa: E501


def entry(id: str = "m1", recipient: str = "noc@example.org", **body: object) -> OutboxEntry:
    given = {"id": "m1", "to": [recipient], "subject": SUBJECT, "text": "20 is reached: Ä\n"} | body
    return OutboxEntry(id, A, shard_of(A), "mail", recipient, json.dumps(given), NOW_NS)


def terms(port: int) -> MailTerms:
    return MailTerms("localhost", port, "ratingd@example.org", "none", trust=trusting_context())


def carried(terms: MailTerms | None, mail: OutboxEntry | None = None) -> Judgement:
    return MailCarrier(terms).carry(entry() if mail is None else mail).judgement


@pytest.mark.parametrize("row", ANSWERS.strip().splitlines())
def test_what_the_server_answers_decides(row: str) -> None:
    recipient, data, verdict, error = (cell.strip() for cell in row.split("|"))
    with MailServer(lambda _: recipient, lambda _: DROP if data == "drop" else data) as server:
        judgement = carried(terms(server.port))
        assert (judgement.verdict.name, judgement.error) == (verdict, error)
        assert len(server.taken) == (verdict == "DELIVERED")


def test_mail_says_what_happened_and_bears_one_name_at_every_attempt() -> None:
    to = ["noc@example.org", "billing@example.org"]
    with MailServer() as server:
        for mail in (entry(to=to), entry(to=to), entry("m1-1", "billing@example.org", to=to)):
            assert carried(terms(server.port), mail).verdict is Verdict.DELIVERED
    first, again, other = server.taken
    assert [taken.recipient for taken in server.taken] == ["noc@example.org", "noc@example.org", "billing@example.org"]
    assert {
        name: first.message[name] for name in ("From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted")
    } == {
        "From": "ratingd@example.org",
        "To": "noc@example.org, billing@example.org",
        "Subject": SUBJECT,
        "Message-ID": "<ratingd-m1@example.org>",
        "Date": "Sat, 21 Nov 2026 10:00:00 -0000",
        "Auto-Submitted": "auto-generated",
    }
    assert first.message.get_content().splitlines() == ["20 is reached: Ä"]
    assert again.message["Message-ID"] == other.message["Message-ID"] == first.message["Message-ID"]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_is_encrypted_and_logged_in(tls: mailer.Tls) -> None:
    with MailServer(tls=tls, login=tls == "starttls") as server:
        given = replace(terms(server.port), tls=tls)
        if tls == "starttls":
            given = replace(given, user=USER, password=PASSWORD)
        assert carried(given).verdict is Verdict.DELIVERED
        assert [(taken.encrypted, taken.user) for taken in server.taken] == [(True, given.user)]


def test_wrong_password_is_told_and_not_repeated() -> None:
    with MailServer(tls="starttls", login=True) as server:
        given = replace(terms(server.port), tls="starttls", user=USER, password="wrong")
        judgement = carried(given)
        assert judgement.verdict is Verdict.DEAD
        assert judgement.error.startswith("answered 535: 5.7.8 Authentication credentials invalid")
        assert "wrong" not in judgement.error


def test_nothing_is_sent_in_the_clear_where_encryption_is_set() -> None:
    with MailServer() as server:
        judgement = carried(replace(terms(server.port), tls="starttls"))
        assert (judgement.verdict, judgement.error) == (
            Verdict.DEAD,
            "the mail server cannot do it: STARTTLS extension not supported by server.",
        )
        assert server.recipients == 0


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_server_that_cannot_prove_who_it_is_gets_nothing(tls: mailer.Tls) -> None:
    with MailServer(tls=tls) as server:
        judgement = carried(replace(terms(server.port), tls=tls, trust=ssl.create_default_context()))
        assert judgement.verdict is Verdict.RETRY
        assert "CERTIFICATE_VERIFY_FAILED" in judgement.error
        assert server.recipients == 0


def test_server_that_is_not_there_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        judgement = carried(replace(terms(taken.getsockname()[1]), host="127.0.0.1"))
        assert judgement.verdict is Verdict.RETRY
        assert judgement.error == "no answer: ConnectionRefusedError: [Errno 111] Connection refused"


def test_server_that_never_comes_to_its_point_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "EXCHANGE_S", 0.5)
    with DrippingServer(b"220-patience\r\n", b"220-patience\r\n") as server:
        began = time.monotonic()
        judgement = carried(terms(server.port))
        assert judgement.verdict is Verdict.RETRY
        assert judgement.error.endswith("(cut off after 0.5 s)")
        assert time.monotonic() - began < 3


def test_silent_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        judgement = carried(terms(silent.getsockname()[1]))
        assert judgement.verdict is Verdict.RETRY
        assert judgement.error.startswith("no answer: ")
        assert "timed out" in judgement.error


def test_without_a_mail_server_a_mail_is_put_aside_with_the_reason() -> None:
    judgement = carried(None)
    assert judgement.verdict is Verdict.DEAD
    assert judgement.error.startswith("smtp_host is not set")


@pytest.mark.parametrize(
    "mail",
    [
        entry(recipient="a@x.org\r\nRCPT TO:<b@y.org>"),
        entry(recipient="a@x.org> <b@y.org"),
        entry(to=["noc@example.org", "a@x.org\nBcc: b@y.org"]),
        entry(recipient="noc"),
        entry(recipient="a@b@c"),
        entry(recipient="a,b@x.org"),
        entry(recipient=f"{'a' * 250}@x.org"),
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(mail: OutboxEntry) -> None:
    with MailServer() as server:
        judgement = carried(terms(server.port), mail)
        assert judgement.verdict is Verdict.DEAD
        assert "is not a mail address, such as noc@example.org" in judgement.error
        assert server.recipients == 0


def test_name_of_an_account_cannot_become_a_header() -> None:
    mail = entry(id="m\r\n1", subject="hit: x\r\nBcc: b@y.org\u2028\x00y", text="\r\n.\r\nQUIT\r\n")
    with MailServer() as server:
        assert carried(terms(server.port), mail).verdict is Verdict.DELIVERED
        (taken,) = server.taken
        assert (taken.message["Bcc"], taken.message["Subject"]) == (None, "hit: x Bcc: b@y.org y")
        assert taken.message.get_content().split() == [".", "QUIT"]


def test_mail_box_that_the_server_cannot_name_is_told() -> None:
    with MailServer() as server:
        judgement = carried(terms(server.port), entry(recipient="größe@example.org"))
        assert judgement.verdict is Verdict.DEAD
        assert judgement.error.startswith("the mail server cannot do it: One or more source or delivery addresses")
        assert server.recipients == 0
