"""TLS: who is let in, who is not, and what is said of files that are not what they should be."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ratingd.api.open_transport import Name
from ratingd.api.transport import TlsFiles
from ratingd.pem import PemRefused
from tests.e2e.transport.certificates import NAME, Certificates, channel
from tests.e2e.transport.desk import SERVICE, TransportDesk


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.create(tmp_path_factory.mktemp("tls") / "all")


@pytest.fixture
def secure(transport: Name, known: Certificates) -> Iterator[TransportDesk]:
    with TransportDesk(transport, tls=known.files(mutual=False)) as desk:
        yield desk


@pytest.fixture
def mutual(transport: Name, known: Certificates) -> Iterator[TransportDesk]:
    with TransportDesk(transport, tls=known.files(mutual=True)) as desk:
        yield desk


def tried(desk: TransportDesk, *how: Any, **more: Any) -> str:
    """What comes of a call: its answer, or its code."""
    with channel(desk.address, *how, **more) as made:
        try:
            ask: Any = made.unary_unary(SERVICE + "Lane")
            return str(ask(b"hello", timeout=20).decode())
        except grpc.RpcError as error:
            return str(error.code().name)


def test_a_client_that_trusts_the_authority_is_served(secure: TransportDesk, known: Certificates) -> None:
    assert tried(secure, known.server.ca) == "hello"
    assert tried(secure, known.server.certificate) == "hello"
    assert tried(secure, known.server.ca, None, NAME) == "hello"
    assert tried(secure, known.server.ca, known.stranger) == "hello"  # nobody asked it who it is


def test_a_client_that_expects_another_is_not(secure: TransportDesk, known: Certificates) -> None:
    assert tried(secure, known.stranger.ca) == "UNAVAILABLE"
    assert tried(secure, known.server.ca, None, "other.example.org") == "UNAVAILABLE"
    assert tried(secure, known.server.ca) == "hello"


def test_clear_text_at_a_port_with_tls_is_refused_without_harm(secure: TransportDesk, known: Certificates) -> None:
    assert tried(secure, None, clear=True) == "UNAVAILABLE"
    with socket.create_connection(("127.0.0.1", secure.server.port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    idle = [socket.create_connection(("127.0.0.1", secure.server.port)) for _ in range(50)]  # they never say a word
    assert tried(secure, known.server.ca) == "hello"
    for each in idle:
        each.close()


def test_tls_at_a_port_with_clear_text_is_refused_without_harm(transport: Name, known: Certificates) -> None:
    with TransportDesk(transport) as desk:
        assert tried(desk, known.server.ca) == "UNAVAILABLE"
        assert desk.call("Quick", b"alive") == b"alive"


def test_mutual_tls_lets_in_whom_its_authority_knows(mutual: TransportDesk, known: Certificates) -> None:
    assert tried(mutual, known.server.ca, known.client) == "hello"
    for shown in (None, known.stranger, known.server):
        assert tried(mutual, known.server.ca, shown) == "UNAVAILABLE"
    assert tried(mutual, None, clear=True) == "UNAVAILABLE"
    assert tried(mutual, known.server.ca, known.client) == "hello"


def test_streams_and_much_data_go_over_tls(mutual: TransportDesk, known: Certificates) -> None:
    with channel(mutual.address, known.server.ca, known.client) as made:
        messages = [bytes([number]) * 50_000 for number in range(200)]
        stream: Any = made.stream_stream(SERVICE + "Stream")
        assert list(stream(iter(messages), timeout=20)) == messages


def encrypted(key: Path, to: Path) -> Path:
    loaded = load_pem_private_key(key.read_bytes(), None)
    secret = BestAvailableEncryption(b"secret")
    to.write_bytes(loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
    return to


WRONG = """
    certificate  key        client_ca    | said
    absent       server     -            | tls_certificate: FILE cannot be read: No such file or directory.
    server       absent     -            | tls_key: FILE cannot be read: No such file or directory.
    server       server     absent       | tls_client_ca: FILE cannot be read: No such file or directory.
    server       stranger   -            | tls_certificate: FILE does not go with the key in
    words        server     -            | tls_certificate: FILE holds no certificate that OpenSSL reads
    server       words      -            | tls_key: FILE holds no private key that OpenSSL reads
    server       server     words        | tls_client_ca: FILE holds no certificate that OpenSSL reads
    server       encrypted  -            | tls_key: FILE is encrypted. Store it without a password
"""


@pytest.mark.parametrize("row", [row.strip() for row in WRONG.strip().splitlines()[1:]])
def test_a_wrong_file_is_told_before_the_port_opens(
    transport: Name, known: Certificates, tmp_path: Path, row: str
) -> None:
    files, said = (part.strip() for part in row.split("|"))
    certificate, key, client_ca = files.split()
    (tmp_path / "words.pem").write_text("not a certificate\n")
    encrypted(known.server.key, tmp_path / "encrypted.pem")
    odd = {name: tmp_path / f"{name}.pem" for name in ("absent", "words", "encrypted")}
    tls = TlsFiles(
        odd.get(certificate, known.server.certificate),
        odd.get(key, known.stranger.key if key == "stranger" else known.server.key),
        None if client_ca == "-" else odd[client_ca],
    )
    with pytest.raises(PemRefused) as refused, TransportDesk(transport, tls=tls):
        pass
    setting = said.partition(":")[0].removeprefix("tls_")
    assert str(refused.value).startswith(said.replace("FILE", str(getattr(tls, setting))))
