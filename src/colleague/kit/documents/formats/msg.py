"""Outlook messages (.msg)."""

import re
from io import BytesIO

from oxmsg import Message

from colleague.kit.documents.model import Block, Document


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the message; `where` is «message»."""
    message = Message.load(BytesIO(content))
    to = ", ".join(f"{r.name} <{r.email_address}>" for r in message.recipients)
    head = {"From": message.sender, "To": to, "Date": message.sent_date, "Subject": message.subject}
    blocks = [Block("paragraph", f"{k}: {v}", where="message") for k, v in head.items() if v]
    for part in re.split(r"\n\s*\n", (message.body or "").replace("\r\n", "\n")):
        words = " ".join(part.split())
        if words:
            blocks.append(Block("paragraph", words, where="message"))
    attached = [a.file_name for a in message.attachments if a.file_name]
    if attached:
        blocks.append(Block("note", "Attached: " + ", ".join(attached), where="message"))
    return Document(message.subject or name, media_type, "messages", 1, tuple(blocks))
