"""The mail that a `*mail_async` sends: its head, its text, and what counts as an address.

    From: ratingd@example.org
    To: noc@example.org, billing@example.org
    Subject: [CGR Notification] Threshold hit on Balance: cgrates.org:1001
    Message-ID: <ratingd-5f0e…@example.org> the same at every attempt, so that a mail box can drop repeats
    Auto-Submitted: auto-generated          nobody's absence notice answers it

Account names and addresses come from tariff folders and switches. A name with a line feed in it must not become a
header of its own, nor one with `=?utf-8?q?=0ABcc:…?=`, which the library would decode to that and not encode again.
So a subject is made one line without encoded words, and what is not one plain address is refused, not repaired.
"""

import json
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final

from ratingd.store.rows import OutboxEntry

SECOND_NS: Final = 1_000_000_000
ADDRESS: Final = re.compile(r'[^\s\x00-\x1f\x7f<>()\[\]\\,;:@"]+@[^\s\x00-\x1f\x7f<>()\[\]\\,;:@"]+')
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9-]+")
ENCODED: Final = "=?"  # how an encoded word begins
ADDRESS_MAX: Final = 254


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as the outbox keeps it: to be handed in for one of its readers, who see each other's addresses."""

    id: str
    recipient: str
    to: tuple[str, ...]
    subject: str
    text: str
    created_ns: int


def mail(entry: OutboxEntry) -> Mail:
    body = json.loads(entry.body)
    return Mail(body["id"], entry.target, tuple(body["to"]), body["subject"], body["text"], entry.created_ns)


def checked_address(text: str) -> str:
    """The address itself; ValueError for anything but one plain local@domain."""
    if not ADDRESS.fullmatch(text) or ENCODED in text or len(text) > ADDRESS_MAX:
        raise ValueError(f"{text!r} is not a mail address, such as noc@example.org")
    return text


def message(mail: Mail, sender: str) -> EmailMessage:
    """The mail with its head; ValueError where an address is none."""
    for address in (mail.recipient, *mail.to):
        checked_address(address)
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = ", ".join(mail.to)
    made["Subject"] = CONTROLS.sub(" ", mail.subject).replace(ENCODED, "= ?")
    made["Date"] = formatdate(mail.created_ns // SECOND_NS)
    made["Message-ID"] = f"<ratingd-{NOT_IN_IDS.sub('-', mail.id)}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.text)
    return made
