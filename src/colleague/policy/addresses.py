"""Mail addresses and host names as policy reads them: one spelling, nothing hidden. Pure.

Whatever is not exactly one plain address counts as unknown and as outside: several addresses in one text, source
routes (`a%b@c`), quoted parts, dots at the end, letters that cannot be seen.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[^\s<>,;:\"()\[\]\\@%!]{1,64}@(?!\.)[^\s<>,;:\"()\[\]\\@%!/?#']{1,253}(?<!\.)")
_NAMED = re.compile(r"[^@,;:<>\\]{0,200}<([^<>]{3,330})>")
_TOKEN = re.compile(r"[^\s<>,;:\"()\[\]«»“”„‹›]+")
_URL = re.compile(r"https?://[^\s<>\"'()\[\]«»“”„‹›]+", re.IGNORECASE)
# Scripts that are written together in one word.
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK"}


def one_spelling(address: str) -> str:
    """Return `address` so that the same one compares equal: ASCII without case; anything else exactly as it stands.

    No folding beyond ASCII: it would make «straße» and «strasse», or a Kelvin sign and a «k», the same domain.
    """
    return address.lower() if address.isascii() else address


def bare(text: str) -> str:
    """Return the one address of `text` («Dana <dana@x.example>» gives dana@x.example); "" if it is not exactly one."""
    text = text.strip(" \t")
    named = _NAMED.fullmatch(text)
    address = named.group(1) if named else text
    if not text.isprintable() or not _PLAIN.fullmatch(address) or ".." in address:
        return ""
    return one_spelling(address)


def addresses_in(text: str) -> set[str]:
    """Return the plain addresses that `text` names. Linear in its length."""
    found = set()
    for token in _TOKEN.findall(text):
        if "@" in token:
            address = bare(token.strip("'‘’`*").rstrip(".!?'‘’`*"))
            if address:
                found.add(address)
    return found


def urls_in(text: str) -> set[str]:
    """Return the web addresses that `text` names, without the marks that end a sentence."""
    return {url.rstrip("/.,;!?") for url in _URL.findall(text)}


def external_of(recipients: Sequence[str], domains: Collection[str]) -> tuple[str, ...]:
    """Return the recipients outside `domains`, the organisation's mail domains: all that are not surely inside."""
    own = {domain.strip().casefold().lstrip("@") for domain in domains} - {""}
    return tuple(r for r in recipients if bare(r).rpartition("@")[2] not in own)


def mixed_scripts(text: str) -> bool:
    """Say whether letters of different scripts stand in one word of `text`: a mark of look-alike names."""
    return any(len(_scripts(word)) > 1 for word in re.split(r"[@./:\s]+", text) if not word.isascii())


def _scripts(word: str) -> set[str]:
    names = (unicodedata.name(c, "?").partition(" ")[0] for c in word if c.isalpha())
    return {_TOGETHER.get(name, name) for name in names}


def oddity_of_address(text: str) -> str:
    """Say what is odd about a recipient, so that nobody should take it on sight; "" if nothing is."""
    if not bare(text):
        return "is not exactly one plain mail address"
    return "mixes letters of different alphabets" if mixed_scripts(text) else ""


def oddity_of_url(text: str) -> str:
    """Say what is odd about a web address; "" if nothing is."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is no proper web address"
    if parts.scheme not in ("http", "https") or not host or not text.isprintable() or "\\" in text or " " in text:
        return "is no proper web address"
    if "@" in parts.netloc:
        return "hides its host behind a user name"
    if "%" in parts.netloc:
        return "hides its host behind encoded letters"
    return "mixes letters of different alphabets" if mixed_scripts(host) else ""
