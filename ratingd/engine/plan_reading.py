"""Reading a tariff folder without holding up calls: a child process parses and checks, and hands back a compact image.

A hundred thousand rows take seconds of pure Python, which would be seconds in which no debit is decided. The child gets
the files and the image of what is in force (a folder may refer to destinations and plans that were loaded before) and
answers with findings and, if there is no fault, the image of the whole new tariff; building that from its image is all
that is left to do here.
"""

import gc
import json
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from actions.folder import PlanBook, book_from_image, book_image, read_folder
from actions.plan_difference import KindDifference, plan_differences
from tariffs.fault import Finding
from tariffs.zone import zone


@dataclass(frozen=True, slots=True)
class Reading:
    """What a folder came to. `image` is the whole tariff afterwards, None when a fault refuses the folder;
    `differences` are those to what is in force."""

    findings: tuple[Finding, ...]
    image: bytes | None
    differences: tuple[KindDifference, ...] = ()


def read_apart(
    files: Mapping[str, bytes], stored_image: bytes | None, now_ns: int, zone_name: str, decimals: int
) -> Reading:
    """Read a folder in a process of its own. Blocks the calling thread, not the interpreter."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=gc.disable) as pool:
        return pool.submit(read_here, files, stored_image, now_ns, zone_name, decimals).result()


def read_here(
    files: Mapping[str, bytes], stored_image: bytes | None, now_ns: int, zone_name: str, decimals: int
) -> Reading:
    """Read a folder in this process."""
    stored = unpack(stored_image)
    book, findings = read_folder(files, stored, now_ns=now_ns, zone=zone(zone_name), decimals=decimals)
    if book is None:
        return Reading(tuple(findings), None)
    return Reading(tuple(findings), pack(book), plan_differences(stored, book))


def pack(book: PlanBook) -> bytes:
    """The stored form of a tariff: JSON, compressed."""
    return zlib.compress(json.dumps(book_image(book), separators=(",", ":")).encode(), level=1)


def unpack(image: bytes | None) -> PlanBook:
    """The tariff of a stored image; the empty one for none."""
    if image is None:
        return book_from_image({})
    with _no_collection():
        return book_from_image(json.loads(zlib.decompress(image)))


@contextmanager
def _no_collection() -> Iterator[None]:
    """While a tariff is built there is no garbage in it, and looking for some holds up whoever charges."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
