"""Properties of rows: whatever is called, in whatever order, a row can be scored and its shares are shares."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.watch_scene import NOON_MS, invite, watch
from triggers.calls.call_event import ANSWER, BYE, CANCEL, INVITE, CallEvent, EventDetails
from triggers.scores.caller_features import CALLER, caller_row
from triggers.scores.feature_schema import PERCENT, SHARE, FeatureSchema
from triggers.scores.masking_features import MASKING
from triggers.scores.masking_row import MaskingRows, masking_row
from triggers.scores.satark_features import SATARK, satark_row

NAMES = ("+4930111", "+4930112", "+447700900000", "anonymous", "110", "raw", "")
KINDS = (INVITE, INVITE, INVITE, ANSWER, BYE, CANCEL)


@st.composite
def events(draw: st.DrawFn) -> list[CallEvent]:
    """Told in any order within some seconds, hours apart now and then."""
    found: list[CallEvent] = []
    at_ms = 0
    for _ in range(draw(st.integers(1, 40))):
        at_ms += draw(st.sampled_from((0, 1, 500, 4_000, -3_000, 200_000, 5_000_000)))
        call, kind = draw(st.integers(0, 12)), draw(st.sampled_from(KINDS))
        a, b = NAMES[call % len(NAMES)], NAMES[(call * 5 + 1) % len(NAMES)]
        details = EventDetails(attestation=draw(st.sampled_from(("A", "C", "", "?"))))
        found.append(invite(f"c-{call}", a, max(0, at_ms), b, kind=kind, trunk=f"t-{call % 2}", details=details))
    return found


def check(schema: FeatureSchema, row: list[float]) -> None:
    schema.check(row)
    for feature, value in zip(schema.features, row, strict=True):
        most = 1.0 if feature.unit == SHARE else 100.0 if feature.unit == PERCENT else float("inf")
        assert 0.0 <= value <= most, feature.name


@settings(max_examples=60)
@given(events())
def test_every_row_can_be_scored(told: list[CallEvent]) -> None:
    one = watch()
    rows = MaskingRows(one.traffic, one.masking)
    for event in told:
        outcome = one.take(event)
        row = rows.row(event, event.at_ms, outcome.distinct)
        check(MASKING, row)
        assert row == masking_row(one.traffic, one.masking, event, event.at_ms, outcome.distinct)
        check(CALLER, caller_row(one.traffic, event.a.text, event.at_ms))
        check(SATARK, satark_row(one.traffic, event.a.text, event.at_ms) if event.a.text else [0.0] * 5)


@settings(max_examples=40)
@given(events(), st.integers(0, 40))
def test_what_is_asked_in_between_changes_no_row(told: list[CallEvent], every: int) -> None:
    quiet, asked = watch(), watch()
    for place, event in enumerate(told):
        one, other = quiet.take(event), asked.take(event)
        if every and place % every == 0:
            asked.traffic.report("a", event.a.text, 300, NOON_MS)
            masking_row(asked.traffic, asked.masking, told[-1], event.at_ms)
        assert masking_row(quiet.traffic, quiet.masking, event, event.at_ms, one.distinct) == masking_row(
            asked.traffic, asked.masking, event, event.at_ms, other.distinct
        )
