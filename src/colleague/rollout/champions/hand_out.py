"""Hand the list of a closed week to the champions, once, within a working day: nobody twice in 14 days (CH-4).

INVARIANT: the ledger and the week's record say how many, never who; a champion is told that somebody may need a hand,
never how often they came.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from colleague.adoption.calendar import read_calendars
from colleague.adoption.few.apart import FEWEST
from colleague.adoption.frozen.kept import frozen_weeks
from colleague.adoption.items import open_item
from colleague.adoption.kpis.activity import Risk
from colleague.adoption.risk import at_risk, last_frozen
from colleague.adoption.weeks import Week
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.directory import departments_of, list_active, managers_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.ids import new_id
from colleague.policy.governance import current_governance
from colleague.rollout.champions.appoint import Tell
from colleague.rollout.champions.model import APART, closes, share_out
from colleague.rollout.champions.store import (
    KEPT,
    champions_now,
    forget_contacts,
    load_of,
    touched_since,
    waiting_all,
)
from colleague.rollout.champions.tables import ContactRow, HandedOutRow
from colleague.rollout.store import current_programme

LOCK = 727_084
TITLE: Final = "Colleagues may need a hand"
WORDS: Final = "Ask how it goes, and say on your page what came of it."
# One quiet week alone is luck for one in eleven: unless the organisation's settings say so, a champion is asked after
# two, or a month, or where it never began.
ASKED: Final[frozenset[Risk]] = frozenset({"confirmed", "dormant", "never activated"})
ASKED_EARLY: Final[frozenset[Risk]] = ASKED | {"at risk"}


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What was handed out: the week, to how many champions' lists, and how many have no champion to ask."""

    week: Week
    asked: int
    nobody: int


async def hand_out(session: Session, *, tell: Tell, ledger: Ledger, clock: Clock) -> HandedOut | None:
    """Hand out the newest closed week, or return None if that was done, or its numbers are not frozen yet.

    Lists of champions who have gone are passed on. Departments without a champion become open items of the programme.
    Where there is neither a programme nor a champion, nobody is looked for.
    """
    await advisory_lock(session, LOCK)
    now = clock.now()
    for champion in await _tidy(session, clock=clock):
        await tell(session, champion, TITLE, WORDS, "/champion")
    calendar = (await read_calendars(session)).organisation
    week = last_frozen(calendar, now)
    if await session.get(HandedOutRow, str(week)) is not None:
        return None
    if not await champions_now(session) and not (await current_programme(session)).started:
        return None
    if week not in await frozen_weeks(session, week, week):
        return None
    early = (await current_governance(session)).ask_champions_early
    asked = ASKED_EARLY if early else ASKED
    left_alone = await touched_since(session, now - APART)
    active = {one.id for one in await list_active(session)}
    departments = await departments_of(session)
    wanted = [
        (person, departments.get(person, ""))
        for person, risk in await at_risk(session, week, clock=clock)
        if risk in asked and person in active and person not in left_alone
    ]
    given, nobody = await _given(session, wanted)
    for person, champion in given.items():
        session.add(
            ContactRow(
                id=new_id("contact"),
                person_id=person,
                champion_id=champion,
                week=str(week),
                routed_at=now,
                state="waiting",
                outcome="",
            )
        )
    _, due = closes(week, calendar)
    session.add(HandedOutRow(week=str(week), at=now, due_at=due, asked=len(given), nobody=len(nobody)))
    await session.flush()
    facts = {"week": str(week), "asked": len(given), "nobody": len(nobody), "late": now > due}
    await ledger.record(session, Event("contacts.handed_over", "system", subject=str(week), data=facts))
    for champion in sorted(set(given.values())):
        await tell(session, champion, TITLE, WORDS, "/champion")
    size = Counter(departments.get(person, "") for person in active)
    for name in sorted({departments.get(person, "") for person in nobody}):
        if size[name] < FEWEST:
            continue  # Who it is about could be guessed (B-12).
        why, about = "There is no champion there who could ask those who do not come back.", f"department:{name}"
        if not name:
            why, about = "People without a department have no champion: say on People in which department they are.", ""
        await open_item(
            session, f"champions:{name}", "alarm", about or "programme", why, ledger=ledger, clock=clock
        )  # fmt: skip
    return HandedOut(week, len(given), len(nobody))


async def _given(session: Session, wanted: list[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    """Return who is asked about whom."""
    by_department: dict[str, list[str]] = {}
    for one in await champions_now(session):
        by_department.setdefault(one.department, []).append(one.person)
    managers = await managers_of(session, [person for person, _ in wanted])
    return share_out(wanted, by_department, await load_of(session), managers)


async def _tidy(session: Session, *, clock: Clock) -> set[str]:
    """End what nobody answered in 14 days and what is about people who have gone; pass on what a champion left, and
    what has become about somebody's own report (B-12). Return to whom something was passed on.
    """
    passed: set[str] = set()
    now = clock.now()
    await forget_contacts(session, now - KEPT)
    active = {one.id for one in await list_active(session)}
    there = {one.person for one in await champions_now(session)}
    departments, rows = await departments_of(session), list(await waiting_all(session))
    managers = await managers_of(session, [row.person_id for row in rows])
    for row in rows:
        if row.person_id not in active or row.routed_at + APART <= now:
            row.state = "ended"
        elif row.champion_id not in there or managers.get(row.person_id) == row.champion_id:
            given, _ = await _given(session, [(row.person_id, departments.get(row.person_id, ""))])
            if row.person_id in given:
                row.champion_id = given[row.person_id]
                passed.add(row.champion_id)
            else:
                row.state = "ended"
            await session.flush()
    await session.flush()
    return passed
