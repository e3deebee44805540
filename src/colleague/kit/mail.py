"""Mail: building a message that cannot be injected into, and handing it over so that one knows whether it left.

INVARIANT: `NotSent` is only raised while no server can have accepted the message; from the last byte of DATA to the
server's answer, any fault is `SentUnknown`.
"""

import asyncio
import hashlib
import ipaddress
import re
import smtplib
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from colleague.kit.errors import Conflict, Invalid, Unavailable

_POLICY = SMTP.clone(cte_type="7bit")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
RECIPIENTS, SIZE = 100, 25_000_000


class BadMail(Invalid):
    """The mail cannot be written like this: {why}."""


class BadMailServer(Invalid):
    """The address of the mail server cannot be used: {why}."""


class NotSent(Unavailable):
    """The mail was not sent: {why}."""


class SentUnknown(Conflict):
    """It is not known whether the mail was sent: the connection broke while the server was taking it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. `security`: tls (from the start), starttls, or plain (loopback only)."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A file that goes along."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent. `key` makes the Message-ID: the same key is the same message."""

    sender: str
    to: tuple[str, ...]
    subject: str
    body: str
    key: str
    at: datetime
    cc: tuple[str, ...] = ()
    sender_name: str = ""
    parts: tuple[Part, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def server_of(url: str, *, user: str = "", password: str = "") -> Server:
    """Read `smtp[s]://` or `imap[s]://` `user:password@host:port`; BadMailServer if it is no such address.

    The plain schemes mean STARTTLS, which is demanded, except on loopback.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadMailServer(why="it is no address") from None
    ports = {"smtp": 587, "smtps": 465, "imap": 143, "imaps": 993}
    if parts.scheme not in ports or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadMailServer(why="write smtps://host:port or imaps://host:port")
    security = "tls" if parts.scheme.endswith("s") else "plain" if is_loopback(host) else "starttls"
    return Server(
        host, port or ports[parts.scheme], security, user or unquote(parts.username or ""),
        password or unquote(parts.password or ""),
    )  # fmt: skip


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(text: str) -> str:
    """Return a bare mail address, its domain in ASCII and lower case; BadMail if it is none or holds anything else."""
    local, at, domain = text.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        domain = ""
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise BadMail(why=f"«{_one_line(text)[:100]}» is no mail address")
    return f"{local}@{domain.lower()}"


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of the message made for `key`."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"


def compose(letter: Letter) -> EmailMessage:
    """Build the message. BadMail for addresses that are none, line breaks in headers, or more than is allowed."""
    to, cc = tuple(map(address, letter.to)), tuple(map(address, letter.cc))
    sender = address(letter.sender)
    if not to or len(to) + len(cc) > RECIPIENTS:
        raise BadMail(why=f"it needs 1 to {RECIPIENTS} recipients")
    for text in (letter.subject, letter.sender_name, *(p.name for p in letter.parts), *sum(letter.headers, ())):
        if text != _one_line(text) or len(text) > 500:
            raise BadMail(why="a subject, name or heading is one line of at most 500 characters")
    if sum(len(p.content) for p in letter.parts) + len(letter.body) > SIZE:
        raise BadMail(why=f"it is larger than {SIZE // 1_000_000} MB")
    message = EmailMessage(policy=_POLICY)
    local, _, domain = sender.rpartition("@")
    message["From"] = Address(letter.sender_name, local, domain)
    message["To"] = ", ".join(to)
    if cc:
        message["Cc"] = ", ".join(cc)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = message_id(letter.key, sender)
    for name, value in letter.headers:
        message[name] = value
    try:
        message.set_content(letter.body)
        for part in letter.parts:
            if not _TYPE.fullmatch(part.media_type):
                raise BadMail(why=f"«{_one_line(part.media_type)[:60]}» is no media type")
            main, _, sub = part.media_type.partition("/")
            if main in ("text", "message", "multipart"):
                # Sent byte for byte: a re-encoded text would no longer be the file that was approved.
                main, sub = "application", "octet-stream"
            message.add_attachment(part.content, maintype=main, subtype=sub, filename=part.name)
    except UnicodeError:
        raise BadMail(why="its text holds characters that cannot be sent") from None
    return message


def _one_line(text: str) -> str:
    """Return `text` without control characters and line or paragraph separators."""
    return "".join(c for c in text if c.isprintable() or c == " ")


async def send(server: Server, message: EmailMessage, *, seconds: float = 30) -> None:
    """Hand `message` to `server`. Raises NotSent (surely not), SentUnknown (nobody can say).

    INVARIANT: later than `seconds` after the start nothing is sent any more. A process that was frozen in the middle,
    or whose caller has given up, must not finish a mail that others count as not sent.
    """
    recipients = [
        a.addr_spec for name in ("To", "Cc") for header in message.get_all(name, ()) for a in header.addresses
    ]
    sender = message["From"].addresses[0].addr_spec
    until = time.monotonic() + seconds
    await asyncio.to_thread(_send, server, sender, recipients, message.as_bytes(policy=_POLICY), seconds, until)


async def probe(server: Server, *, seconds: float = 15) -> None:
    """Sign in to an SMTP server and leave; NotSent says what is wrong."""

    def knock() -> None:
        with _opened(server, seconds) as smtp:
            smtp.noop()

    await asyncio.to_thread(knock)


def _opened(server: Server, seconds: float) -> smtplib.SMTP:
    smtp: smtplib.SMTP | None = None
    try:
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=ssl.create_default_context())
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=seconds)
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
        elif server.security == "plain" and not is_loopback(server.host):
            raise NotSent(why="without encryption mail is only handed over on this machine")
        if server.user:
            smtp.login(server.user, server.password)
        return smtp
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        if smtp is not None:
            smtp.close()
        raise NotSent(why=_reason(error)) from None
    except NotSent:
        if smtp is not None:
            smtp.close()
        raise


def _send(
    server: Server, sender: str, recipients: Sequence[str], raw: bytes, seconds: float, until: float
) -> None:  # fmt: skip
    smtp = _opened(server, seconds)
    try:
        try:
            _envelope(smtp, sender, recipients, raw)
            _body(smtp, raw)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(why=_reason(error)) from None
        if time.monotonic() > until:
            raise NotSent(why="the mail server did not answer in time")
        try:
            _socket(smtp).sendall(b".\r\n")
            code, _ = smtp.getreply()
        except (OSError, smtplib.SMTPException):
            raise SentUnknown from None
        if code == -1:
            raise SentUnknown
        if not 200 <= code < 300:
            raise NotSent(why=f"the mail server refused it ({code})")
    finally:
        smtp.close()


def _envelope(smtp: smtplib.SMTP, sender: str, recipients: Sequence[str], raw: bytes) -> None:
    """Name sender and recipients; one refused recipient refuses all, so that what was approved is what happens."""
    size = [f"size={len(raw)}"] if smtp.has_extn("size") else []
    code, _ = smtp.mail(sender, size)
    if code != 250:
        raise NotSent(why=f"the mail server refused the sender ({code})")
    for recipient in recipients:
        code, _ = smtp.rcpt(recipient)
        if code not in (250, 251):
            raise NotSent(why=f"the mail server refused the recipient {recipient} ({code})")
    code, _ = smtp.docmd("DATA")
    if code != 354:
        raise NotSent(why=f"the mail server refused the message ({code})")


def _body(smtp: smtplib.SMTP, raw: bytes) -> None:
    """Send all but the closing dot: without it no server may accept the message (RFC 5321 §4.1.1.4)."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    text = re.sub(rb"(?m)^\.", b"..", text)
    _socket(smtp).sendall(text if text.endswith(b"\r\n") else text + b"\r\n")


def _socket(smtp: smtplib.SMTP) -> ssl.SSLSocket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("closed")
    return smtp.sock  # type: ignore[return-value]


def _reason(error: Exception) -> str:
    """Say what went wrong without the server's own words, which may repeat what was sent."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "the mail server did not accept the sign-in"
        case smtplib.SMTPNotSupportedError():
            return "the mail server does not offer encryption (STARTTLS) or sign-in"
        case smtplib.SMTPResponseException():
            return f"the mail server refused ({error.smtp_code})"
        case ssl.SSLCertVerificationError():
            return "the mail server's certificate could not be verified"
        case ssl.SSLError():
            return "no encrypted connection to the mail server was possible"
        case TimeoutError():
            return "the mail server did not answer in time"
        case ConnectionRefusedError():
            return "the mail server refused the connection"
        case _:
            return "the connection to the mail server failed"
