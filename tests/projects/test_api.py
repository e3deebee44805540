"""The same deeds for programs: a project from its beginning to its end, and a document set of its files."""

from typing import Any

import pytest

from colleague.testing.llm import call
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio


async def test_a_project_by_api(desk: Any) -> None:
    ana, ben, dana = [await desk.client(who) for who in ("ana", "ben", "dana")]
    made = (await ana.post("/api/v1/projects", json={"name": " Harbour\n City ", "purpose": "Win"})).json()
    at = f"/api/v1/projects/{made['id']}"
    assert (made["name"], made["role"], made["memory"], made["instructions"]) == ("Harbour City", "owner", False, "")
    email = "ben@aldermoor.example"
    assert (await ana.put(f"{at}/members", json={"email": email, "role": "member"})).status_code == 204
    assert (await ana.put(f"{at}/members", json={"email": email, "role": "king"})).status_code == 422
    assert (await dana.get(at)).status_code == 404
    assert {p["name"] for p in (await ben.get("/api/v1/projects")).json()} == {"Harbour City"}
    given = {"files": ("brief.md", b"# Brief\n\nThe site opens in May.\n")}
    file = (await ben.post(f"{at}/files", files=given)).json()["files"][0]
    assert (await ben.post(f"{at}/links", json={"title": "Portal", "url": "https://x.example"})).status_code == 204

    proposal = (await ben.post(f"{at}/instructions", json={"text": "Be brief.", "why": "Agreed"})).json()
    assert (proposal["state"], proposal["before"], proposal["after"]) == ("open", "", "Be brief.")
    decision = f"{at}/proposals/{proposal['id']}"
    assert (await ben.post(decision, json={"accept": True})).status_code == 403
    assert (await ana.post(decision, json={"accept": True})).json()["state"] == "accepted"
    assert (await ana.post(decision, json={"accept": True})).status_code == 409
    assert [p["after"] for p in (await ben.get(f"{at}/instructions/history")).json()] == ["Be brief."]

    assert (await ben.post(f"{at}/notes", json={"text": "A fact."})).status_code == 409
    assert (await ben.put(f"{at}/memory", json={"on": True})).status_code == 403
    assert (await ana.put(f"{at}/memory", json={"on": True})).status_code == 204
    note = (await ben.post(f"{at}/notes", json={"text": "A fact."})).json()["note"]
    assert (await ben.put(f"{at}/notes/{note}", json={"text": "Another fact."})).json() == {"note": note}
    shown = (await ana.get(at)).json()
    assert [n["text"] for n in shown["notes"]] == ["Another fact."]
    assert ([f["id"] for f in shown["files"]], shown["version"], len(shown["members"])) == ([file], 1, 2)
    assert (await ben.delete(f"{at}/notes/{note}")).status_code == 204
    assert (await ben.delete(f"{at}/links/{shown['links'][0]['id']}")).status_code == 204
    assert (await ana.put(at, json={"name": "Harbour"})).json()["name"] == "Harbour"
    assert (await ben.delete(at)).status_code == 403

    sets = (await ben.get("/api/v1/document-sets", params={"project": made["id"]})).json()
    assert sets == []
    await work(desk.house, queue="house")
    found = (await ben.get("/api/v1/document-sets", params={"project": made["id"]})).json()[0]
    hits = (await ben.get(f"/api/v1/document-sets/{found['id']}/search", params={"q": "When does it open?"})).json()
    assert [h["name"] for h in hits["passages"]] == ["brief.md"]
    assert hits["label"]["class"] == "confidential"
    assert (await dana.get(f"/api/v1/document-sets/{found['id']}")).status_code == 404
    assert (await dana.get("/api/v1/document-sets/search", params={"q": "open site"})).json()["passages"] == []
    assert (await ben.delete(f"{at}/files/{file}")).status_code == 204
    assert (await ben.get("/api/v1/document-sets/search", params={"q": "open site"})).json()["passages"] == []
    assert (await ana.delete(f"{at}/members/{desk.home.people['ben'].id}")).status_code == 204
    assert (await ben.get(at)).status_code == 404
    assert (await ana.delete(at)).status_code == 204
    assert (await ana.get(at)).status_code == 404


async def test_a_task_in_a_project_by_api(desk: Any) -> None:
    await desk.remember()
    ben = await desk.client("ben")
    desk.llm.play(call("propose_note", text="The kick-off is on Monday.", why="The person said so."))
    made = await ben.post("/api/v1/tasks", data={"goal": "Note the kick-off.", "project": desk.project})
    assert made.status_code == 201, made.text
    assert made.json()["project"] == desk.project
    await work(desk.house)
    waiting = (await ben.get(f"/api/v1/projects/{desk.project}/proposals")).json()
    assert [(p["after"], p["by_agent"], p["task"], p["may_decide"]) for p in waiting] == [
        ("The kick-off is on Monday.", True, made.json()["id"], True)
    ]
    rita = await desk.client("rita")
    assert (await rita.post("/api/v1/tasks", data={"goal": "x", "project": desk.project})).status_code == 403
    dana = await desk.client("dana")
    assert (await dana.post("/api/v1/tasks", data={"goal": "x", "project": desk.project})).status_code == 404


async def test_a_set_by_api(desk: Any) -> None:
    """Ana's set of a folder in her project, and one of uploads; only what the asker reaches is in it."""
    ana, ben = await desk.client("ana"), await desk.client("ben")
    place = {"connector": "folder", "place": "Secret"}
    at = "/api/v1/document-sets"
    assert (await ana.post(at, json={"name": "All", "places": [place]})).status_code == 403
    made = await ana.post(at, json={"name": "Plans", "places": [place], "project": desk.project})
    assert made.status_code == 201, made.text
    one = f"{at}/{made.json()['id']}"
    await work(desk.house, queue="house")
    shown = (await ben.get(one)).json()
    assert ([d["path"] for d in shown["list"]], shown["places"]) == (["Secret/plan.md"], [place])
    assert (await ben.put(one, json={"name": "Secret plans"})).json()["name"] == "Secret plans"
    assert (await ben.put(one, json={"name": " "})).status_code == 422
    assert (await ben.post(f"{one}/refresh")).status_code == 202
    files = {"files": ("memo.md", b"# Memo\n\nThe penguin ships.\n")}
    memo = await ana.post(f"{at}/files", data={"name": "Memos"}, files=files)
    assert (memo.status_code, memo.json()["name"], memo.json()["files"]) == (201, "Memos", True)
    assert (await ben.get(f"{at}/{memo.json()['id']}")).status_code == 404
    assert (await ana.get(f"{one}/search", params={"q": "x" * 1001})).status_code == 422
    assert (await ben.delete(one)).status_code == 204
    assert (await ana.get(one)).status_code == 404


async def test_the_door_is_described_for_programs(desk: Any) -> None:
    ana = await desk.client("ana")
    paths = (await ana.get("/api/v1/openapi.json")).json()["paths"]
    for path, verb in (("/api/v1/projects/{project}/proposals/{proposal}", "post"), ("/api/v1/document-sets", "post")):
        assert paths[path][verb]["description"]
