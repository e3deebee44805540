"""What identity providers send, brought to what RFC 7644 says. Pure: JSON in, JSON out.

Each quirk was seen at a provider (Entra, Okta and others); tests/identity/scim has a test for each of them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from colleague.kit.canonical import storable

CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OPERATIONS, DEEPEST = 1000, 12
_SKIPPED = frozenset({"schemas", "id", "meta", "groups", "password"})
_BOOLEAN = re.compile(r"(^|[.:\]])(active|primary)$", re.IGNORECASE)
_MANAGER = re.compile(r":manager$", re.IGNORECASE)


class Malformed(Exception):
    """The message is not what the protocol says. `kind` is the scimType, the text is for people."""

    def __init__(self, text: str, kind: str = "invalidSyntax") -> None:
        """Take what is wrong and the protocol's word for it."""
        super().__init__(text)
        self.kind = kind


def checked(value: Any) -> dict[str, Any]:
    """Return a decoded message that is an object, not too deep, and storable; raise Malformed otherwise."""
    if not isinstance(value, dict):
        raise Malformed("The body must be one JSON object.")
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [w for v in level for w in (v.values() if isinstance(v, dict) else v if isinstance(v, list) else ())]
        if not level:
            return dict(storable(value))
    raise Malformed("The body is nested too deeply.")


def truth(value: Any) -> Any:
    """Return what was meant by a boolean: true, "True", ["False"], [{"value": "False"}]; anything else as it is."""
    if isinstance(value, list) and len(value) == 1:
        return truth(value[0])
    if isinstance(value, dict) and set(value) == {"value"}:
        return truth(value["value"])
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    return value


def _find(message: Mapping[str, Any], name: str) -> Any:
    """Return a member whatever its case; None if it is not there."""
    return next((v for k, v in message.items() if k.casefold() == name.casefold()), None)


def _has(message: Mapping[str, Any], name: str) -> bool:
    return any(k.casefold() == name.casefold() for k in message)


def resource(message: Mapping[str, Any], schema: str) -> dict[str, Any]:
    """Return a user or group for POST and PUT: booleans are booleans, references objects, an address a list.

    Read-only members, and a password (never kept here), are left out.
    """
    found = {k: v for k, v in message.items() if k.casefold() not in _SKIPPED}
    for key in list(found):
        if key.casefold() == "active":
            found[key] = truth(found[key])
        elif key.casefold() == ENTERPRISE.casefold() and isinstance(found[key], dict):
            found[ENTERPRISE] = _enterprise(found.pop(key))
        elif key.casefold().startswith(f"{ENTERPRISE}:".casefold()):
            part = _enterprise({key[len(ENTERPRISE) + 1 :]: found.pop(key)})
            found[ENTERPRISE] = {**(found.get(ENTERPRISE) or {}), **part}
        elif key.casefold() in ("emails", "members"):
            found[key] = entries(found[key])
    for key, value in list(found.items()):
        # {"name.givenName": …} at the top, as some libraries flatten it.
        head, dot, tail = key.partition(".")
        if dot and not key.startswith("urn:") and tail.isalpha():
            found.pop(key)
            inner = _find(found, head)
            if not isinstance(inner, dict):
                inner = found[head] = {}
            inner[tail] = value
    extension = [ENTERPRISE] if found.get(ENTERPRISE) else []
    return {"schemas": [schema, *extension], **found}


def _enterprise(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _manager(v) if k.casefold() == "manager" else v for k, v in value.items()}


def _manager(value: Any) -> Any:
    """Return a manager as an object; None for nobody."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        value = {"value": value.strip()} if value.strip() else None
    if isinstance(value, dict):
        manager = _find(value, "value")
        if isinstance(manager, str) and manager and not _find(value, "$ref"):
            # The schema asks for it; hardly anybody sends it.
            return {**value, "$ref": f"../Users/{quote(manager, safe='')}"}
    return value


def entries(value: Any) -> Any:
    """Return the entries of a many-valued attribute as objects, with booleans as booleans."""
    many = value if isinstance(value, list) else [value]
    found: list[Any] = []
    for one in many:
        entry = {"value": one} if isinstance(one, str) else one
        if isinstance(entry, dict):
            entry = {k: truth(v) if k.casefold() == "primary" else v for k, v in entry.items()}
        found.append(entry)
    return found


def operations(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of a PATCH, each with a lower-case `op` and a `path`; raise Malformed if they are none.

    One without a path is taken apart, so that dotted and URN keys become the paths that they are.
    """
    given = _find(message, "Operations")
    if not isinstance(given, list) or not given:
        raise Malformed("A PATCH needs a list «Operations» with at least one operation.")
    if len(given) > OPERATIONS:
        raise Malformed(f"At most {OPERATIONS} operations at once.", "tooMany")
    found: list[dict[str, Any]] = []
    for one in given:
        if not isinstance(one, dict):
            raise Malformed("Each operation must be an object.")
        found += _operation(one)
    return found


def _operation(one: Mapping[str, Any]) -> Iterator[dict[str, Any]] | list[dict[str, Any]]:
    op, path = _find(one, "op"), _find(one, "path")
    if not isinstance(op, str) or op.casefold() not in ("add", "replace", "remove"):
        raise Malformed("An operation is add, replace or remove.", "invalidValue")
    if path is not None and not isinstance(path, str):
        raise Malformed("The path of an operation is a text.", "invalidPath")
    op, path, there = op.casefold(), (path or "").strip(), _has(one, "value")
    if path:
        return [_one(op, path, _find(one, "value"), there=there)]
    if op == "remove":
        raise Malformed("A remove operation needs a path.", "noTarget")
    value = _find(one, "value")
    if not isinstance(value, dict):
        raise Malformed("An operation without a path needs an object as its value.", "invalidValue")
    return list(_apart(op, value))


def _apart(op: str, value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key, inner in value.items():
        if key.casefold() in _SKIPPED:
            continue
        if key.casefold() in (ENTERPRISE.casefold(), CORE.casefold(), GROUP.casefold()) and isinstance(inner, dict):
            for name, deep in inner.items():
                yield _one(op, f"{key}:{name}", deep, there=True)
        else:
            yield _one(op, key, inner, there=True)


def _one(op: str, path: str, value: Any, *, there: bool) -> dict[str, Any]:
    """Return one operation with its path and value in their proper form."""
    for core in (CORE, GROUP):
        if path.casefold().startswith(f"{core}:".casefold()):
            path = path[len(core) + 1 :]
    if _BOOLEAN.search(path):
        value = truth(value)
    elif _MANAGER.search(path) or path.casefold() == "manager":
        value = _manager(value)
        path = path if ":" in path else f"{ENTERPRISE}:manager"
        if value is None or (isinstance(value, dict) and not _find(value, "value")):
            return {"op": "remove", "path": path}
    elif path.casefold() in ("emails", "members"):
        value = entries(value) if value is not None else None
    elif isinstance(value, list) and len(value) == 1 and "[" not in path:
        # Entra wraps single values of text attributes.
        inner = value[0]
        value = inner.get("value") if isinstance(inner, dict) and set(inner) <= {"value", "$ref"} else value
    if op == "remove" and not (path.casefold() == "members" and value):
        return {"op": op, "path": path}
    if not there and op == "add":
        raise Malformed("An add operation needs a value.", "invalidValue")
    if value is None or (value == "" and op != "add"):
        # An empty text is no value; RFC 7643 §2.5.
        return {"op": "remove", "path": path}
    return {"op": op, "path": path, "value": value}
