"""The model desk: models in use at this daemon, put to work, followed, watched for drift.

Ann activates masking 3 at the daemon she reaches. It is opened there first; then the store says so, and that daemon
scores with it from the next call on. Every other daemon on the database looks each two seconds who is in use, opens
masking 3 on a thread of its own while masking 2 goes on, and changes over between two calls. Where a daemon cannot open
it, an older version of ratingd perhaps, masking 2 stays there, and the status says what was wanted and why it is not.

What explains a model is opened by whoever activates it, while calls are scored already; after a start and at the other
daemons by the same thread. XGBoost itself takes a second to load, and whoever raises an alert is not to wait for that.

Without a model nothing of this costs anything: the thread looks two words up, and no library is loaded.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ratingd import observe
from ratingd.errors import RatingdError
from ratingd.models.drift import DriftWatch
from ratingd.models.drift_rounds import DriftRounds, Raise
from ratingd.models.registry import Registry
from ratingd.models.scorers import Figures, Row, RowRefused, Scorer, Scorers, Shadow
from ratingd.store.faults import StoreFault
from ratingd.store.model_rows import PRODUCTION, SHADOW, ModelRow
from ratingd.store.models import InUse
from triggers.watch.explanation import Explanation

if TYPE_CHECKING:
    from ratingd.models.explainer import Explainer

TICK_S: Final = 0.5  # how often rows for the shadow are scored
FOLLOW_S: Final = 2.0  # how often it is looked what others have activated at another daemon
DRIFT_S: Final = 3600.0
BUNCH: Final = 1024  # rows for the shadow that are scored at once
RULES: Final = "rule_based"


@dataclass(frozen=True, slots=True)
class ScoreStatus:
    """How a score comes about here. A version that is `wanted` and is not in use could not be opened: `fault`."""

    name: str
    active: Scorer | None
    wanted: int
    fault: str
    figures: Figures
    shadow: Shadow | None
    shadow_wanted: int
    shadow_fault: str
    drift: DriftWatch | None

    @property
    def method(self) -> str:
        return RULES if self.active is None else self.active.algorithm


class ModelDesk:
    """Thread-safe. `scorers` gives scores; `shared`: other daemons may activate too; `alert` raises one."""

    def __init__(
        self,
        registry: Registry,
        scorers: Scorers | None = None,
        *,
        alert: Raise = lambda alert: None,
        shared: bool = False,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.registry: Final = registry
        self.scorers: Final = scorers or Scorers()
        self.drift: Final = DriftRounds(registry, self.scorers, alert, clock)
        self._shared: Final = shared
        self._changing: Final = threading.Lock()
        self._wanted: InUse = {}
        self._faults: Final[dict[tuple[str, str], str]] = {}
        self._preparing: Final = threading.Lock()  # taken before the other
        self._explaining: Final = threading.Lock()
        self._explainers: Final[dict[str, tuple[Scorer, Explainer]]] = {}
        self._prepared: Final[dict[str, Scorer]] = {}  # whose explainers were opened, or could not be
        self._stopping: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="models", daemon=True)

    def start(self) -> None:
        """Open what is in use, before calls come. One that cannot be opened keeps no daemon from starting."""
        self.follow()
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def prepared(self, name: str) -> bool:
        """Whether what explains a score is at hand, so that it takes milliseconds."""
        active = self.scorers.active(name)
        return active is None or self._prepared.get(name) is active

    def follow(self) -> None:
        """Put to work what the store says is in use, where it is not what it said last."""
        with self._changing:
            wanted = self.registry.in_use()
            if wanted != self._wanted:
                self._take(wanted, again=False)

    def reload(self) -> list[ScoreStatus]:
        """Open all that is in use again, and put it to work where that can be done; the rest stays as it is."""
        with self._changing:
            self._take(self.registry.in_use(), again=True)
        return self.status()

    # -- what people do. Each gives the row as it is now.

    def add(self, manifest: bytes, files: Mapping[str, bytes], who: str) -> ModelRow:
        return self.registry.add(manifest, files, who)

    def activate(self, name: str, version: int, who: str, *, force: bool = False) -> ModelRow:
        row = self.registry.activate(name, version, who, force=force)
        self.follow()
        self._prepare()
        return row

    def roll_back(self, name: str, who: str) -> ModelRow:
        row = self.registry.roll_back(name, who)
        self.follow()
        self._prepare()
        return row

    def shadow(self, name: str, version: int, who: str) -> ModelRow:
        row = self.registry.shadow(name, version, who)
        self.follow()
        return row

    def archive(self, name: str, version: int, who: str) -> ModelRow:
        row = self.registry.archive(name, version, who)
        self.follow()
        return row

    # -- what is told of it

    def explain(self, name: str, row: Row) -> tuple[Explanation, ...]:
        """Why the active model scores a row as it does; nothing where none is active. It takes milliseconds, the first
        time of a version longer. Raises RowRefused.
        """
        active = self.scorers.active(name)
        if active is None:
            return ()
        with self._explaining:
            explainer = self._explainer(name, active)
            try:
                return explainer.explain(row)
            except ValueError as fault:
                raise RowRefused(str(fault)) from None

    def status(self) -> list[ScoreStatus]:
        """Of every score there can be, by name."""
        return [self._status(name) for name in sorted(self.registry.scores)]

    @property
    def health(self) -> str:
        """`ok` where all that is in use scores here, `off` where nothing is, else `degraded`."""
        if self._faults:
            return "degraded"
        return "ok" if self.scorers.places else "off"

    # -- inside

    def _status(self, name: str) -> ScoreStatus:
        place = self.scorers.places.get(name)
        production, shadow = (name, PRODUCTION), (name, SHADOW)
        return ScoreStatus(
            name,
            None if place is None else place.active,
            self._wanted.get(production, 0),
            self._faults.get(production, ""),
            self.scorers.figures.get(name) or Figures(),
            None if place is None else place.shadow,
            self._wanted.get(shadow, 0),
            self._faults.get(shadow, ""),
            self.drift.watches.get(name),
        )

    def _take(self, wanted: InUse, *, again: bool) -> None:
        for name in sorted({name for name, _ in (*wanted, *self._wanted)}):
            active = self._scorer(name, PRODUCTION, wanted, again=again)
            shadow = self._scorer(name, SHADOW, wanted, again=again)
            self.scorers.put(name, active, shadow if shadow is not active else None)
            observe.event("model.in_use", model=name, version=_version(active), shadow=_version(shadow))
        self._wanted = wanted

    def _scorer(self, name: str, status: str, wanted: InUse, *, again: bool) -> Scorer | None:
        """Who is to score; where that one cannot be opened, who does."""
        key = (name, status)
        self._faults.pop(key, None)
        version = wanted.get(key, 0)
        if not version:
            return None
        for open in () if again else self._opened(name):
            if open.version == version:
                return open
        try:
            return self.registry.scorer(self.registry.model(name, version))
        except RatingdError as fault:
            self._faults[key] = str(fault)
            observe.event("model.not_opened", model=name, version=version, error=str(fault))
            return self._who_did(name, status)

    def _opened(self, name: str) -> list[Scorer]:
        return [each for each in (self._who_did(name, PRODUCTION), self._who_did(name, SHADOW)) if each is not None]

    def _who_did(self, name: str, status: str) -> Scorer | None:
        place = self.scorers.places.get(name)
        if place is None:
            return None
        if status == PRODUCTION:
            return place.active
        return None if place.shadow is None else place.shadow.scorer

    def _run(self) -> None:
        follow_s = drift_s = 0.0
        while not self._stopping.wait(TICK_S):
            follow_s, drift_s = follow_s + TICK_S, drift_s + TICK_S
            self._safely(self._score_shadows)
            self._safely(self._prepare)
            if self._shared and follow_s >= FOLLOW_S:
                follow_s = 0.0
                self._safely(self.follow)
            if drift_s >= DRIFT_S:
                drift_s = 0.0
                self._safely(self.drift.look)

    def _score_shadows(self) -> None:
        for place in list(self.scorers.places.values()):
            shadow = place.shadow
            if shadow is not None:
                for _ in range(0, shadow.waiting, BUNCH):  # what comes meanwhile has the next turn
                    if self._stopping.is_set():
                        return
                    shadow.score_waiting(BUNCH)

    def _prepare(self) -> None:
        """Have explanations at hand before they are asked for. Those of others are given meanwhile."""
        for name, place in list(self.scorers.places.items()):
            active = place.active
            with self._preparing:
                if active is None or self.prepared(name):
                    continue
                try:
                    explainer = self.registry.explainer(active)
                    with self._explaining:
                        self._explainers[name] = (active, explainer)
                except (RatingdError, ValueError) as fault:
                    observe.event("model.not_explained", model=name, version=active.version, error=str(fault))
                self._prepared[name] = active

    def _explainer(self, name: str, active: Scorer) -> "Explainer":
        found = self._explainers.get(name)
        if found is None or found[0] is not active:
            found = self._explainers[name] = (active, self.registry.explainer(active))
        return found[1]

    def _safely(self, task: Callable[[], None]) -> None:
        try:
            task()
        except StoreFault as fault:
            observe.event("model.follow_waits", error=str(fault))
        except Exception as error:  # noqa: BLE001 (it is tried again; the models in use go on)
            observe.fault("model.fault", error)


def _version(scorer: Scorer | None) -> int:
    return 0 if scorer is None else scorer.version
