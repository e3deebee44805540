"""5,000 people and 300 groups through the door of identity providers: made, given teams, re-grouped; and a decision."""

import asyncio
import resource
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from colleague.identity.actor import SYSTEM
from colleague.identity.directory import teams_of
from colleague.identity.groups.rules import set_rule
from colleague.identity.people import create_team
from colleague.identity.scim.tokens import create_token
from colleague.identity.seats.hold import Limit, set_limit
from colleague.kit import embedded, log
from colleague.testing.house import furnish
from colleague.web.app import create_app

Row = tuple[str, float, str, str]
PEOPLE, GROUPS, EACH = 5000, 300, 50


def bench() -> list[Row]:
    """Return what was measured."""
    log.setup(level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    home = await furnish(embedded.start(folder), folder, connectors=(), scim_rate=10_000)
    house, rows = home.house, []

    async def latency() -> float:
        async with house.database.transaction() as session:
            began = time.perf_counter()
            for _ in range(200):
                await teams_of(session, home.people["ana"].id)
            return (time.perf_counter() - began) / 200 * 1000

    before = await latency()
    async with house.database.transaction() as session:
        _, token = await create_token(
            session, home.people["owner"], "bench", days=1, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
        await set_limit(session, SYSTEM, Limit(None, "the enterprise"), ledger=house.ledger, clock=house.clock)

    @asynccontextmanager
    async def quiet(app: Any) -> Any:
        yield

    app = create_app(house.by_type(), settings=house.settings, lifespan=quiet)
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as http:

        async def send(method: str, path: str, body: Any) -> Any:
            answer = await http.request(method, f"/scim/v2{path}", json=body)
            assert answer.status_code < 300, answer.text
            return answer.json() if answer.content else None

        began = time.perf_counter()
        people = [
            (await send("POST", "/Users", {"userName": f"p{n}@aldermoor.example", "displayName": f"P {n}"}))["id"]
            for n in range(PEOPLE)
        ]
        rows.append((f"{PEOPLE} people made", time.perf_counter() - began, "s", "one call each"))
        began = time.perf_counter()
        groups = []
        for n in range(GROUPS):
            chosen = [{"value": people[(n * 17 + k) % PEOPLE]} for k in range(EACH)]
            groups.append((await send("POST", "/Groups", {"displayName": f"G {n}", "members": chosen}))["id"])
        rows.append((f"{GROUPS} groups of {EACH} made", time.perf_counter() - began, "s", "one call each"))
        everybody = (await send("POST", "/Groups", {"displayName": "All", "members": people}))["id"]
        began = time.perf_counter()
        async with house.database.transaction() as session:
            more = {"ledger": house.ledger, "clock": house.clock}
            for n, group in enumerate([*groups, everybody]):
                team = await create_team(session, SYSTEM, f"Team {n}", ledger=house.ledger)
                await set_rule(session, SYSTEM, group, "team", team, gives=True, **more)
        rows.append((f"{GROUPS + 1} rules, {GROUPS * EACH + PEOPLE} given", time.perf_counter() - began, "s", ""))
        began = time.perf_counter()
        for n, group in enumerate(groups):
            moved = [{"value": people[(n * 17 + k + 25) % PEOPLE]} for k in range(EACH)]
            await send(
                "PATCH", f"/Groups/{group}", {"Operations": [{"op": "replace", "path": "members", "value": moved}]}
            )
        rows.append((f"{GROUPS} groups re-grouped by half", time.perf_counter() - began, "s", "effects included"))
        began = time.perf_counter()
        one = {"op": "Remove", "path": "members", "value": [{"value": people[7]}]}
        await send("PATCH", f"/Groups/{everybody}", {"Operations": [one]})
        rows.append((f"one person out of a group of {PEOPLE}", (time.perf_counter() - began) * 1000, "ms", ""))
        began = time.perf_counter()
        await http.get("/scim/v2/Users", params={"filter": 'userName eq "p4000@aldermoor.example"'})
        rows.append(("find by userName", (time.perf_counter() - began) * 1000, "ms", "in the database"))
        began = time.perf_counter()
        await http.get("/scim/v2/Users", params={"filter": 'displayName co "4000"'})
        rows.append(("find by a part of a name", (time.perf_counter() - began) * 1000, "ms", "each looked at"))
    rows.append(("teams of a person, for a decision", await latency(), "ms", f"{before:.2f} ms with 6 people"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(("memory at its highest", peak, "MB", "server and client in one process"))
    await house.close()
    return rows
