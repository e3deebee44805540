"""A schedule through its pages, its API and its verbs: made, switched, tried, run, paused, agreed to, ended."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import text
from tests.web.conftest import app, quiet, sign_in  # noqa: F401
from typer.testing import CliRunner

from colleague.agent.messages import Turn
from colleague.cli.dispatch.schedule import app as verbs
from colleague.identity.tokens import create_token
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, agreed, furnish, open_connector, past_the_pilot
from colleague.testing.llm import ScriptedLlm
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
FORM = {
    "name": "Morning <b>brief</b>", "words": "Read the <b>news</b>.", "kind": "cron", "cron": "30 8 * * MON-FRI",
    "zone": "Europe/Zurich", "tier": "communicate", "catch_up": "once", "most": "3", "delivery": "notice",
    "ceiling": "1,50", "at": "", "skill": "", "place": "",
}  # fmt: skip


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    llm = ScriptedLlm(Turn("Nothing new."), name="play")
    fake = FakeConnector({"bids": {"plan": "A plan."}})
    home = await furnish(
        database_url, tmp_path, connectors=[fake], models={"play": llm}, model="play", clock=clock, demo=True
    )
    await open_connector(home, "fake", ["*"], config={}, may_write=True)
    house = home.house
    async with house.database.transaction() as session:
        changes = {"phase": "broad", "dispatch_ceiling": "communicate"}
        await agreed(session, home.people["owner"], changes, ledger=house.ledger, clock=clock)
    yield home
    await house.close()


async def _made(client: Any, **more: str) -> str:
    answer = await client.post("/dispatch/schedules", data=FORM | more)
    assert answer.status_code == 303, answer.text[:500]
    return str(answer.headers["location"])


async def _ok(client: Any, path: str, **data: str) -> None:
    answer = await client.post(path, data=data)
    assert answer.status_code == 303, f"{path}: {answer.status_code} {answer.text[:400]}"


def _well_made(html: str) -> LexborHTMLParser:
    page = LexborHTMLParser(html)
    assert len(page.css("h1")) == 1
    assert not page.css("script:not([src]), style, [style], .cl-main b")
    for field in page.css("input:not([type=hidden]):not([type=checkbox]), textarea, select"):
        assert page.css(f'label[for="{field.attributes.get("id", "?")}"]'), field.html
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids))
    return page


async def test_from_a_draft_to_its_end(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ana, ben = await sign_in("ana"), await sign_in("ben")
    assert "Make the first schedule" in (await ana.get("/dispatch/schedules")).text
    _well_made((await ana.get("/dispatch/schedules/new")).text)
    at = await _made(ana)
    page = _well_made((await ana.get(at)).text)
    assert "draft" in page.css_first(".cl-head").text()
    await _ok(ana, f"{at}/activate")
    page = _well_made((await ana.get(at)).text)
    # The owner's wall: 08:30 in Zurich, five times.
    assert [n.text() for n in page.css("ol.cl-plain li")][:2] == ["Wed 4 Mar 2026, 08:30", "Thu 5 Mar 2026, 08:30"]
    assert len(page.css("ol.cl-plain li")) == 5
    press = re.findall(r'name="press" value="([^"]+)"', page.html or "")[0]
    await _ok(ana, f"{at}/run", press=press)
    await _ok(ana, f"{at}/run", press=press)
    await work(home.house, queue="house")
    await work(home.house)
    await home.house.queue.tasks["dispatch.schedules.tick"]()
    page = _well_made((await ana.get(at)).text)
    rows = page.css("a.cl-row[href^='/tasks/task_']")
    assert len(rows) == 1
    assert "by hand" in rows[0].text()
    assert (await ana.get(rows[0].attributes["href"])).status_code == 200
    rehearsal = await ana.post(f"{at}/dry-run")
    assert rehearsal.status_code == 200
    assert "It would start." in _well_made(rehearsal.text).css_first("#dry-run").text()
    until = "2026-05-01"
    await _ok(ana, f"{at}/standing", tool="fake_send", recipients="ben@aldermoor.example", until=until)
    assert (await ana.post(f"{at}/standing", data={"tool": "fake_send", "recipients": "eve@evil.example",
                                                   "until": until})).status_code == 422  # fmt: skip
    for path in ("/approvals/standing", "/approvals", f"{at}/edit"):
        shown = _well_made((await ana.get(path)).text)
    assert "1 standing approval ends when you save this" in shown.css_first(".cl-alert").text()
    standing = (await ana.get("/approvals/standing")).text
    assert "fake_send only to ben@aldermoor.example, at most 1 a day" in standing
    assert "ben@aldermoor.example" not in (await ben.get("/approvals/standing")).text
    await _ok(ana, re.findall(r'action="(/approvals/standing/env_\w+/end)"', standing)[0])
    assert "It was revoked." in (await ana.get("/approvals/standing?ended=true")).text
    await _ok(ana, f"{at}/pause", why="Holidays")
    assert "Holidays" in (await ana.get("/dispatch/schedules")).text
    assert (await ana.post(f"{at}/pause", data={"why": "x"})).status_code == 409
    await _ok(ana, f"{at}/offer", email="ben@aldermoor.example")
    _well_made((await ben.get(at)).text)
    await _ok(ben, f"{at}/accept")
    await _ok(ben, f"{at}/edit", **{**FORM, "tier": "read", "name": "Brief"})
    await _ok(ben, f"{at}/activate")
    await _ok(ben, f"{at}/end", why="Enough")
    assert "Brief" not in (await ben.get("/dispatch/schedules")).text
    assert "Enough" in _well_made((await ben.get(at)).text).css_first(".cl-main").text()


async def test_strangers_auditors_and_forgers(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ana, ben, tom = await sign_in("ana"), await sign_in("ben"), await sign_in("tom")
    at = await _made(ana)
    for path in (at, f"{at}/edit"):
        assert (await ben.get(path)).status_code == 404
    for deed in ("activate", "run", "dry-run", "pause", "end", "offer", "accept", "decline", "edit"):
        data = FORM | {"why": "x", "email": "ben@aldermoor.example"}
        assert (await ben.post(f"{at}/{deed}", data=data)).status_code == 404, deed
        assert (await tom.post(f"{at}/{deed}", data=data)).status_code in (403, 409), deed
        assert (
            await ana.post(f"{at}/{deed}", data=data, headers={"Origin": "https://evil.example"})
        ).status_code == 403
    assert "Morning" in (await tom.get("/dispatch/schedules?everybody=true")).text
    assert (await ben.get("/dispatch/schedules?everybody=true")).status_code == 403
    assert (await ben.get("/approvals/standing?everybody=true")).status_code == 403
    page = _well_made((await tom.get(at)).text)
    assert page.css(".cl-main form") == []
    wrong = [
        {"cron": "nope"}, {"zone": "x"}, {"ceiling": "NaN"}, {"ceiling": "1e999"}, {"most": "many"}, {"tier": "all"},
        {"kind": "once", "at": "soon"}, {"kind": "once", "at": "0001-01-01T00:00"}, {"kind": ""}, {"name": "\0"},
        {"kind": "once", "at": "2026-03-04T08:00+09:00"}, {"words": "\0"},
    ]  # fmt: skip
    for more in wrong:
        assert (await ana.post("/dispatch/schedules", data=FORM | more)).status_code == 422, more


async def test_a_local_time_in_a_gap_is_the_moment_after_it(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ana = await sign_in("ana")
    at = await _made(ana, kind="once", at="2026-03-29T02:30", tier="read")
    await _ok(ana, f"{at}/activate")
    assert "Sun 29 Mar 2026, 03:00" in (await ana.get(at)).text


async def test_the_api_does_the_same(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    nobody = await sign_in("")
    house = home.house
    async with house.database.transaction() as session:
        token = await create_token(
            session, home.people["ana"], "t", ["own:dispatch:use", "own:tasks:use", "own:approvals:answer"], days=1,
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
    nobody.headers["authorization"] = f"Bearer {token}"
    base = "/api/v1/dispatch/schedules"
    wanted = {"name": "API", "words": "Look.", "cron": "0 * * * *", "zone": "America/New_York", "tier": "communicate"}
    made = await nobody.post(base, json=wanted)
    assert made.status_code == 201, made.text
    at = f"{base}/{made.json()['id']}"
    # A token lets nothing above reading run, and agrees to nothing.
    assert (await nobody.post(f"{at}/activate")).status_code == 403
    agreed_to = {"tool": "fake_send", "recipients": ["ben@aldermoor.example"], "ends_at": "2026-03-20T00:00:00Z"}
    assert (await nobody.post(f"{at}/standing", json=agreed_to)).status_code == 403
    assert (await nobody.put(at, json=wanted | {"tier": "read"})).status_code == 200
    shown = (await nobody.post(f"{at}/activate")).json()
    assert (shown["state"], len(shown["next_times"]), shown["slots"]) == ("active", 5, [])
    first, again = [(await nobody.post(f"{at}/run", json={"press": "p"})).json() for _ in range(2)]
    assert first == again
    assert (await nobody.post(f"{at}/dry-run")).json()["dry_run"] is True
    assert [s["by_hand"] for s in (await nobody.get(f"{at}/slots")).json()] == [True]
    assert (await nobody.post(f"{at}/pause", json={"why": ""})).status_code == 422
    assert (await nobody.post(f"{at}/pause", json={"why": "Quiet"})).json()["why"] == "Quiet"
    assert [s["id"] for s in (await nobody.get(base)).json()] == [made.json()["id"]]
    assert (await nobody.get("/api/v1/dispatch/standing")).json() == []
    assert (await nobody.post(f"{at}/end", json={"why": "Over"})).json()["state"] == "ended"
    assert (await nobody.get(f"{base}/sched_nothing")).status_code == 404
    assert (await nobody.post(base, json=wanted | {"at": "2026-01-01T00:00:00"})).status_code == 422


def test_the_verbs_do_the_same(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def prepare() -> None:
        made = await furnish(database_url, tmp_path)
        await past_the_pilot(made)
        await made.house.close()

    asyncio.run(prepare())
    monkeypatch.setenv("COLLEAGUE_DATABASE_URL", database_url)
    monkeypatch.setenv("COLLEAGUE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLLEAGUE_AS", "ana@aldermoor.example")
    runner = CliRunner()

    def run(*words: str) -> str:
        done = runner.invoke(verbs, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    out = run("add", "Brief", "Read the news.", "--cron", "30 8 * * MON-FRI", "--zone", "Europe/Zurich")
    schedule = re.findall(r"sched_\w+", out)[0]
    run("activate", schedule)
    assert schedule in run("list")
    assert run("show", schedule).count("(Europe/Zurich)") == 5
    assert "It would start." in run("dry-run", schedule)
    assert "slot_" in run("run", schedule)
    run("pause", schedule, "--why", "A break")
    run("offer", schedule, "ben@aldermoor.example")
    run("accept", schedule, "--as", "ben@aldermoor.example")
    run("end", schedule, "--why", "Enough", "--as", "ben@aldermoor.example")
    assert schedule not in run("list")
    assert "until" in run("standing")

    async def count() -> int:
        from colleague.kit.db import Database

        database = Database(database_url)
        async with database.transaction() as session:
            found = await session.scalar(text("SELECT count(*) FROM schedules WHERE state = 'ended'"))
        await database.close()
        return int(found or 0)

    assert asyncio.run(count()) == 1
