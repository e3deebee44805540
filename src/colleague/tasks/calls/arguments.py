"""Do a model's arguments fit a tool's schema? A fault in words that the model can correct. Pure."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from colleague.kit.canonical import canonical

ARGUMENT_LIMIT = 2_000_000
DEPTH_LIMIT = 60
_NO_JSON = "they are not proper JSON."


@lru_cache(maxsize=512)
def _validator(schema: str) -> Any:
    import json

    return Draft202012Validator(json.loads(schema))


def unfit(arguments: Any) -> str | None:
    """Say, as the end of a sentence, why `arguments` cannot even be kept; None if they can.

    Not a JSON object, more than 2 MB, nested too deeply, or text and numbers that cannot be stored (NUL, lone
    surrogates, NaN). Walks without recursion, and no further than the limit: hostile nesting and length cost nothing.
    """
    if not isinstance(arguments, dict):
        return "they are not a JSON object."
    size = 0
    open_: list[tuple[Any, int]] = [(arguments, 0)]
    while open_:
        value, depth = open_.pop()
        size += (len(value) if isinstance(value, str) else 0) or 1
        # What waits has at least one character each.
        waiting = len(open_) + (len(value) if isinstance(value, (dict, list, tuple)) else 0)
        if size + waiting > ARGUMENT_LIMIT:
            return "they are longer than 2 MB."
        if depth > DEPTH_LIMIT:
            return "they are nested too deeply."
        match value:
            case str():
                if fault := _text_fault(value):
                    return fault
            case dict():
                open_ += [(key, depth) for key in value] + [(item, depth + 1) for item in value.values()]
                if not all(isinstance(key, str) for key in value):
                    return _NO_JSON
            case list() | tuple():
                open_ += [(item, depth + 1) for item in value]
            case None | bool():
                pass
            case int() if abs(value) < 10**300:
                pass
            case float() if math.isfinite(value):
                pass
            case _:
                return _NO_JSON
    return None


def _text_fault(text: str) -> str | None:
    if "\x00" in text:
        return "they contain a NUL character."
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _NO_JSON
    return None


def fault_in(schema: Mapping[str, Any], arguments: Any) -> str | None:
    """Return the first fault of `arguments` against the JSON Schema, as a sentence; None if they fit.

    Also refuses what cannot be kept at all (`unfit`).
    """
    if fault := unfit(arguments):
        return fault
    error = next(iter(_validator(canonical(schema)).iter_errors(arguments)), None)
    if error is None:
        return None
    place = ".".join(str(p) for p in error.absolute_path)
    message = str(error.message)
    if len(message) > 300:
        # The value stands first and may be long; what is wrong with it stands last.
        message = f"{message[:60]} … {message[-200:]}"
    return f"{place + ': ' if place else ''}{message}"
