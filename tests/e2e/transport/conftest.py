"""The shared suite: each test once on every transport that is installed."""

from collections.abc import Iterator

import pytest

from ratingd.api.open_transport import Name
from tests.e2e.transport.desk import TRANSPORTS, TransportDesk


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Name:
    name: Name = request.param
    return name


@pytest.fixture
def desk(transport: Name) -> Iterator[TransportDesk]:
    with TransportDesk(transport, max_message_bytes=100_000, streams_max=8) as desk:
        yield desk
