"""What a foreign tool may be, proposed from its own words: tier, egress, roles of arguments, with reasons. Pure.

The rules are those of the control layer: exactly `readOnlyHint: true` is read, everything else is modify; what
communicates is told by a table of verbs; `destructiveHint: false` lowers nothing. A proposal is the floor of what an
administrator may say without a written reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from colleague.policy.model import Role, Tier

# First or second words of tool names that put something before other people.
COMMUNICATES: Final = frozenset(
    {"send", "post", "reply", "email", "notify", "publish", "share", "invite", "tweet", "broadcast", "announce",
     "forward", "respond", "dm", "sms"}
)  # fmt: skip
# Where the whole name says it, whatever its first word; and where a first word means something else.
_SAYS = re.compile(r"(create|add|write|make)_(\w+_)?(comment|message|reply|post|invite|invitation|notification)")
_OTHER = re.compile(r"^post_(process|mortem|build|install)|^(get|list|read|search|fetch|find|count)_")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

_ROLES: Final = (
    (Role.URL, frozenset({"url", "uri", "urls", "href", "link", "endpoint", "webhook", "website", "host", "domain",
                          "address"})),
    (Role.RECIPIENT, frozenset({"to", "cc", "bcc", "recipient", "recipients", "email", "emails", "mail", "channel",
                                "assignee", "attendees", "invitees", "phone", "user", "users", "username", "members"})),
    (Role.AMOUNT, frozenset({"amount", "price", "total", "quantity", "sum", "cost", "budget"})),
    (Role.TARGET, frozenset({"path", "paths", "file", "files", "filename", "folder", "directory", "repo", "repository",
                             "bucket", "table", "database", "branch", "source", "destination", "project"})),
    (Role.IDENTIFIER, frozenset({"id", "ids", "uuid", "key", "number", "iban", "account", "sha", "ref"})),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a tool is taken for until somebody says more, and why in one sentence."""

    tier: Tier
    egress: bool
    deletes: bool
    roles: Mapping[str, Role]
    why: str


def words_of(name: str) -> list[str]:
    """Return the words in a name, in small letters (`sendEmailTo_user` gives send, email, to, user)."""
    return [w.casefold() for w in _WORDS.findall(name)]


def role_of(name: str, schema: Any) -> Role:
    """Return the role of an argument by its name and schema: what names somebody or something is never mere content."""
    words = words_of(name)
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    form = schema.get("format") if isinstance(schema, Mapping) else None
    if form in ("uri", "url", "uri-reference", "iri"):
        return Role.URL
    if form in ("email", "idn-email"):
        return Role.RECIPIENT
    for role, names in _ROLES:
        if words and (words[-1] in names or (len(words) > 1 and words[0] in names and role is Role.URL)):
            return role
    if kind == "boolean" or (isinstance(schema, Mapping) and "enum" in schema):
        return Role.OPTION
    return Role.CONTENT


def propose(name: str, schema: Mapping[str, Any], annotations: Mapping[str, Any]) -> Proposal:
    """Return the proposal for a tool. `schema` is its parameters as listed, `annotations` its hints."""
    properties = schema.get("properties")
    roles = {str(k): role_of(str(k), v) for k, v in properties.items()} if isinstance(properties, Mapping) else {}
    words = words_of(name)
    joined = "_".join(words)
    speaks = (any(w in COMMUNICATES for w in words[:2]) or bool(_SAYS.search(joined))) and not _OTHER.search(joined)
    destroys = annotations.get("destructiveHint") is True
    reads = annotations.get("readOnlyHint") is True
    # The protocol's default of openWorldHint is true: only a clear «false» says that nothing leaves.
    outside = annotations.get("openWorldHint") is not False or Role.URL in roles.values()
    if reads and not speaks:
        why = "Its server says that it only reads" + (", and that it reaches out." if outside else ".")
        return Proposal(Tier.READ, outside, False, roles, why)
    if speaks and not destroys:
        why = f"Its name says that it speaks to others («{name[:60]}»)."
        return Proposal(Tier.COMMUNICATE, True, False, roles, why)
    why = "Its server does not say that it only reads." if "readOnlyHint" not in annotations else (
        "Its server says that it changes something."
    )  # fmt: skip
    return Proposal(Tier.MODIFY, outside, destroys, roles, why)
