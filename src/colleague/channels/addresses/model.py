"""The words of bound addresses, and the one spelling of each kind (DI-6, R54)."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

from colleague.kit.errors import Invalid

Kind = Literal["sms", "slack", "email"]
State = Literal["pending", "verified", "broken", "revoked"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
TITLES: Final[dict[str, str]] = {"sms": "Phone (text messages)", "slack": "Slack", "email": "Mail"}

# ITU-T E.164: a plus sign, no leading zero, at most fifteen digits.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SLACK = re.compile(r"[TE][A-Z0-9]{2,20}:[UW][A-Z0-9]{2,20}")
_MAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@\x00-\x1f]{1,189}")


class BadAddress(Invalid):
    """This is no address of that kind: a phone number with its country («+44 7911 123456»), a Slack member id («U…»),
    or your own mail address."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An address that its person proved to hold. `address` is kept out of what is printed by accident."""

    id: str
    person_id: str
    kind: Kind
    address: str = field(repr=False)
    verified_at: datetime


def spell(kind: str, address: str) -> str:
    """Return `address` in its one spelling: «+4479…» (E.164), «TEAM:USER», mail in small letters. Raises BadAddress."""
    if len(address) > 300 or not address.isascii():
        raise BadAddress
    text, shape = address.strip(), _MAIL
    match kind:
        case "sms":
            text, shape = re.sub(r"[\s().\-/]", "", text), _E164
            text = "+" + text[2:] if text.startswith("00") else text
        case "slack":
            text, shape = text.upper(), _SLACK
        case "email":
            text = text.lower()
        case _:
            raise BadAddress
    if not shape.fullmatch(text):
        raise BadAddress
    return text


def hidden(kind: str, address: str) -> str:
    """Return an address as others may see it: enough to know it again, not to write to it."""
    if kind == "email":
        name, _, host = address.partition("@")
        return f"{name[:1]}…@{host}"
    return f"{address[:3]}…{address[-3:]}"
