"""Rating profiles: which rating plan a subject uses, from when on, and whose prices fill the gaps."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Activation:
    """From an instant on, a subject's prices are those of a plan; what it cannot price, the fallback subjects may."""

    from_ns: int  # nanoseconds since the epoch
    plan_id: str
    fallback_subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RatingProfile:
    """The activations of one (tenant, category, subject), ascending by time; equal times keep the order of the file."""

    tenant: str
    category: str
    subject: str  # or "*any"
    activations: tuple[Activation, ...]
    name: str = field(init=False, repr=False, compare=False)  # "tenant:category:subject", which every charge tells

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.tenant}:{self.category}:{self.subject}")
