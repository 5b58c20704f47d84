"""Bodies of /event and /api/cdr, as the OpenAPI page tells of them; `ratingd.ingest.event_fields` reads them.

An INVITE or a CDR has both numbers, all that comes later of a call names the call, and an array is a batch.
"""

from typing import Any, Final

from ratingd.http.field_schema import Schema, duration, one_of, optional_text, sip_code, text, time
from ratingd.ingest.event_fields import ATTESTATIONS, DISPOSITIONS, KINDS
from triggers.calls.call_event import CDR, INVITE

BATCH_MAX: Final = 10_000
A_NUMBER: Final = "Who calls, as the switch has it; empty where the number is withheld"
B_NUMBER: Final = "Who is called"
CALL_ID: Final = "The call; empty: made of the numbers, the time and the trunk"

OPTIONAL: Final[Schema] = {
    "event_id": optional_text("The producer's name of the event, by which a repeat is known"),
    "timestamp": time("When it happened; none: when it came"),
    "cli": optional_text("The number that is presented"),
    "p_asserted_identity": optional_text("The number that the network asserts"),
    "attestation": one_of("STIR/SHAKEN", ATTESTATIONS),
    "trunk": optional_text("Ingress trunk group"),
    "switch_id": optional_text("Who can disconnect the call"),
    "source_ip": optional_text("Where the call came from"),
    "tenant": optional_text("Whose account; none: the default tenant's"),
    "account": optional_text("Who pays; none: the caller"),
    "start_ts": time("Of a CDR: when the call was set up"),
    "answer_ts": time("Of a CDR: when it was answered; none: it was not"),
    "end_ts": time("Of a CDR: when it was over"),
    "duration": duration("Billable seconds, where end_ts is not given"),
    "disposition": one_of("What became of the call", DISPOSITIONS),
    "sip_code": sip_code("The final SIP code, where no disposition is given"),
    "origin_region": optional_text("Where the caller is; none: taken from the number"),
    "target_region": optional_text("Where the called number is; none: taken from the number"),
    "imei": optional_text("The caller's device"),
    "imsi": optional_text("The caller's SIM"),
    "cell_id": optional_text("The cell that the call came from"),
    "label": optional_text("Ground truth of an import; no detector looks at it"),
}
BEGINNING: Final[Schema] = {
    "type": "object",
    "title": "CallBeginning",
    "description": "A call is set up, or a whole call is told afterwards (CDR).",
    "required": ["event_type", "a_number", "b_number"],
    "properties": {
        "event_type": {"enum": [name for name, kind in KINDS.items() if kind in (INVITE, CDR)]},
        "a_number": text(A_NUMBER),
        "b_number": text(B_NUMBER, filled=True),
        "call_id": optional_text(CALL_ID),
        **OPTIONAL,
    },
    "examples": [
        {
            "event_type": "INVITE",
            "call_id": "c-17",
            "a_number": "+4930111",
            "b_number": "+4930222",
            "timestamp": 1732161129.412,
            "trunk": "t-1",
            "switch_id": "sbc-1",
        }
    ],
}
LATER: Final = [name for name, kind in KINDS.items() if kind not in (INVITE, CDR)]
CONTINUATION: Final[Schema] = {
    "type": "object",
    "title": "CallContinuation",
    "description": "What becomes of a call that was told before.",
    "required": ["event_type", "call_id"],
    "properties": {
        "event_type": {"enum": [*LATER, *(int(name) for name in LATER if name.isdecimal())]},
        "call_id": text("The call", filled=True),
        "a_number": optional_text(A_NUMBER),
        "b_number": optional_text(B_NUMBER),
        **OPTIONAL,
    },
}
EVENTS: Final[Schema] = {
    "anyOf": [
        BEGINNING,
        CONTINUATION,
        {
            "type": "array",
            "minItems": 1,
            "description": f"At most {BATCH_MAX}",
            "items": {"anyOf": [BEGINNING, CONTINUATION]},
        },
    ]
}
_OF_RECORD: Final[Schema] = {
    "destination": text(B_NUMBER, filled=True),
    "call_id": optional_text(CALL_ID),
    "duration": duration("Seconds; 0: it was not answered"),
    "timestamp": time("When the call was set up; none: when this came"),
    "origin_region": optional_text("Where the caller is"),
    "target_region": optional_text("Where the called number is"),
}
RECORD: Final[Schema] = {
    "anyOf": [
        {
            "type": "object",
            "title": "CallRecord",
            "required": ["caller_id", "destination"],
            "properties": {"caller_id": text(A_NUMBER), **_OF_RECORD},
            "examples": [{"caller_id": "9000000001", "destination": "8000000001", "duration": 42}],
        },
        {
            "type": "object",
            "title": "CallRecordOfSource",
            "required": ["source", "destination"],
            "properties": {"source": text(A_NUMBER), "caller_id": {"type": "null"}, **_OF_RECORD},
        },
    ]
}

FIELDS: Final = frozenset(name for form in (BEGINNING, CONTINUATION, *RECORD["anyOf"]) for name in form["properties"])


def body(schema: Schema) -> dict[str, Any]:
    """A JSON body, for a route that reads it itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
