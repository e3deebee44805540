"""Nine weeks of a pilot as facts: twelve people, three use cases with what was measured before, runs, tickets none."""

import random
from datetime import datetime, timedelta
from typing import Any

from colleague.adoption.facts.tables import ActionRow, RunFactRow, SeatRow
from colleague.identity.actor import SYSTEM
from colleague.identity.people import create_person
from colleague.kit.ids import new_id
from colleague.testing.house import TestHouse
from colleague.usecases.advance import approve_use_case, launch_use_case
from colleague.usecases.baseline import measure
from colleague.usecases.define import define_use_case
from colleague.usecases.friction import note_friction
from colleague.usecases.shipped import shipped_cards

MINUTES = {"rfp-response": (95, 45, 36), "competitive-brief": (120, 50, 20), "contract-review": (60, 42, 4)}
WEEKS = 9


async def people_in(home: TestHouse, count: int = 12) -> list[str]:
    """Add people until there are `count`, and return their ids."""
    ids = [one.id for one in home.people.values()]
    async with home.house.database.transaction() as session:
        while len(ids) < count:
            n = len(ids)
            made = await create_person(
                session, SYSTEM, f"p{n}@aldermoor.example", f"Person {n}", ledger=home.house.ledger,
                clock=home.house.clock,
            )  # fmt: skip
            ids.append(made if isinstance(made, str) else made.id)  # type: ignore[attr-defined]
    return ids


async def use_cases_in(home: TestHouse, ids: list[str], *, names: Any = MINUTES) -> dict[str, str]:
    """Write, measure and launch use cases; return their skills by id. Owner and lead are two people who may."""
    house, owner = home.house, home.people["owner"]
    told = {"ledger": house.ledger, "clock": house.clock}
    from dataclasses import replace

    lead = replace(owner, id=home.people["dana"].id)
    dice, skills = random.Random(3), {}
    today = house.clock.now().date()
    for name in names:
        before = MINUTES[name][0]
        card = replace(shipped_cards()[name], owner=home.people["ana"].id, connectors=())
        async with house.database.transaction() as session:
            case = await define_use_case(session, lead, card, **told)
            await approve_use_case(session, owner, case.id, version=1, reach=house.reach, **told)
            for n in range(MINUTES[name][2]):
                minutes = before * dice.lognormvariate(0, 0.3)
                await measure(session, owner, case.id, minutes, today, "timed", person=ids[n % len(ids)], **told)
            if MINUTES[name][2] < 10:
                await launch_use_case(session, owner, case.id, new_capability="Nobody read them before.", **told)
            else:
                await launch_use_case(session, owner, case.id, **told)
            await note_friction(session, lead, case.id, "Reading annexes", "Scans have no text", minutes=15, **told)
        skills[case.id] = card.skill
    return skills


async def work_in(
    home: TestHouse, ids: list[str], skills: dict[str, str], *, since: datetime, weeks: int = WEEKS
) -> None:
    """Let everybody work for some weeks from `since` on: seats, actions, and runs of the use cases."""
    dice, seq = random.Random(7), 10_000_000
    after = dict(zip(skills.values(), (MINUTES[name][1] for name in MINUTES), strict=False))
    async with home.house.database.transaction() as session:
        from sqlalchemy import delete

        await session.execute(delete(SeatRow))
        for person in ids:
            seq += 1
            session.add(SeatRow(seq=seq, person_id=person, assigned_at=since, accepted_at=since, removed_at=None))
        for week in range(weeks):
            for place, person in enumerate(ids):
                if place == len(ids) - 1 and week % 2:
                    continue
                for turn in range(4):
                    seq += 1
                    at = since + timedelta(weeks=week, days=turn + 1, hours=place % 5)
                    session.add(ActionRow(seq=seq, person_id=person, at=at, kind="start", session=seq))
                    skill = list(after)[(turn + place) % len(after)]
                    ended = at + timedelta(minutes=after[skill] * dice.lognormvariate(0, 0.3))
                    good = dice.random() < 0.85
                    session.add(
                        RunFactRow(
                            run_id=new_id("run"), task_id=new_id("task"), person_id=person, channel="page",
                            workflow=skill, asked_at=at, started_at=at, end="delivered" if good else "failed",
                            ended_at=ended, taken_at=ended if good else None,
                        )
                    )  # fmt: skip
