"""From the questionnaire to an acknowledged document through pages, API and files, as people would."""

import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.governance.conftest import Office

from colleague.governance.document.acknowledge import questions
from colleague.governance.document.model import PARTS
from colleague.governance.document.store import in_force
from colleague.kit.documents.read import read_document
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
BASE = "http://127.0.0.1:8080"
SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@asynccontextmanager
async def quiet(app: Any) -> AsyncIterator[None]:
    yield


@pytest.fixture
async def sign_in(office: Office) -> AsyncIterator[SignIn]:
    app = create_app(office.house.by_type(), settings=office.house.settings, lifespan=quiet)
    clients: list[httpx.AsyncClient] = []

    async def enter(who: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE})
        clients.append(client)
        assert (await client.post("/sign-in/demo", data={"person": f"{who}@aldermoor.example"})).status_code == 303
        return client

    yield enter
    for client in clients:
        await client.aclose()


def fields(page: str) -> dict[str, Any]:
    """Return what a browser would send for the questionnaire as it is shown."""
    form: dict[str, Any] = {}
    for name, value in re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"[^>]* checked', page):
        form.setdefault(name, []).append(value)
    for name, body in re.findall(r'<select[^>]* name="(\w+)">(.*?)</select>', page, re.S):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', body)
        form[name] = (chosen[1] or chosen[2]) if chosen else ""
    domains = re.search(r'name="internal_domains" value="([^"]*)"', page)
    assert domains
    return {**form, "internal_domains": domains[1], "retention": "tasks=60, dispatch=90"}


async def test_from_the_questionnaire_to_a_published_document(office: Office, sign_in: SignIn) -> None:
    owner, ana, rita, ben = [await sign_in(who) for who in ("owner", "ana", "rita", "ben")]
    assert "No governance document has been published yet" in (await ana.get("/governance")).text
    assert (await ana.get("/governance/questionnaire")).status_code == 403
    assert (await ana.get("/governance/draft")).status_code == 404
    form = fields((await owner.get("/governance/questionnaire")).text)
    assert form["scope"] == ["0"]
    people = dict(zip(PARTS, ("ana", "rita", "ben", "owner"), strict=True))
    form |= {f"owner_{part}": office.person(who).id for part, who in people.items()}
    form |= {"ceilings": "bids / * = internal\n\n* / lawyer:contract-review-summary = public", "own_text": "Be kind.",
             "own_part": "outputs", "own_cedar": ""}  # fmt: skip
    saved = await owner.post("/governance/questionnaire", data=form)
    assert (saved.status_code, saved.headers["location"]) == (303, "/governance/draft")
    shown = (await owner.get("/governance/draft")).text
    assert "Highest class for teams and skills" in shown
    assert "Team Bids: nothing above internal data" in shown
    assert shown.count("not enforced</span>") == 2
    assert "Publish and put in force" not in shown
    digest = re.search(r'name="digest" value="(\w{64})"', (await ana.get("/governance/draft")).text)
    assert digest
    assert "A draft waits for your signature" in (await ana.get("/governance")).text
    for part, client in zip(PARTS, (ana, rita, ben, owner), strict=True):
        signed = await client.post("/governance/draft/sign", data={"part_name": part, "digest": digest[1]})
        assert signed.status_code == 303, signed.text
    stranger = await sign_in("dana")
    assert (await stranger.get("/governance/draft")).status_code == 403
    assert (await stranger.post("/governance/draft/publish", data={"digest": digest[1]})).status_code == 403
    assert "Publish and put in force" in (await owner.get("/governance/draft")).text
    assert (await owner.post("/governance/draft/publish", data={"digest": digest[1]})).status_code == 303
    page = (await stranger.get("/governance")).text
    assert "Version 1, in force" in page
    assert "Be kind." in page
    assert 'id="drift"' not in page
    assert "None: settings, grants and readers" in (await owner.get("/governance")).text
    assert (await office.force()).input_ceilings[0].endswith("/*=internal")


async def test_the_check_on_its_page(office: Office, sign_in: SignIn) -> None:
    ana, owner = await sign_in("ana"), await sign_in("owner")
    assert (await ana.get("/governance/acknowledge")).status_code == 404
    document = await office.published()
    answers = {q.id: q.right for q in questions(document)}
    first = next(iter(answers))
    wrong = await ana.post("/governance/acknowledge", data={"number": "1", **answers, first: "no"})
    assert wrong.status_code == 422
    assert "1 of the five answers is not" in wrong.text
    for number in ("", "x", "9" * 30, "2"):
        assert (await ana.post("/governance/acknowledge", data={"number": number, **answers})).status_code == 409
    assert (await ana.post("/governance/acknowledge", data={"number": "1", **answers})).status_code == 303
    assert "You have acknowledged version 1" in (await ana.get("/governance/acknowledge")).text
    assert "1 of 6 people" in (await owner.get("/governance/readers")).text
    assert (await ana.get("/governance/readers")).status_code == 403


async def test_the_same_through_the_api(office: Office, sign_in: SignIn) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    at = "/api/v1/governance"
    assert (await ana.get(at)).json() == {"document": None}
    assert (await ana.put(f"{at}/draft", json={})).status_code == 403
    assert (await owner.put(f"{at}/draft", json={"highest_input": "all"})).status_code == 422
    draft = (await owner.put(f"{at}/draft", json={"owners": {p: office.person("owner").id for p in PARTS}})).json()
    assert (await ana.get(f"{at}/draft")).status_code == 403
    seen = {"digest": draft["digest"]}
    assert (await ana.post(f"{at}/draft/parts/use/sign", json=seen)).status_code == 403
    assert (await owner.post(f"{at}/draft/publish", json=seen)).status_code == 409
    for part in PARTS:
        assert (await owner.post(f"{at}/draft/parts/{part}/sign", json=seen)).status_code == 200
    assert (await owner.post(f"{at}/draft/parts/nope%00/sign", json=seen)).status_code == 404
    published = await owner.post(f"{at}/draft/publish", json=seen)
    assert (published.status_code, published.json()["number"]) == (201, 1)
    assert published.json()["not_enforced"] == ["outputs-light"]
    assert (await owner.get(f"{at}/drift")).json() == []
    assert (await ana.get(f"{at}/drift")).status_code == 403
    asked = (await ana.get(f"{at}/check")).json()
    assert len(asked["questions"]) == 5
    tried = await ana.post(f"{at}/acknowledgement", json={"number": 1, "answers": {}})
    assert (tried.status_code, tried.json()["code"]) == (422, "NotAllRight")
    async with office.house.database.transaction() as session:
        document = await in_force(session)
    assert document is not None
    answers = {q.id: q.right for q in questions(document)}
    done = await ana.post(f"{at}/acknowledgement", json={"number": 1, "answers": answers})
    assert done.status_code == 204
    assert [r["name"] for r in (await owner.get(f"{at}/acknowledgements")).json() if r["at"]] == ["Ana Ruiz"]
    assert [v["number"] for v in (await ana.get(f"{at}/versions")).json()] == [1]
    for number in ("0", "2", "99999999999999", "-1"):
        assert (await ana.get(f"{at}/versions/{number}")).status_code in (404, 422)


@pytest.mark.parametrize("ending", ["docx", "pdf"])
async def test_the_document_and_the_empty_template_as_files(office: Office, sign_in: SignIn, ending: str) -> None:
    ana = await sign_in("ana")
    at = "/api/v1/governance/export"
    assert (await ana.get(f"{at}/document.{ending}")).status_code == 404
    blank = await read_document((await ana.get(f"{at}/template.{ending}")).content, f"t.{ending}")
    words = "\n".join(b.text for b in blank.blocks)
    assert all(title in words for title in PARTS.values())
    assert "Up to and including … data" in " ".join(words.split())
    await office.published(own=[{"part": "use", "text": "We are kind."}])
    got = await ana.get(f"{at}/document.{ending}")
    assert f'filename="governance-document.{ending}"' in got.headers["content-disposition"]
    read = await read_document(got.content, f"d.{ending}")
    words = " ".join("\n".join([b.text + " ".join(map(" ".join, b.rows)) for b in read.blocks]).split())
    assert "Owner: Ana Ruiz. Signed on" in words
    assert "Not enforced" in words
    assert words.count("We are kind.") >= 2
    for name in ("version-1.html", "version-x.docx", "draft.docx", f"version-{'9' * 20}.pdf", "x", "template."):
        assert (await ana.get(f"{at}/{name}")).status_code in (404, 422)
    assert io.BytesIO(got.content).getbuffer().nbytes > 1000
