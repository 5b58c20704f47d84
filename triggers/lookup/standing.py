"""Standing: what is thought of a number, of 100, and why.

+37190012345 rang 400 people for a second each (45 by what it does), belongs to a campaign of risk 95 (0.9 of it: 85.5),
and four people have reported it today (60). The greatest counts: 85, DANGEROUS, Wangiri, for that is what the campaign
is. The operator's own test calls look just as bad, and are on the whitelist: 10 at most. What is on the blacklist is at
100, whatever else is known, also where it is on the whitelist too, for its calls are refused; a number that nobody has
heard of is at 0, SAFE and Legitimate.

Reports alone make nobody dangerous, however low the operator sets that bar. An emergency number is SAFE, whoever says
what of it.
"""

from typing import Final

from triggers.lookup.caller_score import CallerScore
from triggers.lookup.fraud_category import LEGITIMATE, category_of, type_reported
from triggers.lookup.report_score import Complaints
from triggers.numbers.number_list import BLACKLIST, ListEntry
from triggers.watch.explanation import Explanation, figure, strongest
from triggers.watch.rule_score import DANGEROUS, SAFE, SUSPICIOUS, band

OF_CAMPAIGN: Final = 0.9
SPARED_MOST: Final = 10.0
REFUSED_RISK: Final = 100.0
SCAM: Final = "scam"

BEHAVIOUR: Final = "behaviour"
MASKING: Final = "masking"
KNN: Final = "knn"
CAMPAIGN: Final = "campaign"
REPORTS: Final = "reports"
WHITELIST: Final = "whitelist"

LOW: Final = "LOW"
MEDIUM: Final = "MEDIUM"
HIGH: Final = "HIGH"


class Evidence:
    """What is known of a number. `complaints` may be of nobody; whatever else is not known stays as it is here."""

    __slots__ = (
        "behaviour", "campaign_id", "campaign_risk", "campaign_type", "complaints", "emergency", "knn", "listed",
        "masking", "rule_types",
    )  # fmt: skip

    def __init__(self, behaviour: CallerScore, complaints: Complaints) -> None:
        self.behaviour: Final = behaviour
        self.complaints: Final = complaints
        self.masking = 0.0  # the highest probability of its calls within a day, 0 to 1
        self.knn = 0.0  # 0 to 1
        self.campaign_id = ""
        self.campaign_risk = 0.0
        self.campaign_type = ""
        self.rule_types: tuple[str, ...] = ()  # fraud types of the rules that held for it within a day, newest first
        self.listed: tuple[ListEntry, ...] = ()  # those that hold
        self.emergency = False


class RiskPart:
    """One of what a risk is the greatest of."""

    __slots__ = ("name", "risk", "text")

    def __init__(self, name: str, risk: float, text: str) -> None:
        self.name: Final = name
        self.risk: Final = risk
        self.text: Final = text


class Standing:
    """`risk` is whole, 0 to 100; `parts` are those that say anything, and last the list that decides, if one does."""

    __slots__ = ("category", "confidence", "explanations", "fraud_type", "parts", "risk", "status")

    def __init__(
        self,
        status: str,
        risk: int,
        *,
        fraud_type: str = "",
        category: str = LEGITIMATE,
        confidence: str = "",
        parts: tuple[RiskPart, ...] = (),
        explanations: tuple[Explanation, ...] = (),
    ) -> None:
        self.status: Final = status
        self.risk: Final = risk
        self.fraud_type: Final = fraud_type
        self.category: Final = category
        self.confidence: Final = confidence
        self.parts: Final = parts
        self.explanations: Final = explanations

    @property
    def explanation(self) -> str:
        """The strongest reason, in one line."""
        return self.explanations[0].text if self.explanations else "nothing is known against it"


def standing(known: Evidence, dangerous: float = 85, suspicious: float = 50) -> Standing:
    """What is thought of a number of which this is known."""
    if known.emergency:
        text = "an emergency number, which is never refused"
        return Standing(SAFE, 0, explanations=(Explanation("emergency", 1, 0, -1, text),))
    parts = _parts(known)
    risk = 0.0
    for part in parts:
        risk = max(risk, part.risk)
    status = _status(parts, risk, dangerous, suspicious)
    told = _lines(known, parts)
    entry = _deciding(known.listed)
    if entry is not None:
        refused = entry.list == BLACKLIST
        risk = REFUSED_RISK if refused else min(risk, SPARED_MOST)
        status = DANGEROUS if refused else band(risk, dangerous, suspicious)
        parts.append(RiskPart(BLACKLIST if refused else WHITELIST, risk, _listed_text(entry)))
        weight = 1.0 if refused else -1.0
        told = [Explanation(entry.list, 1, 0, weight, _listed_text(entry)), *told]
    fraud_type = "" if status == SAFE else _fraud_type(known, parts, suspicious)
    return Standing(
        status,
        int(risk + 1e-9),  # never above the bar that it has not reached
        fraud_type=fraud_type,
        category=LEGITIMATE if status == SAFE else category_of(fraud_type),
        confidence="" if status == SAFE else _confidence(known, entry),
        parts=tuple(parts),
        explanations=strongest(told),
    )


def _parts(known: Evidence) -> list[RiskPart]:
    found = list[RiskPart]()
    if known.behaviour.risk > 0:
        text = f"what it did within seven days ({known.behaviour.method})"
        found.append(RiskPart(BEHAVIOUR, known.behaviour.risk, text))
    if known.masking > 0:
        text = f"one of its calls of the last 24 h was masked with a probability of {figure(known.masking)}"
        found.append(RiskPart(MASKING, 100 * known.masking, text))
    if known.knn > 0:
        text = f"its last call was like those of scams with a probability of {figure(known.knn)}"
        found.append(RiskPart(KNN, 100 * known.knn, text))
    if known.campaign_risk > 0:
        text = f"it takes part in campaign {known.campaign_id} of risk {figure(known.campaign_risk)}"
        found.append(RiskPart(CAMPAIGN, OF_CAMPAIGN * known.campaign_risk, text))
    reporters = known.complaints.reporters
    if reporters:
        who = "1 person has" if reporters == 1 else f"{reporters} people have"
        found.append(RiskPart(REPORTS, known.complaints.score, f"{who} reported it within 30 days"))
    return found


def _status(parts: list[RiskPart], risk: float, dangerous: float, suspicious: float) -> str:
    """By the risk; reports alone are suspicious at most."""
    proven = 0.0
    for part in parts:
        if part.name != REPORTS:
            proven = max(proven, part.risk)
    status = band(risk, dangerous, suspicious)
    if status == DANGEROUS and proven < dangerous:
        return SUSPICIOUS
    return status


def _lines(known: Evidence, parts: list[RiskPart]) -> list[Explanation]:
    """Of behaviour its own lines, of everything else one."""
    told = list(known.behaviour.explanations)
    for part in parts:
        if part.name != BEHAVIOUR:
            told.append(Explanation(part.name, round(part.risk, 2), 0, round(part.risk / 100, 4), part.text))
    return told


def _deciding(listed: tuple[ListEntry, ...]) -> ListEntry | None:
    """The entry that decides: one of the blacklist before any other."""
    for entry in listed:
        if entry.list == BLACKLIST:
            return entry
    return listed[0] if listed else None


def _listed_text(entry: ListEntry) -> str:
    what = "" if entry.kind == "number" else f" by its {entry.kind} {entry.value}"
    return f"on the {entry.list}{what}" + (f": {entry.reason}" if entry.reason else "")


def _fraud_type(known: Evidence, parts: list[RiskPart], suspicious: float) -> str:
    """What the strongest part says it is. Where that only knows that something is wrong: what a rule has said, or what
    the strongest of the others says that would be suspicious by itself."""
    strongest_first = sorted([part for part in parts if part.name != BLACKLIST], key=lambda part: -part.risk)
    best = strongest_first[0].name if strongest_first else ""
    if best == REPORTS and known.rule_types:
        return known.rule_types[0]
    named = _type_named(known, best)
    if named:
        return named
    if known.rule_types:
        return known.rule_types[0]
    if best == KNN:
        return SCAM
    if _refused(known):
        return BLACKLIST
    for part in strongest_first:
        named = _type_named(known, part.name)
        if named and part.risk >= suspicious:
            return named
    return ""


def _type_named(known: Evidence, part: str) -> str:
    """The fraud type that a part stands for; "" where it only says that something is wrong."""
    if part == MASKING:
        return MASKING
    if part == CAMPAIGN:
        return known.campaign_type
    if part == REPORTS:
        return type_reported(known.complaints.category)
    return ""


def _refused(known: Evidence) -> bool:
    return any(entry.list == BLACKLIST for entry in known.listed)


def _confidence(known: Evidence, entry: ListEntry | None) -> str:
    """How sure the category is: behaviour alone is a guess."""
    if known.masking > 0 or (entry is not None and entry.list == BLACKLIST):
        return HIGH
    return MEDIUM if known.rule_types or known.campaign_id or known.complaints.reporters > 1 else LOW
