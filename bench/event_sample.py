"""The calls that fraud detection is measured with: a million called numbers, two hundred thousand callers, no attack.

Every event is the INVITE of a call of its own, so that each is deduplicated, normalised, counted under both numbers,
their ranges, a trunk and an account, and placed in the window of the called number. The called number is picked anew
for each, all of a million alike; the callers come again only after 200,003 calls. At 100,000 events a second a number
is called once in ten seconds, and one in some hundred windows holds five callers by chance: there is a little to flag,
as in life. The requests of the load generator have markers for the call's id and for both numbers.
"""

import base64
from pathlib import Path
from typing import Final

from bench.sample import ACCOUNT, BATCH, KEY
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest

CALLER: Final = "N" * 8  # the load generator writes numbers over these
CALLED: Final = 1_000_000
TEMPLATES: Final = 256
SOME: Final = 16  # events of a message, where neither one nor a batch is sent
TRUNKS: Final = 8


def invite(place: int) -> CallEvent:
    return CallEvent(
        call_id=KEY,
        kind=CallEvent.INVITE,
        a_number=f"+4915{CALLER}",
        b_number=f"+4930{ACCOUNT}",
        trunk=f"carrier-{place % TRUNKS}",
        switch_id="sw-1",
    )


def write_event_templates(folder: Path) -> dict[int, Path]:
    """Messages for the load generator, by how many events one carries: serialised, base64, one a line."""
    paths = {}
    for each in (1, SOME, BATCH):
        bodies = [
            CallEventsRequest(events=[invite(first + place) for place in range(each)]).SerializeToString()
            for first in range(TEMPLATES)
        ]
        paths[each] = folder / f"events{each}.requests"
        paths[each].write_bytes(b"".join(base64.b64encode(body) + b"\n" for body in bodies))
    return paths
