"""What the API needs of the settings, so that a test can serve it with three lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from accounts.charge import ChargeRules
from actions.alias import NO_ALIASES, Aliases
from tariffs.zone import UTC, Zone


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Defaults of requests, and limits. `clock` gives nanoseconds since the epoch, `aliases` those in force."""

    clock: Callable[[], int]
    rules: ChargeRules = field(default_factory=ChargeRules)
    default_tenant: str = "cgrates.org"
    default_category: str = "call"
    default_zone: Zone = UTC
    aliases: Callable[[], Aliases] = lambda: NO_ALIASES
    currency: str = ""  # ISO 4217, written beside every amount; "" leaves it out
    max_message_bytes: int = 4_194_304
    streams_max: int = 256
    reserve_max_ns: int = 3 * 3600 * 1_000_000_000  # the longest that a grant may be held
    in_flight_max: int = 1_024  # requests of one Charge stream that wait for their answers
    publishes_accounts: bool = False  # changes of balances over the API go to the exporters of account updates
    tariff_folders: tuple[Path, ...] = ()
    upload_bytes_max: int = 1_073_741_824
