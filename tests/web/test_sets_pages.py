"""Document sets through their pages: made, searched with citations, asked; what one may not open is not there."""

import re
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from colleague.connectors.grants import grant, revoke
from colleague.identity.people import add_member, create_team
from colleague.library.tools import NOTHING
from colleague.policy.model import DataClass
from colleague.testing.house import open_connector
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
TRAVEL = "# Travel policy\n\n## Trains\n\nFirst class may be booked if it is cheaper than standard.\n"


@pytest.fixture
async def folder(home: Any, tmp_path: Path) -> Any:
    """Policies are open to everybody in «Bids», salaries to the owner and Dana."""
    root = tmp_path / "shared"
    for name, text in (
        ("Policies/Travel.md", TRAVEL),
        ("Board/Salaries.md", "# Salaries\n\nThe chair earns 240000.\n"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    house, owner = home.house, home.people["owner"]
    opened = await open_connector(home, "folder", ["Policies"], config={"root": str(root)})
    async with house.database.transaction() as session:
        board = await create_team(session, owner, "Board", ledger=house.ledger)
        for who in ("dana", "owner"):
            await add_member(session, owner, board, home.people[who].id, ledger=house.ledger)
        await grant(
            session, owner, house.registry, "folder", board, ["Board"], ceiling=DataClass.CONFIDENTIAL,
            place_class=DataClass.CONFIDENTIAL, ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
    return root, opened


async def _set(client: Any, name: str, *places: str, project: str = "") -> str:
    data = {"name": name, "places": [f"folder|{p}" for p in places], "project": project}
    answer = await client.post("/document-sets", data=data)
    assert answer.status_code == 303, answer.text[:500]
    return str(answer.headers["location"])


async def test_a_set_is_made_read_searched_and_its_citation_opens_the_source(
    home: Any, sign_in: Any, folder: Any
) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    assert 'value="folder|Policies"' in (await ana.get("/document-sets/new")).text
    at = await _set(owner, "Rules", "Policies", "Board")
    assert "being read" in (await ana.get("/document-sets")).text
    await work(home.house, queue="house")
    page = (await ana.get(at)).text
    assert "Travel.md" in page
    assert "Board" not in page
    assert "Salaries" not in page
    both = (await owner.get(at)).text
    assert all(word in both for word in ("Travel.md", "Salaries.md", "Board", "Bids"))
    found = LexborHTMLParser((await ana.get(f"{at}?q=first+class+on+trains")).text)
    cite = found.css(".cl-hit a")[0]
    assert cite.text().startswith("Travel.md, ")
    source, _, mark = str(cite.attributes["href"]).partition("#")
    opened = await ana.get(source)
    assert "cheaper than standard" in opened.text
    assert f'id="{mark}"' in opened.text
    assert NOTHING in (await ana.get(f"{at}?q=What+does+the+chair+earn")).text
    assert NOTHING in (await ana.get("/document-sets?q=salaries+240000")).text
    theirs = LexborHTMLParser((await owner.get(f"{at}?q=chair+earns")).text).css(".cl-hit a")[0].attributes["href"]
    assert (await ana.get(str(theirs).partition("#")[0])).status_code == 404
    for who in ("ana", "owner"):
        for path in ("/document-sets", "/document-sets/new", at, f"{at}?q=train"):
            shown = LexborHTMLParser((await {"ana": ana, "owner": owner}[who].get(path)).text)
            assert len(shown.css("h1")) == 1
            for field in shown.css("input:not([type=hidden]):not([type=checkbox]), textarea, select"):
                assert shown.css(f'label[for="{field.attributes.get("id", "?")}"]'), f"{path} {field.html}"


async def test_a_question_is_answered_from_the_set_with_the_rights_of_who_asks(
    home: Any, sign_in: Any, folder: Any
) -> None:
    owner, ana, dana = await sign_in("owner"), await sign_in("ana"), await sign_in("dana")
    at = await _set(owner, "Rules", "Policies", "Board")
    await work(home.house, queue="house")

    async def ask(client: Any, goal: str) -> Any:
        made = await client.post("/tasks", data={"goal": goal, "library_set": at.rpartition("/")[2]})
        assert made.status_code == 303, made.text
        await work(home.house)
        return await client.get(made.headers["location"])

    answer = LexborHTMLParser((await ask(ana, "May I travel first class by train?")).text)
    assert "about Rules" in answer.css(".cl-chip")[0].text()
    said = answer.css(".cl-answer")[0]
    assert "cheaper than standard" in said.text()
    link = str(next(a.attributes["href"] for a in said.css("a") if a.text().startswith("Travel.md")))
    assert "cheaper than standard" in (await ana.get(link.partition("#")[0])).text
    assert [c.text() for c in answer.css(".cl-call-object")][-1:] != ["doc_"]
    secret = "What does the chair earn?"
    assert "240000" in LexborHTMLParser((await ask(dana, secret)).text).css(".cl-answer")[0].text()
    refused = await ask(ana, secret)
    assert NOTHING in LexborHTMLParser(refused.text).css(".cl-answer")[0].text()
    assert "240000" not in refused.text
    assert "Salaries" not in refused.text


async def test_a_withdrawn_grant_ends_it_for_the_reader_at_once(home: Any, sign_in: Any, folder: Any) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    at = await _set(owner, "Rules", "Policies")
    await work(home.house, queue="house")
    source = LexborHTMLParser((await ana.get(f"{at}?q=trains")).text).css(".cl-hit a")[0].attributes["href"]
    async with home.house.database.transaction() as session:
        await revoke(session, home.people["owner"], folder[1], ledger=home.house.ledger, clock=home.house.clock)
    for path in (at, str(source), f"{at}?q=trains"):
        assert (await ana.get(path)).status_code == 404, path
    assert "Rules" not in (await ana.get("/document-sets?q=trains")).text
    started = await ana.post("/tasks", data={"goal": "x?", "library_set": at.rpartition("/")[2]})
    assert started.status_code == 404


async def test_files_that_cannot_be_read_are_named(home: Any, sign_in: Any, folder: Any) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    (folder[0] / "Policies" / "broken<b>.pdf").write_bytes(b"%PDF-1.7\nnothing of the kind")
    at = await _set(owner, "Rules", "Policies")
    await work(home.house, queue="house")
    page = (await ana.get(at)).text
    assert "broken&lt;b&gt;.pdf" in page
    assert "not read" in page
    assert "1 could not be read" in page
    assert "1 unreadable" in (await ana.get("/document-sets")).text


async def test_uploaded_files_become_a_set_of_the_people_of_a_project(home: Any, sign_in: Any, folder: Any) -> None:
    ana, ben = await sign_in("ana"), await sign_in("ben")
    files = [("files", (f"memo{n}.md", f"# Memo {n}\n\nThe penguin ships on day {n}.\n".encode())) for n in (1, 2)]
    made = await ana.post("/document-sets", data={"name": "Memos"}, files=files)
    assert made.status_code == 303, made.text[:300]
    at = made.headers["location"]
    await work(home.house, queue="house")
    assert len(LexborHTMLParser((await ana.get(f"{at}?q=penguin+ships")).text).css(".cl-hit")) == 2
    assert (await ben.get(at)).status_code == 404
    project = re.findall(r"/projects/(proj_\w+)", (await ana.get(at)).text)[0]
    await ana.post(f"/projects/{project}/members", data={"who": "ben@aldermoor.example", "role": "viewer"})
    assert (await ben.get(at)).status_code == 200
    for path in ("rename", "refresh", "remove"):
        assert (await ben.post(f"{at}/{path}", data={"name": "x"})).status_code == 403, path
    assert (await ana.post(f"{at}/rename", data={"name": "Notes to self"})).status_code == 303
    assert "Notes to self" in (await ana.get("/document-sets")).text
    assert (await ana.post(f"{at}/refresh")).status_code == 303
    assert (await ana.post(f"{at}/remove")).status_code == 409
    assert (await ana.post("/document-sets", data={"name": "Empty"})).status_code == 422


async def test_who_may_not_makes_no_set_and_changes_none(home: Any, sign_in: Any, folder: Any) -> None:
    owner, ana, tom = await sign_in("owner"), await sign_in("ana"), await sign_in("tom")
    at = await _set(owner, "Rules", "Policies")
    data = {"name": "Mine", "places": ["folder|Policies"], "project": ""}
    assert (await ana.post("/document-sets", data=data)).status_code == 403
    project = (await ana.post("/projects", data={"name": "P"})).headers["location"].rpartition("/")[2]
    assert (
        await ana.post("/document-sets", data=data | {"places": ["folder|Board"], "project": project})
    ).status_code == 403
    for places in (["folder|"], ["mail|*"], ["nowhere|x"], ["folder|../Board"], ["folder|" + "x" * 2000]):
        answer = await ana.post("/document-sets", data=data | {"places": places, "project": project})
        assert answer.status_code in (403, 404, 422), places
    for path in ("rename", "refresh", "remove"):
        assert (await ana.post(f"{at}/{path}", data={"name": "x"})).status_code == 403, path
    assert (await tom.get("/document-sets")).status_code == 403
    ours = await _set(ana, "Ours", "Policies", project=project)
    assert (await ana.post(f"{ours}/remove")).status_code == 303
    assert (await owner.get(ours)).status_code == 404
    assert (await owner.post(f"{at}/remove")).status_code == 303
