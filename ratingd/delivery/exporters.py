"""Exporters: where `*export` and `*publish_account` hand their events.

    [exporters]
    BILLING = "https://billing.example.org/accounts"     # POST of the event as JSON, signed like a webhook
    ARCHIVE = "file:///var/lib/ratingd/accounts.jsonl"   # one line of JSON for each event, on disk before it counts

An action names an id, never a place, so who may write a tariff folder cannot send accounts anywhere new; and as the
operator names the place, it may be inside the network. The entry in the outbox keeps the id too: what waits for a place
that has moved goes to the new one.

A line begins with `"id"`, the same for an event that is written twice because the daemon died in between. A line that a
crash or a full disk cut short is ended before the next one, and written again whole.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ratingd.delivery.attempt import Attempt, Judgement, Verdict
from ratingd.delivery.export_place import PostedTo, place
from ratingd.delivery.post import Poster
from ratingd.store.rows import OutboxEntry

SECOND_NS: Final = 1_000_000_000


class ExportCarrier:
    """Carries events to their exporters. `poster` must know the hosts of all of them."""

    kind: Final = "export"

    def __init__(self, exporters: Mapping[str, str], poster: Poster, clock: Callable[[], int] = time.time_ns) -> None:
        self._places: Final = {id: place(url) for id, url in exporters.items()}
        self._poster: Final = poster
        self._clock: Final = clock
        self._files: Final = threading.Lock()

    def carry(self, entry: OutboxEntry) -> Attempt:
        to = self._places.get(entry.target)
        if to is None:
            known = ", ".join(self._places) or "none is set"
            return _failed(
                Verdict.DEAD, f"exporter {entry.target!r} is not among the exporters of the settings ({known})"
            )
        if isinstance(to, PostedTo):
            return self._poster.post(entry.id, to.url, entry.body.encode(), self._clock() / SECOND_NS)
        try:
            with self._files:
                append(to.file, line(entry))
        except OSError as fault:
            return _failed(Verdict.RETRY, f"{to.file} cannot be written: {fault.strerror or fault}")
        return Attempt(Judgement(Verdict.DELIVERED))

    def close(self) -> None:
        self._poster.close()


def line(entry: OutboxEntry) -> bytes:
    event = json.loads(entry.body)
    return json.dumps({"id": entry.id, **event}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def append(file: Path, text: bytes) -> None:
    """Append a whole line and return when it is on disk; OSError, and nothing appended, where that fails."""
    fresh = not file.exists()
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # another daemon may write to it too
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            text = b"\n" + text
        try:
            if os.write(descriptor, text) != len(text):
                raise OSError(None, "only a part was written: the disk is full")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if fresh:
        sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(verdict: Verdict, error: str) -> Attempt:
    return Attempt(Judgement(verdict, error))
