"""One text for one value: canonical JSON and its SHA-256, as used by the ledger and by approvals."""

import hashlib
import json
import math
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


def storable(value: Any) -> Any:
    """Return JSON `value` as PostgreSQL can hold it: no NUL, no lone surrogates, no NaN. The rest stays as it is.

    Raises TypeError or RecursionError for what JSON cannot hold.
    """
    text = json.dumps(value)
    if "\\u0000" not in text and "\\ud" not in text and "NaN" not in text and "Infinity" not in text:
        return value
    return _cleaned(value)


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
        case dict():
            return {_cleaned(k): _cleaned(v) for k, v in value.items()}
        case list() | tuple():
            return [_cleaned(v) for v in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
