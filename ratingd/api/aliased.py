"""Who a request is about, once the aliases of the tariff in force have been applied.

A switch asks for 1007, which Attributes.csv says is 1001: the request becomes one of 1001 before it is queued, because
the account decides on whose lane it is carried out. What an alias writes is checked like what a switch sends.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from actions.alias import ACCOUNT, SUBJECT, TENANT, Aliases
from ratingd.api.convert import name
from ratingd.errors import InvalidRequest

CATEGORY: Final = "Category"
DESTINATION: Final = "Destination"
NAMED: Final = (TENANT, ACCOUNT, SUBJECT, CATEGORY, DESTINATION)


class Named(NamedTuple):
    """The names of a request. `extra` are the switch's own fields."""

    tenant: str
    account: str
    subject: str = ""
    category: str = ""
    destination: str = ""
    extra: Mapping[str, str] | None = None


def aliased(named: Named, aliases: Aliases, now_ns: int, also: Mapping[str, str] | None = None) -> Named:
    """The names after the heaviest profile that matches them. `also` are fields that a profile may look at."""
    if not aliases:
        return named
    fields = {**(named.extra or {}), **(also or {}), **dict(zip(NAMED, named[:5], strict=True))}
    found = aliases.applied(fields, now_ns)
    if found == fields:
        return named
    for field in (TENANT, ACCOUNT):
        if not found.get(field):
            raise InvalidRequest(field.lower(), f"is empty after the aliases of {named.tenant}:{named.account}")
    tenant, account, subject, category, destination = [name(found.pop(field, ""), field.lower()) for field in NAMED]
    for field in also or {}:
        found.pop(field, None)
    return Named(tenant, account, subject, category, destination, found or None)
