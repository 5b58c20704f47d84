"""HTTP as a client has it: a daemon in this process, asked over a real port."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from tests.e2e.serving import Serving, serving


class HttpClient:
    """`daemon` is what serves; what is asked is JSON."""

    def __init__(self, served: Serving, client: httpx.Client) -> None:
        self.daemon: Final = served.daemon
        self.client: Final = client

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self.ask("POST", path, status, json=body)

    def delete(self, path: str, status: int = 200, **query: Any) -> Any:
        return self.ask("DELETE", path, status, params=query)

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        answer = self.client.request(method, path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    def refused(self, method: str, path: str, status: int, **more: Any) -> str:
        """What a refusal says, as one text."""
        told = self.ask(method, path, status, **more)
        assert set(told) == {"detail", "code"}
        return f"{told['code']} {json.dumps(told['detail'])}"


@contextmanager
def http(store_url: str, **settings: Any) -> Iterator[HttpClient]:
    quiet: Mapping[str, Any] = {"http_listen": "127.0.0.1:0", "log_format": "none"}
    with serving(store_url, **{**quiet, **settings}) as served:
        assert served.daemon.http is not None
        address = (
            f"http://{served.daemon.http.address}"  # no certificate to verify: reading all there are takes longest
        )
        with httpx.Client(base_url=address, timeout=30, verify=False) as client:
            yield HttpClient(served, client)
