"""What of a foreign text can be seen: hidden characters are dropped for models, and written out for people. Pure."""

import unicodedata

_KEPT = "\n\t"


def _hidden(character: str) -> bool:
    return character not in _KEPT and unicodedata.category(character)[0] == "C"


def visible(text: str) -> str:
    """Return `text` in composed form without control, format, private and unassigned characters."""
    return "".join(c for c in unicodedata.normalize("NFC", text) if not _hidden(c))


def marked(text: str) -> str:
    """Return `text` with every hidden character written out, for a person who decides on exactly this text."""
    return "".join(f"⟨U+{ord(c):04X}⟩" if _hidden(c) else c for c in text)
