"""Foreign text for a reader: without what cannot be seen, bounded, and with what smells of hidden instructions named.

Pure. A finding never opens anything: it only makes a reviewer look, and a written reason necessary.
"""

import re
import unicodedata

from colleague.connectors.visible import visible

_MANY_BLANKS = re.compile(r"[^\S\n]{2,}")
_MANY_LINES = re.compile(r"\n{3,}")

# What poisoned descriptions were seen to hold (tool poisoning, shadowing), as (finding, pattern).
_SMELLS = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("it tells the reader to forget or override other instructions",
         r"\b(ignore|disregard|forget|override|bypass)\b.{0,40}\b(instruction|rule|previous|prior|above|polic|prompt)"),
        ("it asks to keep something from the person",
         r"\b(do not|don't|never|without)\b.{0,30}\b(tell|mention|inform|notify|reveal|show|asking|alert)\w*\b.{0,40}"
         r"\b(user|human|person|them|anyone)\b"),
        ("it wants to be obeyed before or beside other tools",
         r"\b(before|prior to|instead of|whenever|each time)\b.{0,30}\b(using|calling|invoking|use|call)\b"
         r".{0,40}\btools?\b"),
        ("it names the system prompt or hidden instructions",
         r"system prompt|hidden instruction|<\s*/?\s*(important|system|secret|instructions?)\b|\[\s*(inst|system)\]"),
        ("it asks for keys, passwords or files with secrets",
         r"\.ssh\b|id_rsa|\.env\b|\.aws\b|/etc/passwd|mcp\.json|api[_ -]?key.{0,30}\b(pass|send|include|read)|"
         r"\b(read|send|include|pass)\b.{0,40}\b(password|credential|private key|secret|token)s?\b"),
        ("it speaks of tools of other servers", r"\bmcp__\w+|\bother (mcp )?(server|tool)s?\b"),
        ("it holds a comment that a page would not show", r"<!--"),
        ("it holds a long run of letters that may be encoded text", r"[A-Za-z0-9+/=_-]{120,}"),
    )
)  # fmt: skip


def plain(text: str, limit: int) -> str:
    """Return `text` made visible, blanks and empty lines folded, cut at `limit`."""
    seen = visible(text[: 4 * limit].replace("\r\n", "\n"))
    seen = _MANY_LINES.sub("\n\n", _MANY_BLANKS.sub(" ", seen)).strip()
    return seen if len(seen) <= limit else seen[: limit - 1] + "…"


def findings(text: str) -> list[str]:
    """Return what in `text` a reviewer must see: hidden characters, hiding blanks, and known forms of instructions."""
    text = text[:200_000]
    found = []
    if any(unicodedata.category(c) in ("Cf", "Co", "Cc") and c not in "\n\t\r" for c in text):
        found.append("it holds characters that cannot be seen")
    if re.search(r"[^\S\n]{40,}|\n{10,}", text):
        found.append("it hides text behind many blanks or empty lines")
    if _mixed(text):
        found.append("it mixes look-alike letters of several scripts in one word")
    flat = " ".join(visible(text).split())
    return found + [name for name, pattern in _SMELLS if pattern.search(flat)]


def _mixed(text: str) -> bool:
    for word in re.findall(r"\w+", text)[:5000]:
        scripts = {unicodedata.name(c, "?").split(" ")[0] for c in word if c.isalpha()}
        if len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}) > 1:
            return True
    return False
