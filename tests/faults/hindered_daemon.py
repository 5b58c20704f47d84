"""`ratingd serve` of which something is wrong: a Verify that takes for ever, or a network that ends by itself.

python -m tests.faults.hindered_daemon slow-verify
python -m tests.faults.hindered_daemon lost-network
"""

import sys
import threading
import time

from ratingd.api import edge_server
from ratingd.api.admin import Verified
from ratingd.cli.main import main
from ratingd.daemon import Daemon

FOR_EVER_S = 300


def verify_slowly(self: Daemon, tenant: str | None, account: str | None) -> Verified:
    time.sleep(FOR_EVER_S)
    return Verified(accounts=0, operations=0)


def lose_the_network() -> None:
    """As a panic of its thread would: everything is closed, and nobody was asked."""
    given = edge_server.EdgeServer.start

    def start(self: edge_server.EdgeServer) -> None:
        given(self)
        threading.Timer(1.5, self._edge.stop, [0.0]).start()

    edge_server.EdgeServer.start = start  # type: ignore[method-assign]


if __name__ == "__main__":
    if sys.argv[1] == "slow-verify":
        Daemon.verify = verify_slowly  # type: ignore[method-assign]
    else:
        lose_the_network()
    main(["serve"])
