"""Whether a text says something: characters that nobody sees are no reason. Pure."""

import unicodedata
from typing import Final

# Letters by their category, and blank on the screen (Default_Ignorable_Code_Point of Unicode).
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0")


def letters(text: str) -> int:
    """Return how many letters and digits of a text can be seen."""
    return sum(unicodedata.category(one)[0] in "LN" and one not in _BLANK for one in text)


def says(text: str, shortest: int = 1) -> bool:
    """Say whether a text has `shortest` characters, white space at its ends aside and within it once, and two thirds as
    many letters or digits; one at least.
    """
    return len(" ".join(text.split())) >= shortest and letters(text) >= max(1, shortest * 2 // 3)
