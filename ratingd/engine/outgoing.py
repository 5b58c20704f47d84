"""What an operation wants done outside, as rows of the transaction that books it.

A set on account 1001 posts, mails two people, exports and writes a call record. That is four outbox entries, for a mail
is an entry for each address: when one mail box is full the other one's owner must not get the mail again with every
attempt. The record is no delivery at all, it is a row. Log lines are told once the batch is on disk, elsewhere.
"""

import json
from collections.abc import Callable
from typing import Final, assert_never

from accounts.account import AccountKey
from accounts.balance import kind_scale
from accounts.call_name import cgr_id
from actions.outside import Disconnect, Export, LogLine, Outside, PostAlert, Protect, SendMail, WriteCdr
from ratingd.store.rows import CdrRow, OutboxEntry, shard_of

COST_SCALE: Final = 1_000_000_000
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would build an encoder each time


class Outgoing:
    """The rows of an operation's effects at one instant, in their order. `key` is the account that it is about."""

    def __init__(self, key: AccountKey, new_id: Callable[[], str], now_ns: int) -> None:
        self._key: Final = key
        self._new_id: Final = new_id
        self._now_ns: Final = now_ns
        self.outbox: Final[list[OutboxEntry]] = []
        self.cdrs: Final[list[CdrRow]] = []
        self.synchronous: Final[list[str]] = []  # ids of entries whose first delivery holds the reply back

    def add(self, effect: Outside) -> None:
        if isinstance(effect, PostAlert):
            self._queue(effect.account, effect.id, "webhook", effect.url, effect.body)
            if effect.sync:
                self.synchronous.append(effect.id)
        elif isinstance(effect, SendMail):
            self._mail(effect)
        elif isinstance(effect, Export):
            self._queue(effect.account, effect.id, "export", effect.exporter, effect.body)
        elif isinstance(effect, WriteCdr):
            self.cdrs.append(cdr_row(effect, self._now_ns))
        elif isinstance(effect, Disconnect):
            self._queue(effect.account, self._new_id(), "disconnect", effect.switch_id, order(effect))
        elif isinstance(effect, Protect):
            self._queue(effect.account, effect.id, "protect", effect.kind, effect.body)
        elif not isinstance(effect, LogLine):
            assert_never(effect)

    def _mail(self, mail: SendMail) -> None:
        """The same message, with all addresses in its head, to each of them."""
        addresses = list(dict.fromkeys(mail.to))
        body = {"id": mail.id, "to": addresses, "subject": mail.subject, "text": mail.body}
        for number, address in enumerate(addresses):
            self._queue(mail.account, f"{mail.id}-{number}" if number else mail.id, "mail", address, body)

    def _queue(self, account: AccountKey | None, id: str, kind: str, target: str, body: object) -> None:
        """Queue in the order of the account whose monitor asked, which may be another member of a shared group."""
        now_ns, key = self._now_ns, account or self._key
        self.outbox.append(OutboxEntry(id, key, shard_of(key), kind, target, _ENCODE(body), now_ns, due_ns=now_ns))


def order(disconnect: Disconnect) -> dict[str, str]:
    return {
        "call_id": disconnect.call_id,
        "reason": disconnect.reason,
        "trigger_group": disconnect.trigger_group,
        "trigger_id": disconnect.trigger_id,
    }


def cdr_row(record: WriteCdr, now_ns: int) -> CdrRow:
    return CdrRow(
        key=record.key,
        cgr_id=cgr_id(record.switch_id, record.call_id),
        run_id=record.run_id,
        created_ns=now_ns,
        origin_id=record.call_id,
        origin_host=record.switch_id,
        source=record.source,
        tor=record.tor,
        request_type=record.request_type,
        category=record.category,
        subject=record.subject,
        destination=record.destination,
        setup_ns=record.setup_ns,
        answer_ns=record.answer_ns,
        usage=record.usage,
        cost=record.cost * (COST_SCALE // kind_scale(record.tor)),
        pre_rated=record.pre_rated,
        extra_fields=record.extra,
    )
