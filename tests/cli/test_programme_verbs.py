"""The programme at the terminal: readiness is asked, answered and explained."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select
from tests.cli.conftest import Call

from colleague.adoption.facts.tables import ActionRow, RunFactRow, SeatRow
from colleague.bootstrap import House
from colleague.identity.tables import PersonRow


def test_readiness_is_shown_and_answered(call: Call, demo: House) -> None:
    assert "Nobody has answered yet." in call("programme", "readiness", as_="marta").out
    words = [f"--answer={w}" for w in ("saas_rollouts=yes", "sponsor=yes", "regulated=no", "seats=120")]
    said = call("programme", "readiness", *words, as_="marta").out
    assert "not yet:" in said
    assert "Not answered: Has an earlier rollout" in said
    more = ("--answer", "custom_mcp=no", "--answer", "stalled=no")
    assert "self-serve: You can roll out by yourselves." in call("programme", "readiness", *more, as_="marta").out
    assert "self-serve" in call("programme", "readiness", as_="marta").out
    assert "like sponsor=yes" in call("programme", "readiness", "--answer", "sponsor", as_="marta").err
    assert "the questions are" in call("programme", "readiness", "--answer", "colour=red", as_="marta").err
    assert call("programme", "readiness", "--answer", "sponsor=no", as_="ana").code == 1


def test_the_plan_is_shown_refused_and_written(call: Call, demo: House, tmp_path: Path) -> None:
    shown = call("programme", "plan", "--start", "2027-01-11", "--seats", "25,150", as_="marta")
    assert "2027-02-19" in shown.out, shown.err
    assert "Gate 1 review" in shown.out
    assert "MI-1" in call("programme", "plan", "--seats", "60", as_="marta").err
    assert "Say a day like" in call("programme", "plan", "--start", "soon", as_="marta").err
    assert "Say a day like" in call("programme", "plan", "--seats", "1,2,3,4,5", as_="marta").err
    assert "governance-framework" in call("programme", "template", as_="marta").out
    file = tmp_path / "plan.xlsx"
    assert "Written" in call("programme", "template", "rollout-plan", "-o", str(file), as_="marta").out
    assert file.read_bytes()[:2] == b"PK"
    assert (
        "written as xlsx or ics"
        in call("programme", "template", "rollout-plan", "-o", str(tmp_path / "plan.pdf"), as_="marta").err
    )
    assert "There is no template" in call("programme", "template", "none", as_="marta").err
    assert call("programme", "template", "rollout-plan", "-o", str(file), as_="ana").code == 1


def test_a_readout_is_refused_without_numbers_and_its_cost_and_leaders_are_kept(call: Call, demo: House) -> None:
    assert "alone make no readout" in call("programme", "readout", as_="marta").err
    asyncio.run(six_are_active(demo))
    refused = call("programme", "readout", as_="marta")
    assert refused.code == 1
    assert "no active person has completed a workflow in twelve weeks" in refused.err
    assert "alone make no readout" in call("programme", "readout", "--ask", "Seats for all", as_="marta").err
    assert "say with --ask" in call("programme", "readout", "-o", "readout.pdf", as_="marta").err
    assert "There is no such readout" in call("programme", "readout", "--version", "3", as_="marta").err
    assert "Nobody has written it down" in call("programme", "cost", as_="marta").out
    assert "Say amounts as numbers" in call("programme", "cost", "--hour", "much", as_="marta").err
    said = call("programme", "cost", "--hour", "80", "--seat", "60", "--source", "Controlling", as_="marta").out
    assert "80.0" in said
    assert "Controlling" in said
    assert "Ana" in call("programme", "leader", "--add", "ana@aldermoor.example", as_="marta").out
    assert "named already" in call("programme", "leader", "--add", "ana@aldermoor.example", as_="marta").err
    assert "Ana" not in call("programme", "leader", "--remove", "ana@aldermoor.example", as_="marta").out
    assert call("programme", "leader", as_="ana").code == 1


async def six_are_active(house: House) -> None:
    """Let six people have been active in each of the last weeks, and nobody have finished anything."""
    now, seq = house.clock.now(), 900_000
    async with house.database.transaction() as session:
        for table in (RunFactRow, SeatRow):
            await session.execute(delete(table))
        for person in (await session.scalars(select(PersonRow.id).limit(6))).all():
            begun = now - timedelta(weeks=8)
            session.add(SeatRow(seq=seq, person_id=person, assigned_at=begun, accepted_at=begun))
            for week in range(9):
                seq += 1
                at = begun + timedelta(weeks=week)
                session.add(ActionRow(seq=seq, person_id=person, at=at, kind="start", session=seq))
            seq += 1
    await house.database.close()
