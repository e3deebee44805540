"""An identity provider with a token, before the real app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.identity.directory import get_person
from colleague.identity.model import Person
from colleague.identity.scim.tokens import create_token
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.web.app import create_app

BASE = "http://127.0.0.1:8080"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Idp:
    """Sends what identity providers send."""

    home: TestHouse
    http: httpx.AsyncClient
    token: str
    token_id: str
    app: Any
    clock: TestClock

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        return await self.http.request(method, f"/scim/v2{path}", json=body, headers=headers, **more)

    async def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.send(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def user(self, name: str, **more: Any) -> str:
        body = {"schemas": [USER], "userName": f"{name}@aldermoor.example", "displayName": name.title(), **more}
        return str((await self.ok("POST", "/Users", body))["id"])

    async def group(self, name: str, *people: str) -> str:
        body = {"displayName": name, "members": [{"value": p} for p in people]}
        return str((await self.ok("POST", "/Groups", body))["id"])

    async def patch(self, path: str, *operations: dict[str, Any]) -> httpx.Response:
        return await self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    async def members(self, group: str) -> set[str]:
        return {m["value"] for m in (await self.ok("GET", f"/Groups/{group}")).get("members", [])}

    async def person(self, person_id: str) -> Person:
        async with self.home.house.database.transaction() as session:
            return await get_person(session, person_id)

    async def verbs(self, actor: str = "") -> list[str]:
        query = select(EntryRow.verb).where(EntryRow.actor == (actor or self.token_id)).order_by(EntryRow.id)
        async with self.home.house.database.transaction() as session:
            return list(await session.scalars(query))


@pytest.fixture
async def idp(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Idp]:
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock, scim_rate=10_000)
    house = home.house

    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    async with house.database.transaction() as session:
        token_id, token = await create_token(
            session, home.people["owner"], "Entra", days=30, ledger=house.ledger, clock=clock
        )
    app = create_app(house.by_type(), settings=house.settings, lifespan=quiet)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        yield Idp(home, http, token, token_id, app, clock)
    await house.close()
