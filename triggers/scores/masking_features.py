"""Masking features: what is known of a call and of its called number when the INVITE has come, and not later.

+4930555 is called by four people within five seconds, one under the rule's threshold. None of them had ever been heard
of, all came over one trunk, nobody has called that number for a week, and none of the calls is answered: together that
is what a call centre never looks like, and what a fixed number of callers cannot say.

A row is taken right after the attempt was counted and placed in the masking window: the call itself is in it, and
nothing that comes later. The metrics are those of `triggers.traffic` over 300 s, W is the detection window. It is taken
only of calls that pass a cheap gate: of a lone caller to a quiet number there is nothing to say.

Of one call of a surgery at eight o'clock, from a line that nobody vouches for, there is little to say, of the calls
beside it more: five of six are attested A, all present their own numbers, and the line was busy a moment ago, too. So
version 3 tells of the window as well what is told of the call, and for how long nobody had called before it.

It runs inline, so nothing here grows with a televote. What became of the calls to a number with more than 64 in 300 s
(asr, aloc, overlap_ratio, short_call_ratio, distinct_a_300, vouched_share_300, calls_a_caller, concurrent_on_b) is up
to ten seconds old; whoever calls it now, how fast and over what is exact at every call, of the last 64 calls. The
caller's numbers and the trunk's callers are those of their last 64 calls, too (as far as calls are kept: six minutes of
busy ones), the newcomers those of the last 16 callers.
"""

from typing import Final

from triggers.scores.feature_schema import (
    CALLS_A_SECOND,
    CALLS_AN_HOUR,
    COUNT,
    NO_OR_YES,
    PERCENT,
    RATIO,
    SECONDS,
    SHARE,
    Feature,
    FeatureSchema,
)

HIGH_VOLUME: Final = 10  # attempts within W
GATE_CALLERS: Final = 2
TRUNK_CLASSES: Final = ("no trunk is named", "callers vouched for", "callers not vouched for", "callers from abroad")
ATTESTATIONS: Final = ("none", "C", "B", "A")

MASKING: Final = FeatureSchema(
    "masking",
    3,
    (
        # of the called number
        Feature("asr", PERCENT, "{value} of 100 calls to the number are answered"),
        Feature("aloc", SECONDS, "answered calls to the number last {value} s on average (usual: {baseline} s)"),
        Feature("overlap_ratio", SHARE, "{value} of the calls to the number overlap another caller's"),
        Feature("cli_mismatch", COUNT, "the number presented is not the one asserted: {value}", NO_OR_YES),
        Feature("distinct_a_count", COUNT, "{value} callers within the detection window"),
        Feature("call_rate", CALLS_A_SECOND, "{value} calls a second to the number"),
        Feature("short_call_ratio", SHARE, "{value} of the answered calls are under 10 s"),
        Feature("high_volume_flag", COUNT, "ten calls or more within the detection window: {value}", NO_OR_YES),
        # version 2
        Feature("distinct_a_30", COUNT, "{value} callers within 30 s"),
        Feature("distinct_a_300", COUNT, "{value} callers within five minutes"),
        Feature("attempts_300", COUNT, "{value} calls to the number within five minutes"),
        Feature("b_total_seen", COUNT, "{value} calls to the number within the last days"),
        Feature("b_hourly_rate", CALLS_AN_HOUR, "{value} calls an hour to the number over the last days"),
        Feature("first_seen_a_share", SHARE, "{value} of the callers were never heard of before"),
        Feature("same_trunk_share", SHARE, "{value} of the calls came over the same trunk"),
        Feature("foreign_a", COUNT, "the caller is of another country than the number: {value}", NO_OR_YES),
        Feature("trunk_class", COUNT, "the trunk carries {value}", TRUNK_CLASSES),
        Feature("concurrent_on_b", COUNT, "{value} calls to the number are up or ringing"),
        Feature("a_prior_calls", COUNT, "{value} earlier calls of the caller within the last days"),
        Feature("a_fanout_300", COUNT, "{value} numbers called by the caller within five minutes"),
        Feature("attestation", COUNT, "attestation: {value}", ATTESTATIONS),
        Feature("hour", COUNT, "hour of the day {value}"),
        # version 3
        Feature("vouched_share", SHARE, "{value} of the calls within the window are vouched for"),
        Feature("vouched_share_300", SHARE, "{value} of the calls within five minutes are vouched for"),
        Feature("mismatch_share", SHARE, "{value} of the calls present a number that is not the asserted one"),
        Feature("trunks_a_caller", RATIO, "{value} trunks for each caller within the window"),
        Feature("quiet_s", SECONDS, "the last call before the window was {value} s ago"),
        Feature("calls_a_caller", RATIO, "{value} calls of each caller within five minutes"),
    ),
)  # fmt: skip


def passes_gate(distinct: int, cli_mismatch: bool) -> bool:
    """Whether a call is worth a score: several callers within W, or one who contradicts himself."""
    return distinct >= GATE_CALLERS or cli_mismatch
