"""A mail server: a real SMTP server on loopback that keeps what it takes, and refuses or drops as it is told."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CERTIFICATE: Final = Path(__file__).with_name("localhost.pem")
TAKEN: Final = "250 OK"
DROP: Final = "drop"  # the line is cut where an answer should come
USER: Final = "ratingd"
PASSWORD: Final = "the-password"


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that was taken: for whom, over TLS or not, logged in or not."""

    recipient: str
    message: EmailMessage
    encrypted: bool
    user: str


class MailServer:
    """Takes every mail, or answers what `recipient` and `data` say for the n-th recipient or text (from 0)."""

    def __init__(
        self,
        recipient: Callable[[int], str] = lambda _: TAKEN,
        data: Callable[[int], str] = lambda _: TAKEN,
        *,
        tls: str = "none",
        login: bool = False,
    ) -> None:
        self.taken: Final[list[Taken]] = []
        self.recipients = 0
        self.texts = 0
        self._answer_recipient: Final = recipient
        self._answer_data: Final = data
        self._tls: Final = tls
        self._login: Final = login
        self._changed: Final = threading.Condition()
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(target=self._loop.run_forever, daemon=True)

    def wait_for(self, enough: Callable[[Sequence[Taken]], bool], within_s: float = 10) -> list[Taken]:
        """Wait until what was taken is enough, or for `within_s`; what has been taken by then."""
        deadline = time.monotonic() + within_s
        with self._changed:
            while not enough(self.taken) and time.monotonic() < deadline:
                self._changed.wait(0.1)
            return list(self.taken)

    # The names that aiosmtpd calls.

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer_recipient(self.recipients)
        self.recipients += 1
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return self._given(server, answer)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self._answer_data(self.texts)
        self.texts += 1
        if answer == TAKEN:
            message = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
            login = getattr(session, "auth_data", None)
            user = login.login.decode() if login is not None else ""
            encrypted = bool(session.ssl) or self._tls == "tls"
            with self._changed:
                self.taken.extend(Taken(to, message, encrypted, user) for to in envelope.rcpt_tos)
                self._changed.notify_all()
        return self._given(server, answer)

    @staticmethod
    def _given(server: SMTP, answer: str) -> str:
        if answer == DROP and server.transport is not None:
            server.transport.close()
        return answer

    def _protocol(self) -> SMTP:
        secure = server_context() if self._tls == "starttls" else None
        return SMTP(
            self,
            hostname="mail.test",
            loop=self._loop,
            tls_context=secure,
            require_starttls=secure is not None,
            authenticator=authenticated,
            auth_required=self._login,
            auth_require_tls=self._tls == "starttls",
        )

    async def _serve(self) -> asyncio.Server:
        secure = server_context() if self._tls == "tls" else None
        return await self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=secure)

    def __enter__(self) -> "MailServer":
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False, auth_data=data)


def server_context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting_context() -> ssl.SSLContext:
    """A client that trusts the server's certificate."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))
