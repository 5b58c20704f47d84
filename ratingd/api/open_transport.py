"""Which transport serves: the native one where it was built, else the portable one, and never without a word.

    auto      edge where the module `ratingd_edge` is installed, else grpcio, and the log says so
    edge      edge, or no daemon at all
    grpcio    grpcio, whatever is installed

A package without the native module works and is slower; a machine that was set up for speed should rather not start
than be slow without anybody knowing: it says "edge".
"""

import importlib
from collections.abc import Iterable
from typing import Final, Literal

from ratingd import observe
from ratingd.api.method import AnyMethod
from ratingd.api.transport import CannotListen, Charger, Choice, Transport, TransportOptions

Name = Literal["edge", "grpcio"]
NATIVE: Final = "ratingd_edge"
HINT: Final = "`make setup` builds it in a source tree, where cargo is present"


def chosen(choice: Choice) -> Name:
    """What a choice comes to on this machine."""
    if choice == "grpcio":
        return "grpcio"
    missing = why_not_native()
    if missing is None:
        return "edge"
    if choice == "edge":
        raise CannotListen(
            f'transport is "edge", and its module {NATIVE} cannot be used: {missing}. {HINT}; '
            'transport = "auto" serves without it, slower.'
        )
    observe.event("transport.portable", transport="grpcio", missing=missing, hint=HINT)
    return "grpcio"


def why_not_native() -> str | None:
    """What keeps the native transport from serving; None: nothing."""
    try:
        importlib.import_module(NATIVE)
    except ImportError as error:
        return str(error)
    return None


def open_transport(
    choice: Choice, methods: Iterable[AnyMethod], charger: Charger, options: TransportOptions
) -> Transport:
    """Listen; requests are served from `start` on. CannotListen says why the port could not be opened."""
    if chosen(choice) == "grpcio":
        from ratingd.api.grpcio_server import GrpcioServer

        return GrpcioServer(methods, charger.submit, options)
    from ratingd.api.edge_server import EdgeServer

    return EdgeServer(methods, charger, options)
