"""Telling others what a lane has done, without letting them end it.

A reply that is on disk is told to the neighbours, to the outbox and to the transport. Should one of them fail, the lane
goes on and the fault is an event: the thread of a lane that ends takes every account it owns with it.
"""

from collections.abc import Callable
from typing import ParamSpec

from ratingd import observe

Told = ParamSpec("Told")


def tell(take: Callable[Told, None], *told: Told.args, **named: Told.kwargs) -> None:
    try:
        take(*told, **named)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is theirs)
        observe.fault("lane.not_told", error)
