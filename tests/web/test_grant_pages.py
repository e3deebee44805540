"""Pages and API of grants: what one would change is shown before it applies; forms work without scripts."""

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import text

from colleague.testing.house import TestHouse, open_connector

pytestmark = pytest.mark.anyio


async def count(home: TestHouse) -> int:
    async with home.house.database.transaction() as session:
        return int(await session.scalar(text("SELECT count(*) FROM connector_grants WHERE revoked_at IS NULL")) or 0)


def words(answer: Any) -> str:
    return " ".join(LexborHTMLParser(answer.text).body.text(separator=" ").split())


async def test_a_grant_is_looked_at_given_changed_and_revoked(home: TestHouse, sign_in: Any) -> None:
    grant = await open_connector(home, "web", ["www.example.org"], config={})
    client = await sign_in("owner")
    form = {"team": "role:reviewer", "places": "a.example\r\nb.example", "tool:web_fetch": "ask", "tool:*": ""}
    looked = await client.post("/connectors/web/grants/look", data=form)
    assert "1 person gains access." in words(looked)
    assert "Rita Review" in words(looked)
    assert await count(home) == 1
    page = LexborHTMLParser(looked.text)
    carried = {node.attributes["name"]: node.text() for node in page.css("main form textarea[hidden]")}
    assert (await client.post("/connectors/web/grants", data=carried)).status_code == 303
    shown = words(await client.get("/connectors/web"))
    for piece in ("role reviewer", "a.example", "ask web_fetch", "never used"):
        assert piece in shown
    about = words(await client.get(f"/connectors/web/grants/{grant}"))
    assert "6 people lose access." in about
    narrower = {"places": "other.example", "expires": "2999-01-01"}
    changed = words(await client.post(f"/connectors/web/grants/{grant}/look", data=narrower))
    assert "6 people gain access, 6 people lose access." in changed
    assert (await client.post(f"/connectors/web/grants/{grant}", data=narrower)).status_code == 303
    assert (await client.post(f"/connectors/web/grants/{grant}/revoke")).status_code == 303
    assert await count(home) == 1
    people = words(await client.get("/connectors/people"))
    assert "Rita Review" in people
    assert "Ana Ruiz" not in people


async def test_full_access_is_refused_in_words_and_shown_as_an_exception(home: TestHouse, sign_in: Any) -> None:
    await open_connector(home, "web", ["*"], config={})
    client = await sign_in("owner")
    for form in ({"places": "*"}, {"places": ""}, {"places": "*", "reason": "Because it is needed."}):
        answer = await client.post("/connectors/web/grants/look", data={"team": home.team, **form})
        assert answer.status_code == 422
        assert "exception" in words(answer)
    assert "Exception: it opens everything, because: Everything, for a test." in words(
        await client.get("/connectors/web")
    )


@pytest.mark.parametrize("who", ["ana", "tom"])
async def test_who_may_not_manage_changes_nothing(home: TestHouse, sign_in: Any, who: str) -> None:
    grant = await open_connector(home, "web", ["www.example.org"], config={})
    client = await sign_in(who)
    form = {"team": home.team, "places": "a.example"}
    for path in ("", "/look", f"/{grant}", f"/{grant}/look", f"/{grant}/revoke"):
        assert (await client.post(f"/connectors/web/grants{path}", data=form)).status_code == 403
    wrong = await (await sign_in("owner")).post(f"/connectors/mail/grants/{grant}/revoke")
    assert wrong.status_code == 404
    assert await count(home) == 1
    may = (await client.get("/connectors/people")).status_code, (await client.post("/connectors/review")).status_code
    assert may == ((200, 200) if who == "tom" else (403, 403))
