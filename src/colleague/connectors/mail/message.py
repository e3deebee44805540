"""From arguments to a letter, and from a received message to what a model and a person read. Pure."""

from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from colleague.connectors.connector import Access
from colleague.connectors.screen import screen
from colleague.kit.mail import Letter, Part, address

EXCERPT = 200


def footer(on_behalf_of: str) -> str:
    """Return the line under every mail the agent sends."""
    return f"Sent by an AI agent on behalf of {on_behalf_of}"


def letter(arguments: Mapping[str, Any], access: Access, at: datetime) -> Letter:
    """Return the letter exactly as it will be sent. BadMail for bad addresses, BlockedType for blocked attachments."""
    sender = address(str(access.account.config["address"]))
    name = access.on_behalf_of or sender
    for file in access.attachments:
        screen(file.name, file.content, blocked=access.blocked)
    body = str(arguments["body"]).replace("\r\n", "\n").replace("\r", "\n").rstrip()
    return Letter(
        sender=sender,
        sender_name=access.on_behalf_of,
        to=tuple(dict.fromkeys(map(address, arguments["to"]))),
        cc=tuple(dict.fromkeys(map(address, arguments.get("cc") or ()))),
        subject=str(arguments["subject"]),
        body=f"{body}\n\n-- \n{footer(name)}\n",
        key=access.idempotency_key,
        at=at,
        parts=tuple(Part(f.name, f.media_type, f.content) for f in access.attachments),
    )


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def _header(message: EmailMessage, name: str) -> str:
    """Return a header as one line; "" if it is missing or cannot be read."""
    try:
        value = str(message.get(name) or "")
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        # The parser of the standard library stumbles over some broken headers; the message is still worth listing.
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:500]


def summary(id_: str, raw: bytes) -> dict[str, str]:
    """Return one line of a search: id, from, to, subject, date and the first words of the text."""
    message = _parsed(raw)
    names = {key: _header(message, name) for key, name in _SHOWN}
    return {"id": id_, **names, "excerpt": _beginning(message)}


_SHOWN = (("from", "From"), ("to", "To"), ("subject", "Subject"), ("date", "Date"))


def _beginning(message: EmailMessage) -> str:
    try:
        body = message.get_body(preferencelist=("plain",))
        text = body.get_content() if body is not None else ""
    except (LookupError, ValueError, AttributeError, TypeError):
        return ""
    return " ".join(str(text).split())[:EXCERPT]


def attachments(raw: bytes) -> list[Part]:
    """Return the attached files of a message, with names that are safe to show."""
    found = []
    for number, part in enumerate(_parsed(raw).iter_attachments(), 1):
        try:
            name = part.get_filename() or f"attachment-{number}"
            content = part.get_payload(decode=True)
            if content is None and part.get_content_type() == "message/rfc822":
                inner = part.get_payload(0)
                name, content = part.get_filename() or f"message-{number}.eml", inner.as_bytes()  # type: ignore[union-attr]
        except (LookupError, ValueError, AttributeError, TypeError, IndexError):
            continue
        if isinstance(content, bytes):
            safe = "".join(c for c in name if c.isprintable()).rpartition("/")[2].rpartition("\\")[2][-150:]
            found.append(Part(safe or f"attachment-{number}", part.get_content_type(), content))
    return found
