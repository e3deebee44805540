"""Outlook messages (.msg)."""

from io import BytesIO

from oxmsg import Message

from colleague.kit.documents.formats.eml import body_blocks
from colleague.kit.documents.model import Block, Document


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the message; `where` is «message»."""
    message = Message.load(BytesIO(content))
    to = ", ".join(f"{r.name} <{r.email_address}>" for r in message.recipients)
    head = {"From": message.sender, "To": to, "Date": message.sent_date, "Subject": message.subject}
    blocks = [Block("paragraph", f"{k}: {v}", where="message") for k, v in head.items() if v]
    plain = (message.body or "").strip()
    more, warnings = body_blocks(plain or message.html_body or "", is_html=not plain)
    attached = [a.file_name for a in message.attachments if a.file_name]
    if attached:
        more.append(Block("note", "Attached, not read: " + ", ".join(attached), where="message"))
    return Document(message.subject or name, media_type, "messages", 1, (*blocks, *more), warnings)
