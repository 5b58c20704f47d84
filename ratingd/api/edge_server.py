"""The native transport: HTTP/2 on a thread that runs no Python, and one thread that deals with what it brings.

That one takes all that has arrived since it last looked, prepares it, and gives the engine the commands in one bunch:

    take  ->  [Debit, Debit, GetCost, message of a Charge stream, ...]
              prepared in their order; what is answered at once is answered, what is slow goes to a pool
          ->  engine.submit_all([...])
          ...
    flush <-  the engine has committed a batch: all its replies leave in one call

With one call in flight a bunch is one call, and nobody waits for it to grow; with 256 in flight the threads are woken a
hundredth as often. Of streams whose messages want no answer each, those that follow others gather for 0.2 ms, unless a
call comes that does not wait (`edge/src/inbox.rs`). Nothing here waits for anything but `take`: a stream that may block
has a thread of its own.

Going down: health says NOT_SERVING, new calls are refused, open streams are told to finish, what is in progress gets
`grace` seconds; what is slow and still at work then is named and left behind. Should the thread of the network end by
itself, or the one here, nobody would be served: it is told, so that the daemon ends and is started again.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread
from typing import Final

from ratingd import observe
from ratingd.api.edge_module import CLOSED, OVER, Edge, EdgeOptions, Refusal, Row, open_edge
from ratingd.api.edge_outbox import Outbox
from ratingd.api.edge_streams import EdgeOutlet, OpenStream, ThreadedStream, failure_of, too_large
from ratingd.api.health import Health
from ratingd.api.method import AnyMethod, Done, Kind, Later, Method, Prepared, StreamMethod, answer, answer_all
from ratingd.api.status import failure
from ratingd.api.tls_files import read_pems
from ratingd.api.transport import (
    METADATA_BYTES_MAX,
    WATCHES_MAX,
    AnswersUnread,
    CannotListen,
    Charger,
    TransportOptions,
)
from ratingd.engine.command import Reply
from ratingd.errors import Overloaded, RatingdError, TooManyStreams, Unavailable

BATCH_MAX: Final = 512
SLOW_THREADS: Final = 32
WINDOW: Final = 4  # messages of a stream with a thread of its own that wait for it
ASK_AGAIN_MS: Final = 50
UNARY, STREAMS, WATCHES = range(3)  # rooms

Begin = Callable[[int, bytes, int | None], None]


class EdgeServer:
    def __init__(self, methods: Iterable[AnyMethod], charger: Charger, options: TransportOptions) -> None:
        methods = list(methods)
        self._charger: Final = charger
        self._address: Final = options.address
        self._message_bytes_max: Final = options.max_message_bytes
        self._health: Final = Health(methods)
        table: list[tuple[AnyMethod, int]] = [(method, STREAMS) for method in methods]
        table += [(method, WATCHES) for method in self._health.methods()]
        self._edge: Final = listening(edge_options([row(*each) for each in table], options))
        self._outbox: Final = Outbox(self._edge.send)
        self._begins: Final[list[Begin]] = [self._begin(method) for method, _ in table]
        self._requests: list[tuple[Prepared, Done]] = []  # of the bunch that is being prepared
        self._streams: Final[dict[int, OpenStream]] = {}
        self._slow_calls: Final[dict[int, str]] = {}  # in progress, and of which method
        self._going_down = False
        self._tell_lost: Callable[[], None] = lambda: None
        self._slow: Final = ThreadPoolExecutor(SLOW_THREADS, thread_name_prefix="edge-slow")
        self._dispatcher: Final = Thread(target=self._run, name="edge-calls", daemon=True)
        self.port: Final = self._edge.port
        charger.on_answered(self._outbox.flush)

    @property
    def open_streams(self) -> int:
        return self._edge.taken(STREAMS)

    def on_lost(self, tell: Callable[[], None]) -> None:
        self._tell_lost = tell

    def start(self) -> None:
        self._dispatcher.start()
        self._edge.start()
        self._health.serves()

    def stop(self, grace: float) -> None:
        self._going_down = True
        self._health.drains()
        self._edge.drain()
        for stream in list(self._streams.values()):
            stream.drain()
        self._outbox.flush()
        self._edge.stop(grace)
        if self._dispatcher.is_alive():
            self._dispatcher.join()
        self._slow.shutdown(wait=False, cancel_futures=True)
        if left := sorted({*self._slow_calls.values()}):
            observe.event("edge.left_behind", methods=" ".join(left))

    # -- on the one thread

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001 (without this thread nobody is served)
            observe.fault("edge.fault", error)
        if not self._going_down:
            observe.event("edge.ended", address=self._address)
            self._tell_lost()

    def _serve(self) -> None:
        while (arrivals := self._edge.take(BATCH_MAX)) is not None:
            for call, event, message, deadline_ns in arrivals:
                try:
                    if event >= 0:
                        self._begins[event](call, message, deadline_ns)
                    else:
                        self._go_on(call, event, message)
                except Exception as error:  # noqa: BLE001 (ours to mend; this thread is everybody's)
                    self._outbox.reply(call, failure_of(error, "the transport"))
            self._submit()
            self._outbox.flush()

    def _begin(self, method: AnyMethod) -> Begin:
        """What is done with a call of a method."""
        if isinstance(method, StreamMethod):
            return partial(self._open, method)
        return partial(self._put_off if method.kind is Kind.SLOW else self._prepare, method)

    def _prepare(self, method: Method, call: int, message: bytes, deadline_ns: int | None) -> None:
        prepared = self._prepared(method, message, deadline_ns)
        self._requests.append((prepared, self._done(prepared, call)))

    def _prepared(self, method: Method, message: bytes, deadline_ns: int | None) -> Prepared:
        try:
            if len(message) > self._message_bytes_max:
                raise too_large(message, self._message_bytes_max)
            return method.prepare(message, deadline_ns)
        except Exception as error:  # noqa: BLE001 (told apart there)
            return failure_of(error, method.name)

    def _done(self, prepared: Prepared, call: int) -> Done:
        """Who takes the reply. On threads other than the lanes' nobody says when a bunch is complete."""
        return partial(self._reply_at_once if isinstance(prepared, Later) else self._outbox.reply, call)

    def _reply_at_once(self, call: int, reply: Reply) -> None:
        self._outbox.reply(call, reply)
        self._outbox.flush()

    def _put_off(self, method: Method, call: int, message: bytes, deadline_ns: int | None) -> None:
        self._slow.submit(self._slowly, method, call, message, deadline_ns)

    def _slowly(self, method: Method, call: int, message: bytes, deadline_ns: int | None) -> None:
        self._slow_calls[call] = method.name
        prepared = self._prepared(method, message, deadline_ns)
        del self._slow_calls[call]
        answer(prepared, self._charger.submit, self._done(prepared, call))
        self._outbox.flush()

    def _submit(self) -> None:
        """All requests of the bunch enter the engine together."""
        requests, self._requests = self._requests, []
        try:
            answer_all(requests, self._charger.submit_all)
        except Exception as error:  # noqa: BLE001 (ours to mend; nobody shall wait for ever)
            reply = failure_of(error, "submit_all")
            for _, done in requests:
                done(reply)

    def _open(self, method: StreamMethod, call: int, _: bytes, __: int | None) -> None:
        prompt = method.kind is not Kind.STREAM
        outlet = EdgeOutlet(self._outbox, call, at_once=not prompt)
        try:
            stream = (OpenStream if prompt else ThreadedStream)(method, outlet, self._message_bytes_max)
        except Exception as error:  # noqa: BLE001 (told apart there)
            outlet.finish(failure_of(error, method.name))
            return
        self._streams[call] = stream
        if self._going_down:  # since it was let in
            stream.drain()

    def _go_on(self, call: int, event: int, message: bytes) -> None:
        stream = self._streams.get(call) if event != OVER else self._streams.pop(call, None)
        if stream is not None:
            stream.hear(event, message)
        elif event == OVER:
            self._outbox.say(call, CLOSED)  # it could not be opened


def listening(options: EdgeOptions) -> Edge:
    try:
        return open_edge(options)
    except OSError:
        address = options.address
        raise CannotListen(f"cannot listen on {address}: it is in use, or not an address of this machine") from None
    except ValueError as error:
        raise CannotListen(f"cannot listen on {options.address} with TLS: {error}") from None


def edge_options(methods: list[Row], options: TransportOptions) -> EdgeOptions:
    pems = None if options.tls is None else read_pems(options.tls)
    return EdgeOptions(
        options.address,
        methods,
        rooms=[
            (options.waiting_max, *refusal(Overloaded(options.waiting_max, ASK_AGAIN_MS))),
            (options.streams_max, *refusal(TooManyStreams(options.streams_max))),
            (WATCHES_MAX, *refusal(TooManyStreams(WATCHES_MAX))),
        ],
        farewell=refusal(Unavailable("the daemon is going down. Ask another one, or this one later.")),
        unread_max=options.unread_max,
        unread=refusal(AnswersUnread(ASK_AGAIN_MS)),
        message_max=2 * options.max_message_bytes,  # one that is a little too large is told so in our words
        metadata_max=METADATA_BYTES_MAX,
        keepalive_s=options.keepalive_ns / 1e9,
        keepalive_timeout_s=options.keepalive_timeout_ns / 1e9,
        tls=None if pems is None else (pems.certificate, pems.key, pems.client_ca),
    )


def refusal(error: RatingdError) -> Refusal:
    reply = failure(error)
    return reply.code, reply.body


def row(method: AnyMethod, room: int) -> Row:
    if isinstance(method, Method):
        return method.name, UNARY, 0, False
    window = WINDOW if method.kind is Kind.STREAM else method.in_flight_max
    return method.name, room, window, method.kind is Kind.LANE
