"""A foreign JSON Schema made harmless: a finite tree of bounded size, without references and patterns. Pure.

The schema is given to models and checked in this process: a reference may loop or lead to the network, a pattern may
take for ever, nested alternatives may grow without end. What is cut becomes «anything»; the server checks for itself.
"""

from collections.abc import Mapping
from typing import Any

from colleague.connectors.mcp.words import plain

NODES, DEPTH, CHOICES, TEXT, ENUM = 1500, 12, 20, 500, 200
_SUB = ("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NUMBERS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems",
    "maxItems", "minProperties", "maxProperties",
)  # fmt: skip
_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})


class _Tree:
    """Builds the tree, counting its nodes."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root, self.left = root, NODES

    def node(self, value: Any, depth: int, open_: frozenset[str]) -> Any:
        if isinstance(value, bool):
            return value
        self.left -= 1
        if not isinstance(value, Mapping) or depth > DEPTH or self.left < 0:
            return {}
        if isinstance(ref := value.get("$ref"), str):
            target = self._target(ref) if ref not in open_ else None
            beside = {k: v for k, v in value.items() if k != "$ref"}
            if target is None:
                return {}
            return self.node({**target, **beside} if isinstance(target, Mapping) else target, depth, open_ | {ref})
        return self._own(value, depth, open_)

    def _own(self, value: Mapping[str, Any], depth: int, open_: frozenset[str]) -> dict[str, Any]:
        made = _plain_parts(value)
        for name in _SUB:
            if name in value:
                made[name] = self.node(value[name], depth + 1, open_)
        for name in _LISTS:
            if isinstance(value.get(name), list) and value[name]:
                made[name] = [self.node(v, depth + 1, open_) for v in value[name][:CHOICES]]
        if isinstance(value.get("properties"), Mapping):
            named = [(k, v) for k, v in value["properties"].items() if isinstance(k, str) and len(k) <= 100]
            made["properties"] = {k: self.node(v, depth + 1, open_) for k, v in named[:200]}
        if "patternProperties" in value and made.get("additionalProperties") is False:
            # Its names are told by patterns, which are not run: then any name may come.
            del made["additionalProperties"]
        return made

    def _target(self, ref: str) -> Any:
        """Return what a reference inside the schema points to; None for any other."""
        if ref != "#" and not ref.startswith("#/"):
            return None
        value: Any = self.root
        for part in ref.split("/")[1:20]:
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, Mapping) or key not in value:
                return None
            value = value[key]
        return value


def _plain_parts(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a node that hold no further nodes, each only if it is of its proper kind."""
    made: dict[str, Any] = {}
    types = value.get("type")
    if isinstance(types, str) and types in _TYPES:
        made["type"] = types
    elif isinstance(types, list) and (known := [t for t in types if isinstance(t, str) and t in _TYPES]):
        made["type"] = list(dict.fromkeys(known))
    for name in _NUMBERS:
        number = value.get(name)
        if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < 1e15:
            if (name.startswith("m") and name[3:4].isupper() and name != "multipleOf" and number < 0) or (
                name == "multipleOf" and number <= 0
            ):
                continue
            made[name] = int(number) if name[3:4].isupper() and name.startswith(("min", "max")) else number
    for name in ("title", "description"):
        if isinstance(value.get(name), str):
            made[name] = plain(value[name], TEXT)
    if isinstance(value.get("enum"), list) and value["enum"] and all(map(_simple, value["enum"])):
        made["enum"] = list(dict.fromkeys(value["enum"][:ENUM]))
    for name in ("const", "default"):
        if name in value and _simple(value[name]):
            made[name] = value[name]
    if isinstance(value.get("required"), list):
        names = [n for n in value["required"] if isinstance(n, str) and len(n) <= 100]
        made["required"] = list(dict.fromkeys(names))[:200]
    return made


def _simple(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= TEXT)


def tamed(schema: Any) -> dict[str, Any]:
    """Return `schema` as a bounded tree of type object that the model is told and its arguments are checked against.

    Arguments that an object names nowhere are refused, unless the schema says that others may come.
    """
    root = schema if isinstance(schema, Mapping) else {}
    made = _Tree(root).node(root, 0, frozenset({"#"}))
    made = made if isinstance(made, dict) else {}
    made["type"] = "object"
    made.setdefault("properties", {})
    open_ended = {"additionalProperties", "anyOf", "oneOf", "allOf", "if", "$ref", "patternProperties"}
    if not open_ended & set(root) and root.get("properties"):
        made["additionalProperties"] = False
    made["required"] = [n for n in made.get("required", []) if n in made["properties"]]
    return made
