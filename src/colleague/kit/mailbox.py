"""Reading a mailbox over IMAP (RFC 9051, 3501): read-only by EXAMINE; writing only to append a message to a folder, and
to mark one as read in a mailbox that is the product's own."""

import asyncio
import imaplib
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from colleague.kit.errors import Invalid, NotFound, Unavailable
from colleague.kit.mail import BadMailServer, Server, is_loopback, server_of

T = TypeVar("T")
SIZE, HEAD = 40_000_000, 30_000
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"UID (\d+)")


class MailboxUnavailable(Unavailable):
    """The mailbox cannot be reached: {why}."""


class NoSuchMessage(NotFound):
    """There is no such message in this mailbox."""


class MessageTooLarge(Invalid):
    """The message is larger than 40 MB."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A message, or its beginning, as bytes, with its id `folder:validity:uid`."""

    id: str
    content: bytes


def mailbox_of(url: str) -> tuple[Server, str]:
    """Read `imap[s]://user:password@host:port/folder` (INBOX by default); BadMailServer if it is no such address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadMailServer(why="it is no address") from None
    if parts.scheme not in ("imap", "imaps"):
        raise BadMailServer(why="write imaps://user:password@host:port/folder")
    return server_of(parts._replace(path="").geturl()), unquote(parts.path.strip("/")) or "INBOX"


async def unread(
    server: Server, limit: int, *, folder: str = "INBOX", seconds: float = 60
) -> list[tuple[str, int]]:  # fmt: skip
    """Return id and size of the oldest messages that nobody has read; they stay unread."""

    def work(imap: imaplib.IMAP4) -> list[tuple[str, int]]:
        validity = _examine(imap, folder)
        kind, found = imap.uid("SEARCH", "UNSEEN", "UNDELETED")
        _ok(kind)
        uids = [uid.decode() for uid in (found[0] or b"").split()[:limit]]
        sized = [(f"{folder}:{validity}:{uid}", _size(imap, uid)) for uid in uids]
        return [(id_, size) for id_, size in sized if size is not None]

    return await _with(server, work, seconds)


async def mark_read(server: Server, id_: str, *, seconds: float = 30) -> None:
    """Mark a message as read; NoSuchMessage if the mailbox was made anew since it was found."""
    folder, validity, uid = id_.rsplit(":", 2)

    def work(imap: imaplib.IMAP4) -> None:
        kind, _ = imap.select(_quoted(folder))
        _ok(kind)
        _, found = imap.response("UIDVALIDITY")
        if (found[0] or b"0").decode() != validity:
            raise NoSuchMessage
        kind, _ = imap.uid("STORE", uid, "+FLAGS.SILENT", "(\\Seen)")
        _ok(kind)

    await _with(server, work, seconds)


async def search(server: Server, query: str, limit: int, *, folder: str = "INBOX", seconds: float = 30) -> list[Raw]:
    """Return the beginnings of the newest messages that hold `query` (all of it, as one text; "" for the newest)."""

    def work(imap: imaplib.IMAP4) -> list[Raw]:
        validity = _examine(imap, folder)
        if query:
            imap.literal = query.encode()  # type: ignore[assignment]
            kind, found = imap.uid("SEARCH", "CHARSET", "UTF-8", "TEXT")
        else:
            kind, found = imap.uid("SEARCH", "ALL")
        _ok(kind)
        uids = (found[0] or b"").split()[-limit:]
        return [Raw(f"{folder}:{validity}:{uid.decode()}", _fetch(imap, uid, HEAD)) for uid in reversed(uids)]

    return await _with(server, work, seconds)


async def read(server: Server, id_: str, *, beginning: bool = False, seconds: float = 60) -> bytes:
    """Return a message, or only its beginning, by the id that `search` gave; NoSuchMessage, MessageTooLarge."""
    folder, validity, uid = ([*id_.rsplit(":", 2), "", ""])[:3]
    if not folder or not all(p.isascii() and p.isdigit() and len(p) < 20 for p in (validity, uid)):
        raise NoSuchMessage

    def work(imap: imaplib.IMAP4) -> bytes:
        if _examine(imap, folder) != validity:
            raise NoSuchMessage
        size = _size(imap, uid)
        if size is None:
            raise NoSuchMessage
        if size > SIZE and not beginning:
            raise MessageTooLarge
        return _fetch(imap, uid.encode(), HEAD if beginning else None)

    return await _with(server, work, seconds)


async def holds(server: Server, folder: str, message_id: str, *, seconds: float = 30) -> bool:
    """Say whether `folder` holds a message with this Message-ID."""

    def work(imap: imaplib.IMAP4) -> bool:
        _examine(imap, folder)
        imap.literal = message_id.encode()  # type: ignore[assignment]
        kind, found = imap.uid("SEARCH", "HEADER", "Message-ID")
        _ok(kind)
        return bool((found[0] or b"").split())

    return await _with(server, work, seconds)


async def append(server: Server, folder: str, content: bytes, *, flags: str, at: datetime, seconds: float = 60) -> None:
    """Put a message into `folder` with `flags` such as `\\Seen`."""

    def work(imap: imaplib.IMAP4) -> None:
        kind, _ = imap.append(_quoted(folder), f"({flags})", imaplib.Time2Internaldate(at), content)
        _ok(kind)

    await _with(server, work, seconds)


async def probe(server: Server, folder: str = "INBOX", *, seconds: float = 15) -> int:
    """Sign in and return how many messages `folder` holds."""

    def work(imap: imaplib.IMAP4) -> int:
        kind, found = imap.select(_quoted(folder), readonly=True)
        _ok(kind)
        return int(found[0] or 0)

    return await _with(server, work, seconds)


async def _with(server: Server, work: Callable[[imaplib.IMAP4], T], seconds: float) -> T:
    return await asyncio.to_thread(_run, server, work, seconds)


def _run(server: Server, work: Callable[[imaplib.IMAP4], T], seconds: float) -> T:
    imap: imaplib.IMAP4 | None = None
    try:
        if server.security == "tls":
            context = ssl.create_default_context()
            imap = imaplib.IMAP4_SSL(server.host, server.port, timeout=seconds, ssl_context=context)
        else:
            imap = imaplib.IMAP4(server.host, server.port, timeout=seconds)
            if server.security == "starttls":
                imap.starttls(ssl.create_default_context())
            elif not is_loopback(server.host):
                raise MailboxUnavailable(why="without encryption only mailboxes on this machine are read")
        _sign_in(imap, server)
        return work(imap)
    except TimeoutError:
        raise MailboxUnavailable(why="it did not answer in time") from None
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        raise MailboxUnavailable(why=_reason(error)) from None
    finally:
        if imap is not None:
            try:
                imap.logout()
            except (OSError, imaplib.IMAP4.error):
                imap.shutdown()


def _sign_in(imap: imaplib.IMAP4, server: Server) -> None:
    try:
        # Literals, not quoted strings: a password may hold quotes and backslashes.
        imap.authenticate("PLAIN", lambda _: f"\0{server.user}\0{server.password}".encode())
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise MailboxUnavailable(why="it did not accept the sign-in") from None


def _examine(imap: imaplib.IMAP4, folder: str) -> str:
    """Open `folder` read-only and return its UIDVALIDITY."""
    kind, _ = imap.select(_quoted(folder), readonly=True)
    if kind != "OK":
        raise NoSuchMessage
    _, found = imap.response("UIDVALIDITY")
    return (found[0] or b"0").decode()


def _size(imap: imaplib.IMAP4, uid: str) -> int | None:
    """Return how many bytes a message has; None if it is gone."""
    kind, found = imap.uid("FETCH", uid, "(RFC822.SIZE)")
    _ok(kind)
    size = _SIZE.search(b" ".join(p if isinstance(p, bytes) else b" ".join(p) for p in found if p))
    return int(size.group(1)) if size else None


def _fetch(imap: imaplib.IMAP4, uid: bytes, limit: int | None) -> bytes:
    # PEEK: reading must not mark a message as read.
    what = "(BODY.PEEK[])" if limit is None else f"(BODY.PEEK[]<0.{limit}>)"
    kind, found = imap.uid("FETCH", uid.decode(), what)
    _ok(kind)
    for piece in found:
        if isinstance(piece, tuple):
            return bytes(piece[1])
    raise NoSuchMessage


def _ok(kind: str) -> None:
    if kind != "OK":
        raise MailboxUnavailable(why="it refused the request")


def _quoted(folder: str) -> str:
    """Return a folder name as an IMAP quoted string in modified UTF-7's ASCII part; refuse what would break out."""
    if not folder.isascii() or not folder.isprintable() or len(folder) > 200:
        raise MailboxUnavailable(why="the folder's name must be plain ASCII")
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return "its certificate could not be verified"
        case ssl.SSLError():
            return "no encrypted connection was possible"
        case ConnectionRefusedError() | socket.gaierror():
            return "nothing answers at this address"
        case _:
            return "the connection broke"
