"""The door of identity providers: /scim/v2, for provisioning tokens only. Each call is one transaction, or nothing."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from colleague.identity.actor import Actor
from colleague.identity.people import LastOwner
from colleague.identity.scim.faults import keep_fault
from colleague.identity.scim.normal import Malformed, checked
from colleague.identity.scim.parts import BODY, Provisioning
from colleague.identity.scim.tokens import actor_of_provisioning
from colleague.kit.db import Session
from colleague.kit.doors import part

router = APIRouter(prefix="/scim/v2", include_in_schema=False)
Parts = Annotated[Provisioning, Depends(part(Provisioning))]
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_DESCRIBED = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
Answer = tuple[int, Any]


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    content = b"" if body is None else json.dumps(body, default=str, ensure_ascii=False).encode()
    return Response(content, status, dict(headers or {}), "application/scim+json" if content else None)


def _error(status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json(status, {"schemas": [_ERROR], "status": str(status), "detail": words}, headers)


async def _body(request: Request) -> dict[str, Any]:
    """Return the message of a request. Raises Malformed; it is never read further than the limit."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY:
            raise Malformed(f"At most {BODY // 1_000_000} MB at once.", "tooMany")
    try:
        return checked(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def call(request: Request, parts: Parts, path: str) -> Response:
    """Answer one call of an identity provider."""
    address = request.client.host if request.client else ""
    async with parts.database.transaction() as session:
        given = request.headers.get("authorization", "")
        actor = await actor_of_provisioning(session, given, clock=parts.clock)
    if actor is None:
        known = parts.strangers.allows(address)
        words = "This needs a provisioning token that holds: an administrator makes one under Provisioning."
        return _error(401 if known else 429, words, {"WWW-Authenticate": "Bearer", "Retry-After": "10"})
    if not parts.rate.allows(actor.id):
        return _error(429, "Too many calls at once. Try again in a second.", {"Retry-After": "1"})
    # Here, not at the top: the library behind them would make every start of the server slower.
    from colleague.identity.scim.answer import EXPECTED, refusal

    steps = [w for w in path.split("/") if w]
    if steps and steps[0] in _DESCRIBED and request.method != "GET":
        return _error(405, "This address does not take that kind of request.", {"Allow": "GET"})
    try:
        message = await _body(request) if request.method in ("POST", "PUT", "PATCH") else {}
        query = {k.casefold(): v for k, v in request.query_params.items()}
        async with parts.database.transaction() as session:
            status, body = await _do(session, actor, request.method, steps, query, message, parts)
    except EXPECTED as error:
        status, body = refusal(error)
        if status != 404 or request.method != "GET":
            kind = steps[0][:40] if steps and steps[0].isalnum() else ""
            async with parts.database.transaction() as session:
                await keep_fault(
                    session, actor, f"{request.method} {kind}".strip(), status, str(body["detail"]),
                    grave=isinstance(error, LastOwner), tell=parts.tell, ledger=parts.ledger, clock=parts.clock,
                )  # fmt: skip
    location = body.get("meta", {}).get("location") if isinstance(body, dict) and status in (200, 201) else None
    return _json(status, body, {"Location": location} if location and status == 201 else None)


async def _do(
    session: Session, actor: Actor, method: str, words: list[str], query: Mapping[str, str], message: dict[str, Any],
    parts: Provisioning,
) -> Answer:  # fmt: skip
    """Do one call: by its method and the words of its path."""
    match method, words:
        case "GET", ["ServiceProviderConfig" | "ResourceTypes" | "Schemas" as name, *rest] if len(rest) < 2:
            return _described(name, rest, query, parts)
        case "POST", ["Users" | "Groups" as name, ".search"]:
            return await _do(session, actor, "GET", [name], _searched(message), {}, parts)
        case "POST", [".search"]:
            return await _everything(session, _searched(message), parts)
        case _, ["Users", *rest] if len(rest) < 2:
            return await _users(session, actor, method, "".join(rest), query, message, parts)
        case _, ["Groups", *rest] if len(rest) < 2:
            return await _groups(session, actor, method, "".join(rest), query, message, parts)
        case _:
            return _no(404, "There is nothing at this address.")


def _no(status: int, words: str) -> Answer:
    return status, {"schemas": [_ERROR], "status": str(status), "detail": words}


def _searched(message: Mapping[str, Any]) -> dict[str, str]:
    """Return the query of a POST to .search."""
    given = {k.casefold(): v for k, v in message.items()}
    return {k: ",".join(map(str, v)) if isinstance(v, list) else str(v) for k, v in given.items() if v is not None}


def _described(name: str, rest: list[str], query: Mapping[str, str], parts: Provisioning) -> Answer:
    from colleague.identity.scim.model import discovery
    from colleague.identity.scim.query import list_of

    if "filter" in query:
        return _no(403, "What the service says of itself cannot be filtered.")
    found = discovery(parts.base)[name]
    if name == "ServiceProviderConfig":
        return (200, found) if not rest else _no(404, "There is nothing at this address.")
    if not rest:
        return 200, list_of(found, len(found), 0)
    one = next((f for f in found if f["id"] == rest[0]), None)
    return (200, one) if one else _no(404, "There is nothing at this address.")


async def _everything(session: Session, query: Mapping[str, str], parts: Provisioning) -> Answer:
    """Search people, then groups, as one list."""
    from colleague.identity.scim import groups, users
    from colleague.identity.scim.query import list_of, page_of

    start, count = page_of(query)
    people = await users.list_users(session, query, base=parts.base)
    before, got = people["totalResults"], people["Resources"]
    rest = {**query, "startindex": str(max(start - before, 0) + 1), "count": str(count - len(got))}
    found = await groups.find(session, rest, base=parts.base)
    return 200, list_of(got + found["Resources"], before + found["totalResults"], start)


async def _users(
    session: Session, actor: Actor, method: str, user: str, query: Mapping[str, str], message: dict[str, Any],
    parts: Provisioning,
) -> Answer:  # fmt: skip
    from colleague.identity.scim import users

    status = 200
    match method, bool(user):
        case "GET", False:
            return 200, await users.list_users(session, query, base=parts.base)
        case "GET", True:
            row = await users.get_user(session, user)
        case "POST", False:
            row = await users.make_user(session, actor, message, ledger=parts.ledger, clock=parts.clock)
            status = 201
        case "PUT", True:
            row = await users.replace_user(session, actor, user, message, ledger=parts.ledger, clock=parts.clock)
        case "PATCH", True:
            row = await users.patch_user(session, actor, user, message, ledger=parts.ledger, clock=parts.clock)
        case "DELETE", True:
            await users.delete_user(session, actor, user, ledger=parts.ledger, clock=parts.clock)
            return 204, None
        case _:
            return _no(405, "This address does not take that kind of request.")
    return status, (await users.show_users(session, [row], query, base=parts.base))[0]


async def _groups(
    session: Session, actor: Actor, method: str, group: str, query: Mapping[str, str], message: dict[str, Any],
    parts: Provisioning,
) -> Answer:  # fmt: skip
    from colleague.identity.groups.members import delete_group, get_group
    from colleague.identity.scim import groups

    status = 200
    match method, bool(group):
        case "GET", False:
            return 200, await groups.find(session, query, base=parts.base)
        case "GET", True:
            row = await get_group(session, group, source=groups.SOURCE)
        case "POST", False:
            row = await groups.make(session, actor, message, ledger=parts.ledger, clock=parts.clock)
            status = 201
        case "PUT", True:
            row = await groups.replace(session, actor, group, message, ledger=parts.ledger, clock=parts.clock)
        case "PATCH", True:
            await groups.patch(session, actor, group, message, ledger=parts.ledger, clock=parts.clock)
            # No body: a large group would be sent back for every person who joins it.
            return 204, None
        case "DELETE", True:
            await delete_group(session, actor, group, source=groups.SOURCE, ledger=parts.ledger)
            return 204, None
        case _:
            return _no(405, "This address does not take that kind of request.")
    return status, (await groups.show(session, [row], query, base=parts.base))[0]
