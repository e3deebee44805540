"""A tool as its server defines it: checked, pinned, and shown without what cannot be seen. Pure.

The pin covers everything the server says of the tool, and where the server is: whatever of it changes, the tool goes
back to pending.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from colleague.connectors.mcp.schema import tamed
from colleague.connectors.mcp.words import findings, plain
from colleague.connectors.visible import visible
from colleague.kit.canonical import digest, storable

DESCRIPTION, SIZE, MOST = 4000, 100_000, 300
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-/]{0,127}")
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


@dataclass(frozen=True, slots=True)
class Definition:
    """One tool of a listing. `fault` says why it can never be used; `flags` what a reviewer must see.

    `raw` is what the server said, `pin` its hash; `parameters` and `description` are what the model is told.
    """

    name: str
    pin: str
    title: str = ""
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the definition as it is stored."""
        return {
            "title": self.title, "description": self.description, "parameters": self.parameters,
            "annotations": self.annotations, "schema": self.schema, "flags": list(self.flags), "fault": self.fault,
        }  # fmt: skip

    @staticmethod
    def from_json(name: str, pin: str, value: Mapping[str, Any]) -> "Definition":
        """Read what `to_json` wrote."""
        return Definition(name, pin, **{**value, "flags": tuple(value["flags"])})


def model_name(server: str, tool: str) -> str:
    """Return the name the model knows a tool by: `mcp__<server>__<tool>`, of at most 64 letters, digits, _ and -."""
    name = f"mcp__{server}__{re.sub(r'[^A-Za-z0-9_-]', '_', tool)}"
    return name if len(name) <= 64 else f"{name[:55]}_{digest(tool)[:8]}"


def define(raw: Mapping[str, Any], address: str) -> Definition:
    """Return one listed tool, checked. `raw` is the tool as JSON, `address` where its server is."""
    name = str(raw.get("name", ""))
    try:
        text = json.dumps(raw)
        kept = json.loads(json.dumps(storable(raw)))
    except (TypeError, ValueError, RecursionError):
        return Definition(plain(name, 80) or "(no name)", "", fault="its definition cannot be read")
    pin = digest([kept, address])
    shown = plain(name, 80) or "(no name)"
    if not _NAME.fullmatch(name):
        return Definition(shown, pin, fault="its name has letters that are not allowed, or is too long")
    if len(text) > SIZE:
        return Definition(name, pin, fault=f"its definition is longer than {SIZE:,} characters")
    schema = kept.get("inputSchema") if isinstance(kept.get("inputSchema"), dict) else {}
    hints = kept.get("annotations") if isinstance(kept.get("annotations"), dict) else {}
    description = str(kept.get("description") or "")
    title = str(kept.get("title") or hints.get("title") or name)
    return Definition(
        name, pin, plain(title, 100).replace("\n", " ") or name, plain(description, DESCRIPTION), tamed(schema),
        {k: hints[k] for k in _HINTS if isinstance(hints.get(k), bool)}, _shape(schema),
        tuple(dict.fromkeys(findings(description) + findings(title) + findings(_texts(schema)))),
    )  # fmt: skip


def _shape(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the proposal of roles looks at: the properties' types and formats."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {"properties": {}}
    kept = ("type", "format", "enum")
    shown = list(properties.items())[:200]
    return {
        "properties": {
            k: {n: v[n] for n in kept if n in v and (n != "enum" or isinstance(v[n], list))}
            if isinstance(v, dict) else {}
            for k, v in shown if isinstance(k, str) and len(k) <= 100
        }
    }  # fmt: skip


def _texts(value: Any) -> str:
    """Return every text in a schema, its keys too: instructions hide in parameters as well."""
    texts: list[str] = []
    open_ = [value]
    while open_ and len(texts) < 5000:
        match open_.pop():
            case str() as text:
                texts.append(text)
            case dict() as inner:
                open_ += [*inner.keys(), *inner.values()]
            case list() as inner:
                open_ += inner
            case _:
                pass
    return "\n".join(texts)


def define_all(raws: Sequence[Mapping[str, Any]], server: str, address: str) -> list[Definition]:
    """Return a whole listing: at most 300 tools, and none of those whose name stands twice (as the model sees it)."""
    defined = [define(raw, address) for raw in raws[:MOST]]
    count = Counter(model_name(server, d.name).casefold() for d in defined)
    seen: dict[str, Definition] = {}
    for one in defined:
        twice = count[model_name(server, one.name).casefold()] > 1
        kept = Definition(one.name, one.pin, fault="its name stands twice, or looks like another one") if twice else one
        seen.setdefault(visible(kept.name), kept)
    return list(seen.values())
