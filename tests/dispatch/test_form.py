"""The form of Dispatch takes what a device kept: the same sending is one message; the script is told where it led."""

import asyncio

import httpx
import pytest
from tests.dispatch.conftest import Away

from colleague.identity.tokens import create_token
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
KEY = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
SCRIPT = {**KEY, "Accept": "application/json"}


async def test_a_command_sent_five_times_at_once_is_one_message(away: Away) -> None:
    app = create_app(away.house.by_type(), settings=away.house.settings, lifespan=None)
    ana = away.home.people["ana"]
    async with away.house.database.transaction() as session:
        things = {"days": 1, "ledger": away.house.ledger, "clock": away.clock}
        token = await create_token(session, ana, "t", ["own:dispatch:use", "own:tasks:use"], **things)
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as door:
        sent = [door.post("/dispatch", data={"text": "status"}, headers=SCRIPT) for _ in range(5)]
        answers = await asyncio.gather(*sent)
        assert {a.status_code for a in answers} == {200}
        assert len({a.json()["to"] for a in answers}) == 1
        # A browser without the script is led to the same place.
        plain = await door.post("/dispatch", data={"text": "status"}, headers=KEY)
        assert plain.headers["location"] == answers[0].json()["to"]
        assert "You have no tasks." in (await door.get(answers[0].json()["to"])).text
        assert [row.channel for row in await away.rows()] == ["form"]
        other = {**SCRIPT, "Colleague-Person": away.home.people["ben"].id}
        assert (await door.post("/dispatch", data={"text": "status"}, headers=other)).status_code == 403
