"""A transport with a table of methods made for its tests, an engine that answers when told to, and a real client."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final

import grpc

from accounts.account import AccountKey
from ratingd.api.method import AnyMethod, Kind, Later, Many, Method, Outlet, Prepared, Stream, StreamMethod
from ratingd.api.open_transport import Name, open_transport, why_not_native
from ratingd.api.status import failure, status_of
from ratingd.api.transport import TransportOptions
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import ReadAccount
from ratingd.errors import InvalidRequest, RatingdError, Unavailable

TRANSPORTS: Final[tuple[Name, ...]] = ("grpcio", "edge") if why_not_native() is None else ("grpcio",)
SERVICE: Final = "/transport.test.Echo/"
Done = Callable[[Reply], None]
SECONDS: Final = 20.0
IN_FLIGHT_MAX: Final = 16  # messages of a LaneStream
LARGE: Final = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class Charger:
    """An engine that answers on a thread of its own, or holds what comes until the test lets it go."""

    def __init__(self) -> None:
        self.hold = False
        self.at_once = False  # answered before `submit` returns
        self.waiting: Final[list[tuple[Command, Done]]] = []
        self._came: Final = threading.Condition()
        self._flushes: Final[list[Callable[[], None]]] = []
        self._over = False
        self._lane: Final = threading.Thread(target=self._run, daemon=True)
        self._lane.start()

    def submit(self, command: Command, done: Done) -> None:
        self.submit_all([(command, done)])

    def submit_all(self, commands: list[tuple[Command, Done]]) -> None:
        if self.at_once:
            for command, done in commands:
                done(reply_of(command))
            return
        with self._came:
            self.waiting.extend(commands)
            self._came.notify_all()

    def on_answered(self, flush: Callable[[], None]) -> None:
        self._flushes.append(flush)

    def answer(self, places: Sequence[int] | None = None) -> None:
        """Answer what waits: all of it, or these, in this order."""
        with self._came:
            chosen = [self.waiting[place] for place in (range(len(self.waiting)) if places is None else places)]
            self.waiting[:] = [each for each in self.waiting if each not in chosen]
        for command, done in chosen:
            done(reply_of(command))
        for flush in self._flushes:
            flush()

    def close(self) -> None:
        with self._came:
            self._over = True
            self.hold = False
            self._came.notify_all()
        self._lane.join()
        self.answer()

    def _run(self) -> None:
        while True:
            with self._came:
                self._came.wait_for(lambda: self._over or (self.waiting and not self.hold))
                if self._over:
                    return
            self.answer()


def reply_of(command: Command) -> Reply:
    return command.encode(RatingdError())


class EchoStream:
    """Does what each message says, and remembers what was done to it."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet: Final = outlet
        self._released: Final = threading.Event()
        self.received: Final[list[bytes]] = []
        self.calls: Final[list[str]] = []  # everything but `receive`
        self.inside = False  # of `receive`

    def receive(self, message: bytes) -> None:
        self.inside = True
        self.received.append(message)
        word, _, rest = message.partition(b" ")
        match word:
            case b"finish":
                self._outlet.finish(failure(Unavailable(rest.decode())) if rest else None)
                self._outlet.send(b"too late")
                self._outlet.finish(failure(Unavailable("too late")))
            case b"refuse":
                raise InvalidRequest("word", "is not liked\nat all: ß")
            case b"crash":
                raise ZeroDivisionError
            case b"block":
                self._released.wait(SECONDS)
            case b"flood":
                for number in range(int(rest)):
                    self._outlet.send(b"%d" % number)
            case b"silent":
                pass
            case b"later":
                threading.Timer(0.05, self._outlet.send, [rest]).start()
            case _:
                self._outlet.send(message)
        self.inside = False

    def half_close(self) -> None:
        self.calls.append("half_close")
        self._outlet.finish()

    def drain(self) -> None:
        self.calls.append("drain")
        self._outlet.finish(failure(Unavailable("going down")))
        self._released.set()

    def cancel(self) -> None:
        self.calls.append("cancel")
        self._released.set()

    def release(self) -> None:
        self._released.set()

    @property
    def cancelled(self) -> int:
        return self.calls.count("cancel")


class LaneStream:
    """Gives every message to the engine, and sends what comes back; with IN_FLIGHT_MAX of them it takes no more."""

    def __init__(self, outlet: Outlet, charger: Charger) -> None:
        self._outlet: Final = outlet
        self._charger: Final = charger
        self._lock: Final = threading.Lock()
        self._room: Final = threading.Semaphore(IN_FLIGHT_MAX)
        self._waiting = 0
        self._closing = False
        self._last_word: Reply | None = None
        self.cancelled = 0

    def receive(self, message: bytes) -> None:
        if message == b"refuse":
            raise InvalidRequest("word", "is not liked")
        self._room.acquire(timeout=SECONDS)
        with self._lock:
            self._waiting += 1
        self._charger.submit(command(message, None), self._answer)

    def half_close(self) -> None:
        self._close(None)

    def drain(self) -> None:
        self._close(failure(Unavailable("going down")))

    def cancel(self) -> None:
        self.cancelled += 1
        self._room.release(IN_FLIGHT_MAX)

    def _answer(self, reply: Reply) -> None:
        self._outlet.send(reply.body)
        self._room.release()
        with self._lock:
            self._waiting -= 1
            last = self._closing and self._waiting == 0
        if last:
            self._outlet.finish(self._last_word)

    def _close(self, last_word: Reply | None) -> None:
        with self._lock:
            if self._closing:
                return
            self._closing, self._last_word = True, last_word
            last = self._waiting == 0
        if last:
            self._outlet.finish(last_word)


class TransportDesk:
    """Use as a context. `call` makes one unary call."""

    def __init__(self, transport: Name, **options: Any) -> None:
        self.transport: Final = transport
        self.options: Final = TransportOptions(**{"address": "127.0.0.1:0", **options})
        self.charger: Final = Charger()
        self.released: Final = threading.Event()  # lets slow calls go
        self.streams: Final[list[EchoStream]] = []
        self.lane_streams: Final[list[LaneStream]] = []
        self.deadlines: Final[list[int | None]] = []
        self._channels: Final[list[grpc.Channel]] = []

    def __enter__(self) -> "TransportDesk":
        self.server = open_transport(self.transport, self.methods(), self.charger, self.options)
        self.server.start()
        self.channel = self.connect()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.released.set()
        for stream in self.streams:
            stream.release()
        self.charger.close()
        for channel in self._channels:
            channel.close()
        self.server.stop(1)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def connect(self, *options: tuple[str, Any], compression: grpc.Compression | None = None) -> grpc.Channel:
        """A connection of its own."""
        alone = ("grpc.use_local_subchannel_pool", 1)
        channel = grpc.insecure_channel(self.address, [alone, *LARGE, *options], compression)
        self._channels.append(channel)
        return channel

    def call(self, method: str, body: bytes = b"", seconds: float | None = SECONDS, **more: Any) -> bytes:
        return answered(self.ask(method, body, seconds, **more))

    def ask(
        self, method: str, body: bytes = b"", seconds: float | None = SECONDS, channel: Any = None, **more: Any
    ) -> Any:
        """A unary call whose answer is looked at later."""
        method_of: Any = (channel or self.channel).unary_unary(SERVICE + method)
        return method_of.future(body, timeout=seconds, **more)

    def stream(
        self,
        requests: Iterator[bytes],
        seconds: float | None = SECONDS,
        channel: Any = None,
        method: str = "Stream",
    ) -> Any:
        opened: Any = (channel or self.channel).stream_stream(SERVICE + method)
        return opened(requests, timeout=seconds)

    # -- what is served

    def methods(self) -> list[AnyMethod]:
        unary: list[tuple[str, Kind, Callable[[bytes, int | None], Prepared]]] = [
            ("Quick", Kind.QUICK, lambda body, _: Reply(0, body)),
            ("Slow", Kind.SLOW, self._slow),
            ("Lane", Kind.LANE, self._command),
            ("Many", Kind.LANE, self._many),
            ("Later", Kind.LANE, self._later),
            ("LaterSlowly", Kind.SLOW, self._later),
            ("Status", Kind.QUICK, lambda body, _: Reply(status_of(Reply(0, body)).code, body)),
            ("Crash", Kind.QUICK, lambda body, _: Reply(1 // len(body[:0]), b"")),
            ("CrashSlowly", Kind.SLOW, lambda body, _: Reply(1 // len(body[:0]), b"")),
            ("CrashOnLane", Kind.LANE, lambda body, _: Reply(1 // len(body[:0]), b"")),
            ("Large", Kind.QUICK, lambda body, _: Reply(0, bytes(int(body)))),
        ]
        return [
            *(Method(SERVICE + name, kind, prepare) for name, kind, prepare in unary),
            StreamMethod(SERVICE + "Stream", self._open),
            StreamMethod(SERVICE + "LaneStream", self._open_lane, Kind.LANE, IN_FLIGHT_MAX),
        ]

    def _slow(self, body: bytes, _: int | None) -> Reply:
        if body == b"wait":
            self.released.wait(SECONDS)
        return Reply(0, body)

    def _command(self, body: bytes, deadline_ns: int | None) -> Command:
        self.deadlines.append(deadline_ns)
        return command(body, deadline_ns)

    def _many(self, body: bytes, deadline_ns: int | None) -> Many:
        parts = tuple(command(part, deadline_ns) for part in body.split(b" "))
        return Many(parts, lambda replies: Reply(0, b"+".join(reply.body for reply in replies)))

    def _later(self, body: bytes, _: int | None) -> Later:
        def begin(done: Done) -> None:
            threading.Timer(0.02 if body else 0, done, [Reply(0, body)]).start()

        return Later(begin)

    def _open(self, outlet: Outlet) -> Stream:
        stream = EchoStream(outlet)
        self.streams.append(stream)
        return stream

    def _open_lane(self, outlet: Outlet) -> Stream:
        stream = LaneStream(outlet, self.charger)
        self.lane_streams.append(stream)
        return stream


def command(body: bytes, deadline_ns: int | None) -> Command:
    return Command(AccountKey("t", "1001"), ReadAccount(), lambda _: Reply(0, body), deadline_ns=deadline_ns)


def answered(call: Any) -> bytes:
    body: bytes = call.result(SECONDS)
    return body


class Feed:
    """Messages of a stream, sent when the test says so."""

    def __init__(self, *messages: bytes) -> None:
        self._changed: Final = threading.Condition()
        self._messages: Final[list[bytes | None]] = list(messages)

    def send(self, *messages: bytes) -> None:
        with self._changed:
            self._messages.extend(messages)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._messages.append(None)
            self._changed.notify_all()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._messages))
                message = self._messages.pop(0)
            if message is None:
                return
            yield message


def settles(reading: Callable[[], int], within_s: float = 30) -> int:
    """What a number comes to rest at."""
    deadline = time.monotonic() + within_s
    before = -1
    while (now := reading()) != before:
        assert time.monotonic() < deadline, f"still moving at {now}"
        before = now
        time.sleep(0.4)
    return now
