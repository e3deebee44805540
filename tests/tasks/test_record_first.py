"""No effect without a record before it (AG-5): at the moment of every call its decision and intent are committed."""

import json
import random
from typing import Any

import psycopg
import pytest

from colleague.agent.messages import Call, Turn
from colleague.connectors.connector import Result
from colleague.testing.connector import FakeConnector

pytestmark = pytest.mark.anyio
ADDRESSES = ["dana@aldermoor.example", "ben@aldermoor.example", "eve@evil.example", "not an address", ""]


class Watched(FakeConnector):
    """Looks, through a connection of its own, at what is committed when it is called."""

    url = ""
    seen: list[tuple[str, str, str]]

    async def call(self, tool: str, arguments: Any, access: Any) -> Result:
        call, _, attempt = access.idempotency_key.partition(":")
        with psycopg.connect(self.url) as connection:
            row = connection.execute(
                "SELECT state, attempt, tool, arguments, tier, intended_at, approval_id FROM calls WHERE id = %s",
                (call,),
            ).fetchone()
            assert row is not None, "no intent"
            state, number, name, kept, tier, intended, approval = row
            assert (state, number, name, kept) == ("intended", int(attempt), tool, dict(arguments))
            assert intended is not None
            bodies = connection.execute(
                "SELECT body FROM ledger_entries WHERE verb = 'call.decided' AND subject = %s ORDER BY id", (call,)
            ).fetchall()
            decision = json.loads(bodies[-1][0])["data"]
            assert decision["effect"] == "allow"
            if tier > 1:
                answered = connection.execute(
                    "SELECT state, answered_by, used_at FROM approvals WHERE id = %s", (approval,)
                ).fetchone()
                assert answered is not None
                assert answered[0] == "approved"
                assert answered[1]
                assert answered[2]
                assert decision["approved_by"] == answered[1]
        self.seen.append((call, attempt, tool))
        return await super().call(tool, arguments, access)


def _call(chance: random.Random) -> Call:
    shelf = chance.choice(["bids", "bids", "none", "../x"])
    match chance.randrange(7):
        case 0 | 1:
            return Call("c", "fake_read", {"shelf": shelf, "note": chance.choice(["plan", "price", "x"])})
        case 2 | 3:
            return Call("c", "fake_send", {"to": chance.choice(ADDRESSES), "text": str(chance.random())})
        case 4:
            return Call("c", "fake_write", {"shelf": shelf, "note": "n", "text": str(chance.random())})
        case 5:
            return Call("c", "list_files", {})
        case _:
            return Call("c", chance.choice(["fake_send", "no_tool"]), {"to": chance.choice([None, 3, "a\x00b"])})


async def test_every_effect_of_a_random_batch_was_on_record_before_it(desk: Any, database_url: str) -> None:
    chance = random.Random(20260303)
    desk.fake.__class__ = Watched
    desk.fake.url, desk.fake.seen = database_url, []
    answers = {"approved": 0, "denied": 0}
    for _ in range(25):
        script = [Turn(calls=tuple(_call(chance) for _ in range(chance.randint(1, 4)))) for _ in range(3)]
        desk.fake.trouble = chance.choice(["", "", "fail_before", "unknown_after", "crash_before", "crash_after"])
        desk.fake.forgetful = chance.random() < 0.4
        task = await desk.run(*script, Turn("The end."))
        for _ in range(40):
            if await desk.state(task) != "needs approval":
                break
            verdict = chance.choice(["approved", "approved", "denied"])
            answers[verdict] += 1
            await desk.answer(task, verdict)
            await desk.work()
        assert await desk.state(task) == "completed"
    keys = {f"{call}:{attempt}" for call, attempt, _ in desk.fake.seen}
    assert {key for key, _, _ in desk.fake.effects} <= keys
    assert len(desk.fake.effects) == len({key for key, _, _ in desk.fake.effects})
    assert min(len(desk.fake.effects), answers["approved"], answers["denied"]) > 10
    print(f"\n{len(desk.fake.seen)} calls, {len(desk.fake.effects)} effects, {answers}")
