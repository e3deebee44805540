"""Who sent a mail, on the word of our own mail server alone (RFC 8601, RFC 7489 §3.1). Pure.

Only the topmost Authentication-Results under the configured name counts: a server puts its own in front of everything
that came in, so what a sender wrote there stands below it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage

from colleague.kit.errors import Failure, Forbidden
from colleague.kit.mail import address

HEADER = 20_000
_RESULT = re.compile(r"([a-z0-9-]+)(?:\s*/\s*[0-9]+)?\s*=\s*([a-z]+)(?=\s|$)")
_PROPERTY = re.compile(
    r"\s*([a-z0-9-]+(?:\s*\.\s*[a-z0-9_-]+)?)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;=()\"]+(?:=[^\s;()\"]*)?)(?=\s|$)"
)


class NotProven(Forbidden):
    """Nobody vouches for the sender of this mail: {why}."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a mail server: method, result, and properties such as `header.d`, all in small letters."""

    method: str
    result: str
    properties: dict[str, str]


def sender_of(mail: EmailMessage) -> str:
    """Return the one address in From, in small letters; NotProven if there is none, or more than one."""
    raw = [str(value) for name, value in mail.raw_items() if name.strip().casefold() == "from"]
    if len(raw) != 1:
        raise NotProven(why="it has no From, or more than one")
    try:
        header = mail["From"]
        groups, found = header.groups, header.addresses
        if len(found) != 1 or len(groups) != 1 or groups[0].display_name is not None or header.defects:
            raise NotProven(why="its From is not one address")
        return address(found[0].addr_spec).casefold()
    except NotProven:
        raise
    except (Failure, ValueError, IndexError, AttributeError, TypeError, LookupError):
        raise NotProven(why="its From is not one address") from None


def proven_sender(mail: EmailMessage, *, authserv: str) -> str:
    """Return who sent `mail`, if our mail server found a signature or an envelope that belongs to the From address.

    NotProven says what is missing.
    """
    sender = sender_of(mail)
    domain = sender.rpartition("@")[2]
    if not authserv:
        raise NotProven(why="COLLEAGUE_MAIL_AUTHSERV does not name the mail server whose word counts")
    for findings in _by(mail, authserv):
        if any(f.method == "dmarc" and f.result == "fail" for f in findings):
            raise NotProven(why="the mail server found that it is not from where it says (DMARC)")
        if any(_vouches(f, domain) for f in findings):
            return sender
        raise NotProven(why=f"neither a DKIM signature nor SPF of {domain} was confirmed")
    raise NotProven(why=f"it carries no Authentication-Results of {authserv}")


def _vouches(finding: Finding, domain: str) -> bool:
    if finding.result != "pass":
        return False
    match finding.method:
        case "dkim":
            signer = finding.properties.get("header.d") or finding.properties.get("header.i", "").rpartition("@")[2]
        case "spf":
            signer = finding.properties.get("smtp.mailfrom", "").rpartition("@")[2]
        case "dmarc":
            return _plain(finding.properties.get("header.from", "")) == domain
        case _:
            return False
    signer = _plain(signer)
    # A parent vouches for its own subdomains; the other way round, anybody below a public suffix would.
    return bool(signer) and (domain == signer or ("." in signer and domain.endswith("." + signer)))


def _plain(domain: str) -> str:
    return domain.rpartition("@")[2].rstrip(".").casefold()


def _by(mail: EmailMessage, authserv: str) -> Iterator[list[Finding]]:
    """Give what each Authentication-Results header of this server says, the topmost first."""
    for name, value in mail.raw_items():
        if name.strip().casefold() == "authentication-results":
            server, findings = results(str(value))
            if server == authserv.strip().casefold():
                yield findings


def results(value: str) -> tuple[str, list[Finding]]:
    """Return the server's name and the findings of one Authentication-Results header; ("", []) if it is none."""
    if len(value) > HEADER:
        return "", []
    pieces = _split(_without_comments(value))
    if pieces is None or not pieces:
        return "", []
    words = pieces[0].split()
    # authserv-id, and perhaps a version, of which only 1 is known.
    if not 1 <= len(words) <= 2 or (len(words) == 2 and words[1] != "1"):
        return "", []
    found = []
    for piece in pieces[1:]:
        text = piece.strip().casefold()
        head = _RESULT.match(text)
        if head is None:
            continue
        found.append(Finding(head[1], head[2], _properties(text, head.end())))
    return _unquoted(words[0]).casefold(), found


def _properties(text: str, start: int) -> dict[str, str]:
    """Return `ptype.property=value` one after the other, up to what is none: nothing is found within a quoted text."""
    properties: dict[str, str] = {}
    while one := _PROPERTY.match(text, start):
        key = re.sub(r"\s", "", one[1])
        # Said twice is not said: nobody knows which one was meant.
        properties[key] = "" if key in properties else _unquoted(one[2])
        start = one.end()
    return properties


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value


def _without_comments(value: str) -> str:
    """Return a header's value without comments, folding and quoted pairs in them; "" if a bracket stays open."""
    out: list[str] = []
    depth, quoted, skip = 0, False, False
    for letter in value:
        if skip:
            skip = False
        elif letter == "\\":
            skip = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
        elif letter == ")" and not quoted and depth:
            depth -= 1
            out.append(" ")
            continue
        if not depth:
            out.append(" " if letter in "\r\n\t" else letter)
    return "" if depth or quoted else "".join(out)


def _split(value: str) -> list[str] | None:
    """Split at the semicolons that are not within quotes."""
    pieces, quoted, skip = [""], False, False
    for letter in value:
        if skip:
            skip = False
        elif letter == "\\" and quoted:
            skip = True
        elif letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            pieces.append("")
            continue
        pieces[-1] += letter
    return pieces if value.strip() else None
