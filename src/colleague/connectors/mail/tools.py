"""The tools of a mailbox, as values.

`mail_draft` is of the tier modify: it sends nothing, but it changes the person's mailbox, and «send» must never be
reachable through something that asks less (CN-2). What a person only wants to look at is an output, not a draft.
"""

from typing import Any, Final

from colleague.connectors.connector import Field, Tool
from colleague.policy.model import Role, Tier


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_ADDRESSES: Final = {"type": "array", "items": {"type": "string", "minLength": 3, "maxLength": 320}, "maxItems": 50}
_ID: Final = {"type": "string", "minLength": 5, "maxLength": 300}

_LETTER: Final = {
    "to": {**_ADDRESSES, "minItems": 1},
    "cc": _ADDRESSES,
    "subject": {"type": "string", "maxLength": 500},
    "body": {"type": "string", "maxLength": 200_000},
    "attachments": {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 200},
        "maxItems": 20,
        "description": "Outputs of this task, by name",
    },
}
_ROLES: Final = {
    "to": Role.RECIPIENT, "cc": Role.RECIPIENT, "subject": Role.CONTENT, "body": Role.CONTENT,
    "attachments": Role.OPTION,
}  # fmt: skip

FIELDS: Final = (
    Field("smtp_url", "Server for sending", help="smtps://mail.example.com:465 or smtp://mail.example.com:587"),
    Field("imap_url", "Server for reading", required=False, help="imaps://mail.example.com:993; none: sending only."),
    Field("sent_folder", "Folder of sent mail", required=False, help="Default: Sent"),
    Field("drafts_folder", "Folder of drafts", required=False, help="Default: Drafts"),
    Field("address", "Your address", "person"),
    Field("user", "User name", "person", required=False, help="If it is not the address."),
    Field("password", "Password", "person", secret=True, help="Best an app password made for this purpose."),
)

TOOLS: Final = (
    Tool(
        "mail_search", "Search mail",
        "Find messages in the person's inbox by words; newest first. Without a query: the newest messages.",
        _object(
            [],
            query={"type": "string", "maxLength": 200},
            limit={"type": "integer", "minimum": 1, "maximum": 50},
        ),
        Tier.READ, {"query": Role.CONTENT, "limit": Role.OPTION}, undo="nothing to undo",
    ),
    Tool(
        "mail_read", "Read a message",
        "Read a message by the id that mail_search gave; with `attachment` (a number from 1) that attached file.",
        _object(
            ["id"],
            id=_ID,
            attachment={"type": "integer", "minimum": 1, "maximum": 200},
            first={"type": "integer", "minimum": 1, "maximum": 100_000},
            last={"type": "integer", "minimum": 1, "maximum": 100_000},
        ),
        Tier.READ,
        {"id": Role.OPTION, "attachment": Role.OPTION, "first": Role.OPTION, "last": Role.OPTION},
        undo="nothing to undo",
    ),
    Tool(
        "mail_send", "Send a mail", "Send a mail from the person's mailbox. A line says that an AI agent sent it.",
        _object(["to", "subject", "body"], **_LETTER), Tier.COMMUNICATE, _ROLES,
    ),
    Tool(
        "mail_draft", "Save a draft", "Put a mail into the person's drafts without sending it.",
        _object(["to", "subject", "body"], **_LETTER), Tier.MODIFY, _ROLES, writes=True,
        undo="delete it from the drafts",
    ),
)  # fmt: skip
