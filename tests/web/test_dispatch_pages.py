"""The pages and the API of Dispatch: from no trigger to a command that runs, for each who may and nobody else."""

from typing import Any

import pytest

from colleague.testing.house import TestHouse, agreed

pytestmark = pytest.mark.anyio
API = "/api/v1/dispatch"
NOTE = {
    "name": "note", "pattern": "note {x:text}", "about": "Keeps a note.", "example": "note milk", "goal": "Keep: {x}",
    "use_case": "Notes", "tier": "read",
}  # fmt: skip
RIGHT = {"sends": "1", "lost": "1", "unsure": "2"}


async def open_dispatch(sign_in: Any) -> Any:
    """Switch the standard triggers on and let Ana pass the drill, all on the pages; return her client."""
    owner, ana = await sign_in("owner"), await sign_in("ana")
    assert "There are no triggers yet" in (await owner.get("/dispatch/triggers")).text
    assert (await owner.post("/dispatch/triggers/standard")).status_code == 303
    assert (await owner.post("/dispatch/triggers/reading")).status_code == 303
    assert "8 active" in (await owner.get("/dispatch/triggers")).text
    assert "Take the drill" in (await ana.get("/dispatch")).text
    triggers = (await ana.get(f"{API}/triggers")).json()
    examples = {t["id"]: t["example"] for t in triggers[:3]}
    wrong = await ana.post("/dispatch/drill", data={**examples, "sends": "0"})
    assert "Look again" in wrong.text
    assert "You have passed" not in wrong.text
    passed = await ana.post("/dispatch/drill", data={**examples, **RIGHT})
    assert "You have passed" in passed.text
    return ana


async def test_from_no_trigger_to_a_task_on_the_page(sign_in: Any) -> None:
    ana = await open_dispatch(sign_in)
    form = {"text": "brief Harbour City", "once": "0f0e0d0c-0b0a-0908-0706-050403020100"}
    answers = [await ana.post("/dispatch", data=form) for _ in range(3)]
    assert {a.headers["location"] for a in answers} == {answers[0].headers["location"]}
    shown = (await ana.get(answers[0].headers["location"])).text
    assert "See the task" in shown
    assert "trigger brief: task started" in shown
    record = (await ana.get(f"{API}/messages")).json()
    assert len(record) == 1
    assert all(record[0][name] for name in ("trigger_timestamp", "user", "content", "action", "output", "review"))
    assert "Harbour City" in (await ana.get("/dispatch")).text


async def test_others_do_not_see_what_was_said_and_who_may_sees_the_record(sign_in: Any) -> None:
    ana = await open_dispatch(sign_in)
    at = (await ana.post("/dispatch", data={"text": "help"})).headers["location"]
    ben, owner = await sign_in("ben"), await sign_in("owner")
    assert (await ben.get(at)).status_code == 404
    assert (await ben.get(f"{API}/messages", params={"everybody": True})).status_code == 403
    assert "Ana Ruiz" in (await owner.get("/dispatch/activity")).text
    assert "brief {about:text}" not in (await owner.get(at)).text.split("On record")[0]


@pytest.mark.parametrize("path", ["/dispatch/triggers", "/dispatch/triggers/new", "/dispatch/triggers/trig_x"])
async def test_a_member_does_not_manage_triggers(sign_in: Any, path: str) -> None:
    ana = await sign_in("ana")
    assert (await ana.get(path)).status_code == 403
    assert (await ana.post(f"{API}/triggers", json=NOTE)).status_code == 403
    assert (await ana.post("/dispatch/triggers/standard")).status_code == 403


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tier": ""}, "map it to a tier"), ({"tier": "root"}, "map it to a tier"), ({"phase": "x"}, "phase"),
        ({"ceiling": "lots"}, "sum of money"), ({"ceiling": "1e999999"}, "sum of money"), ({"ceiling": "0"}, "ceiling"),
        ({"ceiling": "NaN"}, "sum of money"), ({"pattern": "{x:text}"}, "word of its own"),
        ({"goal": "{y}"}, "is no field"), ({"goal": "{x}"}, "more than what the sender writes"),
        ({"example": "milk"}, "does not fit"), ({"who": ["team_x"]}, "no team or role"),
        ({"delivery": "fax"}, "answers go"),
        ({"name": "a\x00b"}, "name"), ({"use_case": " "}, "use case"), ({"about": ""}, "what it is for"),
    ],
)  # fmt: skip
async def test_a_trigger_that_cannot_be_is_refused_in_words(sign_in: Any, change: dict[str, Any], why: str) -> None:
    owner = await sign_in("owner")
    answer = await owner.post(f"{API}/triggers", json={**NOTE, **change})
    assert answer.status_code == 422
    assert why in answer.json()["message"]


async def test_a_trigger_is_written_changed_switched_on_and_off_by_programs(sign_in: Any, home: TestHouse) -> None:
    owner = await sign_in("owner")
    made = (await owner.post(f"{API}/triggers", json=NOTE)).json()
    assert (made["state"], made["version"], made["tier"]) == ("draft", 1, "read")
    assert (await owner.post(f"{API}/triggers", json=NOTE)).status_code == 409
    at = f"{API}/triggers/{made['id']}"
    assert (await owner.post(f"{at}/activate")).json()["state"] == "active"
    assert (await owner.post(f"{at}/activate")).status_code == 409
    changed = (await owner.put(at, json={**NOTE, "tier": "communicate", "phase": "expansion"})).json()
    assert (changed["state"], changed["version"]) == ("draft", 2)
    async with home.house.database.transaction() as session:
        await agreed(
            session, home.people["owner"], {"dispatch_ceiling": "communicate", "phase": "expansion"},
            ledger=home.house.ledger, clock=home.house.clock,
        )  # fmt: skip
    refused = await owner.post(f"{at}/activate")
    assert (refused.status_code, "somebody else" in refused.json()["message"]) == (403, True)
    assert (await owner.post(f"{at}/off")).json()["state"] == "off"
    page = (await owner.get(f"/dispatch/triggers/{made['id']}")).text
    assert "Earlier wordings" in page


async def test_the_bench_says_what_would_happen_and_does_nothing(sign_in: Any) -> None:
    ana, owner = await open_dispatch(sign_in), await sign_in("owner")
    tried = (await ana.post(f"{API}/bench", json={"text": "brief Harbour City", "channel": "sms"})).json()
    assert tried["verdict"] == "run"
    assert tried["closed"] == ["No address of theirs is bound to this channel."]
    assert len({(await ana.post(f"{API}/bench", json={"text": "BRIEF harbour city"})).json()["plan"]["tier"]}) == 1
    refused = (await ana.post(f"{API}/bench", json={"text": "tell Ben Carter that x"})).json()
    assert refused["verdict"] == "refused"
    other = {"text": "brief x", "person": "ben@aldermoor.example"}
    assert (await ana.post(f"{API}/bench", json=other)).status_code == 403
    about_ben = (await owner.post(f"{API}/bench", json=other)).json()
    assert "They have not passed the drill yet." in about_ben["closed"]
    page = await owner.get("/dispatch/bench", params={"text": "brief x", "person": "ben@aldermoor.example"})
    assert "But the channel is closed" in page.text
    nobody = await owner.get("/dispatch/bench", params={"text": "brief x", "person": "eve@x.example"})
    assert "nobody with this address" in nobody.text
    assert (await ana.get(f"{API}/messages")).json() == []
