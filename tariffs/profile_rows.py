"""RatingProfiles.csv: which subject has which rating plan, and since when.

    #Tenant,Category,Subject,ActivationTime,RatingPlanId,FallbackSubjects
    example.org,call,*any,2026-01-01T00:00:00Z,RP_RETAIL,

Rows of one tenant, category and subject are one profile; a profile that is loaded again replaces the stored one whole.
Only the subject knows `*any`: a tenant or a category is matched literally, so `*any` there, or nothing, prices nobody.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tariffs.csv_rows import Row
from tariffs.rating_profile import Activation, RatingProfile
from tariffs.tariff import ProfileKey
from tariffs.timing import ANY
from tariffs.zone import Zone

PROFILE_COLUMNS: Final = ("Tenant", "Category", "Subject", "ActivationTime", "RatingPlanId", "FallbackSubjects")
ALWAYS_NS: Final = -(2**63)  # an activation without a time: earlier than any call


class ProfileRows:
    """The rating profiles of a load, and the rows they were written in."""

    __slots__ = ("_now_ns", "_written", "_zone", "profiles")

    def __init__(self, rows: Iterable[Row], plan_ids: Mapping[str, object], *, now_ns: int, zone: Zone) -> None:
        self._now_ns: Final = now_ns
        self._zone: Final = zone
        self._written: Final[dict[ProfileKey, list[tuple[Row, Activation]]]] = {}
        for row in rows:
            key = (row["Tenant"], row["Category"], row["Subject"])
            _warn_of_names(row)
            if row["RatingPlanId"] not in plan_ids:
                message = "is no rating plan of this folder or of the tariff in force"
                row.fault("RatingPlanId", message, "an Id of RatingPlans.csv")
            self._written.setdefault(key, []).append((row, self._activation(row)))
        self.profiles: Final = {key: _profile(key, written) for key, written in self._written.items()}

    def warn_of_fallbacks(self, known: Mapping[ProfileKey, RatingProfile]) -> None:
        """Say where a fallback subject has no profile, neither in this load nor stored, and is passed over."""
        for (tenant, category, subject), written in self._written.items():
            for row, activation in written:
                for fallback in activation.fallback_subjects:
                    if fallback == subject:
                        row.warn("FallbackSubjects", "names the subject itself", "other subjects, separated by ;")
                    elif (tenant, category, fallback) not in known:
                        message = "names a subject without a profile, which is passed over"
                        row.warn("FallbackSubjects", message, "subjects of this tenant and category, separated by ;")

    def plans_of(self, category: str) -> set[str]:
        """The rating plans that profiles of a category use."""
        return {
            activation.plan_id
            for (_, profile_category, _), written in self._written.items()
            if profile_category == category
            for _, activation in written
        }

    def _activation(self, row: Row) -> Activation:
        from_ns = row.instant("ActivationTime", now_ns=self._now_ns, zone=self._zone)
        return Activation(ALWAYS_NS if from_ns is None else from_ns, row["RatingPlanId"], row.items("FallbackSubjects"))


def _profile(key: ProfileKey, written: list[tuple[Row, Activation]]) -> RatingProfile:
    seen: set[int] = set()
    for row, activation in written:
        if activation.from_ns in seen:
            message = "is that of another row of the profile; the later row counts"
            row.warn("ActivationTime", message, "a time for each row")
        seen.add(activation.from_ns)
    activations = sorted((activation for _, activation in written), key=lambda activation: activation.from_ns)
    return RatingProfile(*key, tuple(activations))


def _warn_of_names(row: Row) -> None:
    if not row["Tenant"]:
        row.warn("Tenant", "is empty, but a request always has one: this row never counts", "the name of a tenant")
    if row["Category"] in ("", ANY):
        row.warn("Category", "is matched literally: there is no profile for every category", "call, sms, data …")
    if not row["Subject"]:
        row.warn("Subject", "is empty: this row never counts", "a subject, or *any")
