"""Names of traffic metrics: what can be asked of a number, a range, a trunk or an account, in which unit, of whom.

A rule or a monitor says `a.cancel_ratio.3600`: of the calls that a number made within the last hour, the share that
was cancelled. The last part is the window in seconds. Windows up to 300 s hold the attempts with at - window < start
<= at, exactly; longer ones are whole minutes (up to an hour), hours (up to a day) or days (up to seven), the current
one included. Of a call only what has happened by the time of evaluation counts.

A share of nothing is 0, and so is the mean of nothing: a rule on a ratio names a least number of attempts too.
"""

from typing import Final

NUMBER: Final = "a"  # a number as caller
CALLED: Final = "b"  # a number as called
TRUNK: Final = "trunk"
ACCOUNT: Final = "account"  # written tenant:account
NUMBER_RANGE: Final = "a_range"  # callers by their first seven digits, +4930123
CALLED_RANGE: Final = "b_range"
KINDS: Final = (NUMBER, CALLED, TRUNK, ACCOUNT, NUMBER_RANGE, CALLED_RANGE)
CALLERS: Final = (NUMBER, NUMBER_RANGE)

# units
COUNT: Final = "count"
PERCENT: Final = "0-100"
SHARE: Final = "0-1"
SECONDS: Final = "s"
MILLISECONDS: Final = "ms"
MINUTES: Final = "min"
RATE: Final = "1/s"
HOUR: Final = "hour 0-23"
RATIO: Final = "ratio"


class MetricName:
    """`windowed` False: the value is the same whichever window is named."""

    __slots__ = ("kinds", "meaning", "name", "unit", "windowed")

    def __init__(
        self, name: str, unit: str, meaning: str, *, kinds: tuple[str, ...] = KINDS, windowed: bool = True
    ) -> None:
        self.name: Final = name
        self.unit: Final = unit
        self.meaning: Final = meaning
        self.kinds: Final = kinds
        self.windowed: Final = windowed


_ALL: Final = (
    # how many, how well
    MetricName("attempts", COUNT, "calls that were tried"),
    MetricName("total_calls", COUNT, "the same as attempts"),
    MetricName("answered_calls", COUNT, "attempts that were answered"),
    MetricName("asr", PERCENT, "answer-seizure ratio: answered of attempted calls"),
    MetricName("ner", PERCENT, "network effectiveness: answered, busy, not answered and cancelled of attempted calls"),
    MetricName("aloc", SECONDS, "average length of the answered calls that are over"),
    MetricName("acd", SECONDS, "the same as aloc"),
    MetricName("avg_call_duration", SECONDS, "mean length over all attempts, 0 for those not answered or not over"),
    MetricName("minutes", MINUTES, "length of the answered calls that are over, together"),
    MetricName("minutes_p99", MINUTES, "99th percentile of the minutes of single hours, of seven days", windowed=False),
    MetricName("duration_cv", RATIO, "how much lengths vary: standard deviation by mean, 0 of fewer than two calls"),
    MetricName("short_call_ratio", SHARE, "calls under 10 s, of the answered ones that are over"),
    MetricName("very_short", SHARE, "calls under 3 s, of the answered ones that are over"),
    MetricName("long_call_ratio", SHARE, "calls over 120 s, of the answered ones that are over"),
    MetricName("cancel_ratio", SHARE, "attempts that the caller gave up before the answer"),
    MetricName("mean_ring_s", SECONDS, "mean time from ringing (or the INVITE) to the answer or the end"),
    MetricName("fas_index", SHARE, "answered calls that look falsely answered: under 1 s, or unrung and over in 10 s"),
    MetricName("pdd_p50", MILLISECONDS, "post-dial delay, median"),
    MetricName("pdd_p95", MILLISECONDS, "post-dial delay that 95 in 100 calls do not exceed"),
    # how fast, how many at a time
    MetricName("cps", RATE, "attempts in the last second", windowed=False),
    MetricName("call_rate", RATE, "attempts a second in the detection window", windowed=False),
    MetricName("concurrent_calls", COUNT, "calls that are answered and not over", windowed=False),
    MetricName("open_calls", COUNT, "calls set up and not over; unanswered ones for 180 s", windowed=False),
    MetricName("premium_concurrent", COUNT, "open calls to premium ranges", windowed=False),
    MetricName("concurrent_callers", COUNT, "distinct callers in the detection window", windowed=False),
    MetricName("concurrency_ratio", SHARE, "distinct callers in the detection window by attempts in the window named"),
    MetricName("overlap_ratio", SHARE, "attempts during which someone else calls the same number", kinds=(CALLED,)),
    MetricName("attempts_ewma", COUNT, "attempts, fading by half every 3600, 86400 or 604800 s (the window)"),
    MetricName("answered_ewma", COUNT, "answered calls, fading the same"),
    MetricName("minutes_ewma", MINUTES, "minutes of calls that are over, fading the same"),
    # with whom
    MetricName("distinct_a", COUNT, "distinct callers"),
    MetricName("distinct_b", COUNT, "distinct called numbers"),
    MetricName("distinct_b_ratio", SHARE, "distinct called numbers by attempts"),
    MetricName("repeat_b_share", SHARE, "attempts to numbers that the caller had called within seven days before"),
    MetricName("non_contact_ratio", SHARE, "1 - repeat_b_share; 0 without attempts"),
    MetricName("sequential_b_ratio", SHARE, "attempts to a number within 10 of the one called before"),
    MetricName("neighbour_ratio", SHARE, "attempts whose caller has the called number's country and next 6 digits"),
    MetricName("top_callers_share", SHARE, "minutes of the ten longest talkers, of all", kinds=(CALLED, CALLED_RANGE)),
    MetricName("received_calls", COUNT, "calls to the number or range itself, such as call-backs", kinds=CALLERS),
    MetricName("in_out_ratio", RATIO, "calls received by calls made; 0 where none is made", kinds=CALLERS),
    MetricName("trunks", COUNT, "distinct trunks"),
    # where and when
    MetricName("unique_origin_regions", COUNT, "distinct regions of callers"),
    MetricName("unique_target_regions", COUNT, "distinct regions of called numbers"),
    MetricName("intl_ratio", SHARE, "attempts to another country than the caller's"),
    MetricName("foreign_ratio", SHARE, "attempts whose caller is of another country than ours (default_region)"),
    MetricName("premium_ratio", SHARE, "attempts to premium ranges"),
    MetricName("premium_calls", COUNT, "attempts to premium ranges"),
    MetricName("night_call_ratio", SHARE, "attempts at night (night_hours, fraud_timezone)"),
    MetricName("night_calls", COUNT, "attempts at night"),
    MetricName("night_calls_earlier", COUNT, "attempts at night, without those of the last twelve hours"),
    MetricName("unsocial_ratio", SHARE, "attempts before 08:00 or from 21:00 on (fraud_timezone)"),
    MetricName("hour_of_day", HOUR, "hour at the time of evaluation (fraud_timezone)", windowed=False),
    MetricName("is_night", COUNT, "1 at night, 0 by day, at the time of evaluation", windowed=False),
    # who says he is whom
    MetricName("cli_mismatches", COUNT, "attempts whose presented number is not the asserted one"),
    MetricName("invalid_callers", COUNT, "attempts whose caller is no number"),
    MetricName("home_unattested", COUNT, "attempts with a caller of our country (default_region) attested C or not"),
    MetricName("home_attested_c", COUNT, "attempts with a caller of our country attested C"),
    MetricName("spoofed_callers", COUNT, "attempts with cli_mismatch, no valid caller, or our country attested C"),
    MetricName("attested_a", SHARE, "attempts attested A"),
    MetricName("attested_b", SHARE, "attempts attested B"),
    MetricName("attested_c", SHARE, "attempts attested C"),
    MetricName("unattested", SHARE, "attempts without attestation"),
    MetricName("number_age", SECONDS, "time since the number was first seen", kinds=(NUMBER, CALLED), windowed=False),
    MetricName("freq_calls", COUNT, "attempts in the last 60 minutes", windowed=False),
    # telephones, where the source tells of them
    MetricName("cells", COUNT, "distinct cells"),
    MetricName("imei_per_sim", RATIO, "distinct devices by distinct SIMs; 0 where none is told"),
    MetricName("sims_per_imei", COUNT, "most SIMs within seven days in one of the devices that made the calls"),
)  # fmt: skip
METRICS: Final[dict[str, MetricName]] = {each.name: each for each in _ALL}


def names_of(kind: str) -> tuple[str, ...]:
    """All that can be asked of keys of a kind, in the order of the catalogue."""
    return tuple([each.name for each in _ALL if kind in each.kinds])
