"""ActionTriggers.csv: the groups of monitors that accounts are given copies of.

    FRAUD,,*max_event_counter,20,false,0,,,,*monetary,,DST_PREMIUM,,,,,,,,DISABLE_AND_LOG,10

Group FRAUD: when 20.00 have been spent on premium numbers, run DISABLE_AND_LOG. Columns 8 to 18 say which balances or
what usage is meant; blank and `*any` say nothing. A blank UniqueId is derived from the row itself: loading the same row
again gives the same id, so the accounts' marks and counters stay theirs. An edited row is a new monitor; who wants to
edit a threshold and keep the marks gives the row an id.

A time such as `+720h` counts from the load that first had it: the same row loaded again every night ends when it would
have ended, its threshold edited or not.

Thresholds of voice are nanoseconds, all others currency, units or points of a score.

A counter is unlimited unless BalanceTimingIds says what it counts over: with `*day` there the cap above is one of
20.00 a day, by the account's calendar, and at its midnight the counter restarts and the monitor is armed again. Other
names in that column are timings that the balance must have. A monitor on a score or traffic metric has its address in
BalanceTag and no BalanceType; BalanceDestinationIds say which called numbers it looks at:

    FRAUD,,*max_score,80,false,0,,,score.masking,,,,,,,,,,,DISABLE_AND_LOG,10
    FRAUD,,*max_counter,50,false,0,,,a.total_calls.3600,,,DST_PREMIUM,,,,,,,,DISABLE_AND_LOG,10
"""

from collections.abc import Mapping, Set
from hashlib import sha256
from typing import Final

from accounts.account import ThresholdType, TriggerTerms, Window
from accounts.balance import BalanceKind, kind_scale
from accounts.balance_filter import BalanceFilter
from tariffs.csv_rows import Row, read_rows
from tariffs.fault import Finding
from tariffs.instant import parse_instant
from tariffs.money import half
from tariffs.plan_files import in_reading_order
from tariffs.timing import ANY
from tariffs.zone import Zone
from triggers.metric_monitor import SCORES
from triggers.monitor import COUNTER_SIDES, SCORE_SIDES
from triggers.score_address import ADDRESS_ALLOWED, is_score_address
from triggers.traffic.metric_address import MetricUnknown, is_score, parse

FILE: Final = "ActionTriggers.csv"
COLUMNS: Final = (
    "Tag", "UniqueId", "ThresholdType", "ThresholdValue", "Recurrent", "MinSleep", "ExpiryTime", "ActivationTime",
    "BalanceTag", "BalanceType", "BalanceCategories", "BalanceDestinationIds", "BalanceRatingSubject",
    "BalanceSharedGroup", "BalanceExpiryTime", "BalanceTimingIds", "BalanceWeight", "BalanceBlocker",
    "BalanceDisabled", "ActionsId", "Weight",
)  # fmt: skip
CONNECTS: Final = "*event_connect"  # the list of the counter of connected calls
KINDS: Final = frozenset(BalanceKind)
WINDOWS: Final = frozenset(window.value for window in Window if window is not Window.NONE)
TIMES: Final = ("ExpiryTime", "ActivationTime", "BalanceExpiryTime")  # in the order of TriggerTerms.anchors_ns
Groups = Mapping[str, tuple[TriggerTerms, ...]]
NO_GROUPS: Final[Groups] = {}
DERIVED_LENGTH: Final = 16  # hexadecimal digits of a derived id


class TriggerReader:
    """Reads the rows of one load. `action_ids` are the sets that exist, `stored` the groups in force."""

    __slots__ = ("action_ids", "lines", "now_ns", "seen", "stored", "zone")

    def __init__(self, action_ids: Set[str], stored: Groups, *, now_ns: int, zone: Zone) -> None:
        self.action_ids: Final = action_ids
        self.stored: Final = {(terms.group, terms.unique_id): terms for group in stored.values() for terms in group}
        self.now_ns: Final = now_ns
        self.zone: Final = zone
        self.seen: Final[dict[str, int]] = {}  # derived id to how many rows have it
        self.lines: Final[dict[tuple[str, str], Row]] = {}  # given (group, id) to its row

    def terms(self, row: Row) -> TriggerTerms | None:
        """The monitor of a row; None where a fault leaves nothing that makes sense."""
        group, type, kind = row["Tag"], self._type(row), _given(row, "BalanceType") or ""
        if not group:
            row.fault("Tag", "is empty", "the id of the group")
        self._check_actions(row)
        if type in SCORE_SIDES:
            kind = _check_score(row)
        window, timing_ids = _window(row, type)
        unique_id = self._unique_id(row)
        (expires_at_ns, activates_at_ns, balance_expires_at_ns), anchors_ns = self._moments(row, unique_id)
        terms = TriggerTerms(
            group=group,
            unique_id=unique_id,
            type=type or ThresholdType.MAX_BALANCE,
            threshold=_scaled(row.number("ThresholdValue"), kind_scale(kind)),
            actions_id=row["ActionsId"],
            kind=kind,
            filter=_filter(row, kind, timing_ids, balance_expires_at_ns),
            recurrent=row.flag("Recurrent"),
            min_sleep_ns=_min_sleep(row),
            expires_at_ns=expires_at_ns,
            activates_at_ns=activates_at_ns,
            weight=row.decimal("Weight"),
            window=window,
            anchors_ns=tuple(anchors_ns),
        )
        if type is None or not group:
            return None
        _warn(row, terms)
        return terms

    def _moments(self, row: Row, unique_id: str) -> tuple[list[int | None], list[int]]:
        """The times of a row, and from when on each of them counts.

        A text that gives what is stored, read as of the moment from which that counts, is the same text.
        """
        old = self.stored.get((row["Tag"], unique_id))
        kept: tuple[tuple[int | None, int], ...] = ()
        if old is not None and len(old.anchors_ns) == len(TIMES):
            stored = (old.expires_at_ns, old.activates_at_ns, old.filter.expires_at_ns)
            kept = tuple(zip(stored, old.anchors_ns, strict=True))
        found = [self._moment(row, column, kept[place] if kept else None) for place, column in enumerate(TIMES)]
        return [moment for moment, _ in found], [anchor for _, anchor in found]

    def _moment(self, row: Row, column: str, kept: tuple[int | None, int] | None) -> tuple[int | None, int]:
        if _given(row, column) is None:
            return None, self.now_ns
        moment = row.instant(column, now_ns=self.now_ns, zone=self.zone)
        if moment is not None and kept is not None:
            then = parse_instant(row[column], now_ns=kept[1], zone=self.zone)
            if then == kept[0]:
                return kept
        return moment, self.now_ns

    def _type(self, row: Row) -> ThresholdType | None:
        try:
            return ThresholdType(row["ThresholdType"])
        except ValueError:
            row.fault("ThresholdType", "is unknown", "one of " + ", ".join(ThresholdType))
            return None

    def _check_actions(self, row: Row) -> None:
        actions_id = row["ActionsId"]
        if not actions_id:
            row.fault("ActionsId", "is empty", "the id of an action set")
        elif actions_id not in self.action_ids:
            row.fault("ActionsId", "names no action set", "an id of Actions.csv, in this folder or loaded before")

    def _unique_id(self, row: Row) -> str:
        given = row["UniqueId"]
        if given:
            first = self.lines.setdefault((row["Tag"], given), row)
            if first is not row:
                place = f"{first.file}:{first.line}"
                row.fault("UniqueId", f"is that of {place} in the same group", "an id of its own, or none")
            return given
        derived = sha256("\x1f".join(row.cells).encode("utf-8", "surrogateescape")).hexdigest()[:DERIVED_LENGTH]
        ordinal = self.seen[derived] = self.seen.get(derived, 0) + 1
        return derived if ordinal == 1 else f"{derived}-{ordinal}"


def _filter(row: Row, kind: str, timing_ids: Mapping[str, bool] | None, expires_at_ns: int | None) -> BalanceFilter:
    return BalanceFilter(
        kind=BalanceKind(kind) if kind in KINDS else None,
        id=_given(row, "BalanceTag"),
        weight=row.given_decimal("BalanceWeight") if _given(row, "BalanceWeight") else None,
        expires_at_ns=expires_at_ns,
        destinations=row.names("BalanceDestinationIds"),
        rating_subject=_given(row, "BalanceRatingSubject"),
        categories=row.names("BalanceCategories"),
        shared_groups=row.names("BalanceSharedGroup"),
        timing_ids=timing_ids,
        blocker=row.given_flag("BalanceBlocker") if _given(row, "BalanceBlocker") else None,
        disabled=row.given_flag("BalanceDisabled") if _given(row, "BalanceDisabled") else None,
    )


def _check_score(row: Row) -> str:
    """The list that a monitor on a score looks at: none. Faults and warnings for what its row says otherwise."""
    if not is_score_address(row["BalanceTag"]):
        row.fault("BalanceTag", "is no address of a score or traffic metric", ADDRESS_ALLOWED)
    if _given(row, "BalanceType") is not None:
        row.warn("BalanceType", "is not looked at: a score is no balance", "nothing")
    return ""


def _window(row: Row, type: ThresholdType | None) -> tuple[Window, Mapping[str, bool] | None]:
    """What a counter counts over, and the timings that are left as a filter."""
    names = row.names("BalanceTimingIds")
    windows = [name for name in names or () if name in WINDOWS]
    if not windows or names is None:
        return Window.NONE, names
    allowed = "one of " + ", ".join(sorted(WINDOWS))
    if len(windows) > 1:
        row.fault("BalanceTimingIds", f"names {len(windows)} windows", allowed)
    if not all(names[window] for window in windows):
        row.fault("BalanceTimingIds", "excludes a window", allowed)
    if type is not None and type not in COUNTER_SIDES:
        row.fault("BalanceTimingIds", f"names a window, but {type} counts nothing", "a window of a counter alone")
    return Window(windows[0]), {name: given for name, given in names.items() if name not in WINDOWS} or None


def _min_sleep(row: Row) -> int:
    length = row.duration("MinSleep")
    if length < 0:
        row.fault("MinSleep", "is no pause", "a duration from 0 on, such as 24h")
        return 0
    return length


def read_triggers(
    files: Mapping[str, bytes],
    action_ids: Set[str],
    findings: list[Finding],
    *,
    stored: Groups = NO_GROUPS,
    now_ns: int,
    zone: Zone,
) -> dict[str, tuple[TriggerTerms, ...]]:
    """The groups of a folder (path inside it to content), each in the order of its rows."""
    reader = TriggerReader(action_ids, stored, now_ns=now_ns, zone=zone)
    groups: dict[str, list[TriggerTerms]] = {}
    for path in in_reading_order(files, FILE):
        for row in read_rows(path, files[path], COLUMNS, findings):
            terms = reader.terms(row)
            if terms is not None:
                groups.setdefault(terms.group, []).append(terms)
    return {group: tuple(terms) for group, terms in groups.items()}


def _warn(row: Row, terms: TriggerTerms) -> None:
    """Say where a monitor loads and will never fire, or not as its row suggests."""
    counts = terms.type in COUNTER_SIDES
    if terms.type in SCORE_SIDES:
        _warn_of_address(row, terms.filter.id or "")
    elif not terms.kind:
        row.warn("BalanceType", "is empty: the monitor watches nothing", "the type of balance or counter it means")
    elif terms.kind not in KINDS and not (counts and terms.kind == CONNECTS):
        known = (*BalanceKind, CONNECTS) if counts else tuple(BalanceKind)
        row.warn("BalanceType", "is no type that is watched: the monitor never fires", ", ".join(known))


def _warn_of_address(row: Row, address: str) -> None:
    """Say where nobody computes what a monitor watches; it can still be told over the API."""
    if address in SCORES or not is_score_address(address):
        return
    try:
        parse(address)
    except MetricUnknown as unknown:
        known = f"scores are {', '.join(SCORES)}" if is_score(address) else str(unknown)
        row.warn("BalanceTag", f"is computed by nobody, so it has to be told over the API: {known}")


def _given(row: Row, column: str) -> str | None:
    text = row[column]
    return None if text in ("", ANY) else text


def _scaled(number: tuple[int, int], scale: int) -> int:
    digits, decimals = number
    return half(digits * scale, 10**decimals)
