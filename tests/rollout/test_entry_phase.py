"""What is meant for a later phase is neither used nor taken up before it, whichever way; reviews that are over ask for
another one (PL-7)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.plugins.test_skills import Door

from colleague.adoption.items import list_items
from colleague.agent.messages import Message, Said, Turn
from colleague.agent.tools import ToolSpec
from colleague.channels.tables import NoticeRow
from colleague.connectors.registry import Registry
from colleague.connectors.tables import ToolStateRow
from colleague.identity.actor import SYSTEM
from colleague.identity.people import assign_role
from colleague.identity.tables import PersonRow
from colleague.plugins.overlap.measure import overlap, thing_of_connector
from colleague.plugins.packages import add_package
from colleague.policy.model import Phase
from colleague.policy.standards.entries import EntryPhase, MeantForLater, SaidOfAll, earlier, with_entry
from colleague.rollout.catalogue.watch import ANEW, TITLE, watch_reviews
from colleague.rollout.tables import ProgrammeRow
from colleague.tasks.sight import view_task
from colleague.tasks.start import start
from colleague.tasks.tables import TaskRow
from colleague.tasks.together.mention import say
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, agreed, furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.worker import work

READS = b"---\nname: look\ndescription: Looks at prices and terms in a table.\n---\nLook.\n"
READ = call("fake_read", shelf="bids", note="price")
CATALOGUE, PHASES = "/api/v1/catalogue", "/api/v1/catalogue/phases"
LATER = {"kind": "connector", "name": "fake", "phase": "broad"}


@pytest.mark.parametrize(
    "text", ["", "x", "fake=broad", "tool:fake=broad", "skill:=broad", "skill:x=pilot", "skill:x=9"]
)
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        EntryPhase.read(text)


def test_an_entry_is_said_later_by_one_and_earlier_by_two() -> None:
    now = with_entry((), "skill", "Bids:Price", Phase.BROAD)
    assert now == ("skill:bids:price=broad",)
    later = with_entry(now, "skill", "bids:price", Phase.ENTERPRISE)
    assert (earlier(now, later), earlier(later, now), earlier(now, ())) == (False, True, True)
    assert with_entry(now, "skill", "bids:price", Phase.PILOT) == ()
    one = EntryPhase.read(now[0])
    assert [one.means("skill", n) for n in ("/price", "bids:price", "BIDS:PRICE", "other:price", "bids:prices")] == [
        True, True, True, False, False
    ]  # fmt: skip
    assert not one.means("connector", "price")
    assert not earlier(now, ("skill:price=broad",)), "a short name covers it"
    assert earlier(("skill:price=broad",), now)
    # Whatever was said of it, and however it is written, is said no more; a skill of another plugin keeps what is said.
    both = ("skill:bids:price=broad", "skill:law:price=broad", "skill:price=enterprise", "skill:terms=broad")
    assert with_entry(both, "skill", "/price", Phase.EXPANSION) == ("skill:price=expansion", "skill:terms=broad")
    assert with_entry(both[:2], "skill", "/bids:price", Phase.PILOT) == ("skill:law:price=broad",)
    with pytest.raises(SaidOfAll, match="meant for phase 4"):
        with_entry(both, "skill", "bids:price", Phase.PILOT)
    with pytest.raises(ValueError, match="tool:price"):
        with_entry(both, "tool", "price", Phase.PILOT)


def test_connectors_that_do_the_same_overlap() -> None:
    class Share(FakeConnector):
        kind, title = "share", "Share"

    ours, other = thing_of_connector(FakeConnector()), thing_of_connector(Share())
    found = overlap(ours, other)
    assert found is not None
    assert found.name == "Share (share)"
    assert found.why.startswith("both connectors; both may ")


pytestmark = pytest.mark.anyio


@pytest.fixture
async def home(
    database_url: str, tmp_path: Path, clock: TestClock
) -> AsyncIterator[tuple[TestHouse, Door, ScriptedLlm]]:
    fake, llm = FakeConnector({"bids": {"price": "420"}}), ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[fake], models={"play": llm}, model="play", clock=clock, demo=True
    )  # fmt: skip
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["rita"].id, "administrator", ledger=home.house.ledger)
    await open_connector(home, "fake", ["bids"], config={}, may_write=True)
    door = Door(home)
    yield home, door, llm
    await door.close()
    await home.house.close()


async def said(home: TestHouse, llm: ScriptedLlm, goal: str, *turns: Any) -> list[str]:
    """Play a task of Ana and return what its calls came to."""
    house, ana = home.house, home.people["ana"]
    llm.play(*turns, Turn("Done."))
    task = await start(ana, goal, [], parts=house.parts, settings=house.settings)
    await work(house)
    return await outcomes(home, task)


async def outcomes(home: TestHouse, task: str) -> list[str]:
    async with home.house.database.transaction() as session:
        view = await view_task(session, home.people["ana"], task)
    return [s.body["text"] for s in view.steps if s.kind == "outcome"]


async def speak(home: TestHouse, task: str, words: str) -> None:
    async with home.house.database.transaction() as session:
        await say(session, home.people["ana"], task, words, parts=home.house.parts)


async def test_before_its_phase_no_call_is_made_and_nothing_is_opened(home: Any) -> None:
    house_, door, llm = home
    house, people = house_.house, house_.people
    kw: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
    owner, rita = await door.enter("owner"), await door.enter("rita")
    assert await said(house_, llm, "What does it cost?", READ) == ["420"]
    ben = await door.enter("ben")
    assert (await ben.put(PHASES, json=LATER)).status_code == 403
    for wrong in ({"phase": "later"}, {"kind": "tool"}, {"name": " "}):
        assert (await owner.put(PHASES, json=LATER | wrong)).status_code == 422, wrong
    assert (await owner.put(PHASES, json=LATER)).json() == {"entry_phases": ["connector:fake=broad"]}

    (refused,) = await said(house_, llm, "What does it cost?", READ)
    assert "meant for a later phase" in refused
    assert "the connector «fake» from phase 3 (broad) on" in refused
    grant = {"team": house_.team, "places": ["bids"]}
    opened = await owner.post("/api/v1/connectors/fake/grants", json=grant)
    assert opened.status_code == 403
    assert "meant for phase 3 (broad) and later, and the programme is in phase 1" in opened.text
    page = (await owner.get("/catalogue")).text
    assert "not before broad rollout" in page
    assert "Every call with it is refused until then." in page
    may = await owner.get(f"/policies/effective?person={people['ana'].email}")
    assert "meant for a later phase" in may.text, "and an administrator sees why, for a person"

    # A skill: refused at the start by its name, and to a model that chooses it.
    async with house.database.transaction() as session:
        await add_package(session, people["ana"], {"SKILL.md": READS}, folder="look", **kw)
    assert (
        await owner.put(PHASES, json={"kind": "skill", "name": "look:look", "phase": "expansion"})
    ).status_code == 200
    assert (
        "Not in use yet, and meant for later: skill look:look from the expansion on."
        in (await owner.get("/catalogue")).text
    )
    with pytest.raises(MeantForLater, match="meant for phase 2"):
        await said(house_, llm, "/look at the price")
    offered: list[str] = []

    def takes_it_up(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        offered.extend(m.text for m in messages if isinstance(m, Said) and m.who == "system")
        return call("use_skill", name="look", arguments="")

    (refused,) = await said(house_, llm, "Look at the price.", takes_it_up)
    assert "Skills you can follow" in offered[0]
    assert "look:look" not in offered[0]
    assert "the skill «look:look» from phase 2 (expansion) on" in refused

    # An earlier phase is said by two people; with its phase it opens by itself.
    earlier_ = await owner.put(PHASES, json=LATER | {"phase": "pilot"})
    proposal = earlier_.json()["proposal"]
    assert "meant for a later phase" in (await said(house_, llm, "What does it cost?", READ))[0]
    confirm = {"answer": "confirm", "digest": proposal["digest"]}
    assert (await owner.post(f"/policies/proposals/{proposal['id']}", data=confirm)).status_code == 403
    assert (await rita.post(f"/policies/proposals/{proposal['id']}", data=confirm)).status_code == 303
    assert await said(house_, llm, "What does it cost?", READ) == ["420"]
    async with house.database.transaction() as session:
        await agreed(session, people["owner"], {"phase": "expansion"}, **kw)
    # A skill of the same name in another plugin is another skill, and what was called before goes on without it.
    assert (
        await owner.put(PHASES, json={"kind": "skill", "name": "bids:look", "phase": "enterprise"})
    ).status_code == 200
    assert await said(house_, llm, "/look at the price", READ) == ["420"]
    again = await owner.put(PHASES, json={"kind": "skill", "name": "/bids:look", "phase": "enterprise"})
    assert (again.status_code, "nothing was changed" in again.text) == (409, True)
    assert (await owner.put(PHASES, json={"kind": "skill", "name": "look", "phase": "enterprise"})).status_code == 200
    async with house.database.transaction() as session:
        task = (await session.scalars(select(TaskRow.id).order_by(TaskRow.id.desc()))).first()
    assert task is not None
    assert await outcomes(house_, task) == ["420"]
    with pytest.raises(MeantForLater, match="The skill «look:look» is meant for phase 4"):
        await speak(house_, task, "/look once more")
    llm.play(READ, Turn("Done."), READ, Turn("Done."))
    await speak(house_, task, "Read it again, without the skill.")
    await work(house)
    assert await outcomes(house_, task) == ["420", "420"]


async def test_a_review_that_is_over_asks_its_owner_and_closes_with_the_next(home: Any) -> None:
    house_, door, _ = home
    house, people = house_.house, house_.people

    async def watched() -> int:
        async with house.database.transaction() as session:
            return await watch_reviews(
                session, registry=Registry([FakeConnector()]), reach=replace(house.reach, review_days=300),
                tell=house.parts.tell, ledger=house.ledger, clock=house.clock,
            )  # fmt: skip

    async def reviewed() -> None:
        client = await door.enter("owner")
        fake = next(one for one in (await client.get(CATALOGUE)).json() if one["name"] == "fake")
        review = {"kind": "connector", "name": "fake", "version": fake["version"], "owner": people["ben"].email}
        assert (await client.post(f"{CATALOGUE}/reviews", json=review)).status_code == 204

    async with house.database.transaction() as session:
        await agreed(
            session, people["owner"], {"time_zone": "Pacific/Guadalcanal"}, ledger=house.ledger, clock=house.clock
        )  # It is noon, and eleven in the evening there.
    await reviewed()
    assert await watched() == 0
    house.clock.advance(days=299)
    assert await watched() == 0
    house.clock.advance(hours=2)  # Where the organisation is, the day is over.
    assert (await watched(), await watched()) == (1, 0), "once, whoever looks again"
    async with house.database.transaction() as session:
        (item,) = await list_items(session, people["owner"], state="open")
        told = list(await session.scalars(select(NoticeRow).where(NoticeRow.title == TITLE)))
    assert (item.kind, item.about, item.leads_to) == ("review", "connector:fake", "/catalogue")
    assert [one.person_id for one in told] == [people["ben"].id]

    async def here(active: bool) -> None:
        async with house.database.transaction() as session:
            await session.execute(update(PersonRow).where(PersonRow.id == people["ben"].id).values(active=active))

    # Who answers for it leaves meanwhile: it stays open, and whoever leads the programme is told, once.
    async with house.database.transaction() as session:
        session.add(ProgrammeRow(
            id=1, sponsor_id=people["rita"].id, lead_id=people["dana"].id, goal="x", changed_by=people["owner"].id,
            changed_at=house.clock.now(),
        ))  # fmt: skip
    await here(False)
    assert (await watched(), await watched()) == (1, 0)
    async with house.database.transaction() as session:
        (item,) = await list_items(session, people["owner"], state="open")
        told = list(await session.scalars(select(NoticeRow).where(NoticeRow.title == TITLE)))
        # Another version than the one that was reviewed is no review of it.
        await session.execute(update(ToolStateRow).where(ToolStateRow.connector == "fake").values(state="blocked"))
    assert "who answers for it has left" in item.why
    assert {one.person_id for one in told} == {people["ben"].id, people["dana"].id}
    assert await watched() == 0
    async with house.database.transaction() as session:
        assert [one.id for one in await list_items(session, people["owner"], state="open")] == [item.id]
    await here(True)
    await reviewed()
    async with house.database.transaction() as session:
        assert await list_items(session, people["owner"], state="open") == []
        item, anew = await list_items(session, people["owner"], state="closed")
    assert anew.outcome == ANEW
    assert (item.outcome, item.closed_by) == ("it was reviewed", people["owner"].id)
    assert await watched() == 0
