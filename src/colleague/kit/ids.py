"""Identifiers: a word that says what it is, then 26 characters that sort by time (a ULID)."""

import re
import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE = re.compile(r"[a-z]{2,12}_[0-9a-hjkmnp-tv-z]{26}")


def new_id(kind: str) -> str:
    """Return a fresh id such as `run_01jd…`; `kind` is 2 to 12 lower-case letters."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    text = "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
    return f"{kind}_{text}"


def is_id(text: str) -> bool:
    """Say whether `text` has the shape of an id made by `new_id`."""
    return bool(_SHAPE.fullmatch(text))
