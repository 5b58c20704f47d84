"""One POST of one alert: five seconds in all, no redirects, to an address that was checked.

Connections are kept open between alerts to one receiver. What the receiver answers is read up to 64 KiB, for a
synchronous action may want to know; a receiver that sends more, or drips it, is cut off, which does not make the
delivery a failure: its status has been read. One that drips its headers has not answered.
"""

import socket
import threading
import time
from typing import Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from ratingd.delivery import webhook
from ratingd.delivery.address_guard import AddressGuard, AddressRefused, Destination
from ratingd.delivery.attempt import Attempt, Judgement, Verdict
from ratingd.delivery.deadline import Deadline, watch

TIMEOUT_S: Final = 5.0
ANSWER_MAX: Final = 65_536
POOLS_MAX: Final = 256
TOO_LATE: Final = f"it was not complete after {TIMEOUT_S:g} s"

Pool = HTTPConnectionPool | HTTPSConnectionPool


class Poster:
    def __init__(self, guard: AddressGuard, secret: bytes, connections: int) -> None:
        self._guard: Final = guard
        self._secret: Final = secret
        self._connections: Final = connections
        self._pools: Final[dict[tuple[str, str, int, str], Pool]] = {}
        self._lock: Final = threading.Lock()

    def post(self, delivery_id: str, url: str, body: bytes, now_s: float) -> Attempt:
        try:
            destination = self._guard.check(url)
            return self._post(destination, webhook.headers(self._secret, delivery_id, body, int(now_s)), body, now_s)
        except (AddressRefused, UnicodeError) as refused:
            return Attempt(Judgement(Verdict.DEAD, str(refused)))
        except (HTTPError, OSError) as fault:
            return Attempt(Judgement(Verdict.RETRY, described(fault)))

    def close(self) -> None:
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _post(self, destination: Destination, headers: dict[str, str], body: bytes, now_s: float) -> Attempt:
        with Deadline(TIMEOUT_S) as deadline:
            until = time.monotonic() + TIMEOUT_S
            try:
                response = self._pool(destination).urlopen(
                    "POST",
                    destination.path,
                    body=body,
                    headers=headers | {"Host": destination.host_header},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
            except (HTTPError, OSError) as fault:
                if deadline.passed:
                    raise TimeoutError(TOO_LATE) from fault
                raise
            if deadline.passed:  # its headers may have been cut short
                response.close()
                raise TimeoutError(TOO_LATE)
            answer = read_some(response, until)
        judgement = webhook.judge(response.status, response.headers.get("Retry-After", ""), now_s)
        return Attempt(judgement, response.status, answer)

    def _pool(self, destination: Destination) -> Pool:
        key = (destination.scheme, destination.host, destination.port, destination.address)
        with self._lock:
            if key not in self._pools:
                while len(self._pools) >= POOLS_MAX:
                    self._pools.pop(next(iter(self._pools))).close()
                self._pools[key] = opened(destination, self._connections)
            return self._pools[key]


class WatchedConnection(HTTPConnection):
    """A connection under the deadline of the exchange that uses it."""

    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        watch(line)
        return line

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        if self.sock is not None:  # kept open since the last exchange
            watch(self.sock)
        super().putrequest(method, url, skip_host, skip_accept_encoding)


class WatchedTlsConnection(HTTPSConnection, WatchedConnection):
    """The same over TLS, from before its handshake."""


class WatchedPool(HTTPConnectionPool):
    ConnectionCls = WatchedConnection


class WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = WatchedTlsConnection


def opened(destination: Destination, connections: int) -> Pool:
    timeout = Timeout(connect=TIMEOUT_S, read=TIMEOUT_S)
    if destination.scheme == "http":
        return WatchedPool(destination.address, destination.port, timeout=timeout, maxsize=connections)
    return WatchedTlsPool(
        destination.address,
        destination.port,
        timeout=timeout,
        maxsize=connections,
        server_hostname=destination.host,
        assert_hostname=destination.host,
    )


def read_some(response: BaseHTTPResponse, until: float) -> bytes:
    """The answer, or its beginning: the connection is reused only if all of it was read."""
    answer = b""
    try:
        while len(answer) < ANSWER_MAX and time.monotonic() < until:
            part = response.read1(4096)  # what is there, be it one byte: `until` is looked at each time
            if not part:
                response.release_conn()
                return answer
            answer += part
    except (HTTPError, OSError):
        pass
    response.close()
    return answer[:ANSWER_MAX]


def described(fault: Exception) -> str:
    return f"no answer: {type(fault).__name__}: {fault}"[:300]
