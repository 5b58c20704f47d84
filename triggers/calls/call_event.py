"""Call events: what a switch says of a call, read and brought into one form.

An attempt is one call: its first INVITE, or its CDR where no INVITE was seen. Whatever else is said of the call_id
later (RINGING, ANSWER, BYE, a CDR) belongs to that attempt. All times are whole milliseconds since the epoch, 0 where
nobody said one.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.numbers.number import NO_NUMBER, Number

# kinds, as the wire numbers them
INVITE: Final = 1
RINGING: Final = 2
ANSWER: Final = 3
BYE: Final = 4
CANCEL: Final = 5
REJECT: Final = 6
UPDATE: Final = 7
CDR: Final = 8

KIND_NAMES: Final = ("", "INVITE", "RINGING", "ANSWER", "BYE", "CANCEL", "REJECT", "UPDATE", "CDR")

# dispositions, as they are stored and shown; "" where nobody said one
ANSWERED: Final = "ANSWERED"
NO_ANSWER: Final = "NO_ANSWER"
BUSY: Final = "BUSY"
CANCELLED: Final = "CANCEL"
FAILED: Final = "FAILED"
REJECTED: Final = "REJECTED"
DISCONNECTED_FRAUD: Final = "DISCONNECTED_FRAUD"


@mypyc_attr(acyclic=True)
class EventDetails:
    """What few events say."""

    __slots__ = (
        "answer_ms", "attestation", "cell_id", "cli", "disposition", "duration_ms", "end_ms", "imei", "imsi", "label",
        "origin_region", "p_asserted_identity", "sip_code", "source_ip", "start_ms", "target_region",
    )  # fmt: skip

    def __init__(
        self,
        *,
        cli: Number = NO_NUMBER,
        p_asserted_identity: Number = NO_NUMBER,
        attestation: str = "",
        source_ip: str = "",
        start_ms: int = 0,
        answer_ms: int = 0,
        end_ms: int = 0,
        duration_ms: int = -1,
        disposition: str = "",
        sip_code: int = 0,
        origin_region: str = "",
        target_region: str = "",
        imei: str = "",
        imsi: str = "",
        cell_id: str = "",
        label: str = "",
    ) -> None:
        self.cli: Final = cli
        self.p_asserted_identity: Final = p_asserted_identity
        self.attestation: Final = attestation  # A, B, C or ""
        self.source_ip: Final = source_ip
        self.start_ms: Final = start_ms
        self.answer_ms: Final = answer_ms
        self.end_ms: Final = end_ms
        self.duration_ms: Final = duration_ms  # -1 where nobody said one
        self.disposition: Final = disposition
        self.sip_code: Final = sip_code
        self.origin_region: Final = origin_region
        self.target_region: Final = target_region
        self.imei: Final = imei
        self.imsi: Final = imsi
        self.cell_id: Final = cell_id
        self.label: Final = label  # ground truth of an import; no detector looks at it

    @property
    def cli_mismatch(self) -> bool:
        cli, asserted = self.cli.text, self.p_asserted_identity.text
        return bool(cli) and bool(asserted) and cli != asserted


NO_DETAILS: Final = EventDetails()


@mypyc_attr(acyclic=True)
class CallEvent:
    """One event, normalised. `at_ms` is when it happened, `received_ms` when it reached us (the same in a replay)."""

    __slots__ = (
        "a", "account", "at_ms", "b", "call_id", "clock_skewed", "details", "event_id", "kind", "received_ms",
        "switch_id", "tenant", "trunk",
    )  # fmt: skip

    def __init__(
        self,
        kind: int,
        at_ms: int,
        call_id: str,
        a: Number,
        b: Number,
        *,
        event_id: str = "",
        trunk: str = "",
        switch_id: str = "",
        tenant: str = "",
        account: str = "",
        received_ms: int = 0,
        clock_skewed: bool = False,
        details: EventDetails = NO_DETAILS,
    ) -> None:
        self.kind: Final = kind
        self.at_ms: Final = at_ms
        self.call_id: Final = call_id
        self.a: Final = a
        self.b: Final = b  # NO_NUMBER where the source has none, or a later event of a call does not repeat it
        self.event_id: Final = event_id  # "" where the producer gave none: call_id and kind stand for it
        self.trunk: Final = trunk
        self.switch_id: Final = switch_id
        self.tenant: Final = tenant
        self.account: Final = account
        self.received_ms: Final = received_ms
        self.clock_skewed: Final = clock_skewed  # it was dated too far ahead; `at_ms` is when it came
        self.details: Final = details
