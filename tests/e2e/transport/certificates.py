"""An authority with a server's and a client's certificate, made for one run of the tests."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
import trustme

from ratingd.api.transport import TlsFiles

NAME: Final = "ratingd.example.org"


@dataclass(frozen=True)
class Authority:
    """Its own certificate, and one that it issued, each with its key in a file of its own."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def create(cls, folder: Path, *names: str) -> "Authority":
        folder.mkdir(parents=True)
        authority = trustme.CA()
        issued = authority.issue_cert(*names)
        files = cls(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
        authority.cert_pem.write_to_path(files.ca)
        issued.private_key_pem.write_to_path(files.key)
        files.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        return files


@dataclass(frozen=True)
class Certificates:
    server: Authority
    client: Authority
    stranger: Authority  # whom nobody knows

    @classmethod
    def create(cls, folder: Path) -> "Certificates":
        return cls(
            Authority.create(folder / "server", "127.0.0.1", NAME),
            Authority.create(folder / "client", "sbc-1@example.org"),
            Authority.create(folder / "stranger", "127.0.0.1", "sbc-1@example.org"),
        )

    def files(self, *, mutual: bool) -> TlsFiles:
        return TlsFiles(self.server.certificate, self.server.key, self.client.ca if mutual else None)


def channel(
    address: str, ca: Path | None, shown: Authority | None = None, name: str = "", *, clear: bool = False
) -> grpc.Channel:
    """A client that trusts `ca`, shows a certificate, and expects a name."""
    options = [("grpc.use_local_subchannel_pool", 1)] + ([("grpc.ssl_target_name_override", name)] if name else [])
    if clear or ca is None:
        return grpc.insecure_channel(address, options)
    key, certificate = (shown.key.read_bytes(), shown.certificate.read_bytes()) if shown else (None, None)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca.read_bytes(), key, certificate), options)
