"""Where does a value in a call come from? Identity-bearing arguments must have a known origin. Pure.

Positive provenance: a recipient, target, URL, amount or identifier is known only if it stands in the person's own
words, in the organisation's directory, or in a result that the organisation trusts. Found nowhere, or only in
untrusted text: in doubt.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from colleague.policy.model import Doubt, Role

_SILENT = frozenset({Role.CONTENT, Role.OPTION})
_MAIL = re.compile(r"[^\s<>,;:\"'()\[\]]+@[^\s<>,;:\"'()\[\]]+\.[^\s<>,;:\"'()\[\]]+")
_URL = re.compile(r"https?://[^\s<>\"'()\[\]]+", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}:\d{2}")
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d.,]*(?![\w-])")


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody in the organisation's own directory."""

    name: str
    email: str


def folded(text: str) -> str:
    """Return `text` so that spellings of the same letters compare equal (NFKC, case folded, no blanks)."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def mixed_scripts(text: str) -> bool:
    """Say whether the letters of `text` come from more than one script: a mark of look-alike addresses."""
    scripts = {unicodedata.name(c, "?").split(" ")[0] for c in text if c.isalpha()}
    return len(scripts) > 1


def address_of(text: str) -> str:
    """Return the bare mail address in `text` («Dana <dana@x>» gives dana@x), folded."""
    match = re.search(r"<([^<>]*)>\s*$", text)
    return folded(match.group(1) if match else text)


def mentions(value: str, role: Role, text: str) -> bool:
    """Say whether `text` names `value` as a thing of the same kind: an address as an address, an amount as an amount.

    Typed on purpose: the «13» of a date does not vouch for identifier 13.
    """
    match role:
        case Role.RECIPIENT:
            return address_of(value) in {folded(m).rstrip(".") for m in _MAIL.findall(text)}
        case Role.URL:
            wanted = value.strip().rstrip("/.,;")
            return wanted in {u.rstrip("/.,;") for u in _URL.findall(text)}
        case Role.AMOUNT:
            plain = _DATE.sub(" ", text)
            return _number(value) in {_number(n) for n in _NUMBER.findall(plain)}
        case _:
            plain = _DATE.sub(" ", text)
            if value.isdigit():
                return value in _NUMBER.findall(plain)
            bounded = rf"(?<![\w-]){re.escape(folded_words(value))}(?![\w-])"
            return bool(value.strip()) and re.search(bounded, folded_words(plain)) is not None


def folded_words(text: str) -> str:
    """Return `text` folded, with single blanks kept between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _number(text: str) -> str:
    return re.sub(r"[,\s]", "", text).rstrip(".")


def _in_directory(value: str, role: Role, directory: Collection[Known]) -> bool:
    """A colleague's address is known: the directory is the organisation's own word for who they are."""
    return role is Role.RECIPIENT and address_of(value) in {folded(k.email) for k in directory}


def doubts(
    arguments: Mapping[str, Any],
    roles: Mapping[str, Role],
    *,
    request: str,
    directory: Collection[Known],
    trusted: Iterable[str],
    untrusted: Mapping[str, str],
) -> tuple[Doubt, ...]:
    """Return the identity-bearing arguments whose origin is not known.

    `request` is the person's own words; `trusted` are results of sources the organisation trusts; `untrusted` maps the
    name of a source to its text. An argument without a role is content.
    """
    trusted = tuple(trusted)
    found = []
    for name, raw in arguments.items():
        role = roles.get(name, Role.CONTENT)
        if role in _SILENT:
            continue
        for value in _values(raw):
            known = not mixed_scripts(value) and (
                mentions(value, role, request)
                or _in_directory(value, role, directory)
                or any(mentions(value, role, text) for text in trusted)
            )
            if not known:
                source = next((s for s, text in untrusted.items() if folded(value) in folded(text)), "")
                found.append(Doubt(name, value, role, source))
    return tuple(found)


def _values(raw: Any) -> list[str]:
    if raw is None or raw == "":
        return []
    if isinstance(raw, Mapping):
        return [v for item in raw.values() for v in _values(item)]
    if isinstance(raw, list | tuple):
        return [v for item in raw for v in _values(item)]
    return [str(raw)]
