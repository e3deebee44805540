"""What a tool of a foreign server gave, as bounded visible text and data. Pure.

Pictures, sounds and files are named, not passed on: nothing here could look at them, and nobody asked for them.
"""

import json
from collections.abc import Mapping
from typing import Any

from colleague.connectors.visible import visible
from colleague.kit.canonical import storable

TEXT, STRUCTURED, PARTS = 200_000, 200_000, 500


def read_result(result: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return (text for the model, data for programs) of a call's result, given as JSON."""
    content = result.get("content")
    parts = [p for p in content if isinstance(p, dict)] if isinstance(content, list) else []
    lines, listed = [], []
    for part in parts[:PARTS]:
        text, kind = _part(part)
        lines.append(text)
        listed.append(kind)
    if len(parts) > PARTS:
        lines.append(f"[… {len(parts) - PARTS} more parts were left out]")
    data: dict[str, Any] = {"parts": listed}
    structured = result.get("structuredContent")
    if structured is not None:
        shown = _structured(structured)
        if shown is None:
            lines.append("[structured data was left out: too large, or not readable]")
        else:
            data["structured"] = storable(structured)
            if not any(p.get("type") == "text" for p in parts):
                lines.append(shown)
    failed = result.get("isError") is True
    data["is_error"] = failed
    text = visible("\n".join(lines)).strip()
    if len(text) > TEXT:
        text = text[:TEXT] + "\n[… cut: the answer is longer than 200,000 characters]"
    text = text or "The tool gave an empty answer."
    return (f"The tool says that it failed:\n{text}" if failed else text), data


def _structured(value: Any) -> str | None:
    try:
        text = json.dumps(value, ensure_ascii=False, indent=1)
    except (TypeError, ValueError, RecursionError):
        return None
    return text if len(text) <= STRUCTURED else None


def _part(part: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return one part as a line of text and as a note of what it was."""
    match part.get("type"):
        case "text":
            return str(part.get("text", "")), {"kind": "text"}
        case "image" | "audio" as kind:
            media, size = _short(part.get("mimeType")), _size(part.get("data"))
            return f"[{kind}: {media}, {size:,} bytes, not shown]", {"kind": str(kind), "media_type": media}
        case "resource_link":
            name, uri = _short(part.get("name")), _short(part.get("uri"))
            return f"[link: {name} {uri}]", {"kind": "link", "name": name, "uri": uri}
        case "resource":
            inner = part.get("resource")
            inner = inner if isinstance(inner, dict) else {}
            uri = _short(inner.get("uri"))
            if isinstance(inner.get("text"), str):
                return f"[resource {uri}]\n{inner['text']}", {"kind": "resource", "uri": uri}
            media, size = _short(inner.get("mimeType")), _size(inner.get("blob"))
            return f"[resource {uri}: {media}, {size:,} bytes, not shown]", {"kind": "blob", "uri": uri}
        case _:
            return "[a part of a kind that is not known]", {"kind": "unknown"}


def _short(value: Any) -> str:
    return " ".join(visible(str(value or "?"))[:500].split())


def _size(value: Any) -> int:
    """Return the bytes behind base64 text."""
    return len(value) * 3 // 4 - value[-2:].count("=") if isinstance(value, str) else 0
