"""Mails (RFC 5322): headers, body, and the names of what is attached."""

import email
import re
from email.message import EmailMessage
from email.policy import default

from selectolax.lexbor import LexborHTMLParser

from colleague.kit.documents.model import Block, Document

HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the mail; `where` is «message»."""
    mail = email.message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    blocks = [Block("paragraph", f"{h}: {' '.join(str(mail[h]).split())}", where="message") for h in HEADERS if mail[h]]
    body = mail.get_body(("plain", "html"))
    text = ""
    if body is not None:
        text = str(body.get_content())
        if body.get_content_type() == "text/html":
            tree = LexborHTMLParser(text)
            for node in tree.css("script, style, [hidden], [style*='display:none'], [style*='display: none']"):
                node.decompose()
            text = tree.body.text(separator="\n") if tree.body is not None else ""
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        words = " ".join(part.split())
        if words:
            blocks.append(Block("paragraph", words, where="message"))
    attached = [a.get_filename() or "unnamed" for a in mail.iter_attachments()]
    if attached:
        blocks.append(Block("note", "Attached: " + ", ".join(attached), where="message"))
    title = " ".join(str(mail["Subject"] or name).split())
    return Document(title, media_type, "messages", 1, tuple(blocks))
