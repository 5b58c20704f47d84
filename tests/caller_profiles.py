"""Caller profiles for the tests of campaigns, written as an operator would: a number, and what matters of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from triggers.campaigns.caller_profile import CallerProfile, Contact
from triggers.campaigns.suspects import Flag

AT_MS = 1_795_003_200_000


def profile(
    number: str,
    called: Iterable[str] = (),
    *,
    range: str = "",
    calls: int = 0,
    risk: float = 85.0,
    flags: Sequence[Flag] = (),
    last_ms: int = AT_MS,
    **behaviour: Any,
) -> CallerProfile:
    """One call to each of `called`, the last of them at `last_ms`; `behaviour` are attributes set as they are."""
    contacts = {each: Contact(1.0, last_ms) for each in called}
    found = CallerProfile(
        number, calls=calls or max(1, len(contacts)), country=behaviour.pop("country", 371), range=range, risk=risk,
        first_ms=behaviour.pop("first_ms", last_ms - 3_600_000), last_ms=last_ms, flags=flags, called=contacts,
        trunks=behaviour.pop("trunks", {"t-1": 1.0}), regions=behaviour.pop("regions", {"DE": 1.0}),
    )  # fmt: skip
    for name, value in behaviour.items():
        setattr(found, name, value)
    return found


def flag(fraud_type: str, sure: float = 0.9, risk: float = 85.0) -> Flag:
    return Flag(fraud_type, risk, sure, AT_MS)
