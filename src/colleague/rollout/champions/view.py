"""What each sees of champions: a champion their list, a person what is known of them, the programme how many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from colleague.adoption.few.apart import below_five
from colleague.adoption.figures import Numbers
from colleague.adoption.groups import Groups, NoSuchGroup
from colleague.adoption.weekly import lines
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.directory import departments_of, mails_of, managers_of, names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.champions.appoint import MANAGE
from colleague.rollout.champions.model import APART, OUTCOMES, Candidate
from colleague.rollout.champions.read import network
from colleague.rollout.champions.store import (
    KEPT,
    Champion,
    about,
    champions_now,
    done_by,
    handed_out,
    outcomes,
    waiting_for,
)
from colleague.rollout.champions.suggest import suggest
from colleague.rollout.champions.tables import HandedOutRow
from colleague.rollout.network import Network
from colleague.support.model_card import promised

FEWEST, WEEKS = 5, 6


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody on a champion's list: who, and until when they are to be asked. Nothing else is known of them here."""

    id: str
    name: str
    mail: str
    until: datetime
    outcome: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"id": self.id, "name": self.name, "mail": self.mail, "until": self.until.isoformat(),
                "outcome": self.outcome}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """One's own page. `mine`: the champions of one's department; `asked`: who was asked about oneself, and when.

    `within`: within how many working hours a champion's ticket gets a first answer. `weeks`: to a champion, the numbers
    of their department's last weeks, without anybody's own (R84).
    """

    champion: bool
    department: str
    mine: Sequence[Champion]
    waiting: Sequence[Asked]
    done: Sequence[Asked]
    asked: Sequence[tuple[str, datetime, str]]
    within: int | None
    weeks: Sequence[Numbers] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "champion": self.champion, "department": self.department,
            "champions": [{"name": one.name, "person": one.person} for one in self.mine],
            "waiting": [one.to_json() for one in self.waiting], "done": [one.to_json() for one in self.done],
            "about_you": [{"champion": name, "at": at.isoformat(), "outcome": o} for name, at, o in self.asked],
            "ticket_hours": self.within, "weeks": [week.to_json() for week in self.weeks],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whole:
    """The programme's view. `candidates` only for who may appoint; `came`: outcomes, None below five."""

    network: Network
    champions: Sequence[Champion]
    candidates: Sequence[Candidate]
    names: Mapping[str, str]
    weeks: Sequence[HandedOutRow]
    came: Mapping[str, int] | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "network": self.network.to_json(), "outcomes": self.came,
            "champions": [
                {"person": c.person, "name": c.name, "department": c.department, "why": c.why,
                 "since": c.since.isoformat()} for c in self.champions
            ],
            "candidates": [c.to_json() | {"name": self.names.get(c.person, "")} for c in self.candidates],
            "weeks": [
                {"week": w.week, "at": w.at.isoformat(), "late": w.at > w.due_at, "asked": _told(w.asked),
                 "nobody": _told(w.nobody)}
                for w in self.weeks
            ],
        }  # fmt: skip


def _told(people: int) -> int | None:
    return None if below_five(people) else people


async def own_page(session: Session, actor: Actor, groups: Groups, *, clock: Clock) -> Own:
    """Return what a person sees: their department's champions, their own list if they are one, what is known here."""
    actor.require("own:tasks:use")
    everyone, department = await champions_now(session), (await departments_of(session)).get(actor.id, "")
    champion = any(one.person == actor.id for one in everyone)
    rows = await waiting_for(session, actor.id) if champion else []
    done = await done_by(session, actor.id, clock.now() - KEPT) if champion else []
    own = await about(session, actor.id)
    people = {row.person_id for row in (*rows, *done)} | {row.champion_id for row in own}
    names, mails = await names_of(session, people), await mails_of(session, people)
    model = await promised(session)
    # Who has no address here any more has left.
    managers = await managers_of(session, [row.person_id for row in rows])
    there = [row for row in rows if row.person_id in mails and managers.get(row.person_id) != actor.id]
    return Own(
        champion, department, [one for one in everyone if one.department == department != ""],
        [Asked(r.id, names[r.person_id], mails[r.person_id], r.routed_at + APART) for r in there],
        [Asked(r.id, names[r.person_id], "", r.contacted_at or r.routed_at, OUTCOMES.get(r.outcome, "")) for r in done],
        [(names.get(r.champion_id, ""), r.contacted_at or r.routed_at, OUTCOMES.get(r.outcome, "")) for r in own],
        model.card.within(champion) if model else None,
        await _weeks(session, groups, department, clock=clock) if champion and department else (),
    )  # fmt: skip


async def _weeks(session: Session, groups: Groups, department: str, *, clock: Clock) -> Sequence[Numbers]:
    """Return a department's last weeks, newest first, as they are told of any group: not of fewer than five."""
    try:
        found = await lines(
            session, SYSTEM, groups, kind="department", name=department, clock=clock, count=WEEKS
        )  # fmt: skip
    except NoSuchGroup:
        return ()
    return [week for week in found[0].weeks if week.frozen and week.people]


async def whole(session: Session, actor: Actor, *, clock: Clock) -> Whole:
    """Return the champions, the network and the weeks for the programme: never who is on a list (B-12)."""
    actor.require("org:programme:read")
    candidates = await suggest(session, actor, clock=clock) if actor.may(MANAGE) else []
    came = await outcomes(session, clock.now() - KEPT)
    everyone = await champions_now(session)
    if not actor.may(MANAGE):
        everyone = [replace(one, why="") for one in everyone]
    return Whole(
        await network(session, clock), everyone, candidates,
        await names_of(session, [one.person for one in candidates]), await handed_out(session),
        came if sum(came.values()) >= FEWEST else None,
    )  # fmt: skip
