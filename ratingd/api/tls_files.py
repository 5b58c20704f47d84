"""Files of TLS, read and checked before the port opens. Both transports take what comes out of here."""

from dataclasses import dataclass

from ratingd import pem
from ratingd.api.transport import TlsFiles


@dataclass(frozen=True, slots=True)
class Pems:
    """What the files of a server hold. `client_ca`: only clients with a certificate of it are let in."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None = None


def read_pems(files: TlsFiles) -> Pems:
    """The files as bytes; PemRefused says which is not what it should be."""
    certificate, key = pem.pair("tls_certificate", files.certificate, "tls_key", files.key)
    client_ca = None if files.client_ca is None else pem.authority("tls_client_ca", files.client_ca)
    return Pems(certificate, key, client_ca)
