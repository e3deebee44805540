"""Pin, archive, search and delete by forms that need no script; what others wrote is shown as text."""

import re
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from colleague.tasks.keeping.index import catch_up

pytestmark = pytest.mark.anyio


async def handed_over(client: Any, goal: str) -> str:
    made = await client.post("/tasks", data={"goal": goal})
    assert made.status_code == 303, made.text
    return str(re.findall(r"task_[0-9a-z]{26}", made.headers["location"])[0])


async def test_a_task_is_pinned_archived_found_and_deleted(home: Any, sign_in: Any) -> None:
    ana, ben = await sign_in("ana"), await sign_in("ben")
    task = await handed_over(ana, "Ask & <i>tell</i> <script>alert(1)</script> Zanzibar")
    other = await handed_over(ana, "Something else")
    await catch_up(parts=home.house.parts)
    assert (await ana.post(f"/tasks/{task}/marks", data={"what": "pin"})).headers["location"] == f"/tasks/{task}"
    rows = LexborHTMLParser((await ana.get("/tasks")).text).css("a.cl-row")
    assert [r.attributes["href"] for r in rows] == [f"/tasks/{task}", f"/tasks/{other}"]
    await ana.post(f"/tasks/{task}/marks", data={"what": "archive", "back": "list"})
    assert task not in (await ana.get("/tasks")).text
    assert task in (await ana.get("/tasks?archived=true")).text
    found = (await ana.get("/tasks/search", params={"q": "zanzibar ask"})).text
    assert "<mark>Zanzibar</mark>" in found
    assert "<script>alert" not in found
    assert task not in (await ben.get("/tasks/search", params={"q": "zanzibar"})).text
    assert (await ana.get("/tasks/search", params={"q": "x" * 400})).status_code == 422
    assert (await ben.get(f"/tasks/{task}/delete")).status_code == 404
    assert (await ben.post(f"/tasks/{task}/marks", data={"what": "pin"})).status_code == 404
    refused = await ana.get(f"/tasks/{task}/delete")
    assert refused.status_code == 409
    await ana.post(f"/tasks/{task}/stop")
    asked = (await ana.get(f"/tasks/{task}/delete")).text
    assert "Goes for good" in asked
    assert "Stays" in asked
    assert (await ana.post(f"/tasks/{task}/delete")).status_code == 409
    assert (await ana.post(f"/tasks/{task}/delete", data={"sure": "yes"})).headers["location"] == "/tasks"
    assert (await ana.get(f"/tasks/{task}")).status_code == 404
    assert task not in (await ana.get("/tasks/search", params={"q": "zanzibar"})).text
