"""How long verdicts take inside of the daemon: from a message of events received to what is told of them.

What the client sees beyond that is the network, the queues of both programs and cores that they share. The daemon
counts its events in buckets by their message's time (`fraud_detection_latency_seconds`); a run is the difference of two
looks at them.
"""

import re
import urllib.request
from collections.abc import Mapping

LOOK_S = 10
BUCKET = re.compile(r'^fraud_detection_latency_seconds_bucket\{le="([^"]+)"\} ([0-9.e+]+)$', re.MULTILINE)

Counts = Mapping[float, float]  # events, by how many seconds they took at most


def look(address: str) -> Counts:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=LOOK_S) as answer:
        return counts(answer.read().decode())


def counts(page: str) -> Counts:
    return {float(bound): float(count) for bound, count in BUCKET.findall(page)}


def within(before: Counts, after: Counts, seconds: float) -> float:
    """The share of the events between two looks whose verdict took no longer."""
    every = after[float("inf")] - before[float("inf")]
    if not every:
        raise RuntimeError("the daemon has counted no event")
    return (after[seconds] - before[seconds]) / every
