"""The mailer: hands one mail for one reader to the operator's mail server.

The server answers each step with a code. 2xx is done. 4xx (greylisted, mail box locked) and a server that is not there
are tried again as a webhook is; 5xx (no such mail box, relaying denied) is for good. Once the server has taken the text
of the mail it is delivered, whatever becomes of the good-bye.

Each answer is waited for at most 5 s, and the whole exchange at most 20 s: a mail server looks at a text before it
takes it, and a mail that we give up while it is being taken arrives twice.
"""

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Literal, TypeAlias

from ratingd.delivery.attempt import Attempt, Judgement, Verdict
from ratingd.delivery.deadline import Deadline, watch
from ratingd.delivery.mail_message import mail, message
from ratingd.store.rows import OutboxEntry

ANSWER_S: Final = 5.0
EXCHANGE_S: Final = 20.0
ERROR_MAX: Final = 300
NOWHERE: Final = "smtp_host is not set, so mails go nowhere; set it, then `ratingd outbox replay`"

Tls: TypeAlias = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class MailTerms:
    """What the settings say about mail. `trust` None: the certificates that the machine trusts."""

    host: str
    port: int
    sender: str
    tls: Tls = "starttls"
    user: str = ""
    password: str = ""
    trust: ssl.SSLContext | None = None


class MailCarrier:
    """Hands in mails. `terms` None: there is no mail server, and each mail is put aside at once."""

    kind: Final = "mail"

    def __init__(self, terms: MailTerms | None) -> None:
        self._terms: Final = terms
        self._trust: Final = ssl.create_default_context() if terms is None or terms.trust is None else terms.trust

    def carry(self, entry: OutboxEntry) -> Attempt:
        if self._terms is None:
            return Attempt(Judgement(Verdict.DEAD, NOWHERE))
        try:
            made = message(mail(entry), self._terms.sender)
        except ValueError as fault:
            return Attempt(Judgement(Verdict.DEAD, str(fault)))
        with Deadline(EXCHANGE_S) as deadline:
            try:
                self._hand_in(self._terms, made, entry.target)
            except (smtplib.SMTPException, OSError, ValueError) as fault:
                late = f" (cut off after {EXCHANGE_S:g} s)" if deadline.passed else ""
                return judged(fault, late)
        return Attempt(Judgement(Verdict.DELIVERED), 250)

    def close(self) -> None:
        pass

    def _hand_in(self, terms: MailTerms, made: EmailMessage, recipient: str) -> None:
        session = Session(terms, self._trust)
        try:
            if terms.tls == "starttls":
                session.starttls(context=self._trust)
            if terms.user:
                session.login(terms.user, terms.password)
            session.send_message(made, terms.sender, [recipient])
            with suppress(smtplib.SMTPException, OSError):
                session.quit()
        finally:
            session.close()


class Session(smtplib.SMTP):
    """One exchange with the mail server, under the deadline of its thread from the first byte on."""

    def __init__(self, terms: MailTerms, trust: ssl.SSLContext) -> None:
        self._wrapped: Final = trust if terms.tls == "tls" else None
        super().__init__(terms.host, terms.port, socket.gethostname() or "localhost", ANSWER_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((host, port), timeout)
        watch(line)
        return line if self._wrapped is None else self._wrapped.wrap_socket(line, server_hostname=host)


def judged(fault: Exception, late: str = "") -> Attempt:
    """What a failure means: 5xx and what the server cannot do are for good, everything else may get better."""
    code, said = answer_of(fault)
    if code:
        verdict = Verdict.DEAD if 500 <= code < 600 else Verdict.RETRY
        return Attempt(Judgement(verdict, f"answered {code}: {said}"[:ERROR_MAX]), code)
    if isinstance(fault, smtplib.SMTPNotSupportedError):
        return Attempt(Judgement(Verdict.DEAD, f"the mail server cannot do it: {fault}"[:ERROR_MAX]))
    if isinstance(fault, ValueError) and not isinstance(fault, OSError):  # a TLS failure is both
        return Attempt(Judgement(Verdict.DEAD, str(fault)[:ERROR_MAX]))
    return Attempt(Judgement(Verdict.RETRY, f"no answer: {type(fault).__name__}: {fault}{late}"[:ERROR_MAX]))


def answer_of(fault: Exception) -> tuple[int, str]:
    """The code and the words of the server's refusal; 0 where it did not answer."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(fault.recipients.values()))
        return code, words(said)
    if isinstance(fault, smtplib.SMTPResponseException):
        return max(fault.smtp_code, 0), words(fault.smtp_error)
    return 0, ""


def words(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
