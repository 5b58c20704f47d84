"""FraudService: white and black lists, what rules have blocked, and the rules themselves."""

from collections.abc import Callable
from typing import Final

from ratingd.api.convert import name
from ratingd.api.fraud_parts import SERVICE, FraudParts, asker, page_of
from ratingd.api.listing import place_of, token_of
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.api.tariffs import SEVERITIES
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest
from ratingd.store.fraud_rows import ListRow
from ratingd.v1 import fraud_pb2, tariffs_pb2
from tariffs.fault import Finding

PAGE_DEFAULT: Final = 1_000
PAGE_MAX: Final = 10_000
WINDOW_MAX_S: Final = 86_400


class FraudLists:
    def __init__(self, parts: FraudParts) -> None:
        self._parts: Final = parts

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "ListEntries": self._list,
            "AddEntries": self._add,
            "ImportEntries": self._import,
            "RemoveEntry": self._remove,
            "GetFraudRules": self._get_rules,
            "SetFraudRules": self._set_rules,
        }
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _list(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ListEntriesRequest(), body)
        size = page_of(request.page_size, PAGE_DEFAULT, PAGE_MAX)
        rows = self._parts.lists.entries(request.list)
        place = place_of(request.page_token, (str, str, str))
        if place is not None:
            rows = [row for row in rows if (row.list, row.kind, row.value) > tuple(map(str, place))]
        message = fraud_pb2.ListEntriesResponse(entries=[_entry(row) for row in rows[:size]])
        if len(rows) > size:
            last = rows[size - 1]
            message.next_page_token = token_of(last.list, last.kind, last.value)
        return Reply(0, message.SerializeToString())

    def _add(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.AddEntriesRequest(), body)
        rows = [_row(entry, f"entries[{place}]") for place, entry in enumerate(request.entries)]
        stored = self._parts.lists.add(rows, asker(request.who))
        return Reply(0, fraud_pb2.AddEntriesResponse(entries=map(_entry, stored)).SerializeToString())

    def _import(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ImportEntriesRequest(), body)
        rows, findings = self._parts.lists.take_file(
            request.file, asker(request.who), tuple(request.lists), dry_run=request.dry_run
        )
        message = fraud_pb2.ImportEntriesResponse(findings=map(_finding, findings), entries=rows)
        return Reply(0, message.SerializeToString())

    def _remove(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.RemoveEntryRequest(), body)
        self._parts.lists.remove(request.list, request.kind, name(request.value, "value"), asker(request.who))
        return Reply(0, fraud_pb2.RemoveEntryResponse().SerializeToString())

    def _get_rules(self, body: bytes, _: int | None) -> Reply:
        parse(fraud_pb2.GetFraudRulesRequest(), body)
        rules = self._parts.rules
        current = rules.current
        message = fraud_pb2.FraudRules(
            text=current.text, set_ms=current.set_ms, who=current.who, source=current.source, rules=rules.rules
        )
        return Reply(0, message.SerializeToString())

    def _set_rules(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.SetFraudRulesRequest(), body)
        rules, findings = self._parts.rules.set(request.text, asker(request.who), dry_run=request.dry_run)
        message = fraud_pb2.SetFraudRulesResponse(findings=map(_finding, findings), rules=rules)
        return Reply(0, message.SerializeToString())


def _entry(row: ListRow) -> fraud_pb2.ListEntry:
    return fraud_pb2.ListEntry(
        list=row.list, kind=row.kind, value=row.value, reason=row.reason, who=row.who, created_ms=row.created_ms,
        expires_ms=row.expires_ms, threshold=row.threshold, window_seconds=row.window_ms / 1000,
    )  # fmt: skip


def _row(entry: fraud_pb2.ListEntry, place: str) -> ListRow:
    if not 0 <= entry.window_seconds <= WINDOW_MAX_S:  # nor NaN
        raise InvalidRequest(f"{place}.window_seconds", f"is {entry.window_seconds:g}; a window lasts 1 to 60 seconds")
    return ListRow(
        entry.list, entry.kind, entry.value, entry.reason, entry.who, 0, entry.expires_ms, entry.threshold,
        round(entry.window_seconds * 1000),
    )  # fmt: skip


def _finding(finding: Finding) -> tariffs_pb2.Finding:
    return tariffs_pb2.Finding(
        file=finding.file, line=finding.line, column=finding.column, field=finding.field,
        severity=SEVERITIES[finding.severity], found=finding.found, message=finding.message, allowed=finding.allowed,
    )  # fmt: skip
