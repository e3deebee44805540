"""Mails (RFC 5322): headers, body, and the names of what is attached."""

import email
import re
from email.message import EmailMessage
from email.policy import default

from selectolax.lexbor import LexborHTMLParser

from colleague.kit.documents.formats.html import visible
from colleague.kit.documents.model import Block, Document

HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the mail; `where` is «message»."""
    mail = email.message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    blocks = [Block("paragraph", f"{h}: {text}", where="message") for h in HEADERS if (text := _header(mail, h))]
    body = mail.get_body(("plain", "html"))
    warnings: tuple[str, ...] = ()
    if isinstance(body, EmailMessage):
        more, warnings = body_blocks(text_of(body), is_html=body.get_content_type() == "text/html")
        blocks += more
    attached = [a.get_filename() or "unnamed" for a in mail.iter_attachments()]
    if attached:
        blocks.append(Block("note", "Attached, not read: " + ", ".join(attached[:200]), where="message"))
    title = _header(mail, "Subject") or name
    return Document(title, media_type, "messages", 1, tuple(blocks), warnings)


def body_blocks(text: str, *, is_html: bool) -> tuple[list[Block], tuple[str, ...]]:
    """Return a mail's body as paragraphs and what is to be said of it."""
    if is_html:
        found, hidden = visible(LexborHTMLParser(text))
        blocks = [Block(b.kind, b.text, b.level, "message", b.label, b.rows) for b in found]
        return blocks, ((f"{hidden} hidden parts were left out.",) if hidden else ())
    parts = (" ".join(p.split()) for p in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return [Block("paragraph", part, where="message") for part in parts if part], ()


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(mail[name] or "").split())
    except Exception:
        # The library's header parser gives up on some malformed headers; one of them is no reason to refuse the mail.
        raw = next((v for k, v in mail.raw_items() if k.lower() == name.lower()), "")
        return " ".join(str(raw).split())


def text_of(body: EmailMessage) -> str:
    """Return a text part, decoded as far as it can be."""
    try:
        return str(body.get_content())
    except (LookupError, ValueError, AssertionError):
        # An unknown character set or encoding: read what can be read.
        raw = body.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
