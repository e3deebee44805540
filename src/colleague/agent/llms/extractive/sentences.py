"""Cut text into sentences without losing a word: abbreviations, numbers and initials do not end one. Pure."""

import re

_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "no",
        "nos",
        "art",
        "sec",
        "para",
        "p",
        "pp",
        "vs",
        "e.g",
        "i.e",
        "etc",
        "inc",
        "ltd",
        "co",
        "corp",
        "est",
        "approx",
        "fig",
        "cf",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "u.s",
        "u.k",
        "pub",
        "l",
    ]
)
_END = re.compile(r"[.!?][\"”’)\]]*(?=\s+[\"“‘(\[]?[A-Z0-9«{])")


def sentences(text: str) -> list[str]:
    """Return the sentences of `text` (white space folded); joined by blanks they give the text again."""
    text = " ".join(text.split())
    result, start = [], 0
    for match in _END.finditer(text):
        before = text[start : match.start()]
        word = re.search(r"([\w.]+)$", before)
        last = word.group(1).casefold() if word else ""
        if text[match.start()] == "." and (
            last in _ABBREVIATIONS or re.fullmatch(r"[a-z]|\d{1,2}|[ivx]{1,4}|(?:[a-z]\.)+[a-z]", last)
        ):
            continue
        result.append(text[start : match.end()].strip())
        start = match.end()
    if text[start:].strip():
        result.append(text[start:].strip())
    return result


def first_two(text: str, limit: int = 420) -> str:
    """Return the first two sentences of `text`; if they are longer than `limit`, the first alone, cut with «…»."""
    parts = sentences(text)[:2]
    joined = " ".join(parts)
    if len(joined) <= limit:
        return joined
    first = parts[0]
    return first if len(first) <= limit else first[: limit - 1].rsplit(" ", 1)[0] + " …"
