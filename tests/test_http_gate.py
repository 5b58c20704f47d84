"""The gate alone: how much of a body is read, and what is refused before anybody looks at it."""

import asyncio
import json
from collections.abc import MutableMapping, Sequence
from typing import Any

from ratingd.http.gate import BODIES_MAX, Gate, GateTerms, Receive, Scope, Send

Message = MutableMapping[str, Any]
HOST = (b"host", b"127.0.0.1:8000")
JSON = (b"content-type", b"application/json")


class Asked:
    """One request and what came of it. `chunks` is what its body comes in; after them the client hangs up."""

    def __init__(self, chunks: Sequence[bytes], headers: Sequence[tuple[bytes, bytes]] = (HOST, JSON)) -> None:
        self.chunks = list(chunks)
        self.scope: Scope = {
            "type": "http", "method": "POST", "path": "/event", "headers": list(headers), "client": ("10.0.0.7", 1),
        }  # fmt: skip
        self.read = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self.read == len(self.chunks):
            return {"type": "http.disconnect"}
        self.read += 1
        return {"type": "http.request", "body": self.chunks[self.read - 1], "more_body": self.read < len(self.chunks)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def code(self) -> str:
        return str(json.loads(self.sent[1]["body"])["code"])


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError


def asked(gate: Gate, request: Asked) -> Asked:
    asyncio.run(gate(request.scope, request.receive, request.send))
    return request


def test_a_body_arrives_whole_whatever_it_came_in() -> None:
    found = asked(Gate(echo, GateTerms(10)), Asked([b"12", b"", b"34"]))
    assert (found.status, found.sent[1]["body"]) == (200, b"1234")


def test_a_body_is_read_to_its_limit_and_no_further() -> None:
    found = asked(Gate(echo, GateTerms(10)), Asked([b"12345", b"67890", b"1", b"2", b"3"]))
    assert (found.status, found.code, found.read) == (413, "REQUEST_TOO_LARGE", 3)


def test_a_length_that_is_too_large_is_refused_unread() -> None:
    found = asked(Gate(echo, GateTerms(10)), Asked([b"1"], (HOST, JSON, (b"content-length", b"11"))))
    assert (found.status, found.read) == (413, 0)


def test_a_client_that_hangs_up_is_not_answered() -> None:
    request = Asked([])
    assert asked(Gate(echo, GateTerms(10)), request).sent == []


def test_too_many_large_bodies_at_once_are_told_to_come_again() -> None:
    gate = Gate(echo, GateTerms(10))
    requests = [Asked([b"1234567890"]) for _ in range(BODIES_MAX + 1)]
    working = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await working.wait()
        await echo(scope, receive, send)

    gate = Gate(slow, GateTerms(10))

    async def all_at_once() -> None:
        going = [asyncio.create_task(gate(each.scope, each.receive, each.send)) for each in requests]
        await asyncio.wait(going[-1:])
        working.set()
        await asyncio.gather(*going)

    asyncio.run(all_at_once())
    assert [each.status for each in requests] == [200] * BODIES_MAX + [503]
    assert dict(requests[-1].sent[0]["headers"])[b"retry-after"] == b"1"
    assert asked(gate, Asked([b"1234567890"])).status == 200, "what is answered takes no room"


def test_what_breaks_is_answered_and_told_in_the_log() -> None:
    found = asked(Gate(broken, GateTerms(10)), Asked([b"1"]))
    assert (found.status, found.code) == (500, "INTERNAL")


def test_a_foreign_name_is_refused_unless_all_may_ask() -> None:
    headers = ((b"host", b"ratingd.example.org:8000"), JSON)
    assert asked(Gate(echo, GateTerms(10)), Asked([b"1"], headers)).status == 400
    assert asked(Gate(echo, GateTerms(10, open_to_all=True)), Asked([b"1"], headers)).status == 200
    for own in (b"localhost:8000", b"[::1]:8000", b"127.0.0.1", b"localhost"):
        assert asked(Gate(echo, GateTerms(10)), Asked([b"1"], ((b"host", own), JSON))).status == 200
