"""Methods: errors become replies, and many commands are answered together in their order."""

from collections.abc import Callable

import pytest

from accounts.account import AccountKey
from ratingd.api.method import Done, Later, Many, Prepared, answer, answer_all, guarded, parse
from ratingd.api.status import CODES, status_of
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import ReadAccount
from ratingd.errors import AccountUnknown, InvalidRequest
from ratingd.store.faults import StoreUnavailable
from ratingd.v1.charging_pb2 import DebitRequest


def command(name: str) -> Command:
    return Command(AccountKey("t", name), ReadAccount(), lambda _: Reply(0, name.encode()))


def joined(replies: object) -> Reply:
    assert isinstance(replies, list)
    return Reply(0, b" ".join(reply.body for reply in replies))


class Queue:
    """An engine that answers when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Command, Callable[[Reply], None]]] = []

    def submit(self, command: Command, done: Callable[[Reply], None]) -> None:
        self.waiting.append((command, done))

    def answer(self, place: int) -> None:
        command, done = self.waiting[place]
        done(Reply(0, command.key.account.encode()))


def test_many_are_answered_once_the_last_is_there_in_their_order() -> None:
    queue, replies = Queue(), list[bytes]()
    many = Many((command("a"), Reply(0, b"known"), command("b"), command("c")), joined)
    answer(many, queue.submit, lambda reply: replies.append(reply.body))
    for place in (2, 0):
        queue.answer(place)
        assert replies == []
    queue.answer(1)
    assert replies == [b"a known b c"]


@pytest.mark.parametrize(("parts", "body"), [((), b""), ((Reply(0, b"x"), Reply(0, b"y")), b"x y")])
def test_many_that_are_known_already_are_answered_at_once(parts: tuple[Reply, ...], body: bytes) -> None:
    replies = list[bytes]()
    answer(Many(parts, joined), Queue().submit, lambda reply: replies.append(reply.body))
    assert replies == [body]


def test_a_command_that_is_answered_while_it_is_submitted() -> None:
    def at_once(command: Command, done: Callable[[Reply], None]) -> None:
        done(Reply(0, command.key.account.encode()))

    replies = list[bytes]()
    answer(Many((command("a"), command("b")), joined), at_once, lambda reply: replies.append(reply.body))
    answer(command("c"), at_once, lambda reply: replies.append(reply.body))
    assert replies == [b"a b", b"c"]


def test_requests_that_arrived_together_are_submitted_together() -> None:
    queue, replies, bunches = Queue(), list[bytes](), list[int]()

    def submit_all(commands: list[tuple[Command, Done]]) -> None:
        bunches.append(len(commands))
        queue.waiting += commands

    many = Many((command("a"), Reply(0, b"known"), command("b")), joined)
    later = Later(lambda done: done(Reply(0, b"by others")))
    requests: list[Prepared] = [command("c"), many, Reply(0, b"at once"), Many((), joined), command("d"), later]
    answer_all([(prepared, lambda reply: replies.append(reply.body)) for prepared in requests], submit_all)
    assert (bunches, replies) == ([4], [b"at once", b"", b"by others"])
    for place in range(4):
        queue.answer(place)
    assert replies == [b"at once", b"", b"by others", b"c", b"a known b", b"d"]
    answer_all([(Reply(0, b"x"), lambda reply: replies.append(reply.body))], submit_all)
    assert (bunches, replies[-1]) == ([4], b"x")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccountUnknown("t", "1"), "ACCOUNT_UNKNOWN"),
        (InvalidRequest("f", "is empty"), "INVALID_REQUEST"),
        (StoreUnavailable("connection refused by 10.0.0.7"), "UNAVAILABLE"),
    ],
    ids=["unknown", "invalid", "store"],
)
def test_an_error_of_preparing_is_a_reply(error: Exception, reason: str) -> None:
    def prepare(_: bytes, __: int | None) -> Prepared:
        raise error

    reply = guarded(prepare)(b"", None)
    assert isinstance(reply, Reply)
    assert reply.code == CODES[reason]
    assert "10.0.0.7" not in status_of(reply).message


def test_bytes_that_are_no_message_name_the_message() -> None:
    with pytest.raises(InvalidRequest, match=r"ratingd\.v1\.DebitRequest"):
        parse(DebitRequest(), b"\xff")
