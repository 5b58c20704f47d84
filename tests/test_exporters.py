"""Exports: places that hold, lines that are whole, posts that are signed, and what an id that nobody knows comes to."""

import json
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from accounts.account import AccountKey
from ratingd.delivery.address_guard import AddressGuard
from ratingd.delivery.attempt import Judgement, Verdict
from ratingd.delivery.export_place import AppendedTo, PostedTo, hosts, place
from ratingd.delivery.exporters import ExportCarrier
from ratingd.delivery.post import Poster
from ratingd.store.rows import OutboxEntry, shard_of
from tests.alert_receiver import AlertReceiver

SECRET = b"top secret"
A = AccountKey("cgrates.org", "1001")
EVENT = {"Account": {"ID": "cgrates.org:1001"}, "EventType": "AccountUpdate", "EventSource": "AccountS"}

WRONG = """
    ftp://h/x                  | 'ftp://h/x' is no place to export to
    accounts.jsonl             | 'accounts.jsonl' is no place to export to
    http:///x                  | 'http:///x' names no host
    https://u:p@h/x            | a URL with a user or a password is not posted to
    https://h:99999/x          | Port out of range 0-65535
    file://accounts.jsonl      | 'file://accounts.jsonl' names no file of this machine by its whole path
    file:///var/lib/           | 'file:///var/lib/' names no file of this machine by its whole path
    file:///a?b                | 'file:///a?b' has a ? or a #
    file:///a#b                | 'file:///a#b' has a ? or a #
"""


def entry(id: str, exporter: str) -> OutboxEntry:
    return OutboxEntry(id, A, shard_of(A), "export", exporter, json.dumps(EVENT), 0)


def carrier(**exporters: str) -> ExportCarrier:
    return ExportCarrier(exporters, Poster(AddressGuard(hosts(exporters), private=True), SECRET, 2))


def carried(carrier: ExportCarrier, *entries: OutboxEntry) -> list[Judgement]:
    return [carrier.carry(entry).judgement for entry in entries]


def lines(file: Path) -> list[object]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("{")]


@contextmanager
def file_size_max(size: int) -> Iterator[None]:
    """Writing beyond a size fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("row", WRONG.strip().splitlines())
def test_place_that_cannot_be_exported_to_is_explained(row: str) -> None:
    url, _, said = row.partition("|")
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is compared below
        place(url.strip())
    assert str(refused.value).startswith(said.strip())


def test_places_are_receivers_and_files() -> None:
    assert place("https://h.example:8443/x?y") == PostedTo("https://h.example:8443/x?y", "h.example")
    assert place("file:///a%20b/c.jsonl") == place("file://localhost/a%20b/c.jsonl") == AppendedTo(Path("/a b/c.jsonl"))
    assert hosts({"A": "http://h/x", "B": "file:///x", "C": "http://[::1]:80/"}) == ("h", "::1")


def test_event_is_posted_signed_and_as_the_action_made_it() -> None:
    with AlertReceiver(SECRET) as receiver:
        assert carried(carrier(CRM=receiver.url), entry("e1", "CRM"))[0].verdict is Verdict.DELIVERED
        (arrived,) = receiver.alerts
        assert (arrived.verified, arrived.body) == (True, EVENT)
        assert (arrived.headers["X-Ratingd-Delivery"], arrived.headers["X-Ratingd-Event"]) == ("e1", "AccountUpdate")


@pytest.mark.parametrize(("status", "verdict"), [(503, Verdict.RETRY), (404, Verdict.DEAD), (307, Verdict.DEAD)])
def test_receiver_decides_as_it_does_about_webhooks(status: int, verdict: Verdict) -> None:
    with AlertReceiver(SECRET, lambda _: status) as receiver:
        assert carried(carrier(CRM=receiver.url), entry("e1", "CRM"))[0].verdict is verdict


def test_each_event_is_a_line_with_its_id(tmp_path: Path) -> None:
    file = tmp_path / "a b.jsonl"
    to = carrier(FILE=file.as_uri())
    assert [judgement.verdict for judgement in carried(to, entry("e1", "FILE"), entry("e2", "FILE"))] == [
        Verdict.DELIVERED,
        Verdict.DELIVERED,
    ]
    assert lines(file) == [{"id": "e1", **EVENT}, {"id": "e2", **EVENT}]
    assert file.read_text().startswith('{"id":"e1",')
    assert file.stat().st_mode & 0o777 == 0o600


def test_file_that_was_moved_away_is_begun_again(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    to = carrier(FILE=file.as_uri())
    carried(to, entry("e1", "FILE"))
    file.rename(tmp_path / "x.jsonl.1")
    carried(to, entry("e2", "FILE"))
    assert lines(file) == [{"id": "e2", **EVENT}]


def test_line_that_a_crash_cut_short_is_ended_before_the_next(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"id":"e0"}\n{"id":"e1","Acc')
    carried(carrier(FILE=file.as_uri()), entry("e1", "FILE"))
    assert file.read_text().splitlines()[:2] == ['{"id":"e0"}', '{"id":"e1","Acc']
    assert json.loads(file.read_text().splitlines()[2]) == {"id": "e1", **EVENT}


def test_full_disk_leaves_no_half_line_and_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    to = carrier(FILE=file.as_uri())
    carried(to, entry("e1", "FILE"))
    whole = file.read_bytes()
    with file_size_max(len(whole) + 7):
        (judgement,) = carried(to, entry("e2", "FILE"))
    assert judgement.verdict is Verdict.RETRY
    assert judgement.error == f"{file} cannot be written: only a part was written: the disk is full"
    assert file.read_bytes() == whole
    assert carried(to, entry("e2", "FILE"))[0].verdict is Verdict.DELIVERED
    assert lines(file) == [{"id": "e1", **EVENT}, {"id": "e2", **EVENT}]


def test_folder_that_is_not_there_is_told_and_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "not there" / "x.jsonl"
    (judgement,) = carried(carrier(FILE=file.as_uri()), entry("e1", "FILE"))
    assert (judgement.verdict, judgement.error) == (
        Verdict.RETRY,
        f"{file} cannot be written: No such file or directory",
    )


def test_id_that_the_settings_do_not_name_any_more_is_put_aside() -> None:
    (judgement,) = carried(carrier(CRM="http://127.0.0.1:9/"), entry("e1", "OLD"))
    assert (judgement.verdict, judgement.error) == (
        Verdict.DEAD,
        "exporter 'OLD' is not among the exporters of the settings (CRM)",
    )


def test_receiver_that_is_down_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (judgement,) = carried(carrier(CRM=f"http://127.0.0.1:{taken.getsockname()[1]}/"), entry("e1", "CRM"))
        assert judgement.verdict is Verdict.RETRY
