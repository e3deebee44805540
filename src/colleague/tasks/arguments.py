"""Do a model's arguments fit a tool's schema? A fault in words that the model can correct. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from colleague.kit.canonical import canonical

ARGUMENT_LIMIT = 2_000_000


@lru_cache(maxsize=512)
def _validator(schema: str) -> Any:
    import json

    return Draft202012Validator(json.loads(schema))


def fault_in(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | None:
    """Return the first fault of `arguments` against the JSON Schema, as a sentence; None if they fit.

    Also refuses arguments of more than 2 MB, and text that cannot be stored (NUL, lone surrogates).
    """
    try:
        text = canonical(arguments)
        text.encode("utf-8")
    except (ValueError, TypeError, RecursionError):
        return "they are not proper JSON."
    if len(text) > ARGUMENT_LIMIT:
        return "they are longer than 2 MB."
    if "\\u0000" in text:
        return "they contain a NUL character."
    error = next(iter(_validator(canonical(schema)).iter_errors(arguments)), None)
    if error is None:
        return None
    place = ".".join(str(p) for p in error.absolute_path)
    return f"{place + ': ' if place else ''}{error.message[:300]}"
