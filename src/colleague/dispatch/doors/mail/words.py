"""What a person wrote in a mail: its text without what they answered to, and the files that came along. Pure."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import getaddresses

from colleague.connectors.mail.message import attachments
from colleague.kit.documents.formats.eml import body_blocks, text_of

TEXT, FILES = 50_000, 20
_SIGNATURE = re.compile(r"^-- ?$")
_WROTE = re.compile(
    r"^(?:On\s.{5,200}\swrote:|Am\s.{5,200}\sschrieb.{0,100}:|Le\s.{5,200}\sa écrit\s?:|El\s.{5,200}\sescribió:"
    r"|Il\s.{5,200}\sha scritto:)$",
    re.S,
)
_ORIGINAL = re.compile(
    r"^(?:-{2,}\s?(?:Original Message|Forwarded message|Ursprüngliche Nachricht)\s?-{2,}|_{20,})$", re.I
)
_HEADING = re.compile(r"^(?:From|Von|De|Da):\s.*@")
_BULK = frozenset({"bulk", "junk", "list"})


def is_automatic(mail: EmailMessage, *, ours: frozenset[str]) -> bool:
    """Say whether a program wrote it, or it came to many: such mails are never answered (RFC 3834 §2).

    `ours` are the addresses that we send from ourselves.
    """
    names = {name.casefold() for name, _ in mail.raw_items()}
    if _header(mail, "Auto-Submitted").partition(";")[0].strip().casefold() not in ("", "no"):
        return True
    if _header(mail, "Precedence").strip().casefold() in _BULK or _header(mail, "Return-Path").strip() == "<>":
        return True
    if names & {"list-id", "list-unsubscribe", "list-post", "x-autoreply", "x-autorespond", "feedback-id"}:
        return True
    if mail.get_content_type() in ("multipart/report", "message/delivery-status"):
        return True
    sender = _header(mail, "From").casefold()
    return any(one in sender for one in ours if one)


def goes_to(mail: EmailMessage, address: str) -> bool:
    """Say whether a mail was sent to `address`: it chooses what becomes of the mail, never whose it is."""
    named = ("to", "cc", "delivered-to", "x-original-to")
    values = [str(value)[:20_000] for name, value in mail.raw_items() if name.strip().casefold() in named]
    return bool(address) and address.strip().casefold() in {one.casefold() for _, one in getaddresses(values[:40])}


def words_of(mail: EmailMessage) -> str:
    """Return what the sender wrote: the plain text, else the HTML's visible text; quoted history and signature cut."""
    body = None
    try:
        body = mail.get_body(("plain", "html"))
    except (KeyError, AttributeError, TypeError, ValueError):
        # A broken multipart: there is no text in it.
        return ""
    if not isinstance(body, EmailMessage):
        return ""
    text = text_of(body)
    if body.get_content_type() == "text/html":
        blocks, _ = body_blocks(text[: TEXT * 10], is_html=True)
        text = "\n".join(b.text for b in blocks)
    return cut(text)[:TEXT]


def cut(text: str) -> str:
    """Return `text` above its signature and above what it answers to; quoted lines between one's own are left out."""
    lines = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    for number, line in enumerate(lines):
        bare = line.strip()
        if _SIGNATURE.match(line) or _ORIGINAL.match(bare):
            break
        # Mail programs fold the line that says who wrote.
        if any(_WROTE.match("\n".join(lines[number : number + span]).strip()) for span in (1, 2, 3)):
            break
        if _HEADING.match(bare) and number and not lines[number - 1].strip() and kept:
            break
        if not bare.startswith(">"):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def files_of(raw: bytes, *, limit: int) -> Iterator[tuple[str, bytes]]:
    """Give name and content of what is attached, at most 20 files and `limit` bytes in all."""
    for part in attachments(raw)[:FILES]:
        if part.content and len(part.content) <= limit:
            limit -= len(part.content)
            yield part.name, part.content


def _header(mail: EmailMessage, name: str) -> str:
    return next((str(v) for k, v in mail.raw_items() if k.casefold() == name.casefold()), "")
