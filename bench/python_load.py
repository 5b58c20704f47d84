"""The load generator for machines without Go. It takes the same arguments and prints the same report.

grpcio costs about as much on this side as on the daemon's, and both share the machine, so what it shows is half of what
the daemon could do; the report says so by its own CPU per answer.
"""

import argparse
import base64
import ipaddress
import json
import queue
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import grpc

from bench.machine import percentile
from bench.picker import picker
from bench.sample import ACCOUNT, CORRELATION, KEY
from ratingd.v1.charging_pb2 import BatchDebitResponse, ChargeResponse

GRACE_S: Final = 15.0
CODES: Final = {code: code.value[0] for code in grpc.StatusCode}


class Load:
    """Everything that the connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options: Final = options
        lines = Path(options.requests).read_bytes().splitlines()
        self.templates: Final = [base64.b64decode(line) for line in lines]
        self.pick: Final = picker(options.pick, options.accounts)
        self.begin: Final = time.monotonic() + seconds(options.warmup)
        self.end: Final = self.begin + seconds(options.time)
        self.lock: Final = threading.Lock()
        self.sent = 0
        self.answered = 0
        self.refused = 0
        self.keys = 0
        self.latencies: Final[list[float]] = []
        self.errors: Final[Counter[str]] = Counter()
        self.samples: Final[dict[str, str]] = {}
        self.failures: Final[list[str]] = []

    def request(self) -> tuple[int, bytes] | None:
        """The next request with keys of its own, and its number; None when time or count is up."""
        with self.lock:
            if self.sent >= self.options.count or time.monotonic() >= self.end:
                return None
            number, self.sent = self.sent, self.sent + 1
            template = self.templates[number % len(self.templates)]
            count = template.count(KEY.encode())
            first, self.keys = self.keys, self.keys + count
            accounts = [f"{self.pick():08d}" for _ in range(count)]
        keys = [f"{self.options.prefix}{first + place:012x}" for place in range(count)]
        body = filled(filled(template, KEY, keys), ACCOUNT, accounts)
        return number, body.replace(CORRELATION.encode(), f"{number:012x}".encode())

    def settle(self, sent: float, refused: int) -> None:
        now = time.monotonic()
        with self.lock:
            self.answered += 1
            self.refused += refused
            if self.begin < now < self.end:
                self.latencies.append(now - sent)

    def fail(self, error: grpc.RpcError) -> None:
        status = str(CODES[error.code()])
        with self.lock:
            self.answered += 1
            self.errors[status] += 1
            self.samples[status] = error.details() or ""

    def report(self, cpu_s: float) -> dict[str, Any]:
        counted = len(self.latencies)
        return {
            "generator": "python",
            "sent": self.sent,
            "answered": self.answered,
            "counted": counted,
            "seconds": self.end - self.begin,
            "p50_us": percentile(self.latencies, 50) * 1e6,
            "p99_us": percentile(self.latencies, 99) * 1e6,
            "p999_us": percentile(self.latencies, 99.9) * 1e6,
            "cpu_us": cpu_s * 1e6 / counted if counted else 0.0,
            "errors": dict(self.errors),
            "refused": self.refused,
            "samples": self.samples,
            "failures": self.failures,
        }


def filled(template: bytes, marker: str, texts: Sequence[str]) -> bytes:
    """The texts over the markers; where there are more markers than texts, each text over as many in a row."""
    parts = template.split(marker.encode())
    share = (len(parts) - 1) // len(texts) if texts else 1
    body = bytearray(parts[0])
    for place, part in enumerate(parts[1:]):
        body += texts[place // share].encode() + part
    return bytes(body)


def call_forever(load: Load, channel: grpc.Channel, outstanding: int) -> None:
    """Unary and batch: one thread sends, the answers come on threads of grpcio."""
    method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(load.options.method)
    slots = threading.Semaphore(outstanding)

    def answered(sent: float, future: Any) -> None:
        try:
            body = future.result()
            load.settle(sent, failed_results(body) if load.options.mode == "batch" else 0)
        except grpc.RpcError as error:
            load.fail(error)
        slots.release()

    while slots.acquire() and (request := load.request()) is not None:
        sent = time.monotonic()
        method.future(request[1]).add_done_callback(partial(answered, sent))
    for _ in range(outstanding - 1):
        if not slots.acquire(timeout=GRACE_S):
            load.failures.append(f"requests were not answered in {GRACE_S} s after the end")
            return


def stream_forever(load: Load, channel: grpc.Channel, outstanding: int) -> None:
    """One long call with `outstanding` requests in flight."""
    slots: queue.SimpleQueue[None] = queue.SimpleQueue()
    waiting: dict[str, float] = {}
    for _ in range(outstanding):
        slots.put(None)

    def requests() -> Iterator[bytes]:
        slots.get()
        while (request := load.request()) is not None:
            waiting[f"{request[0]:012x}"] = time.monotonic()
            yield request[1]
            slots.get()

    method: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(load.options.method)
    try:
        for body in method(requests()):
            answer = ChargeResponse.FromString(body)
            load.settle(waiting.pop(answer.correlation_id), answer.WhichOneof("response") == "error")
            slots.put(None)
    except grpc.RpcError as error:
        load.failures.append(f"the server ended the stream: {error}")


def failed_results(body: bytes) -> int:
    return sum(result.WhichOneof("result") != "call_cost" for result in BatchDebitResponse.FromString(body).results)


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("address", "method", "mode", "requests", "prefix", "pick", "exponent", "warmup", "time"):
        parser.add_argument(f"-{name}", required=True)
    for name in ("outstanding", "connections", "accounts", "count"):
        parser.add_argument(f"-{name}", type=int, required=True)
    parser.add_argument("-rate", type=float, default=0.0)
    options = parser.parse_args()
    if options.rate or options.mode == "events":
        parser.error("a rate, and events, are the native generator's: install Go")
    if not ipaddress.ip_address(options.address.rpartition(":")[0]).is_loopback:
        parser.error(f"{options.address} is not a loopback address")
    load = Load(options)
    work = stream_forever if options.mode == "stream" else call_forever
    own = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(options.address, options=own) for _ in range(options.connections)]
    share = max(1, options.outstanding // options.connections)
    threads = [threading.Thread(target=work, args=(load, channel, share)) for channel in channels]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, load.begin - time.monotonic()))
    before = cpu()
    print("window", flush=True)
    time.sleep(max(0.0, load.end - time.monotonic()))
    spent = cpu() - before
    print("closed", flush=True)
    for thread in threads:
        thread.join()
    print(json.dumps(load.report(spent)))


if __name__ == "__main__":
    main()
