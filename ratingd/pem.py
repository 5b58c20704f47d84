"""PEM files: whether the certificates and keys that the settings name are what they should be.

A daemon that starts with the key of last year's certificate would refuse every client with "alert 40" and leave the
operator to guess. So OpenSSL is asked before any port opens, and the answer names the setting and the file:

    tls_certificate: /etc/tls.pem does not go with the key in /etc/old.key (tls_key). Name the key that …
"""

import ssl
from collections.abc import Callable
from pathlib import Path


class PemRefused(OSError):
    """A file that is not what its setting says."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{setting}: {message}")
        self.setting = setting
        self.message = message


def authority(setting: str, path: Path) -> bytes:
    """The content of a file of certificates."""
    content = _content(setting, path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError as fault:
        raise PemRefused(
            setting,
            f"{path} holds no certificate that OpenSSL reads ({_word(fault)}). "
            "Name a PEM file with -----BEGIN CERTIFICATE-----.",
        ) from None
    return content


def pair(setting: str, path: Path, key_setting: str, key_path: Path) -> tuple[bytes, bytes]:
    """The contents of a certificate's file and of its key's, which go together."""
    certificate, key = authority(setting, path), _content(key_setting, key_path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, key_path, _no_password(key_setting, key_path))
    except ssl.SSLError as fault:
        if fault.reason == "KEY_VALUES_MISMATCH":
            raise PemRefused(
                setting,
                f"{path} does not go with the key in {key_path} ({key_setting}). Name the key that it was made with.",
            ) from None
        raise PemRefused(
            key_setting,
            f"{key_path} holds no private key that OpenSSL reads ({_word(fault)}). "
            "Name a PEM file with -----BEGIN PRIVATE KEY-----.",
        ) from None
    return certificate, key


def _content(setting: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise PemRefused(
            setting, f"{path.absolute()} cannot be read: {fault.strerror}. Name a PEM file that this user may read."
        ) from None


def _word(fault: ssl.SSLError) -> str:
    return fault.reason or "no PEM"


def _no_password(setting: str, path: Path) -> Callable[[], str]:
    """Nobody is there to be asked for one."""

    def refuse() -> str:
        raise PemRefused(setting, f"{path} is encrypted. Store it without a password, readable by its user alone.")

    return refuse
