"""/ws/threat-stream: once a second for everybody, alerts at once, and nobody who is slow holds up the others."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ratingd.http.open_http import Surroundings, open_http
from ratingd.http.server import HttpServer
from tests.e2e.http_client import HttpClient, http
from tests.e2e.masking import VICTIM, attack
from tests.e2e.serving import serving

CLIENTS: Final = 1_000


@pytest.fixture
def client(sqlite_url: str) -> Iterator[HttpClient]:
    with http(sqlite_url) as client:
        yield client


def stream_of(client: HttpClient) -> str:
    assert client.daemon.http is not None
    return f"ws://{client.daemon.http.address}/ws/threat-stream?token=none"


async def told(socket: ClientConnection, wanted: str) -> dict[str, Any]:
    """The next frame that has what is wanted."""
    while True:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 30))
        if wanted in frame:
            return frame


@contextlib.asynccontextmanager
async def watching(url: str, **more: Any) -> AsyncIterator[ClientConnection]:
    async with connect(url, compression=None, open_timeout=60, **more) as socket:
        yield socket


def test_a_second_in_one_frame_and_an_alert_at_once(client: HttpClient) -> None:
    async def watch() -> tuple[dict[str, Any], dict[str, Any]]:
        async with watching(stream_of(client)) as socket:
            await told(socket, "events")
            attacked = asyncio.create_task(asyncio.to_thread(attack, client))
            alert = await told(socket, "alert")
            await attacked
            frame = await told(socket, "events")
            while not frame["events"]:
                frame = await told(socket, "events")
            return alert["alert"], frame

    alert, frame = asyncio.run(watch())
    assert (alert["severity"], alert["subject"]["value"]) == ("CRITICAL", VICTIM)
    assert frame["stats"]["total_calls"] == 5
    assert not frame["sampled"]
    assert frame["events"][0]["id"] == "masked-4", "the riskiest first"
    assert sorted(event["type"] for event in frame["events"]) == ["Fraud"] + ["Legitimate"] * 4
    assert set(frame["events"][0]) == {
        "id", "timestamp", "source", "destination", "duration", "risk_score", "type", "location", "cluster_id",
        "fraud_type",
    }  # fmt: skip


def test_at_most_fifty_calls_a_frame(client: HttpClient) -> None:
    def flood() -> None:
        calls = [
            {"event_type": "INVITE", "call_id": f"f{n}", "a_number": f"+4930{n:06}", "b_number": f"+4931{n:06}"}
            for n in range(300)
        ]
        client.post("/event", calls)

    async def watch() -> dict[str, Any]:
        async with watching(stream_of(client)) as socket:
            await told(socket, "events")
            await asyncio.to_thread(flood)
            frame = await told(socket, "events")
            while not frame["events"]:
                frame = await told(socket, "events")
            return frame

    frame = asyncio.run(watch())
    assert (len(frame["events"]), frame["sampled"]) == (50, True)


def test_a_thousand_clients_get_the_same_frame_and_leave_nothing_behind(client: HttpClient) -> None:
    async def watch() -> list[str]:
        async with contextlib.AsyncExitStack() as stack:
            sockets = []
            for begun in range(0, CLIENTS, 50):
                opening = [
                    stack.enter_async_context(watching(stream_of(client))) for _ in range(min(50, CLIENTS - begun))
                ]
                sockets += await asyncio.gather(*opening)
            figures = await asyncio.to_thread(lambda: client.client.get("/metrics").text)
            assert f"fraud_ws_clients {CLIENTS:.1f}" in figures
            attacked = asyncio.create_task(asyncio.to_thread(attack, client))
            alerts = await asyncio.gather(*(told(socket, "alert") for socket in sockets))
            await attacked
            return [alert["alert"]["uuid"] for alert in alerts]

    assert len(set(asyncio.run(watch()))) == 1
    until = time.monotonic() + 30
    while "fraud_ws_clients 0.0" not in client.client.get("/metrics").text:
        assert time.monotonic() < until, "clients that left are still counted"


def test_a_page_of_another_site_may_not_watch(client: HttpClient) -> None:
    async def watch() -> int:
        try:
            async with watching(stream_of(client), origin="https://evil.example.org"):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    assert asyncio.run(watch()) == 403


@pytest.fixture
def impatient(sqlite_url: str) -> Iterator[HttpServer]:
    """A server that lets go who is a second behind."""
    with serving(sqlite_url, log_format="none") as served:
        daemon = served.daemon
        settings = daemon.settings.model_copy(update={"http_listen": "127.0.0.1:0"})
        around = Surroundings("0", 0, lambda: True, lambda: None, daemon.models)
        server = open_http(settings, daemon.fraud, daemon.store, around, behind_s=1.0)
        assert server is not None
        server.start()
        yield server
        server.stop()


def test_who_reads_nothing_is_let_go(impatient: HttpServer) -> None:
    host, port = impatient.address.split(":")

    async def watch() -> None:
        """One who reads sees every second, while one who does not read is let go."""
        deaf = socket.create_connection((host, int(port)))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.sendall(
            f"GET /ws/threat-stream HTTP/1.1\r\nHost: {impatient.address}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        async with watching(f"ws://{impatient.address}/ws/threat-stream") as reader:
            for _ in range(4):
                await told(reader, "events")
        deaf.setblocking(True)
        deaf.settimeout(20)
        with contextlib.suppress(ConnectionResetError):
            while deaf.recv(65_536):
                pass
        deaf.close()

    asyncio.run(watch())


def test_watchers_are_told_when_the_server_goes(sqlite_url: str) -> None:
    async def watch(url: str, stop: Any) -> int | None:
        async with watching(url) as socket:
            await told(socket, "events")
            going = asyncio.create_task(asyncio.to_thread(stop))
            with contextlib.suppress(ConnectionClosed):
                async for _ in socket:
                    continue
            await going
            return socket.close_code

    with http(sqlite_url) as client:
        assert client.daemon.http is not None
        assert asyncio.run(watch(stream_of(client), client.daemon.http.stop)) == 1012
