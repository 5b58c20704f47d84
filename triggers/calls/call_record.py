"""Call records: what became of a call, one record a call, for metrics, investigations and training.

It is no bill: what a call cost is in the account's operations. Times are whole milliseconds since the epoch, 0 where
the call did not come to it.

What models said of a call stands beside what rules did: `probability` 0.93 and `knn` 0.8 by "knn:2 masking:3", so by
version 2 of knn and version 3 of masking. Where no model scored, `models` is empty and `knn` is -1.
"""

from typing import Final

SCAM_FROM: Final = 0.5  # the probability from which on the neighbours say that a call is a scam


class CallRecord:
    """`pdd_ms` is the post-dial delay, from the INVITE to ringing, or to the answer where nothing rang; -1: unknown."""

    __slots__ = (
        "a", "a_raw", "account", "answer_ms", "attestation", "b", "b_raw", "call_id", "cli", "disposition", "end_ms",
        "flags", "incident_id", "knn", "label", "models", "origin_region", "pai", "pdd_ms", "probability", "ring_ms",
        "risk", "start_ms", "switch_id", "target_region", "tenant", "trunk",
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
        knn: float = -1.0,
        models: str = "",
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
        self.knn = knn  # how much like a scam it is, 0 to 1; -1 where no model says
        self.models = models  # names and versions of those that scored it, in the order of names, joined by spaces
        self.flags = flags  # names of detectors, joined by spaces
        self.incident_id = incident_id
        self.label: Final = label

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.answer_ms if self.answer_ms and self.end_ms else 0

    @property
    def versions(self) -> dict[str, int]:
        """Of each model that scored it: {"knn": 2, "masking": 3}."""
        found: dict[str, int] = {}
        for each in self.models.split():
            name, _, version = each.rpartition(":")
            found[name] = int(version)
        return found

    def scored_by(self, name: str, version: int) -> None:
        """Note which version of a model scored it, instead of the one that did before."""
        if not self.models:
            self.models = f"{name}:{version}"
            return
        known = self.versions
        known[name] = version
        self.models = " ".join([f"{each}:{known[each]}" for each in sorted(known)])
