"""The registry: trained models under versions, and who of them may score.

    ratingd model train masking … --out masking-4     a folder; nothing knows of it
    add masking-4            ─▶ masking 3, staging    its files are in the store, and it can be loaded
    shadow masking 3         ─▶ shadow                scores beside the active one, and nothing comes of it
    activate masking 3       ─▶ production            masking 2 is archived
    roll back masking        ─▶ masking 2 again

A folder is opened before it is stored: one that was cut off on its way, whose sums do not agree, whose features are
not those that run here, or that cannot score a row is refused by the name of what is wrong, and nothing changes.

Who follows an active model must be no worse, by what both were measured at in training: an AUC of 0.982 after 0.994 is
refused (more than 0.01 less), and so is a false positive rate of 0.0007 after 0.0005 (more than a fifth more). Somebody
who knows better forces it, and the audit says that he did.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ratingd.errors import InvalidRequest, NotFound, RatingdError
from ratingd.models.scorers import Model, Scorer
from ratingd.store.fraud_rows import AuditRow
from ratingd.store.model_rows import ARCHIVED, PRODUCTION, SHADOW, STAGING, ModelFile, ModelRow
from ratingd.store.models import InUse, Models
from triggers.scores.call_features import KNN
from triggers.scores.caller_features import CALLER
from triggers.scores.feature_schema import FeatureSchema
from triggers.scores.masking_features import MASKING
from triggers.scores.satark_features import SATARK

if TYPE_CHECKING:
    from ratingd.models.explainer import Explainer
    from ratingd.models.model_folder import Manifest, ModelFolder

# what is scored, and which features it sees
SCORES: Final[Mapping[str, FeatureSchema]] = {"masking": MASKING, "caller": CALLER, "isolation": SATARK, "knn": KNN}
AUC: Final = "auc"
FPR: Final = "fpr"
AUC_LOSS_MAX: Final = 0.01
FPR_RISE_MAX: Final = 0.2

Open = Callable[["ModelFolder"], Model]


class ModelUnknown(NotFound):
    def __init__(self, name: str, version: int, versions: int) -> None:
        has = f"has {versions} version(s)" if versions else f"has none; scores are {', '.join(SCORES)}"
        what = f"no version {version} of model {name!r}" if version else f"no model {name!r}"
        super().__init__(f"{what}: it {has}. `ratingd model list` shows them.")


class NothingBefore(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"no version of model {name!r} was active before the one that is. `ratingd model list {name}` shows them; "
            "`ratingd model archive` takes the active one out of use."
        )


class PromotionRefused(RatingdError):
    """A model is worse than the one it would follow."""

    reason = "PROMOTION_REFUSED"
    kept = False

    def __init__(self, row: ModelRow, active: ModelRow, found: str) -> None:
        super().__init__(
            f"{row.name} {row.version} is not activated, and {active.version} stays: {found}. "
            "Let it score in the shadow (`ratingd model shadow`), train it better, or activate it with --force."
        )


class Registry:
    """Thread-safe. What is activated here is put to work by `ratingd.models.model_desk`, at each daemon."""

    def __init__(
        self,
        shelf: Models,
        *,
        scores: Mapping[str, FeatureSchema] = SCORES,
        open: Open | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._shelf: Final = shelf
        self.scores: Final = scores
        self._open: Final = open
        self._clock: Final = clock

    def add(self, manifest: bytes, files: Mapping[str, bytes], who: str) -> ModelRow:
        """Take in a folder as the next version of its name. Raises ModelRefused."""
        folder = _checked(manifest, files)
        self._opened(folder)
        told = folder.manifest
        row = ModelRow(
            told.name, 0, self._clock() // 1_000_000, told.algorithm, told.schema_hash, STAGING, who,
            told.text(),
        )  # fmt: skip
        stored = [ModelFile(name, told.files[name], content) for name, content in folder.files.items()]
        return self._shelf.add(row, stored, self._audit(who, "model.add", told.data_fingerprint))

    def folder(self, row: ModelRow) -> "ModelFolder":
        """A stored version as its folder was. Raises ModelRefused where a file is no longer what it was."""
        return _checked(row.manifest.encode(), {each.file: each.content for each in self.files(row)})

    def scorer(self, row: ModelRow) -> Scorer:
        """A stored version, opened. Raises ModelRefused."""
        folder = self.folder(row)
        told = folder.manifest
        model = self._opened(folder)
        return Scorer(
            row.name, row.version, model, self.scores[told.name],
            threshold=told.threshold, algorithm=told.algorithm, feature_window_days=told.feature_window_days,
        )  # fmt: skip

    def explainer(self, scorer: Scorer) -> "Explainer":
        """What explains the scores of a version. Raises ModelRefused."""
        from ratingd.models.explainer import Explainer

        return Explainer(self.folder(self.model(scorer.name, scorer.version)), scorer.schema)

    def files(self, row: ModelRow) -> list[ModelFile]:
        return self._shelf.files(row.name, row.version)

    def models(self, name: str = "") -> list[ModelRow]:
        return self._shelf.all(name)

    def model(self, name: str, version: int = 0) -> ModelRow:
        """A version, or the active one. Raises ModelUnknown."""
        found = self._shelf.one(name, version) if version else self._shelf.of_status(name, PRODUCTION)
        if found is None:
            raise ModelUnknown(name, version, len(self._shelf.all(name)))
        return found

    def in_use(self) -> InUse:
        return self._shelf.in_use()

    # -- who scores. Each gives the row as it is now.

    def activate(self, name: str, version: int, who: str, *, force: bool = False) -> ModelRow:
        row = self.model(name, version)
        self.scorer(row)
        active = self._shelf.of_status(name, PRODUCTION)
        worse = "" if active is None or active.version == version else worsened(row.manifest, active.manifest)
        if worse and active is not None and not force:
            raise PromotionRefused(row, active, worse)
        follows = "" if active is None else f"follows {active.version}"
        return self._put(row, PRODUCTION, who, "model.activate", f"{follows}, forced: {worse}" if worse else follows)

    def roll_back(self, name: str, who: str) -> ModelRow:
        """Have the version score that the active one followed; going back again goes further back."""
        active = self.model(name)
        former = self._shelf.one(name, active.previous) if active.previous else None
        if former is None:
            raise NothingBefore(name)
        self.scorer(former)
        return self._put(
            former, PRODUCTION, who, "model.roll_back", f"instead of {active.version}", previous=former.previous
        )

    def shadow(self, name: str, version: int, who: str) -> ModelRow:
        row = self.model(name, version)
        if row.status == PRODUCTION:
            raise InvalidRequest("version", f"{version} is the active one; the shadow is for one that is not")
        self.scorer(row)
        return self._put(row, SHADOW, who, "model.shadow")

    def archive(self, name: str, version: int, who: str) -> ModelRow:
        return self._put(self.model(name, version), ARCHIVED, who, "model.archive")

    # -- inside

    def _put(
        self, row: ModelRow, status: str, who: str, what: str, details: str = "", previous: int | None = None
    ) -> ModelRow:
        changed = self._shelf.put(row.name, row.version, status, self._audit(who, what, details), previous=previous)
        if changed is None:
            raise ModelUnknown(row.name, row.version, len(self._shelf.all(row.name)))
        return changed

    def _opened(self, folder: "ModelFolder") -> Model:
        """A model that has scored a row, as nobody waits for it."""
        from ratingd.models.model_folder import MANIFEST, ModelRefused

        told = folder.manifest
        self._check_schema(told)
        try:
            model = self._open(folder) if self._open is not None else _open(folder)
            said = model.probability([0.0] * len(told.features))
        except ModelRefused:
            raise
        except Exception as fault:  # whatever a library makes of bytes that somebody sent
            raise ModelRefused(MANIFEST, f"is of a model that cannot be opened: {fault}") from fault
        if not 0 <= said <= 1:
            raise ModelRefused(MANIFEST, f"is of a model that says {said} of a row of zeros; a probability is wanted")
        return model

    def _check_schema(self, told: "Manifest") -> None:
        from ratingd.models.model_folder import MANIFEST, ModelRefused

        schema = self.scores.get(told.name)
        if schema is None:
            raise ModelRefused(MANIFEST, f"names the score {told.name!r}; there are {', '.join(self.scores)}")
        if told.schema_hash != schema.hash or told.features != schema.names:
            raise ModelRefused(
                MANIFEST,
                f"is of a model of the features {told.schema} v{told.schema_version} ({told.schema_hash}), and "
                f"{schema.title} ({schema.hash}) run here{_differing(told.features, schema.names)}. Train it anew with "
                "this version of ratingd, or run the version that it was trained with.",
            )

    def _audit(self, who: str, what: str, details: str) -> AuditRow:
        return AuditRow(self._clock() // 1_000_000, who, what, "", details)


def worsened(manifest: str, active: str) -> str:
    """What is worse of a model than of the active one, by the metrics of both manifests; empty: nothing is.

    Each was measured on what was held out of its own data; where that is not the same, it is said.
    """
    mine, theirs = _metrics(manifest), _metrics(active)
    found = [f"says nothing of its {name.upper()}" for name in (AUC, FPR) if name in theirs and name not in mine]
    if AUC in mine and AUC in theirs and mine[AUC] < theirs[AUC] - AUC_LOSS_MAX:
        found.append(f"its AUC is {mine[AUC]:.4g} after {theirs[AUC]:.4g}, more than {AUC_LOSS_MAX} less")
    if FPR in mine and FPR in theirs and mine[FPR] > theirs[FPR] * (1 + FPR_RISE_MAX):
        found.append(f"its false positive rate is {mine[FPR]:.4g} after {theirs[FPR]:.4g}, more than a fifth more")
    if found and _data(manifest) != _data(active):
        found.append("the two were not trained on the same data")
    return "; ".join(found)


def _data(manifest: str) -> str:
    return str(json.loads(manifest)["data"]["fingerprint"])


def _metrics(manifest: str) -> dict[str, float]:
    metrics: Mapping[str, Any] = json.loads(manifest)["metrics"]
    return {name: float(metrics[name]) for name in (AUC, FPR) if isinstance(metrics.get(name), int | float)}


def _differing(theirs: tuple[str, ...], ours: tuple[str, ...]) -> str:
    """The first feature that is another one, or not there."""
    for place, (their, our) in enumerate(zip(theirs, ours, strict=False)):
        if their != our:
            return f": feature {place + 1} is {their!r} there and {our!r} here"
    return f": {len(theirs)} features there and {len(ours)} here" if len(theirs) != len(ours) else ""


def _checked(manifest: bytes, files: Mapping[str, bytes]) -> "ModelFolder":
    from ratingd.models.model_folder import MANIFEST, Manifest, ModelFolder, ModelRefused

    try:
        return ModelFolder.checked(Manifest.read(manifest), files)
    except RecursionError:
        raise ModelRefused(MANIFEST, "is nested deeper than any manifest") from None


def _open(folder: "ModelFolder") -> Model:
    from ratingd.models.trained_model import TrainedModel

    return TrainedModel(folder)
