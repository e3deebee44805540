"""Whom the programme names or waits for is told at once, with the page where it is done; of old news nobody is."""

import pytest
from sqlalchemy import select
from tests.rollout.conftest import NAMED, RISK, WHY, Office

from colleague.channels.tables import NoticeRow
from colleague.identity.people import set_department
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


async def test_old_news_are_told_to_nobody(office: Office) -> None:
    """As in a house whose clock was moved: what waited for its turn longer than a day has passed."""
    await office.begun()
    await office.do(propose_gate, "dana")
    office.clock.advance(days=2)
    assert await told(office) == set()
