"""What the fraud watch goes by: the settings of its parts, in the parts' own words."""

from typing import Final

from triggers.masking.decision import DecisionTerms
from triggers.masking.terms import MaskingTerms
from triggers.traffic.terms import TrafficTerms


class WatchTerms:
    """`centre_distinct`: a number called by so many in 24 hours, and well answered, may be a call centre."""

    __slots__ = (
        "adaptive", "centre_distinct", "decisions", "dedup_keys_max", "dedup_ttl_ms", "masking", "shards", "traffic",
    )  # fmt: skip

    def __init__(
        self,
        masking: MaskingTerms,
        traffic: TrafficTerms,
        decisions: DecisionTerms,
        *,
        shards: int = 1,
        dedup_ttl_ms: int = 600_000,
        dedup_keys_max: int = 2_000_000,
        centre_distinct: int = 200,
        adaptive: bool = False,
    ) -> None:
        self.masking: Final = masking
        self.traffic: Final = traffic
        self.decisions: Final = decisions
        self.shards: Final = shards
        self.dedup_ttl_ms: Final = dedup_ttl_ms
        self.dedup_keys_max: Final = dedup_keys_max
        self.centre_distinct: Final = centre_distinct
        self.adaptive: Final = adaptive
