"""A download is use and the first one accepts; a rejection in time undoes completion; an input is as old as it is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.adoption.conftest import Programme

from colleague.adoption.facts.read import actions, active_by_week, ever_active, runs, visits
from colleague.adoption.facts.recount import recount
from colleague.adoption.model import RunFact
from colleague.audit.event import Event
from colleague.kit.ids import new_id
from colleague.tasks.start import start
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
RFP = b"Request for proposal. Deadline: 12 March 2026. Requirement: the bidder must state a price."


async def delegated(programme: Programme, run: str, task: str = "task") -> None:
    ana = programme.home.people["ana"].id
    await programme.do(programme.house.ledger.record, Event("task.delegated", ana, subject=task, run=run))


async def fact(programme: Programme) -> RunFact:
    await programme.rolled()
    (found,) = await programme.do(runs, *EVER, by=("asked_at",))
    return found


async def test_a_download_is_on_record_once_in_half_an_hour(programme: Programme) -> None:
    ana = programme.home.people["ana"]
    files = [("rfp.txt", RFP)]
    task = await start(
        ana, "Summarise the RFP and draft a response outline.", files, parts=programme.house.parts,
        settings=programme.house.settings,
    )  # fmt: skip
    await work(programme.house)
    programme.clock.advance(minutes=20)
    async with programme.client(ana, "own:tasks:use") as client:
        made = (await client.get(f"/api/v1/tasks/{task}")).json()["outputs"][0]["id"]
        links = [f"/outputs/{made}/download", f"/api/v1/outputs/{made}/content"]
        await asyncio.gather(*(client.get(link) for link in links * 3))
        programme.clock.advance(minutes=29)
        assert (await client.get(links[0])).status_code == 200
        programme.clock.advance(minutes=2)
        assert (await client.get(links[1])).status_code == 200
    async with programme.client(programme.home.people["tom"], "org:tasks:read") as client:
        assert (await client.get(links[0].replace(made, new_id("out")))).status_code == 404
    found = await fact(programme)
    used = [a for a in await programme.do(actions, *EVER) if a.kind == "use"]
    assert [u.person for u in used] == [ana.id, ana.id]
    assert found.accepted_at == used[0].at
    assert found.end == "delivered"


async def test_what_nobody_took_is_completed_in_silence_at_no_known_time(programme: Programme) -> None:
    await delegated(programme, "r1")
    await programme.record("run.completed", "agent", run="r1")
    found = await fact(programme)
    assert (found.end, found.accepted_at) == ("delivered", None)


@pytest.mark.parametrize(("days", "end"), [(6.9, "rejected"), (7.1, "delivered")])
async def test_rejected_within_seven_days_is_not_completed(programme: Programme, days: float, end: str) -> None:
    await delegated(programme, "r1")
    await programme.record("run.completed", "agent", run="r1")
    programme.clock.advance(days=days)
    await programme.record("output.reviewed", "rita", run="r1", accepted=False)
    assert (await fact(programme)).end == end


async def test_the_next_version_may_be_accepted(programme: Programme) -> None:
    await delegated(programme, "r1")
    await programme.record("run.completed", "agent", run="r1")
    for accepted in (False, True):
        programme.clock.advance(hours=1)
        await programme.record("output.reviewed", "rita", run="r1", accepted=accepted)
    found = await fact(programme)
    assert (found.end, found.reviewed, found.passed) == ("delivered", 1, 1)
    assert found.accepted_at == programme.clock.now()


async def test_a_run_stands_rejected_while_one_of_its_outputs_does(programme: Programme) -> None:
    """B-6, B-9: verdicts are of outputs, in their newest version; after seven days no verdict changes a completion."""
    told: dict[str, tuple[tuple[float, str, int, bool], ...]] = {
        "other": ((1, "a", 1, False), (2, "b", 1, True)),
        "mended": ((1, "a", 1, False), (2, "b", 1, True), (3, "a", 2, True)),
        "late": ((1, "a", 1, False), (24 * 8, "a", 2, True)), "worse": ((1, "a", 1, True), (24 * 8, "a", 2, False)),
        "older": ((1, "a", 2, True), (2, "a", 1, False)),
        # A yes to one's own work is no quality check, a no is.
        "own": ((1, "a", 1, True),), "own_no": ((1, "a", 1, False),),
    }  # fmt: skip
    for run in told:
        await delegated(programme, run, f"task_{run}")
        await programme.record("run.completed", "agent", run=run)
    done = programme.clock.now()
    words = sorted((hours, run, *one) for run, all_of in told.items() for hours, *one in all_of)
    for hours, run, output, version, accepted in words:
        programme.clock.advance(seconds=(done - programme.clock.now()).total_seconds() + hours * 3600)
        facts = {"version": version, "accepted": accepted, "self": run.startswith("own")}
        await programme.record("output.reviewed", "rita", subject=output, run=run, **facts)
    await programme.rolled(at_once=3)
    assert not await recount(programme.house.database)
    found = {r.id: (r.end, r.reviewed, r.passed) for r in await programme.do(runs, *EVER, by=("asked_at",))}
    assert found == {
        "other": ("rejected", 2, 1), "mended": ("delivered", 2, 2), "late": ("rejected", 1, 1),
        "worse": ("delivered", 1, 0), "older": ("delivered", 1, 1),
        "own": ("delivered", 0, 0), "own_no": ("rejected", 1, 0),
    }  # fmt: skip


async def test_what_was_delivered_stays_so_whatever_is_asked_of_it_later(programme: Programme) -> None:
    """Words to a finished task go on in its run: the week it counted in keeps it (B-6)."""
    later: tuple[tuple[str, dict[str, Any]], ...] = (
        ("run.completed", {}), ("run.failed", {"reason": "system"}), ("task.stopped", {}),
        ("run.stopped", {"aside": True}), ("run.completed", {"empty": True}),
    )  # fmt: skip
    for n, _ in enumerate(later):
        await delegated(programme, f"r{n}", f"task_{n}")
        await programme.record("run.completed", "agent", run=f"r{n}")
    done = programme.clock.now()
    await delegated(programme, "again", "task_again")
    await programme.record("run.failed", "agent", run="again", reason="system")
    programme.clock.advance(days=20)
    for n, (verb, facts) in enumerate(later):
        await programme.record("task.steered", run=f"r{n}")
        await programme.record("approval.asked", "agent", run=f"r{n}")
        await programme.record(verb, "agent", run=f"r{n}", **facts)
    await programme.record("task.retried", run="again")
    await programme.record("run.completed", "agent", run="again")
    await programme.rolled(at_once=3)
    assert not await recount(programme.house.database)
    found = {r.id: r for r in await programme.do(runs, *EVER, by=("asked_at",))}
    # What was not delivered yet may be.
    again = found.pop("again")
    assert (again.end, again.ended_at) == ("delivered", programme.clock.now())
    assert {(r.end, r.ended_at, r.reason) for r in found.values()} == {("delivered", done, "")}
    assert len(found) == len(later)


@pytest.mark.parametrize(
    ("verb", "name", "ago", "counts"),
    [
        ("dispatch.started", "trigger_timestamp", timedelta(hours=2), True),
        ("schedule.started", "at", timedelta(minutes=1), True),
        ("dispatch.started", "trigger_timestamp", timedelta(days=31), False),
        ("dispatch.started", "trigger_timestamp", timedelta(hours=-1), False),
        ("task.steered", "trigger_timestamp", timedelta(hours=1), False),
    ],
)
async def test_an_input_is_as_old_as_its_receipt(
    programme: Programme, verb: str, name: str, ago: timedelta, counts: bool
) -> None:
    asked = programme.clock.now()
    await delegated(programme, "r1", "t1")
    await programme.record(verb, task="t1", **{name: (asked - ago).isoformat()})
    await programme.record("dispatch.started", task="t1", trigger_timestamp="no time")
    await programme.record("dispatch.started", task=["t1"], trigger_timestamp=3)
    await programme.record("dispatch.started", task="t1", trigger_timestamp="2026-03-03T09:00:00")
    assert (await fact(programme)).input_at == (asked - ago if counts else asked)


async def test_who_acted_in_which_week(programme: Programme) -> None:
    ana, ben = (programme.home.people[who] for who in ("ana", "ben"))
    programme.clock.advance(days=27)
    await programme.record("task.steered", "ben")
    programme.clock.advance(days=2)
    await programme.record("task.steered", "ana")
    await programme.rolled()
    weeks = await programme.do(active_by_week, *EVER, "Pacific/Auckland")
    # Monday the 30th, noon in UTC, and two days later: one week, also where it is Tuesday by then.
    assert {day.isoformat(): people for day, people in weeks.items()} == {"2026-03-30": {ben.id, ana.id}}
    assert await programme.do(ever_active) == {ana.id, ben.id}
    only = await programme.do(visits, *EVER, person=ana.id)
    assert [visit.person for visit in only] == [ana.id]


@pytest.mark.parametrize(("skills", "found"), [(["rfp"], 2), (["team:rfp"], 1), ([], 0), (["x"], 0), (["o"], 0)])
async def test_runs_of_some_skills_in_full_or_short(programme: Programme, skills: list[str], found: int) -> None:
    for run, name in (("r1", "team:rfp"), ("r2", "everyone:rfp"), ("r3", "policy")):
        await delegated(programme, run, run)
        await programme.record("skill.used", "agent", run=run, name=name)
    await programme.rolled()
    assert len(await programme.do(runs, *EVER, skills=skills, by=("asked_at",))) == found
