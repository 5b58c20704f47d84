"""Where webhooks may go: only to hosts that the operator named, and to no address inside the network unless allowed.

The URL of an alert comes from a tariff folder. Whoever can write one must not be able to make the daemon POST to the
router's administration page, or to a cloud's metadata service at 169.254.169.254. So the host must be one of
`webhook_hosts`, each of its addresses must be a public one (or `webhook_private` be set), and the connection is made to
an address that was checked: a name that answers differently the second time gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

PORTS: Final = {"http": 80, "https": 443}


class AddressRefused(Exception):
    """A webhook may not go there; trying again would not help."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked target: where to connect, and what to ask there."""

    scheme: str
    host: str
    port: int
    address: str
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order in which they should be tried."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressGuard:
    def __init__(
        self, hosts: Sequence[str], *, private: bool, resolve: Callable[[str, int], list[str]] = resolve
    ) -> None:
        self._hosts: Final = tuple(host.lower().strip("[]") for host in hosts)
        self._private: Final = private
        self._resolve: Final = resolve

    def check(self, url: str) -> Destination:
        """Where to connect for a URL. Raises AddressRefused, or OSError when the name cannot be resolved now."""
        parts, host, port = self._parsed(url)
        if not any(self._named(host, pattern) for pattern in self._hosts):
            raise AddressRefused(
                f"host {host!r} is not among webhook_hosts ({', '.join(self._hosts) or 'none is set'})"
            )
        addresses = self._resolve(host, port)
        if not self._private:
            for address in addresses:
                if not ipaddress.ip_address(address.partition("%")[0]).is_global:
                    raise AddressRefused(f"{host} is {address}, a private address; set webhook_private to allow it")
        path = parts.path or "/"
        return Destination(parts.scheme, host, port, addresses[0], f"{path}?{parts.query}" if parts.query else path)

    def _parsed(self, url: str) -> tuple[SplitResult, str, int]:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as fault:
            raise AddressRefused(f"{url!r} is not a URL: {fault}") from fault
        if parts.scheme not in PORTS or not host:
            raise AddressRefused(f"{url!r} is not an http or https URL")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("a URL with a user or a password is not posted to; the signature says who we are")
        return parts, host, port if port is not None else PORTS[parts.scheme]

    @staticmethod
    def _named(host: str, pattern: str) -> bool:
        if pattern == "*":
            return True
        return host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
