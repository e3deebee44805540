"""Every page answers every role as it should, works without a script, and keeps the policy of content."""

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

pytestmark = pytest.mark.anyio

PAGES = {
    "/tasks/new": {"ana", "owner", "rita"},
    "/tasks": {"ana", "owner", "rita", "tom"},
    "/tasks?archived=true": {"ana", "owner", "rita", "tom"},
    "/tasks/search": {"ana", "owner", "rita"},
    "/tasks/search?q=x&state=completed&since=2026-01-01&until=&archived=only&pinned=true": {"ana", "owner", "rita"},
    "/approvals": {"ana", "owner", "rita", "tom"},
    "/notices": {"ana", "owner", "rita", "tom"},
    "/me": {"ana", "owner", "rita", "tom"},
    "/connectors": {"ana", "owner", "rita", "tom"},
    "/connectors/folder": {"owner", "tom"},
    "/people": {"owner", "tom"},
    "/ledger": {"owner", "tom"},
    "/policies": {"owner", "tom"},
    "/set-up": {"owner"},
    "/api/v1/docs": {"ana", "owner", "rita", "tom"},
}


@pytest.mark.parametrize("who", ["ana", "owner", "rita", "tom"])
async def test_pages_by_role(sign_in: Any, who: str) -> None:
    client = await sign_in(who)
    for path, allowed in PAGES.items():
        answer = await client.get(path)
        assert answer.status_code == (200 if who in allowed else 403), f"{who} {path}"
        page = LexborHTMLParser(answer.text)
        assert len(page.css("h1")) == 1, f"{who} {path}"
        assert not page.css("script:not([src]), style, [style], [onclick], [onsubmit], [hx-on]"), path
        for form in page.css("form"):
            assert form.attributes.get("method") in ("post", "get"), path
            assert form.attributes.get("action", "/x").startswith("/"), path
        for field in page.css("input:not([type=hidden]):not([type=checkbox]), textarea, select"):
            name = field.attributes.get("id", "?")
            labelled = page.css(f'label[for="{name}"]') or field.attributes.get("aria-label")
            assert labelled, f"{path}: a field without a label ({field.attributes.get('name')})"


@pytest.mark.parametrize("who", ["ana", "owner", "rita", "tom"])
async def test_the_navigation_leads_only_where_one_may_go(sign_in: Any, who: str) -> None:
    client = await sign_in(who)
    page = LexborHTMLParser((await client.get("/tasks")).text)
    places = {a.attributes["href"] for a in page.css(".cl-side a, .cl-tabs a")}
    assert "/me" in places
    for place in places:
        assert (await client.get(place, follow_redirects=True)).status_code == 200, f"{who} {place}"


async def test_light_or_dark_is_remembered_on_the_device(sign_in: Any) -> None:
    client = await sign_in("ana")
    answer = await client.post("/theme", data={"choice": "dark"}, headers={"Referer": "http://127.0.0.1:8080/me"})
    assert answer.headers["location"] == "/me"
    assert 'data-theme="dark"' in (await client.get("/me")).text
    await client.post("/theme", data={"choice": "system"})
    assert "data-theme" not in (await client.get("/me")).text
    assert (await client.post("/theme", data={"choice": "pink"})).status_code == 422


async def test_a_page_that_refreshes_itself_keeps_no_session_open(sign_in: Any, home: Any) -> None:
    from sqlalchemy import text

    client = await sign_in("ana")
    query = text("SELECT max(last_seen_at) FROM sign_ins")
    async with home.house.database.transaction() as session:
        await session.execute(text("UPDATE sign_ins SET last_seen_at = last_seen_at - interval '10 minutes'"))
        before = (await session.execute(query)).scalar_one()
    await client.get("/approvals/count", headers={"cl-background": "1"})
    async with home.house.database.transaction() as session:
        assert (await session.execute(query)).scalar_one() == before
    await client.get("/tasks")
    async with home.house.database.transaction() as session:
        assert (await session.execute(query)).scalar_one() > before


async def test_a_task_from_words_and_a_file(sign_in: Any) -> None:
    client = await sign_in("ana")
    files = [("files", ("minutes.md", b"# Minutes\n\nDecided: we bid.", "text/markdown"))]
    answer = await client.post("/tasks", data={"goal": "Summarise the minutes"}, files=files)
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    assert "Summarise the minutes" in page.text
    assert "minutes.md" in page.text
    assert "queued" in page.text


@pytest.mark.parametrize(
    ("goal", "files", "words"),
    [
        ("", [], "in a sentence"),
        ("x" * 8001, [], "8,000"),
        ("Read it", [("files", ("a.exe", b"MZ" + b"\0" * 100, "text/plain"))], "a.exe"),
        ("Read it", [("files", ("a.pdf", b"", "application/pdf"))], "a.pdf"),
        ("Read it", [("files", (f"{n}.md", b"x", "text/plain")) for n in range(60)], "files"),
    ],
)
async def test_what_a_task_refuses(sign_in: Any, goal: str, files: Any, words: str) -> None:
    client = await sign_in("ana")
    answer = await client.post("/tasks", data={"goal": goal}, files=files or None)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Nothing has been handed over yet" in (await client.get("/tasks")).text
