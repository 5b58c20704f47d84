"""What an operation wants done outside, as rows: one entry for each address, records beside them, nothing for a log."""

import json
from itertools import count

from accounts.account import AccountKey
from accounts.call_name import cgr_id
from actions.outside import Disconnect, Export, LogLine, PostAlert, SendMail, WriteCdr
from ratingd.engine.outgoing import Outgoing, cdr_row
from ratingd.store.rows import shard_of

A = AccountKey("cgrates.org", "1001")
B = AccountKey("cgrates.org", "1002")
NOW_NS = 1_795_255_200_000_000_000


def record(tor: str, cost: int) -> WriteCdr:
    return WriteCdr(A, "c-1", "*topup", "127.0.0.1", "*cdrlog", "*none", tor, "", "", "", 1, 2, 1, cost)


def test_each_effect_becomes_its_rows_in_order() -> None:
    ids = (f"new-{number}" for number in count())
    outgoing = Outgoing(A, lambda: next(ids), NOW_NS)
    for effect in (
        PostAlert("http://h/a", "p1", {"event": "trigger.fired"}, sync=True),
        SendMail("m1", ("a@x", "b@y", "a@x"), "S", "text"),
        Export("e1", "BILLING", {"EventType": "AccountUpdate"}),
        record("*monetary", 10 * 10**9),
        Export("e2", "BILLING", {"EventType": "AccountUpdate"}, B),
        LogLine("account.log", {}),
        Disconnect("c-17", "sbc-1", "DISCONNECT", "G", "HIGH"),
        PostAlert("http://h/b", "p2", {"event": "trigger.fired"}, sync=False),
    ):
        outgoing.add(effect)
    assert [(entry.kind, entry.id, entry.target) for entry in outgoing.outbox] == [
        ("webhook", "p1", "http://h/a"),
        ("mail", "m1", "a@x"),
        ("mail", "m1-1", "b@y"),
        ("export", "e1", "BILLING"),
        ("export", "e2", "BILLING"),
        ("disconnect", "new-0", "sbc-1"),
        ("webhook", "p2", "http://h/b"),
    ]
    mails = [json.loads(entry.body) for entry in outgoing.outbox if entry.kind == "mail"]
    assert mails == [{"id": "m1", "to": ["a@x", "b@y"], "subject": "S", "text": "text"}] * 2
    assert {(entry.key, entry.shard, entry.created_ns, entry.due_ns) for entry in outgoing.outbox} == {
        (A, shard_of(A), NOW_NS, NOW_NS),
        (B, shard_of(B), NOW_NS, NOW_NS),
    }
    assert [entry.id for entry in outgoing.outbox if entry.key == B] == ["e2"]  # in the order of that account
    assert outgoing.synchronous == ["p1"]
    assert [row.run_id for row in outgoing.cdrs] == ["*topup"]


def test_record_is_named_for_its_call_and_its_cost_is_of_what_was_moved() -> None:
    """10.00 of money is 10, a minute of voice is 60,000,000,000 ns, as the field Cost of a CDR says them."""
    money, voice = cdr_row(record("*monetary", 10 * 10**9), NOW_NS), cdr_row(record("*voice", 60 * 10**9), NOW_NS)
    assert (money.cost, voice.cost) == (10 * 10**9, 60 * 10**9 * 10**9)
    assert (money.cgr_id, money.origin_id, money.origin_host) == (cgr_id("127.0.0.1", "c-1"), "c-1", "127.0.0.1")
    assert (money.created_ns, money.setup_ns, money.answer_ns, money.pre_rated) == (NOW_NS, 1, 2, True)
