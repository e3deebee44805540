"""One text for one value: canonical JSON and its SHA-256, as used by the ledger and by approvals."""

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """Return `value` as JSON with sorted keys, no blanks and no NaN.

    Raises ValueError for NaN or infinity, TypeError for what JSON cannot hold.
    Strings stay as they are (UTF-8), so equal values give equal text.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `value` as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
