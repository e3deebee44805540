"""Whom the programme names or waits for is told at once, with the page where it is done; of old news nobody is."""

import pytest
from sqlalchemy import select
from tests.rollout.conftest import NAMED, RISK, WHY, Office

from colleague.channels.tables import NoticeRow
from colleague.identity.actor import SYSTEM
from colleague.identity.people import assign_role, set_department
from colleague.identity.tables import LocalRouteRow
from colleague.kit.queue import HOUSE
from colleague.rollout.advance import propose_gate, propose_seats, propose_skip, withdraw_move
from colleague.rollout.define import name_programme
from colleague.rollout.model import Evidence
from colleague.rollout.notices.tell import LEAD, SECOND, SPONSOR
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio


async def told(office: Office) -> set[tuple[str, str, str]]:
    """Let the queue run; return who was told what since the last time, and where it leads."""
    await work(office.home.house, queue=HOUSE)
    names = {person.id: name for name, person in office.home.people.items()}
    async with office.home.house.database.transaction() as session:
        rows = list(await session.scalars(select(NoticeRow)))
        for row in rows:
            await session.delete(row)
    return {(names[row.person_id], row.title, row.link) for row in rows}


async def words(office: Office) -> dict[str, str]:
    """Let the queue run; return what people were told since the last time."""
    await work(office.home.house, queue=HOUSE)
    async with office.home.house.database.transaction() as session:
        rows = list(await session.scalars(select(NoticeRow)))
        for row in rows:
            await session.delete(row)
    names = {person.id: name for name, person in office.home.people.items()}
    return {names[row.person_id]: row.text for row in rows}


async def test_whom_it_names_and_waits_for_is_told(office: Office) -> None:
    # Dana named Rita the sponsor, and herself the lead: of that she knows.
    assert await told(office) == {("rita", SPONSOR, "/programme")}
    await office.begun()
    await office.do(name_programme, "owner", **NAMED)
    assert await told(office) == set(), "named again is nothing new"
    gate = await office.do(propose_gate, "dana")
    at = f"/programme/moves/{gate.id}"
    assert await told(office) == {("rita", SECOND, at)}
    await office.do(withdraw_move, "dana", gate.id)
    seats = await office.do(propose_seats, "dana", 45, why=WHY)
    await office.do(withdraw_move, "dana", seats.id)
    assert await told(office) == set(), "what was withdrawn meanwhile waits for nobody"
    # A skip waits for the other owner and the sponsor; where no owner confirmed the sponsor, a gate for owners too.
    office.evidence, good = Evidence(today=office.evidence.today), office.evidence
    skip = await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    assert {(who, what) for who, what, _ in await told(office)} == {("ana", SECOND), ("rita", SECOND)}
    await office.do(withdraw_move, "owner", skip.id)
    office.evidence = good
    house, dana = office.home.house, office.home.people["dana"]
    async with house.database.transaction() as session:
        await set_department(session, office.home.people["owner"], dana.id, "Bids", ledger=house.ledger)
    await office.do(name_programme, "owner", **NAMED | {"sponsor": "dana@aldermoor.example", "lead": NAMED["sponsor"]})
    assert await told(office) == {("dana", SPONSOR, "/programme"), ("rita", LEAD, "/programme")}
    await office.do(propose_gate, "owner")
    assert {who for who, *_ in await told(office)} == {"dana", "ana"}


async def test_who_may_not_confirm_is_not_asked_to(office: Office) -> None:
    """No owner whom the proposer made one, nor the sealed account; and first of all the sponsor is confirmed."""
    await office.begun()
    people, house = office.home.people, office.home.house
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], people["ben"].id, "owner", ledger=house.ledger)
        await assign_role(session, SYSTEM, people["tom"].id, "owner", ledger=house.ledger)
        session.add(LocalRouteRow(id=1, passwords_off=True, break_glass_id=people["tom"].id))
    await told(office)
    office.evidence, good = Evidence(today=office.evidence.today), office.evidence
    skip = await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    assert {(who, what) for who, what, _ in await told(office)} == {("ana", SECOND), ("rita", SECOND)}
    await office.do(withdraw_move, "owner", skip.id)
    office.evidence = good
    # Another sponsor, whom the first owner named: neither that one, nor whom they made an owner, may confirm them.
    async with house.database.transaction() as session:
        await set_department(session, people["owner"], people["dana"].id, "Bids", ledger=house.ledger)
    await office.do(name_programme, "owner", **NAMED | {"sponsor": "dana@aldermoor.example", "lead": NAMED["sponsor"]})
    assert "An owner confirms first" in (await words(office))["dana"]
    seats = await office.do(propose_seats, "owner", 45, why=WHY)
    said = await words(office)
    assert (set(said), "First an owner confirms that you" in said["dana"]) == ({"ana", "dana"}, True)
    assert "once an owner has said that they are the sponsor" in said["ana"]
    await office.do(withdraw_move, "owner", seats.id)
    # Who is an owner needs nobody to confirm that they are the sponsor.
    async with house.database.transaction() as session:
        await set_department(session, people["owner"], people["ana"].id, "Bids", ledger=house.ledger)
    await office.do(name_programme, "owner", **NAMED | {"sponsor": "ana@aldermoor.example"})
    assert "confirms first" not in (await words(office))["ana"]


async def test_old_news_are_told_to_nobody(office: Office) -> None:
    """As in a house whose clock was moved: what waited for its turn longer than a day has passed."""
    await office.begun()
    await office.do(propose_gate, "dana")
    office.clock.advance(days=2)
    assert await told(office) == set()
