"""Day 90: all is there. Day 91: no word of it in any table, blob or file; the record verifies; what is held stays."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.compliance.conftest import door
from tests.dispatch.conftest import ANA
from tests.tasks.conftest import SHELVES, Desk
from tests.tasks.test_delete import CANARY, full_task, look
from tests.tasks.test_delete_everything import PATH, in_project, root  # noqa: F401

from colleague.agent.messages import Turn
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.seal import seal
from colleague.audit.signer import Public
from colleague.audit.tables import EntryRow
from colleague.audit.verify import verify_database
from colleague.channels.addresses.tables import AddressRow
from colleague.compliance.certificate import BadCertificate, check_certificate
from colleague.compliance.holds import Covers, place_hold
from colleague.compliance.jobs import NIGHTLY
from colleague.compliance.sweep import sweep
from colleague.compliance.tables import RetentionRunRow
from colleague.connectors.folder.connector import FolderConnector
from colleague.dispatch.model import Incoming
from colleague.dispatch.receive.receive import receive
from colleague.files.tables import OutputRow
from colleague.kit.ids import new_id
from colleague.policy.engine import Engine
from colleague.policy.governance import BadSetting, SecondPersonNeeded, change_governance, current_governance
from colleague.support.model import Wish
from colleague.support.write import write_ticket
from colleague.tasks.keeping.until import keeping_of
from colleague.tasks.tables import TaskRow
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import agreed, furnish, open_connector
from colleague.testing.llm import ScriptedLlm

pytestmark = pytest.mark.anyio
HELD = "kestrelcanary"
SEE, MANAGE = "org:records:read", "org:records:manage"


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, root: Path, clock: TestClock) -> AsyncIterator[Desk]:  # noqa: F811
    fake, llm = FakeConnector(SHELVES), ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path / "data", connectors=[FolderConnector(), fake], models={"play": llm}, model="play",
        clock=clock, engine=Engine(),
    )  # fmt: skip
    await open_connector(home, "folder", ["*"], config={"root": str(root)}, may_write=True)
    grant = await open_connector(home, "fake", ["*"], config={}, may_write=True)
    yield Desk(home, fake, llm, clock, grant)
    await home.house.close()


class Dying(Ledger):
    """A ledger whose process is gone when it is about to write of the second deletion."""

    left = 1

    async def record(self, session: Any, event: Event) -> None:
        if event.verb == "task.deleted":
            if not self.left:
                raise RuntimeError("the process is gone")
            self.left -= 1
        await super().record(session, event)


async def fill(desk: Desk) -> None:
    """Put the word into every surface of the house, another into what a hold covers."""
    house, people = desk.house, desk.home.people
    more: Any = {"ledger": house.ledger, "clock": house.clock}
    await full_task(desk)
    await in_project(desk)
    await desk.run(Turn(f"Of {HELD}."), goal=f"About {HELD}", files=[(f"{HELD}.md", HELD.encode())], who="dana")
    async with house.database.transaction() as session:
        for who, word in (("ana", CANARY), ("dana", HELD)):
            wish = Wish(f"The {word}", f"I saw {word}.", "access", "", "", "")
            await write_ticket(
                session, people[who], wish, registry=house.registry, tell=house.parts.tell,
                free_days=house.parts.free_days, **more,
            )  # fmt: skip
        now = desk.clock.now()
        session.add(
            AddressRow(
                id=new_id("address"), person_id=people["ana"].id, kind="sms", address=ANA, state="verified",
                begun_at=now, expires_at=now, verified_at=now,
            )
        )  # fmt: skip
        covers = Covers(people=[people["dana"].email])
        await place_hold(session, people["owner"], "Matter of Dana", "A claim.", covers, **more)
    await receive(Incoming("sms", ANA, "SM1", f"Hello {CANARY}", desk.clock.now()), parts=house.dispatch)


async def test_day_90_and_day_91(desk: Desk, tmp_path: Path) -> None:
    house = desk.house
    parts: Any = {"database": house.database, "clock": house.clock, "signer": house.signer}
    await fill(desk)
    before, held = await look(desk), await look(desk, HELD)
    expected = {"tasks", "steps", "files", "output_versions", "readings", "support_tickets", "task_words", "notices"}
    assert {f"public.{name}" for name in (*expected, "dispatch_contents")} <= set(before), before
    async with house.database.transaction() as session:
        entries = await session.scalar(text("SELECT count(*) FROM ledger_entries"))
        used = await session.scalar(text("SELECT sum(input_tokens) FROM model_usage"))
    desk.clock.advance(days=90, minutes=-1)
    await house.queue.tasks[NIGHTLY]()
    assert await look(desk) == before, "on day 90 everything is there"

    desk.clock.advance(minutes=1)
    dying = Dying(secrets=house.secrets, clock=house.clock)
    with pytest.raises(RuntimeError):
        await sweep(ledger=dying, **parts)
    assert await look(desk) != [], "it died in the middle"
    one, other = await asyncio.gather(sweep(ledger=house.ledger, **parts), sweep(ledger=house.ledger, **parts))
    assert one == other, "both went on with the run that had not ended"
    assert await look(desk) == [], "on day 91 it is in no table, no blob, no index"
    files = [p for p in (tmp_path / "data").rglob("*") if p.is_file() and CANARY.encode() in p.read_bytes()]
    assert files == []
    left = await look(desk, HELD)
    assert {"public.tasks", "public.steps", "public.support_tickets", "public.task_words"} <= set(left)
    assert set(held) - {"public.notices"} <= set(left)

    async with house.database.transaction() as session:
        gone = (await session.scalars(select(EntryRow).where(EntryRow.verb == "task.deleted"))).all()
        assert (await session.scalar(text("SELECT count(*) FROM ledger_entries"))) > entries
        assert await session.scalar(text("SELECT sum(input_tokens) FROM model_usage")) == used
        runs = (await session.scalars(select(RetentionRunRow).order_by(RetentionRunRow.began_at))).all()
    assert len(gone) == len({entry.subject for entry in gone}) == 2
    assert all(json.loads(e.body)["data"]["rule"] == "tasks=90" and e.actor == "system" for e in gone)
    assert [bool(run.ended_at) for run in runs] == [True, True]
    said = check_certificate(runs[1].certificate, house.signer.public)
    assert said.body["deleted"]["tasks"] == 2
    assert said.body["deleted"]["tickets"] == said.body["deleted"]["messages"] == 1
    assert said.body["kept"]["legal hold"] >= 2
    assert CANARY not in runs[1].certificate
    assert runs[0].counts == {"deleted": {}, "kept": {}}
    await seal(house.database, signer=house.signer, sink=None, clock=desk.clock)
    report = await verify_database(house.database, house.signer.public)
    assert report.ok, report.sentence
    assert await desk.work() >= 0, "jobs that are left find nothing to do"
    await doors(desk, runs[1])


async def doors(desk: Desk, run: RetentionRunRow) -> None:
    """The certificate at every door, and forged."""
    house, at = desk.house, f"/api/v1/retention/runs/{run.id}/certificate"
    async with door(desk, "tom", SEE) as tom, door(desk, "ana") as ana, door(desk, "owner", SEE, MANAGE) as owner:
        given = await tom.get(f"{at}.json")
        check_certificate(given.text, house.signer.public)
        forged = given.text.replace('"tasks":2', '"tasks":3')
        assert forged != given.text
        for wrong in (forged, "{}", "[" * 9000, given.text[:-2], "nonsense"):
            with pytest.raises(BadCertificate):
                check_certificate(wrong, house.signer.public)
        with pytest.raises(BadCertificate):
            check_certificate(given.text, Public(b"\x01" * 32))
        for path in (f"{at}.pdf", f"/retention/runs/{run.id}/certificate.pdf"):
            assert (await tom.get(path)).content.startswith(b"%PDF")
        assert (await tom.get(f"{at}.exe")).status_code == 404
        assert (await tom.get("/api/v1/retention/runs/nothing/certificate.json")).status_code == 404
        for closed in (f"{at}.json", "/retention", "/api/v1/retention", "/api/v1/retention/runs"):
            assert (await ana.get(closed)).status_code == 403
        page = await tom.get("/retention")
        assert "Matter of Dana" in page.text
        assert "Dana Whitfield" in page.text
        assert HELD not in page.text
        looked = (await tom.get("/api/v1/retention")).json()
        assert [one["kept"] for one in looked["tasks"]] == ["legal hold: Matter of Dana"]
        assert (await tom.post("/api/v1/retention/runs")).status_code == 403
        assert (await owner.post("/api/v1/retention/runs")).json() == {"waiting": False}
        assert (await owner.post("/retention/runs")).status_code == 303
        assert len((await tom.get("/api/v1/retention/runs")).json()["runs"]) == 2


async def test_settings_two_people_a_law_and_what_people_see(desk: Desk) -> None:
    house, people = desk.house, desk.home.people
    more: Any = {"ledger": house.ledger, "clock": house.clock}
    task = await desk.run(Turn("Done."))
    for days in ("tasks=60", "tasks=91"):
        with pytest.raises(SecondPersonNeeded):
            async with house.database.transaction() as session:
                await change_governance(session, people["owner"], {"retention": [days]}, **more)
    for name, wrong in (
        ("retention", ["tasks=0"]), ("retention", ["tasks=ninety"]), ("retention", ["mail=5"]),
        ("retention", "tasks=5"),
        ("kept_by_law", ["category:x=7"]), ("kept_by_law", ["person:x=7 Law"]), ("kept_by_law", ["category:x=0 Law"]),
    ):  # fmt: skip
        with pytest.raises(BadSetting):
            async with house.database.transaction() as session:
                await change_governance(session, people["owner"], {name: wrong}, **more)
    async with door(desk, "ana", "own:tasks:use") as ana:
        assert "2026-06-01 12:00" in (await ana.get(f"/tasks/{task}")).text
    async with house.database.transaction() as session:
        # What a law keeps longer holds at once; that it ends needs two people.
        law = "category:regulatory_filing=7 MiFID II Art. 16(7)"
        await change_governance(session, people["owner"], {"kept_by_law": [law]}, **more)
        run = await session.scalar(text("SELECT id FROM runs"))
        session.add(
            OutputRow(
                id=new_id("output"), task_id=task, run_id=run, name="f", category="regulatory_filing", versions=0,
                created_at=desk.clock.now(),
            )
        )  # fmt: skip
    with pytest.raises(SecondPersonNeeded):
        async with house.database.transaction() as session:
            await change_governance(session, people["owner"], {"kept_by_law": []}, **more)
    async with house.database.transaction() as session:
        await agreed(session, people["owner"], {"retention": ["tasks=5"]}, **more)
        kept = await keeping_of(session, task, await current_governance(session))
    assert kept is not None
    assert (kept.until.at.year, kept.until.rule) == (2033, law)
    other = await desk.run(Turn("Done."))
    desk.clock.advance(days=6)
    await house.queue.tasks[NIGHTLY]()
    async with house.database.transaction() as session:
        assert list(await session.scalars(select(TaskRow.id))) == [task]
        counts = (await session.scalars(select(RetentionRunRow.counts))).one()
        assert counts["kept"] == {f"by law: {law}": 1}
        assert counts["deleted"]["tasks"] == 1
    assert other != task
