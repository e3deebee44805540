"""The first month through its doors: training that is judged, a path of one's own, numbers that name nobody."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path as Folder
from typing import Any

import pytest
from sqlalchemy import insert, select

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.tables import ActionRow, RunFactRow
from colleague.adoption.items import list_items
from colleague.audit.tables import EntryRow
from colleague.channels.page import list_notices
from colleague.identity.people import set_active, set_department
from colleague.kit.errors import Failure
from colleague.rollout.cohorts.join import fill_cohort
from colleague.rollout.cohorts.make import make_cohort, start_cohort
from colleague.rollout.onboarding.learn import take_exercise, take_module
from colleague.rollout.onboarding.nudge import nudge
from colleague.rollout.onboarding.numbers import standing
from colleague.rollout.onboarding.own import set_quiet, tick
from colleague.rollout.onboarding.path import Path, my_path
from colleague.rollout.onboarding.savings import first_savings, retention, write_saving
from colleague.rollout.onboarding.shipped import modules, shipped_modules, shipped_playbook
from colleague.rollout.onboarding.store import completed
from colleague.rollout.onboarding.watch import stalled_weeks, watch
from colleague.rollout.onboarding.write import VersionWritten, write_module, write_playbook
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.programme import approved_cases, crowd, past_gate_one, program_of
from colleague.usecases.advance import retire_use_case

pytestmark = pytest.mark.anyio
TASK = "Compare the three offers in the folder «Offers» and list the differences in a table, by Thursday."


@pytest.fixture
async def home(database_url: str, tmp_path: Folder, clock: TestClock) -> AsyncIterator[TestHouse]:
    found = await furnish(database_url, tmp_path, clock=clock)
    await past_gate_one(found)
    yield found
    await found.house.close()


def parts(home: TestHouse) -> dict[str, Any]:
    return {"ledger": home.house.ledger, "clock": home.house.clock}


async def begun(home: TestHouse, people: list[Any], name: str = "Autumn") -> str:
    """Let people begin together in a cohort of a later phase."""
    house, owner = home.house, home.people["owner"]
    async with house.database.transaction() as session:
        cohort = (await make_cohort(session, owner, name, "rollout", **parts(home))).id
        await fill_cohort(session, owner, cohort, [one.id for one in people], **parts(home))
        await start_cohort(session, owner, cohort, reach=house.reach, pilot=True, **parts(home))
    return cohort


async def trained(home: TestHouse, person: Any) -> None:
    async with home.house.database.transaction() as session:
        for key, module in modules().items():
            if module.questions:
                await take_module(session, person, key, [q.right for q in module.questions], **parts(home))
        await take_exercise(session, person, TASK, **parts(home))


def done_of(path: Path) -> dict[str, bool]:
    return {step.activity.key: step.done for _, _, steps in path.weeks for step in steps}


async def act(home: TestHouse, people: list[Any], at: Any) -> None:
    """Let people do something intentional, as the roll-up would write it."""
    async with home.house.database.transaction() as session:
        last = await session.scalar(select(ActionRow.seq).order_by(ActionRow.seq.desc()).limit(1)) or 0
        rows = [
            {"seq": last + n, "person_id": one.id, "at": at, "kind": "start", "session": last + n}
            for n, one in enumerate(people, 1)
        ]  # fmt: skip
        await session.execute(insert(ActionRow), rows)


async def test_a_newcomer_from_the_first_page_to_completed(home: TestHouse) -> None:
    ana, cases = home.people["ana"], await approved_cases(home, 2)
    await begun(home, [ana])
    async with program_of(home, ana, "own:tasks:use") as client:
        mine = (await client.get("/api/v1/first-month")).json()
        assert (mine["week"], mine["completed"], mine["first_use_case"]["use_case"] in cases) == (1, False, True)
        first = {one["key"]: one for one in mine["weeks"][0]["steps"]}
        assert first["ritual"]["title"] == f"{mine['first_use_case']['name']}: this Monday, for real"
        assert first["ritual"]["link"].startswith("/tasks/new?goal=")
        for key, module in modules().items():
            if not module.questions:
                continue
            wrong = [(q.right + 1) % 2 for q in module.questions]
            page = await client.post(f"/first-month/{key}", data={f"q{n}": str(a) for n, a in enumerate(wrong)})
            assert "Look again" in page.text
            right = {f"q{n}": str(q.right) for n, q in enumerate(module.questions)}
            assert "Passed." in (await client.post(f"/first-month/{key}", data=right)).text
        assert (await client.get("/api/v1/first-month")).json()["completed"] is False
        page = await client.post("/first-month/exercise", data={"text": "Can you help me with <b>offers</b>?"})
        assert "missing." in page.text
        assert "<b>offers" not in page.text
        judged = (await client.post("/api/v1/first-month/exercise", json={"text": TASK})).json()
        assert judged == {
            "passed": True,
            "found": ["goal", "inputs", "output", "limit"],
            "missing": {},
            "needed": 4,
            "of": 4,
        }
        assert (await client.post("/first-month/saving", data={"minutes": "20", "before": "95"})).status_code == 303
        assert (await client.post("/first-month/activities/again", data={"done": "true"})).status_code == 303
        mine = (await client.get("/api/v1/first-month")).json()
        assert mine["completed"]
        assert mine["saving"] == {"before": 95, "after": 20, "measured": False, "first_week": True, "saved": 75}
        done = {one["key"] for week in mine["weeks"] for one in week["steps"] if one["done"]}
        assert done == {"training", "exercise", "saving", "again"}
        assert "75 minutes saved" in (await client.get("/first-month")).text
    async with home.house.database.transaction() as session:
        assert await completed(session) == {ana.id}
        body = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb == "training.taken")))
        assert len(body) == 10
        assert "Offers" not in "".join(body)


async def test_what_the_product_sees_is_done_by_itself(home: TestHouse, clock: TestClock) -> None:
    ana = home.people["ana"]
    await approved_cases(home, 1)
    await begun(home, [ana])
    house = home.house
    clock.advance(hours=2)
    async with house.database.transaction() as session:
        for n, flow in enumerate(("ad hoc", "first-party:rfp-response-outline", "first-party:competitive-brief")):
            before = {
                s.activity.key: s.done
                for _, _, steps in (await my_path(session, ana, clock=clock)).weeks
                for s in steps
            }
            assert (before["ritual"], before["second"]) == (n > 1, False), flow
            await session.execute(insert(RunFactRow).values(
                run_id=f"r{n}", task_id="t", person_id=ana.id, channel="page", workflow=flow, asked_at=clock.now(),
                started_at=clock.now(), end="delivered", ended_at=clock.now(),
            ))  # fmt: skip
        found = {
            s.activity.key: s.done for _, _, steps in (await my_path(session, ana, clock=clock)).weeks for s in steps
        }
        assert found["ritual"]
        assert found["second"]
        with pytest.raises(Failure, match="not ticked"):
            await tick(session, ana, "ritual", **parts(home))
        with pytest.raises(Failure, match="no such activity"):
            await tick(session, ana, "sit-in", **parts(home))


async def test_a_use_case_that_is_retired_is_nobodys_beginning(home: TestHouse) -> None:
    ana, owner, cases = home.people["ana"], home.people["owner"], await approved_cases(home, 2)
    await begun(home, [ana])
    async with home.house.database.transaction() as session:
        first = (await my_path(session, ana, clock=home.house.clock)).first
        assert first is not None
        await retire_use_case(session, owner, first.id, "nobody needs it", **parts(home))
        other = (await my_path(session, ana, clock=home.house.clock)).first
        assert other is not None
        assert {first.id, other.id} == set(cases)


async def test_a_department_has_its_own_playbook_and_a_module_is_asked_again(home: TestHouse) -> None:
    owner, ana, ben, house = home.people["owner"], home.people["ana"], home.people["ben"], home.house
    await approved_cases(home, 1)
    await begun(home, [ana, ben])
    own = shipped_playbook().replace("Your own ritual, once, with help", "Finance begins")
    own = own.replace('key = "close"', 'key = "ledger-close"')
    async with house.database.transaction() as session:
        await set_department(session, owner, ana.id, "Finance", ledger=house.ledger)
        made = await write_playbook(session, owner, "FINANCE", own, "closing week", after=0, **parts(home))
        assert made.version == 1
        assert (await my_path(session, ana, clock=house.clock)).weeks[0][1] == "Finance begins"
        assert (await my_path(session, ben, clock=house.clock)).weeks[0][1] != "Finance begins"
        duties = {a.key for _, lines in (await standing(session, owner, clock=house.clock)).duties for _, a, _ in lines}
        assert {"close", "ledger-close"} <= duties, "of everybody's playbook and of the department's"
        with pytest.raises(VersionWritten):
            await write_playbook(session, owner, "FINANCE", own, "again", after=0, **parts(home))
    await trained(home, ana)
    text = shipped_modules()["data"].replace("pass = 3", "pass = 4")
    async with house.database.transaction() as session:
        await write_module(session, owner, "data", text, "stricter", after=0, **parts(home))
        assert ana.id in await completed(session), "a stricter version alone takes nothing away"
        await write_module(session, owner, "data", text, "again", after=1, again=True, **parts(home))
        assert ana.id not in await completed(session)
    await trained(home, ana)
    async with house.database.transaction() as session:
        assert ana.id in await completed(session)


async def test_numbers_are_told_of_five_and_name_nobody(home: TestHouse) -> None:
    people = await crowd(home, 11)
    await approved_cases(home, 1)
    big, small = people[:7], people[7:]
    await begun(home, big, "Big")
    await begun(home, small, "Small")
    await trained(home, people[0])
    async with program_of(home, home.people["owner"], "org:programme:read") as client:
        found = (await client.get("/api/v1/programme/first-month")).json()
        page = (await client.get("/programme/first-month")).text
    assert {one["name"]: one["suppressed"] for one in found["groups"]} == {"Big": True, "Small": True}
    assert "P 01" not in page
    more = await crowd(home, 3, prefix="q")
    async with home.house.database.transaction() as session:
        cohort = next(iter([d["cohort"] for d in found["duties"] if d]))
        await fill_cohort(session, home.people["owner"], cohort, [one.id for one in more], **parts(home))
    async with program_of(home, home.people["owner"], "org:programme:read") as client:
        found = (await client.get("/api/v1/programme/first-month")).json()
    assert sum(not one["suppressed"] for one in found["groups"]) in (0, 2)


async def test_a_stall_opens_one_item_and_nudges_whom_it_may(home: TestHouse, clock: TestClock) -> None:
    people, house = await crowd(home, 12), home.house
    await approved_cases(home, 1)
    # A Monday, so that week one is this one.
    clock.advance(days=(7 - clock.now().weekday()) % 7)
    await begun(home, people)
    monday = clock.now()
    await act(home, people[:10], monday + timedelta(hours=1))
    await act(home, people[:2], monday + timedelta(days=15))
    told: list[tuple[str, str, str, str]] = []

    async def tell(session: Any, person: str, title: str, text: str, link: str) -> str:
        told.append((person, title, text, link))
        return ""

    async def morning() -> int:
        async with house.database.transaction() as session:
            return await nudge(session, tell=tell, ledger=house.ledger, clock=clock)

    async def look() -> Any:
        async with house.database.transaction() as session:
            return await watch(session, ledger=house.ledger, clock=clock)

    clock.advance(days=22)
    assert await look() == [], "week three is not frozen yet"
    clock.advance(days=5, hours=-2)
    found = await asyncio.gather(look(), look())
    assert sorted(map(len, found)) == [0, 1], "found once, whoever looks at the same time"
    async with house.database.transaction() as session:
        items = [one for one in await list_items(session, home.people["owner"]) if one.kind == "stall"]
        assert [one.about for one in items] == [f"onboarded:{next(iter(await stalled_weeks(session)))}"]
        assert "In week three 2 of 12 were active, in week one 10" in items[0].why
        assert "P 0" not in items[0].why
        await set_quiet(session, people[3], quiet=True, **parts(home))
        await set_active(session, home.people["owner"], people[4].id, active=False, **parts(home))
    await act(home, [people[5]], clock.now() - timedelta(days=1))
    assert clock.now().weekday() == 6
    assert await morning() == 0, "Sunday is nobody's ritual"
    clock.advance(days=1)
    assert sum(await asyncio.gather(morning(), morning())) == 9, "twelve, without who is active, quiet, or gone"
    assert {person for person, *_ in told} == {one.id for n, one in enumerate(people) if n not in (3, 4, 5)}
    assert all("pipeline report" in title and link == "/first-month" for _, title, _, link in told)
    assert await morning() == 0, "one a week"
    counts = []
    for _ in range(5):
        clock.advance(days=7, minutes=-10)
        await act(home, [people[0]], clock.now() - timedelta(hours=1))
        counts.append(await morning())
    # p1 is back after the first nudge; p6 was active then and stays away since: four each, then no more.
    assert counts == [9, 9, 9, 1, 0]


async def test_a_nudge_goes_to_the_person_alone(home: TestHouse, clock: TestClock) -> None:
    people, house = await crowd(home, 10), home.house
    await approved_cases(home, 1)
    clock.advance(days=(7 - clock.now().weekday()) % 7)
    await begun(home, people)
    await act(home, people, clock.now() + timedelta(hours=1))
    clock.advance(days=28)
    for job in ("onboarding.watch", "onboarding.nudge"):
        await house.queue.tasks[job]()
    async with house.database.transaction() as session:
        assert len(await list_notices(session, people[0])) == 1
        for other in ("owner", "ana", "rita"):
            assert await list_notices(session, home.people[other]) == []
        bodies = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb == "nudge.sent")))
        verbs = [json.loads(body)["verb"] for body in bodies]
        # Who was quiet is nobody's to read in the ledger.
        assert not any("person_" in json.loads(body)["subject"] for body in bodies)
        assert len(verbs) == 10


async def test_retention_is_split_by_a_saving_in_week_one(home: TestHouse, clock: TestClock) -> None:
    people, house = await crowd(home, 10), home.house
    await approved_cases(home, 1)
    clock.advance(days=(7 - clock.now().weekday()) % 7)
    await begun(home, people)
    async with house.database.transaction() as session:
        for one in people[:5]:
            await write_saving(session, one, 20, 60, **parts(home))
        with pytest.raises(Failure, match="how many minutes it took"):
            await write_saving(session, people[6], 20, **parts(home))
    await act(home, people[:4] + people[5:6], clock.now() + timedelta(days=22))
    clock.advance(days=29)
    async with house.database.transaction() as session:
        found = await retention(session, await read_calendar(session), clock=clock)
    assert (found.with_saving, found.with_kept, found.without, found.without_kept) == (5, 4, 5, 1)


async def test_a_saving_of_the_first_week_stays_one_when_it_is_corrected(home: TestHouse, clock: TestClock) -> None:
    people, house = await crowd(home, 5), home.house
    await approved_cases(home, 1)
    await begun(home, people)
    async with house.database.transaction() as session:
        assert (await write_saving(session, people[0], 20, 60, **parts(home))).first_week
    clock.advance(days=8)
    async with house.database.transaction() as session:
        corrected = await write_saving(session, people[0], 25, 60, **parts(home))
        assert (corrected.after, corrected.first_week) == (25, True)
        assert not (await write_saving(session, people[1], 20, 60, **parts(home))).first_week
        assert not (await write_saving(session, people[1], 25, 60, **parts(home))).first_week
        assert set(await first_savings(session)) == {people[0].id}


async def test_hostile_input_is_refused(home: TestHouse) -> None:
    ana = home.people["ana"]
    async with program_of(home, ana, "own:tasks:use") as client:
        for path, body, status in (
            ("/api/v1/first-month/modules/delegating", {"answers": [0]}, 422),
            ("/api/v1/first-month/modules/delegating", {"answers": [0] * 500}, 422),
            ("/api/v1/first-month/modules/delegating", {"answers": [-1, 0, 0, 0]}, 422),
            ("/api/v1/first-month/modules/nothing", {"answers": []}, 404),
            ("/api/v1/first-month/modules/exercise", {"answers": []}, 200),
            ("/api/v1/first-month/exercise", {"text": "x" * 4001}, 422),
            ("/api/v1/first-month/exercise", {"text": "  "}, 422),
            ("/api/v1/programme/playbook", {"text": shipped_playbook(), "why": "mine now"}, 403),
            ("/api/v1/programme/training/data", {"text": "x", "why": "y"}, 403),
        ):
            assert (await client.post(path, json=body)).status_code == status, path
        for path, body, status in (
            ("/api/v1/first-month/saving", {"minutes": 5, "before": 9}, 404),
            ("/api/v1/first-month/activities/again", {"done": True}, 404),
            ("/api/v1/first-month/use-case", {"use_case": "uc_1"}, 404),
        ):  # fmt: skip
            assert (await client.put(path, json=body)).status_code == status, path
        for given in ({}, {"q0": "x"}, {"q0": "1", "q1": "1", "q2": "1", "q3": "９"}, {"q0": "1" * 9000}):
            assert (await client.post("/first-month/delegating", data=given)).status_code == 422
        assert (await client.get("/programme/first-month")).status_code == 403
        assert (await client.get("/api/v1/programme/training/data")).status_code == 403, "the answers"
        read = (await client.get("/api/v1/first-month/modules")).json()
        assert all(set(q) == {"text", "options"} for one in read for q in one["questions"]), "no answers in it"
    async with home.house.database.transaction() as session:
        assert ana.id not in await completed(session)
    await begun_alone(home)


async def begun_alone(home: TestHouse) -> None:
    ana = home.people["ana"]
    await approved_cases(home, 1)
    await begun(home, [ana])
    async with program_of(home, ana, "own:tasks:use") as client:
        for minutes in (0, -1, 1e9, 10_081):
            body = {"minutes": minutes, "before": 50}
            assert (await client.put("/api/v1/first-month/saving", json=body)).status_code == 422, minutes
        for text in ("nan", "inf", "-3", "x"):
            answer = await client.post("/first-month/saving", data={"minutes": "5", "before": text})
            assert answer.status_code == 422, text
        assert (await client.post("/first-month/saving", data={"minutes": "nan", "before": "5"})).status_code == 422
        assert (await client.put("/api/v1/first-month/use-case", json={"use_case": "uc_1"})).status_code == 422
