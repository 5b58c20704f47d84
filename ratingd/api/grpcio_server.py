"""The portable transport: grpcio's synchronous server, on the table of methods.

A unary call occupies a thread of the pool until its batch is on disk. A stream occupies one for as long as it is open
and has a second one that reads, so the pool has a thread for every stream that may be open and more beside them:
streams can never keep unary calls waiting. One stream too many is refused at once (TOO_MANY_STREAMS).

Messages stay bytes here. A reply that is not OK becomes the status of the call, its google.rpc.Status going along in
the trailer `grpc-status-details-bin`. Messages far beyond the limit are refused by gRPC itself before they are read;
those a little larger are refused here, with a text that names the limit.

Going down: health says NOT_SERVING, new calls are refused, open streams are told to finish, what is in progress gets
`grace` seconds.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NoReturn, cast

import grpc

from ratingd import observe
from ratingd.api.health import Health
from ratingd.api.method import AnyMethod, Kind, Method, Stream, StreamMethod, Submit, answer, told
from ratingd.api.status import failure, status_of
from ratingd.api.tls_files import Pems, read_pems
from ratingd.api.transport import METADATA_BYTES_MAX, WATCHES_MAX, CannotListen, TransportOptions
from ratingd.engine.command import Reply
from ratingd.errors import InvariantBroken, RatingdError, RequestTooLarge, TooManyStreams
from ratingd.store.faults import StoreFault

UNARY_THREADS: Final = 64
CANCELLED_LATER_S: Final = 0.2  # gRPC ends the requests of a cancelled call like others, a moment before it says so
UNSENT_MAX: Final = 1_024  # answers of one stream that its client has not taken yet
PING_INTERVAL_MS: Final = 1_000  # a client that asks for a sign of life more often than this is sent away
AGES_S: Final = 100_000_000  # nobody waits for three years
DETAILS: Final = "grpc-status-details-bin"
CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class GrpcioServer:
    def __init__(
        self,
        methods: Iterable[AnyMethod],
        submit: Submit,
        options: TransportOptions,
    ) -> None:
        self._submit: Final = submit
        methods = list(methods)
        self._health: Final = Health(methods)
        self._max_message_bytes: Final = options.max_message_bytes
        self._streams: Final = _OpenStreams(options.streams_max)
        self._watches: Final = _OpenStreams(WATCHES_MAX)
        streams_max = options.streams_max + WATCHES_MAX
        credentials = None if options.tls is None else _credentials(read_pems(options.tls))
        self._server: Final = grpc.server(
            ThreadPoolExecutor(UNARY_THREADS + streams_max, thread_name_prefix="grpc"),
            options=_channel_options(options),
            maximum_concurrent_rpcs=options.waiting_max + streams_max,
        )
        handlers = {method.name: self._handler(method, self._streams) for method in methods}
        handlers |= {method.name: self._handler(method, self._watches) for method in self._health.methods()}
        self._server.add_generic_rpc_handlers([_Handlers(handlers)])
        self.port: Final = self._listen(options.address, credentials)

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def on_lost(self, tell: Callable[[], None]) -> None:
        """gRPC's own server says nothing of it."""

    def start(self) -> None:
        self._server.start()
        self._health.serves()

    def stop(self, grace: float) -> None:
        """Finish what is in progress, for at most `grace` seconds, and close the port."""
        self._health.drains()
        stopped = self._server.stop(grace)
        self._streams.drain()
        self._watches.drain()
        stopped.wait()

    def _listen(self, address: str, credentials: grpc.ServerCredentials | None) -> int:
        try:
            if credentials is None:
                return self._server.add_insecure_port(address)
            return self._server.add_secure_port(address, credentials)
        except RuntimeError:
            raise CannotListen(f"cannot listen on {address}: it is in use, or not an address of this machine") from None

    # -- one call

    def _handler(self, method: AnyMethod, among: "_OpenStreams") -> "grpc.RpcMethodHandler[bytes, bytes]":
        if isinstance(method, Method):
            return grpc.unary_unary_rpc_method_handler(_Unary(method, self._submit, self._max_message_bytes))
        return grpc.stream_stream_rpc_method_handler(self._stream_behaviour(method, among))

    def _stream_behaviour(
        self, method: StreamMethod, among: "_OpenStreams"
    ) -> Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]:
        def behave(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            outlet = _QueueOutlet(method.in_flight_max if method.kind is Kind.PROMPT else None)
            stream = method.open(outlet)
            if not among.enter(stream):
                stream.cancel()
                _abort(context, failure(TooManyStreams(among.most)))
            try:
                context.add_callback(outlet.cut_off)
                reader = threading.Thread(
                    target=self._read, args=(method.name, requests, stream, outlet), name="grpc-reader", daemon=True
                )
                reader.start()
                yield from outlet.messages()
                last = outlet.last
                if last is not None and last.code != 0:
                    _abort(context, last)
            finally:
                stream.cancel()
                among.leave(stream)

        return behave

    def _read(self, name: str, requests: Iterator[bytes], stream: Stream, outlet: "_QueueOutlet") -> None:
        """Hand every message to the stream, on a thread of its own."""
        try:
            for message in requests:
                if len(message) > self._max_message_bytes:
                    raise _too_large(message, self._max_message_bytes)
                outlet.wait_for_room()
                stream.receive(message)
            if not outlet.over_within(CANCELLED_LATER_S):
                stream.half_close()
        except (RatingdError, StoreFault) as error:
            outlet.finish(failure(told(error)))
        except grpc.RpcError:
            outlet.cut_off()  # the client is gone
        except Exception as error:  # noqa: BLE001 (ours to mend; the client shall not wait for ever)
            observe.fault("api.fault", error, method=name)
            outlet.finish(failure(InvariantBroken(f"{type(error).__name__} in {name}")))


def _channel_options(options: TransportOptions) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", 2 * options.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", METADATA_BYTES_MAX),
        ("grpc.absolute_max_metadata_size", METADATA_BYTES_MAX),
        ("grpc.so_reuseport", 0),
        ("grpc.http2.lookahead_bytes", 1 << 20),
        ("grpc.keepalive_time_ms", options.keepalive_ns // 1_000_000),
        ("grpc.keepalive_timeout_ms", options.keepalive_timeout_ns // 1_000_000),
        ("grpc.http2.ping_timeout_ms", options.keepalive_timeout_ns // 1_000_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", PING_INTERVAL_MS),
    ]


def _credentials(pems: Pems) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(pems.key, pems.certificate)],
        root_certificates=pems.client_ca,
        require_client_auth=pems.client_ca is not None,
    )


class _Unary:
    """The behaviour of one unary method."""

    __slots__ = ("_max_message_bytes", "_method", "_submit")

    def __init__(self, method: Method, submit: Submit, max_message_bytes: int) -> None:
        self._method: Final = method
        self._submit: Final = submit
        self._max_message_bytes: Final = max_message_bytes

    def __call__(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        if len(request) > self._max_message_bytes:
            _abort(context, failure(_too_large(request, self._max_message_bytes)))
        deadline_ns = _deadline_ns(context)
        waiting = _Waiting()
        try:
            answer(self._method.prepare(request, deadline_ns), self._submit, waiting.done)
        except Exception as error:  # noqa: BLE001 (ours to mend; the client is told)
            observe.fault("api.fault", error, method=self._method.name)
            _abort(context, failure(InvariantBroken(f"{type(error).__name__} in {self._method.name}")))
        reply = waiting.reply()
        if reply.code != 0:
            _abort(context, reply)
        return reply.body


def _deadline_ns(context: grpc.ServicerContext) -> int | None:
    """On the monotonic clock. Without a deadline grpcio speaks of one in ages to come."""
    left = cast("float | None", context.time_remaining())
    return None if left is None or left > AGES_S else time.monotonic_ns() + int(left * 1e9)


class _Waiting:
    """A thread that waits for one reply. A bare lock is the cheapest signal there is."""

    __slots__ = ("_lock", "_reply")

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._lock.acquire()
        self._reply: Reply | None = None

    def done(self, reply: Reply) -> None:
        self._reply = reply
        self._lock.release()

    def reply(self) -> Reply:
        self._lock.acquire()
        if self._reply is None:
            raise InvariantBroken("a call was let go without a reply")
        return self._reply


class _QueueOutlet:
    """Answers of one stream, from any thread to the one that sends them. Where there are `places`, each message takes
    one until the stream is ready for another.
    """

    def __init__(self, places: int | None) -> None:
        self._changed: Final = threading.Condition()
        self._messages: Final[deque[bytes]] = deque()
        self._places = places
        self.over = False
        self.last: Reply | None = None

    def send(self, message: bytes) -> None:
        with self._changed:
            if not self.over:
                self._messages.append(message)
                self._changed.notify_all()

    def finish(self, reply: Reply | None = None) -> None:
        with self._changed:
            if not self.over:
                self.over = True
                self.last = reply
                self._changed.notify_all()

    def ready(self) -> None:
        with self._changed:
            if self._places is not None:
                self._places += 1
                self._changed.notify_all()

    def flush(self) -> None:
        """They leave as they come."""

    def cut_off(self) -> None:
        """Nobody takes answers any more."""
        with self._changed:
            self.over = True
            self._messages.clear()
            self._changed.notify_all()

    def over_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.over, seconds)

    def wait_for_room(self) -> None:
        """Read no further while the client does not take its answers, or the stream not another message."""
        with self._changed:
            while (len(self._messages) >= UNSENT_MAX or self._places == 0) and not self.over:
                self._changed.wait()
            if self._places is not None:
                self._places -= 1

    def messages(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                while not self._messages and not self.over:
                    self._changed.wait()
                if not self._messages:
                    return
                if len(self._messages) == UNSENT_MAX:
                    self._changed.notify_all()
                message = self._messages.popleft()
            yield message


class _OpenStreams:
    def __init__(self, most: int) -> None:
        self.most: Final = most
        self._lock: Final = threading.Lock()
        self._streams: Final[list[Stream]] = []
        self._going_down = False

    def __len__(self) -> int:
        return len(self._streams)

    def enter(self, stream: Stream) -> bool:
        with self._lock:
            if len(self._streams) >= self.most:
                return False
            self._streams.append(stream)
            going_down = self._going_down
        if going_down:  # since it was let in
            stream.drain()
        return True

    def leave(self, stream: Stream) -> None:
        with self._lock:
            self._streams.remove(stream)

    def drain(self) -> None:
        with self._lock:
            self._going_down = True
            streams = list(self._streams)
        for stream in streams:
            stream.drain()


class _Handlers(grpc.GenericRpcHandler):
    """The table as grpcio asks for it: by the full name of the method."""

    def __init__(self, handlers: "dict[str, grpc.RpcMethodHandler[bytes, bytes]]") -> None:
        self._handlers: Final = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        return self._handlers.get(handler_call_details.method)


class _Status(grpc.Status):
    """A reply that is not OK, as grpcio wants it."""

    def __init__(self, reply: Reply) -> None:
        self.code: Any = CODES[reply.code]
        self.details: Any = status_of(reply).message
        self.trailing_metadata: Any = ((DETAILS, reply.body),)


def _abort(context: grpc.ServicerContext, reply: Reply) -> NoReturn:
    context.abort_with_status(_Status(reply))
    raise InvariantBroken("a call went on after it was aborted")


def _too_large(message: bytes, most: int) -> RequestTooLarge:
    return RequestTooLarge("request", f"is {len(message)} bytes; the daemon accepts {most}. Send less at a time.")
