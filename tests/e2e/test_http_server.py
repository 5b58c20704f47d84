"""The port of HTTP: opened with the others or not at all, on several addresses, and closed when all is answered."""

from pathlib import Path

import httpx
import pytest

from ratingd.daemon import Daemon
from ratingd.http.open_http import Surroundings, open_http
from ratingd.settings import Settings
from tests.e2e.http_client import http
from tests.e2e.serving import serving
from tests.faults.daemon_process import free_port


def test_no_address_is_no_http(sqlite_url: str) -> None:
    with serving(sqlite_url) as served:
        assert served.daemon.http is None


def test_several_addresses_serve_the_same(sqlite_url: str) -> None:
    also = f"127.0.0.1:{free_port()}"
    with http(sqlite_url, http_also_listen=(also,)) as client:
        assert client.daemon.http is not None
        assert client.daemon.http.addresses[1] == also
        assert httpx.get(f"http://{also}/").json() == client.get("/")


def test_a_port_that_is_taken_is_told_with_what_to_set(sqlite_url: str, tmp_path: Path) -> None:
    with http(sqlite_url) as client:
        assert client.daemon.http is not None
        taken = client.daemon.http.address
        other = Daemon(
            Settings(
                database_url=f"sqlite:///{tmp_path}/other.db",
                listen="127.0.0.1:0",
                http_listen="127.0.0.1:0",
                http_also_listen=(taken,),
                log_format="none",
                drain_seconds=1,
            )
        )
        with pytest.raises(OSError, match=f"HTTP cannot listen on {taken}: .*RATINGD_HTTP_LISTEN"):
            other.start()
        other.stop()
        assert client.get("/")


def test_it_is_unwell_where_the_rest_of_the_daemon_is(sqlite_url: str) -> None:
    with serving(sqlite_url, log_format="none") as served:
        daemon = served.daemon
        settings = daemon.settings.model_copy(update={"http_listen": "127.0.0.1:0"})
        around = Surroundings("0", 0, lambda: False, lambda: None, daemon.models)
        server = open_http(settings, daemon.fraud, daemon.store, around)
        assert server is not None
        server.start()
        try:
            told = httpx.get(f"http://{server.address}/health")
        finally:
            server.stop()
    assert (told.status_code, told.json()["status"], told.json()["checks"]["transport"]) == (503, "down", "down")


def test_other_machines_are_served_only_on_demand() -> None:
    with pytest.raises(ValueError, match=r"http_listen: other machines reach 0\.0\.0\.0"):
        Settings(http_listen="0.0.0.0:8000")


def test_who_stops_it_finds_the_port_free(sqlite_url: str) -> None:
    with http(sqlite_url) as client:
        assert client.daemon.http is not None
        address = client.daemon.http.address
    with http(sqlite_url, http_listen=address) as again:
        assert again.get("/health")["status"] == "ok"
