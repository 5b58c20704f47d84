"""The gate: what every HTTP request passes before anybody looks at what it wants.

A body of 9 MB, of which 8 are allowed, is refused with 413 when its length says so, or when the byte after the eighth
megabyte arrives: it is never in memory whole. Address 10.0.0.7 has made its 2,000 requests of this second: 429. A page
of another site that had the operator's browser post here, under a name of its own that leads to this machine: 400.

/health, /healthz and /metrics are always let in: who watches the daemon must see it most when it is flooded.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from ratingd import observe
from ratingd.http.refusal import Refused
from ratingd.http.token_bucket import TokenBuckets

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

WATCHED: Final = ("/health", "/healthz", "/metrics")
BODY_S: Final = 30.0  # in which a body has come
BODIES_MAX: Final = 16  # of the largest size, that may be on their way at once
JSON: Final = b"application/json"
WRONG: Final = "something is wrong with ratingd itself; its log says what"
BODIED: Final = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class GateTerms:
    """`open_to_all`: other machines may ask, under whatever name they know this one."""

    body_bytes_max: int = 8_388_608
    requests_per_second: int = 2_000
    open_to_all: bool = False


class Gate:
    """An ASGI application around another."""

    def __init__(self, app: App, terms: GateTerms, clock: Callable[[], float] = time.monotonic) -> None:
        self._app: Final = app
        self._terms: Final = terms
        self._buckets: Final = TokenBuckets(terms.requests_per_second, clock)
        self._bytes = 0  # of bodies that are on their way or being worked on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._stream(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        taken = _Taken()
        try:
            self._admit(scope)
            body = await self._body(scope, receive, taken)
            await self._app(scope, _again(body, receive), answer.send)
        except Refused as refused:
            await answer.refuse(refused)
        except _Gone:
            observe.count("http.client_gone")
        except Exception as fault:  # noqa: BLE001 - one request must not take the others with it
            observe.fault("http.fault", fault, path=scope["path"])
            await answer.refuse(Refused(500, WRONG))
        finally:
            self._bytes -= taken.bytes

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._admit(scope)
            _check_origin(scope)
        except Refused:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "not from here"})
            return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        if not self._terms.open_to_all:
            _check_host(scope)
        if scope["path"] in WATCHED:
            return
        wait_s = self._buckets.take(client_of(scope))
        if wait_s > 0:
            observe.count("http.too_many_requests")
            per_second = self._terms.requests_per_second
            raise Refused(
                429, f"{per_second} requests a second are allowed from one address; ask again", retry_after_s=wait_s
            )

    async def _body(self, scope: Scope, receive: Receive, taken: "_Taken") -> bytes:
        """The body, read up to the limit."""
        if scope["method"] not in BODIED:
            return b""
        length = header(scope, b"content-length")
        if length.isdigit() and int(length[:20]) > self._terms.body_bytes_max:
            raise self._too_large()
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(BODY_S):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    self._take(len(message.get("body", b"")), taken)
                    chunks.append(message.get("body", b""))
                    more = message.get("more_body", False)
        except TimeoutError:
            raise Refused(400, f"the body did not come within {BODY_S:.0f} s") from None
        body = b"".join(chunks)
        kind = header(scope, b"content-type").partition(b";")[0].strip().lower()
        if body and kind != JSON and not kind.endswith(b"+json"):
            raise Refused(400, "the body is to be JSON and to say so: Content-Type: application/json")
        return body

    def _take(self, size: int, taken: "_Taken") -> None:
        taken.bytes += size
        self._bytes += size
        if taken.bytes > self._terms.body_bytes_max:
            raise self._too_large()
        if self._bytes > BODIES_MAX * self._terms.body_bytes_max:
            raise Refused(503, "too many large bodies are on their way; ask again", retry_after_s=1.0)

    def _too_large(self) -> Refused:
        observe.count("http.too_large")
        return Refused(
            413,
            f"the body has more than {self._terms.body_bytes_max} bytes; send fewer events, or set http_body_bytes_max",
        )


def client_of(scope: Scope) -> str:
    """The address that asks."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def header(scope: Scope, name: bytes) -> bytes:
    """A header of a request; empty where it has none."""
    return next((value for key, value in scope["headers"] if key == name), b"")


class _Gone(Exception):
    """The client hung up."""


class _Taken:
    """How much of the bodies' room one request takes."""

    bytes = 0


class _Answer:
    """What is sent, and whether that has begun."""

    def __init__(self, send: Send) -> None:
        self._send: Final = send
        self._begun = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self._begun = True
        await self._send(message)

    async def refuse(self, refused: Refused) -> None:
        if self._begun:
            return
        content = refused.content
        headers = {"content-type": "application/json", "content-length": str(len(content)), **refused.headers}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": refused.status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": content})


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that has been read, to be read by whoever it is for."""
    told = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _check_host(scope: Scope) -> None:
    """Only this machine's own names: a foreign name that leads here is a page that uses somebody's browser."""
    host = header(scope, b"host").decode("latin-1")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.strip("[]") not in ("", "localhost") and not _is_address(name.strip("[]")):
        raise Refused(400, f"ask 127.0.0.1 or localhost; {host[:100]!r} is no name of this service")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check_origin(scope: Scope) -> None:
    """A page of another site may not look through somebody's browser."""
    origin = header(scope, b"origin")
    if origin and origin.rpartition(b"//")[2] != header(scope, b"host"):
        raise Refused(403, "the page that asks is not of this service")
