"""The watched folder: which files are taken, what becomes of them, and that none is taken twice or by halves."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ratingd import observe
from ratingd.api.event_message import EventReader
from ratingd.errors import Overloaded
from ratingd.ingest.event_map import GENERIC
from ratingd.ingest.file_progress import FileProgress
from ratingd.ingest.folder_watch import FAILED, PROCESSED, WAITING_MAX, FolderWatch, watch_folder
from ratingd.settings_reading import SettingsRefused
from ratingd.store.faults import DataRefused, StoreUnavailable
from ratingd.v1.fraud_pb2 import CallEventsRequest
from tests.table import table
from tests.waiting import until
from triggers.calls.call_event import CallEvent
from triggers.calls.verdict import Verdict
from triggers.numbers.number_reading import NumberReader

NOW_NS = 1_795_262_400_000_000_000
HEADER = "event_type,timestamp,call_id,a_number,b_number\n"
BATCH = 3

Stored = Callable[[Exception | None], None]


class Killed(Exception):
    """The daemon is no more."""


class Desk:
    """Stores at once; or fails as `faults` say, one for each batch."""

    def __init__(self) -> None:
        self.reader = EventReader(NumberReader(), default_tenant="example.org")
        self.batches: list[list[str]] = []
        self.faults: list[Exception | None] = []
        self.waiting = 0

    @property
    def stored(self) -> list[str]:
        return [call_id for batch in self.batches for call_id in batch]

    def take(
        self, events: Sequence[CallEvent], bodies: Sequence[bytes], source: str, stored: Stored | None = None
    ) -> list[Verdict]:
        assert stored is not None
        assert source == "folder"
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Killed | Overloaded):
            raise fault
        if fault is None:
            assert [event.call_id for event in events] == [
                each.call_id for each in CallEventsRequest.FromString(b"".join(bodies)).events
            ]
            self.batches.append([event.call_id for event in events])
        stored(fault)
        return [Verdict(event.call_id) for event in events]


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk = Desk()
        self.watch = self.started()

    def started(self) -> FolderWatch:
        for below in (PROCESSED, FAILED):
            (self.folder / below).mkdir(exist_ok=True)
        return FolderWatch(self.desk, self.folder, GENERIC, lambda: NOW_NS, quiet_s=0, batch=BATCH)

    def restart(self) -> None:
        self.watch.stop()
        self.watch = self.started()

    def put(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def look(self, times: int = 2) -> int:
        return sum([self.watch.look() for _ in range(times)])

    def files(self, below: str) -> list[str]:
        return sorted(path.name for path in (self.folder / below).iterdir() if path.is_file())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    observe.configure(observe.LogFormat.NONE)
    scene = Scene(tmp_path)
    yield scene
    scene.watch.stop()


def rows(*calls: object) -> str:
    return HEADER + "".join(f"INVITE,1795255200,c{call},+4930111,+4930222\n" for call in calls)


def test_a_file_is_stored_in_batches_and_moved(scene: Scene) -> None:
    scene.put("a.csv", rows(*range(7)))
    assert scene.look() == 1
    assert scene.desk.batches == [["c0", "c1", "c2"], ["c3", "c4", "c5"], ["c6"]]
    assert (scene.files(PROCESSED), scene.files(FAILED), scene.files("")) == (["a.csv"], [], [".ratingd.lock"])


def test_rows_that_are_wrong_are_named_beside_a_file_in_failed(scene: Scene) -> None:
    scene.put("a.csv", rows(0) + "INVITE,soon,c1,+4930111,+4930222\nINVITE,1795255200,c2,+4930111,anonymous\n")
    assert scene.look() == 1
    assert scene.desk.stored == ["c0"]
    assert scene.files(FAILED) == ["a.csv", "a.csv.errors"]
    first, second = (scene.folder / FAILED / "a.csv.errors").read_text().splitlines()
    assert first.startswith("a.csv:3: timestamp: a time is wanted")
    assert second == "a.csv:4: b_number: is 'anonymous': an INVITE says who is called"


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("x,y\n1,2\n", "lacks the column a_number; its header names x, y. Is it the right --map?")],
)
def test_a_file_of_which_nothing_can_be_read_fails_as_a_whole(scene: Scene, text: str, said: str) -> None:
    scene.put("a.csv", text)
    assert scene.look() == 1
    assert said in (scene.folder / FAILED / "a.csv.errors").read_text()


@table("""
    name           | taken
    calls.csv      | yes
    calls.CSV      | yes
    calls.jsonl    | yes
    calls.ndjson   | yes
    .calls.csv     | no
    calls.csv.tmp  | no
    calls.csv.part | no
    calls.txt      | no
    calls          | no
    """)
def test_names(scene: Scene, name: str, taken: str) -> None:
    scene.put(name, '{"event_type": "INVITE"}\n')
    assert scene.look() == (taken == "yes")


def test_folders_are_no_files(scene: Scene) -> None:
    (scene.folder / "calls.csv").mkdir()
    assert scene.look() == 0


def test_a_file_is_taken_when_it_has_stopped_growing(scene: Scene) -> None:
    path = scene.put("a.csv", rows(0))
    assert scene.look(1) == 0  # it has just come
    path.write_text(rows(0, 1))
    assert scene.look(1) == 0
    assert scene.look(1) == 1
    assert scene.desk.stored == ["c0", "c1"]


def test_a_quiet_time_is_waited_for(scene: Scene) -> None:
    scene.put("a.csv", rows(0))
    scene.watch = FolderWatch(scene.desk, scene.folder, GENERIC, quiet_s=3_600)
    assert scene.look(3) == 0


def test_a_file_that_grows_while_it_is_read_is_gone_on_with_when_it_is_complete(scene: Scene) -> None:
    path = scene.put("a.csv", rows(*range(4)) + "INVITE,17952")
    grown = rows(*range(4)) + "INVITE,1795255200,c4,+4930111,+4930222\n"
    take = scene.desk.take

    def taking(*given: object) -> list[Verdict]:
        path.write_text(grown)
        return take(*given)  # type: ignore[arg-type]

    scene.desk.take = taking  # type: ignore[method-assign, assignment]
    assert scene.look() == 0  # the fifth row was half of one, and says nothing
    scene.desk.take = take  # type: ignore[method-assign]
    assert scene.look() == 1
    assert scene.desk.stored == ["c0", "c1", "c2", "c3", "c4"]
    assert scene.files(PROCESSED) == ["a.csv"]


def test_files_come_in_the_order_of_their_names_and_keep_them_apart(scene: Scene) -> None:
    for round in range(3):
        scene.put("a.csv", rows(f"a{round}"))
        scene.put("b.csv", rows(f"b{round}"))
        assert scene.look() == 2
    assert scene.desk.stored == ["ca0", "cb0", "ca1", "cb1", "ca2", "cb2"]
    assert scene.files(PROCESSED) == ["a.2.csv", "a.3.csv", "a.csv", "b.2.csv", "b.3.csv", "b.csv"]


def test_what_was_not_stored_is_brought_again(scene: Scene) -> None:
    scene.put("a.csv", rows(*range(5)))
    scene.desk.faults = [Overloaded(9, 1), StoreUnavailable("away"), None, StoreUnavailable("away"), None]
    scene.watch._pause = lambda seconds: None  # type: ignore[method-assign]
    assert scene.look() == 1
    assert scene.desk.batches == [["c0", "c1", "c2"], ["c3", "c4"]]


def test_a_row_that_the_database_refuses_is_named_and_the_others_are_stored(scene: Scene) -> None:
    scene.put("a.csv", rows(*range(5)))
    scene.desk.faults = [DataRefused("no"), None, DataRefused("no"), None, None]
    assert scene.look() == 1
    assert scene.desk.batches == [["c0"], ["c2"], ["c3", "c4"]]
    assert (scene.folder / FAILED / "a.csv.errors").read_text() == "a.csv:3: the database refuses what it says\n"


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_daemon_that_dies_in_a_file_goes_on_where_it_was(scene: Scene, batches: int) -> None:
    scene.put(
        "a.csv", rows(0, 1) + "INVITE,soon,x,1,2\n" + rows(*range(2, 8)).removeprefix(HEADER) + "INVITE,never,y,1,2\n"
    )
    scene.desk.faults = [*[None] * batches, Killed()]
    with pytest.raises(Killed):
        scene.look()
    scene.restart()
    assert scene.look() == 1
    assert scene.desk.stored == [f"c{call}" for call in range(8)]
    assert (scene.folder / FAILED / "a.csv.errors").read_text().count("\n") == 2
    assert scene.files(FAILED) == ["a.csv", "a.csv.errors"]
    assert scene.files("") == [".ratingd.lock"]


def test_another_file_of_the_same_name_begins_anew(scene: Scene) -> None:
    path = scene.put("a.csv", rows(*range(8)))
    scene.desk.faults = [None, Killed()]
    with pytest.raises(Killed):
        scene.look()
    scene.put("other", rows(20, 21, 22, 23)).rename(path)
    scene.restart()
    assert scene.look() == 1
    assert scene.desk.stored == ["c0", "c1", "c2", "c20", "c21", "c22", "c23"]


def test_notes_that_nobody_can_read_are_none(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(rows(0))
    for note in ("", "[1]", '{"inode": "x"}', f'{{"inode": {file.stat().st_ino}, "line": "many"}}'):
        (tmp_path / ".a.csv.progress").write_text(note)
        assert FileProgress(file).line == 0
    progress = FileProgress(file)
    progress.done(7, 3)
    assert (FileProgress(file).line, FileProgress(file).events) == (7, 3)


def test_a_folder_that_cannot_be_read_is_looked_at_again(scene: Scene) -> None:
    scene.put("a.csv", rows(0))
    unreadable = scene.put("b.csv", rows(1))
    unreadable.chmod(0)
    expected = 2 if os.access(unreadable, os.R_OK) else 1  # root reads everything
    assert scene.look() == expected


def test_the_thread_looks_by_itself_and_ends_between_two_batches(scene: Scene) -> None:
    scene.put("a.csv", rows(*range(9)))
    scene.desk.waiting = WAITING_MAX + 1  # others come first
    scene.watch.start()
    until(lambda: (scene.folder / ".ratingd.lock").exists())
    scene.watch.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "folder-watch"]
    assert (scene.desk.stored, scene.files("")) == ([], [".ratingd.lock", "a.csv"])
    scene.desk.waiting = 0
    scene.restart()
    scene.watch.start()
    until(lambda: scene.files(PROCESSED) == ["a.csv"])
    scene.watch.stop()


@pytest.mark.parametrize(
    ("folder", "columns", "said"),
    [
        ("/nowhere/at/all", "generic", "watch_folder: '/nowhere/at/all' is no folder that can be written"),
        ("", "own.toml", "watch_map: own.toml: cannot be read"),
    ],
)
def test_settings_that_cannot_hold_are_refused(tmp_path: Path, folder: str, columns: str, said: str) -> None:
    with pytest.raises(SettingsRefused, match=said):
        watch_folder(Desk(), folder or str(tmp_path), columns)
