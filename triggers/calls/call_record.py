"""Call records: what became of a call, one record a call, for metrics, investigations and training.

It is no bill: what a call cost is in the account's operations. Times are whole milliseconds since the epoch, 0 where
the call did not come to it.
"""

from typing import Final


class CallRecord:
    """`pdd_ms` is the post-dial delay, from the INVITE to ringing, or to the answer where nothing rang; -1: unknown."""

    __slots__ = (
        "a", "a_raw", "account", "answer_ms", "attestation", "b", "b_raw", "call_id", "cli", "disposition", "end_ms",
        "flags", "incident_id", "label", "origin_region", "pai", "pdd_ms", "probability", "ring_ms", "risk", "start_ms",
        "switch_id", "target_region", "tenant", "trunk",
    )  # fmt: skip

    def __init__(
        self,
        call_id: str,
        a: str,
        b: str,
        start_ms: int,
        *,
        a_raw: str = "",
        b_raw: str = "",
        tenant: str = "",
        account: str = "",
        cli: str = "",
        pai: str = "",
        attestation: str = "",
        trunk: str = "",
        switch_id: str = "",
        ring_ms: int = 0,
        answer_ms: int = 0,
        end_ms: int = 0,
        pdd_ms: int = -1,
        disposition: str = "",
        origin_region: str = "",
        target_region: str = "",
        probability: float = 0.0,
        risk: float = 0.0,
        flags: str = "",
        incident_id: str = "",
        label: str = "",
    ) -> None:
        self.call_id: Final = call_id
        self.a: Final = a
        self.b: Final = b
        self.start_ms: Final = start_ms
        self.a_raw: Final = a_raw
        self.b_raw: Final = b_raw
        self.tenant: Final = tenant
        self.account: Final = account
        self.cli: Final = cli
        self.pai: Final = pai
        self.attestation: Final = attestation
        self.trunk: Final = trunk
        self.switch_id: Final = switch_id
        self.ring_ms: Final = ring_ms
        self.answer_ms: Final = answer_ms
        self.end_ms: Final = end_ms
        self.pdd_ms: Final = pdd_ms
        self.origin_region: Final = origin_region
        self.target_region: Final = target_region
        self.disposition = disposition  # this and what follows is written by whoever judged the call, too
        self.probability = probability
        self.risk = risk
        self.flags = flags  # names of detectors, joined by spaces
        self.incident_id = incident_id
        self.label: Final = label

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.answer_ms if self.answer_ms and self.end_ms else 0
