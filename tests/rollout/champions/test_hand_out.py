"""The list of a closed week goes to the right champion once, is theirs alone, and asks nobody twice in 14 days."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from colleague.adoption.facts.tables import ActionRow, LastRow, SeatRow
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.items import list_items
from colleague.audit.tables import EntryRow
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import actor_of
from colleague.identity.people import set_active, set_department
from colleague.identity.tables import PersonRow
from colleague.kit.errors import Failure
from colleague.policy.governance import current_governance, put_in_force
from colleague.rollout.champions.appoint import appoint, retire
from colleague.rollout.champions.contact import (
    AlreadySaid,
    ContactedLately,
    HasLeft,
    NotOnYourList,
    record_contact,
)
from colleague.rollout.champions.hand_out import HandedOut, hand_out
from colleague.rollout.champions.tables import ContactRow, HandedOutRow
from colleague.rollout.champions.view import own_page, whole
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
QUIET = ("tom", "rita")


@dataclass
class Programme:
    """A house of one department in which Ana and Ben are champions, and Tom and Rita do not come back."""

    home: TestHouse
    clock: TestClock
    told: list[tuple[str, str]] = field(default_factory=list)

    def id(self, who: str) -> str:
        return self.home.people[who].id

    async def tell(self, session: Any, person: str, title: str, text: str, link: str = "") -> None:
        self.told.append((next(n for n, a in self.home.people.items() if a.id == person), f"{title} {text}"))

    @property
    def parts(self) -> dict[str, Any]:
        return {"ledger": self.home.house.ledger, "clock": self.clock}

    async def hand_out(self) -> HandedOut | None:
        house = self.home.house
        while await freeze_next(house.database, house.groups, **self.parts):
            pass
        return await self.hand_out_now()

    async def hand_out_now(self) -> HandedOut | None:
        async with self.home.house.database.transaction() as session:
            return await hand_out(session, tell=self.tell, **self.parts)

    async def rows(self) -> list[ContactRow]:
        async with self.home.house.database.transaction() as session:
            return list(await session.scalars(select(ContactRow).order_by(ContactRow.routed_at, ContactRow.id)))

    async def say(self, who: str, contact: str, outcome: str = "helped") -> None:
        async with self.home.house.database.transaction() as session:
            actor = await actor_of(session, person_id=self.id(who), via="page")
            await record_contact(session, actor, contact, outcome, **self.parts)

    async def page(self, who: str) -> dict[str, Any]:
        async with self.home.house.database.transaction() as session:
            actor = await actor_of(session, person_id=self.id(who), via="page")
            return (await own_page(session, actor, self.home.house.groups, clock=self.clock)).to_json()


@pytest.fixture
async def programme(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Programme]:
    home = await furnish(database_url, tmp_path, clock=clock)
    found, house = Programme(home, clock), home.house
    async with house.database.transaction() as session:
        for number, (who, actor) in enumerate(home.people.items(), 1):
            await set_department(session, SYSTEM, actor.id, "Bids", ledger=house.ledger)
            session.add(SeatRow(seq=number, person_id=actor.id, assigned_at=BEGAN, accepted_at=BEGAN))
            if who in QUIET:
                continue
            at = BEGAN
            for visit in range(60):
                seq = number * 1000 + visit
                session.add(ActionRow(seq=seq, person_id=actor.id, at=at, kind="start", session=seq))
                at += timedelta(days=1)
            session.add(LastRow(person_id=actor.id, at=at, session=seq))
        for who in ("ana", "ben"):
            await appoint(
                session, home.people["owner"], home.people[who].id, "Explains well", tell=found.tell, **found.parts
            )
    yield found
    await house.close()


async def test_each_champion_gets_their_share_once_and_only_the_flag(programme: Programme) -> None:
    assert programme.told.pop(0)[1].startswith("You are a champion now")
    programme.told.clear()
    assert await programme.hand_out_now() is None, "the week is not frozen yet"
    found = await programme.hand_out()
    assert found is not None
    assert (str(found.week), found.asked, found.nobody) == ("2026-W08", 2, 0)
    assert await programme.hand_out() is None
    assert sorted(who for who, _ in programme.told) == ["ana", "ben"]
    assert not any("Tom" in words or "Rita" in words for _, words in programme.told)
    lists = [await programme.page(who) for who in ("ana", "ben")]
    assert sorted(one["name"] for page in lists for one in page["waiting"]) == ["Rita Review", "Tom Audit"]
    assert all(set(one) == {"id", "name", "mail", "until", "outcome"} for page in lists for one in page["waiting"])
    # Whom it is about sees it; the programme sees how many, and whether it was in time; the ledger no more than that.
    assert len((await programme.page("rita"))["about_you"]) == 1
    async with programme.home.house.database.transaction() as session:
        seen = str((await whole(session, programme.home.people["owner"], clock=programme.clock)).to_json()["weeks"])
        kept = [body for body in await session.scalars(select(EntryRow.body)) if '"contact' in body]
    # Of one to four people even the number is not told (B-12).
    assert "'asked': None, 'nobody': 0" in seen
    assert "Rita" not in seen
    assert programme.id("rita") not in "".join(kept) + seen


async def test_a_champion_sees_the_numbers_of_the_department_and_nobodys_own(programme: Programme) -> None:
    await programme.hand_out()
    weeks = (await programme.page("ana"))["weeks"]
    assert weeks[0]["week"] == "2026-W08"
    assert weeks[0]["active"] == 4
    assert (await programme.page("dana"))["weeks"] == []
    for who in ("tom", "rita"):
        async with programme.home.house.database.transaction() as session:
            await set_department(session, SYSTEM, programme.id(who), "Audit", ledger=programme.home.house.ledger)
    assert all(w["active"] is None for w in (await programme.page("ana"))["weeks"] if w["suppressed"])


async def test_one_quiet_week_is_handed_out_only_where_the_settings_say_so(programme: Programme) -> None:
    house, rita = programme.home.house, programme.id("rita")
    async with house.database.transaction() as session:
        for n, days in enumerate((28, 29, 35, 36, 42)):
            at, seq = BEGAN + timedelta(days=days), 90_000 + n
            session.add(ActionRow(seq=seq, person_id=rita, at=at, kind="start", session=seq))
        session.add(LastRow(person_id=rita, at=at, session=seq))
    assert (await programme.hand_out()).asked == 1  # type: ignore[union-attr]
    # Tom has been asked about; the same week says of Rita: one quiet week.
    async with house.database.transaction() as session:
        owner, second = programme.home.people["owner"], programme.id("ana")
        before = await current_governance(session)
        early = replace(before, ask_champions_early=True)
        await put_in_force(session, owner, before, early, second=second, **programme.parts)
        await session.execute(delete(HandedOutRow))
    assert (await programme.hand_out_now()).asked == 1  # type: ignore[union-attr]
    assert [row.person_id for row in await programme.rows()] == [programme.id("tom"), rita]


async def test_four_processes_hand_out_one_list(programme: Programme) -> None:
    first = await programme.hand_out_now()
    assert first is None
    house = programme.home.house
    while await freeze_next(house.database, house.groups, **programme.parts):
        pass
    found = await asyncio.gather(*(programme.hand_out_now() for _ in range(4)))
    assert len([one for one in found if one]) == 1
    assert len(await programme.rows()) == 2


async def test_a_list_is_its_champions_alone(programme: Programme) -> None:
    await programme.hand_out()
    rows = await programme.rows()
    for row in rows:
        other = "ben" if row.champion_id == programme.id("ana") else "ana"
        for who in (other, "dana", "owner", "rita"):
            with pytest.raises(NotOnYourList):
                await programme.say(who, row.id)
    for bad in ("contact_" + "0" * 26, "\x00", ""):
        with pytest.raises(NotOnYourList):
            await programme.say("ana", bad)
    with pytest.raises(Failure, match="Say what came of it"):
        await programme.say("ana", rows[0].id, "fired")
    assert (await programme.page("dana"))["waiting"] == []


async def test_what_came_of_it_is_said_once_and_nobody_is_asked_twice_in_14_days(programme: Programme) -> None:
    await programme.hand_out()
    row = next(r for r in await programme.rows() if r.person_id == programme.id("tom"))
    who = "ana" if row.champion_id == programme.id("ana") else "ben"
    said = await asyncio.gather(*(programme.say(who, row.id) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in said) == ["AlreadySaid"] * 3 + ["NoneType"]
    with pytest.raises(AlreadySaid):
        await programme.say(who, row.id)
    # The next weeks close within 14 days: nobody is on a list again. After them, both are.
    for _ in range(2):
        programme.clock.advance(days=6, hours=20)
        assert (await programme.hand_out()).asked == 0  # type: ignore[union-attr]
    programme.clock.advance(days=7)
    assert (await programme.hand_out()).asked == 2  # type: ignore[union-attr]


async def test_somebody_for_whom_it_is_nothing_is_left_in_peace(programme: Programme) -> None:
    await programme.hand_out()
    row = next(r for r in await programme.rows() if r.person_id == programme.id("tom"))
    await programme.say("ana" if row.champion_id == programme.id("ana") else "ben", row.id, "not for them")
    programme.clock.advance(days=21)
    assert (await programme.hand_out()).asked == 1  # type: ignore[union-attr]
    assert [r.person_id for r in await programme.rows()].count(programme.id("tom")) == 1


async def test_two_lists_about_one_person_are_not_both_used_within_14_days(programme: Programme) -> None:
    await programme.hand_out()
    house, row = programme.home.house, (await programme.rows())[0]
    async with house.database.transaction() as session:
        other = "ben" if row.champion_id == programme.id("ana") else "ana"
        session.add(
            ContactRow(
                id="contact_" + "1" * 26, person_id=row.person_id, champion_id=programme.id(other), week="2026-W07",
                routed_at=programme.clock.now(), state="waiting", outcome="",
            )
        )  # fmt: skip
    mine = "ana" if other == "ben" else "ben"
    said = await asyncio.gather(
        programme.say(mine, row.id), programme.say(other, "contact_" + "1" * 26), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in said) == [ContactedLately.__name__, "NoneType"]


async def test_who_has_left_is_on_no_list(programme: Programme) -> None:
    house, owner = programme.home.house, programme.home.people["owner"]
    await programme.hand_out()
    row = next(r for r in await programme.rows() if r.person_id == programme.id("tom"))
    who = "ana" if row.champion_id == programme.id("ana") else "ben"
    async with house.database.transaction() as session:
        await set_active(session, owner, programme.id("tom"), active=False, **programme.parts)
    assert "Tom Audit" not in str(await programme.page(who))
    with pytest.raises(HasLeft):
        await programme.say(who, row.id)
    await programme.hand_out()
    assert {r.person_id: r.state for r in await programme.rows()}[programme.id("tom")] == "ended"


async def test_a_list_passes_on_when_its_champion_goes(programme: Programme) -> None:
    house, owner = programme.home.house, programme.home.people["owner"]
    await programme.hand_out()
    async with house.database.transaction() as session:
        await retire(session, owner, programme.id("ben"), "Moves on", **programme.parts)
    assert (await programme.page("ben"))["waiting"] == []
    await programme.hand_out()
    assert {r.champion_id for r in await programme.rows()} == {programme.id("ana")}
    assert len((await programme.page("ana"))["waiting"]) == 2
    async with house.database.transaction() as session:
        await retire(session, owner, programme.id("ana"), "Moves on", **programme.parts)
    await programme.hand_out()
    assert {r.state for r in await programme.rows()} == {"ended"}


async def test_no_champion_opens_an_item_on_the_department_and_a_manager_is_not_told(programme: Programme) -> None:
    house, owner = programme.home.house, programme.home.people["owner"]
    async with house.database.transaction() as session:
        await retire(session, owner, programme.id("ben"), "Moves on", **programme.parts)
        manager = update(PersonRow).where(PersonRow.id == programme.id("rita")).values(manager_id=programme.id("ana"))
        await session.execute(manager)
    found = await programme.hand_out()
    assert found is not None
    assert (found.asked, found.nobody) == (1, 1)
    assert "Rita" not in str(await programme.page("ana"))
    async with house.database.transaction() as session:
        (item,) = await list_items(session, owner, state="open")
    assert (item.kind, item.about) == ("alarm", "department:Bids")
    assert "Rita" not in item.why
