"""The reference of the API, drawn on the server from its OpenAPI description: no script, nothing from elsewhere."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
VERBS = ("get", "post", "put", "patch", "delete")


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description of `app`, with bearer tokens as its security scheme."""
    description = FastAPI.openapi(app)
    schemes = description.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["token"] = {"type": "http", "scheme": "bearer", "description": "A token made on the page «Me»."}
    description["security"] = [{"token": []}]
    return description


def operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of an OpenAPI description by tag: verb, path, words, parameters, body fields."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, verbs in description.get("paths", {}).items():
        for verb in VERBS:
            if verb not in verbs:
                continue
            operation = verbs[verb]
            entry = {
                "verb": verb.upper(), "path": path, "words": operation.get("description", ""),
                "parameters": [
                    (p["name"], p["in"], _kind(p.get("schema", {})), p.get("required", False))
                    for p in operation.get("parameters", [])
                ],
                "body": _fields(description, operation.get("requestBody", {}).get("content", {})),
            }  # fmt: skip
            groups.setdefault((operation.get("tags") or ["other"])[0], []).append(entry)
    return [{"tag": tag, "entries": entries} for tag, entries in sorted(groups.items())]


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " · ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("const") or schema.get("format") or schema.get("type") or "any")


def _fields(description: dict[str, Any], content: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    found = []
    for media_type, body in content.items():
        schema = body.get("schema", {})
        if "$ref" in schema:
            schema = description["components"]["schemas"][_kind(schema)]
        required = schema.get("required", [])
        short = media_type.rpartition("/")[2]
        found += [(n, short, _kind(s), n in required) for n, s in schema.get("properties", {}).items()]
    return found


@router.get("/api/v1/docs")
async def reference(request: Request, page: Page) -> HTMLResponse:
    """Show every operation of the API."""
    return page.show(request, "web/reference.html", groups=operations(request.app.openapi()))
