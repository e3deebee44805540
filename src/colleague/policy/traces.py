"""Where may a value in doubt have been seen? Also hidden, encoded or in parts: so that the card can say so. Pure.

A trace only adds words to a question. It never makes a value known.
"""

import base64
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from colleague.policy.numbers import without_dates

# A longer value is looked for only as it stands, and only the beginning of a text is decoded.
LONGEST, PIECE, PIECES, DECODED = 400, 3, 4, 100_000
_CODES = """.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..
----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.- .--.-. -..-. ---... -....-"""
MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz0123456789.@/:-", _CODES.split(), strict=True))
_SPELT = re.compile(r"\s*[\[({<]?\s*\b(at|dot|punkt|point)\b\s*[\])}>]?\s*", re.IGNORECASE)
_WIDE = re.compile(r"\s+")


def folded(text: str) -> str:
    """Return `text` so that spellings of the same letters compare equal (NFKC, case folded, no blanks)."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def trace(value: str, untrusted: Mapping[str, str]) -> str:
    """Return where `value` was seen: the source, with how it was hidden there; "" if no trace of it is found."""
    wanted = folded(value)
    if not wanted:
        return ""
    seen = {source: folded(without_dates(text)) if wanted.isdigit() else folded(text)
            for source, text in untrusted.items()}  # fmt: skip
    for source, text in seen.items():
        if wanted in text:
            return source
    if len(value) > LONGEST or len(wanted) < PIECE:
        return ""
    for source, text in untrusted.items():
        for how, find in _WAYS:
            if find(value, wanted, text[:DECODED]):
                return f"{source} ({how})"
    return _in_parts(wanted, seen)


def _invisible(value: str, wanted: str, text: str) -> bool:
    return wanted in folded("".join(c for c in text if unicodedata.category(c) not in ("Cf", "Mn", "Cc") or c == " "))


def _base64(value: str, wanted: str, text: str) -> bool:
    packed = _WIDE.sub("", text).replace("-", "+").replace("_", "/")
    return any(form in packed for spelt in {value, wanted} for form in _base64_forms(spelt))


def _base64_forms(value: str) -> Iterator[str]:
    """Return what of a base64 text is the same whatever stands around `value` in it."""
    raw = value.encode()
    for before in range(3):
        form = base64.b64encode(b"\0" * before + raw).decode()
        end = {0: len(form), 1: -3, 2: -2}[(before + len(raw)) % 3]
        yield form[(0, 2, 3)[before] : end]


def _hex(value: str, wanted: str, text: str) -> bool:
    packed = _WIDE.sub("", text).casefold().replace("\\x", "").replace("0x", "").replace(":", "")
    return any(spelt.encode().hex() in packed for spelt in (value, wanted))


def _percent(value: str, wanted: str, text: str) -> bool:
    plain = re.sub(r"%([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), text)
    return "%" in text and (wanted in folded(plain) or quote(value, safe="").casefold() in text.casefold())


def _morse(value: str, wanted: str, text: str) -> bool:
    letters = [MORSE.get(c) for c in wanted]
    return None not in letters and " ".join(filter(None, letters)) in " ".join(text.replace("/ ", "").split())


def _spelt(value: str, wanted: str, text: str) -> bool:
    return wanted in folded(_SPELT.sub(_sign, " ".join(text.split())))


def _sign(word: re.Match[str]) -> str:
    return "@" if word[1].casefold() == "at" else "."


_WAYS: tuple[tuple[str, Callable[[str, str, str], bool]], ...] = (
    ("with letters that cannot be seen", _invisible),
    ("written in base64", _base64),
    ("written in hexadecimal", _hex),
    ("written in ROT13", lambda value, wanted, text: codecs.encode(wanted, "rot13") in folded(text)),
    ("written backwards", lambda value, wanted, text: wanted[::-1] in folded(text)),
    ("written as HTML entities", lambda value, wanted, text: "&" in text and wanted in folded(html.unescape(text))),
    ("percent-encoded", _percent),
    ("spelt out", _spelt),
    ("written in Morse code", _morse),
)


def _in_parts(wanted: str, seen: Mapping[str, str]) -> str:
    """Return the sources that together hold all of `wanted` in at most four pieces; "" if they do not."""
    rest = wanted
    sources: list[str] = []
    while rest:
        length, source = max(((_prefix(rest, text), name) for name, text in seen.items()), default=(0, ""))
        if length < min(PIECE, len(rest)) or len(sources) == PIECES:
            return ""
        sources.append(source)
        rest = rest[length:]
    return f"{', '.join(dict.fromkeys(sources))} (in parts)"


def _prefix(wanted: str, text: str) -> int:
    """Return how many of the first letters of `wanted` stand together in `text`."""
    low, high = 0, len(wanted)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wanted[:middle] in text else (low, middle - 1)
    return low
