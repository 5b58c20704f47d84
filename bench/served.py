"""Debits over gRPC with durable commits: the whole daemon at every station of the plan, beside servers without work.

All daemons are up at the same time, and idle but the one that is measured, so that each round can visit every station
and the rounds lie minutes apart. Whatever fails is a row that says so; whatever was started is ended.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Final, Self

from bench.build import attempt
from bench.empty_commit import NAME as BARE_COMMIT
from bench.empty_commit import postgresql_commits, sqlite_commits
from bench.figure import Figure
from bench.ground import Choice, Ground
from bench.plan import LOADED, NAMES, Shot, Station, empty_shots, planned
from bench.post import JOURNAL, LOADING, START, Post
from bench.shooting import Shooting

COMMIT_S: Final = 0.7
IDLE_SHARE: Final = 1.5  # debits beside a load need a longer look than others
Say = Callable[[str], None]


class Served:
    """Use as a context: everything is up inside of it."""

    def __init__(self, choice: Choice, shooting: Shooting, stations: Sequence[Station], say: Say) -> None:
        self._choice: Final = choice
        self._shooting: Final = shooting
        self._stations: Final = stations
        self._say: Final = say
        self._stack: Final = ExitStack()
        self._posts: Final[list[Post]] = []
        self._failed: Final[list[Figure]] = []
        self._beside: Post | None = None
        self._empty: dict[str, str] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._ground = Ground(self._choice, stack)
            self._empty = self._ground.empty_servers(self._say)
            for station in self._stations:
                self._take_up(station)
            self._take_up_beside()
            self._stack.push(stack.pop_all())
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all that was started; what the stores hold stays."""
        self._stack.close()

    def round(self) -> Iterator[Figure]:
        """Every row once, the ceilings first."""
        for store, disk in dict.fromkeys((post.station.store, post.station.disk) for post in self._posts):
            params = {"store": store, "disk": disk}
            yield from attempt(Figure(BARE_COMMIT, None, "commits/s", params), self._commits, store, disk)
        for shot in empty_shots(self._stations):
            for name, address in self._empty.items():
                failed = Figure(f"empty_{name}", None, "debits/s", {"shape": shot.shape, **shot.params})
                yield from attempt(failed, self._shooting.empty, failed.name, shot, address)
        for post in self._posts:
            for shot in post.station.shots:
                yield from attempt(row(post.station, shot), post.debits, self._shooting, shot)
        yield from self._others()

    def last(self) -> Iterator[Figure]:
        """After the last round: whether what was answered is stored, and which stations never came up."""
        for post in [*self._posts, *([self._beside] if self._beside else [])]:
            yield from attempt(Figure(JOURNAL, None, "of 1", post.station.params), post.journal)
        yield from self._failed

    def _others(self) -> Iterator[Figure]:
        """Starts with few accounts and with many, and debits while a tariff is loaded."""
        by_accounts = {post.station.accounts: post for post in reversed(self._posts)}
        for post in by_accounts.values():
            yield from attempt(Figure(START, None, "s", post.station.params), post.restart)
        if self._beside is not None:
            shot = self._beside.station.shots[0]
            failed = row(self._beside.station, shot, step=LOADING)
            yield from attempt(failed, self._beside.beside_a_load, self._shooting, shot, IDLE_SHARE)

    def _take_up(self, station: Station) -> None:
        try:
            self._posts.append(self._ground.post(station))
        except Exception as error:  # noqa: BLE001 (the other stations are measured all the same)
            self._say(f"{station.name} does not come up: {error}")
            for shot in station.shots:
                self._failed.extend(attempt(row(station, shot), _fail, error))

    def _take_up_beside(self) -> None:
        for station in planned(self._choice.offer(), [LOADED]):
            try:
                self._beside = self._ground.post(station, LOADING)
            except Exception as error:  # noqa: BLE001 (as above)
                self._say(f"no debits beside a load: {error}")

    def _commits(self, store: str, disk: str) -> Figure:
        if store == "sqlite":
            figure = sqlite_commits(self._choice.folders[disk], COMMIT_S)
        else:
            figure = postgresql_commits(self._ground.server(disk).conninfo("postgres"), COMMIT_S)
        figure.params.update(store=store, disk=disk)
        return figure


def row(station: Station, shot: Shot, **more: object) -> Figure:
    """A row that is still without its value."""
    params = {**station.params, **shot.params, "pick": shot.pick, **more}
    return Figure(NAMES[shot.shape], None, "debits/s", params)


def _fail(error: Exception) -> Figure:
    raise error
