"""What of the engine the API reads beside submitting commands: the tariff in force."""

from typing import Protocol

from ratingd.api.method import Submit
from ratingd.engine.plans import PlanDesk


class Charger(Protocol):
    """The engine, as far as charging and rating need it."""

    @property
    def submit(self) -> Submit: ...

    @property
    def plans(self) -> PlanDesk: ...
