"""What is stored of models, of what people said, and of campaigns: rows, as plain values.

Times are milliseconds since the epoch; documents are JSON; numbers are texts as `triggers.numbers.number` shows them,
pseudonyms where those are wanted.
"""

from dataclasses import dataclass
from typing import Final

STAGING: Final = "staging"  # added, and nothing more
SHADOW: Final = "shadow"  # scores beside the active one; nothing is done of its scores
PRODUCTION: Final = "production"
ARCHIVED: Final = "archived"  # was active, or in the shadow, and may be again


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A trained model. `previous` is the version that was active before this one became so: what a roll-back takes.

    `who` added it; `activated_ms` 0: it was never active. `manifest` is the manifest.json of its folder.
    """

    name: str
    version: int
    created_ms: int
    algorithm: str
    schema_hash: str
    status: str
    who: str
    manifest: str
    activated_ms: int = 0
    activated_by: str = ""
    previous: int = 0


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model's folder."""

    file: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What somebody found a call or a number to be. A later label of the same subject takes the place of a former one.

    `label` 1: fraud, of `kind`; 0: not. `source`: analyst, report or import. `details` says where it was judged, such
    as the alert. `id` 0 is one that is not stored yet.
    """

    subject_kind: str  # call or number
    subject: str
    label: int
    kind: str
    who: str
    at_ms: int
    source: str
    details: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class NumberReport:
    """What a user says of a number. One counts for a reporter, a number and a day; `reporter` is a hash, `day` the
    number of days since the epoch.
    """

    number: str
    reporter: str
    day: int
    category: str  # wangiri, irs, lottery, kyc, robocall or other
    comment: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """Numbers that act together, as last seen. `document` holds all that is shown of them."""

    id: str  # CMP-2026-17
    status: str  # Emerging, Active, Dormant, Closed
    first_ms: int
    last_ms: int
    updated_ms: int
    document: str


@dataclass(frozen=True, slots=True)
class CampaignMember:
    campaign: str
    kind: str  # caller or callee
    number: str
