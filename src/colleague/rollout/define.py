"""Name who answers for the programme: a sponsor from the business, and a lead (MI-2)."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email, titles_of
from colleague.identity.model import Person
from colleague.identity.seats.hold import current_limit, set_limit
from colleague.identity.seats.warn import plain
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid
from colleague.policy.model import Phase
from colleague.rollout.later.notices import NAMED, tell_later
from colleague.rollout.quarter import hold_when_due
from colleague.rollout.store import MOVES, current_programme
from colleague.rollout.tables import ProgrammeRow
from colleague.usecases.around import one_line

# Departments that make it an IT project; the sponsor comes from another one. Looked for anywhere in the name.
_IT: Final = re.compile(
    r"\b(?:it|ict|edv|dsi|informatik|informatique|informatica|information (?:technolog(?:y|ies)|systems?|security)|"
    r"information services?|systemes? d information|(?:enterprise|business|corporate) (?:systems?|applications?)|"
    r"enterprise (?:architecture|infrastructure)|(?:software|application|web) (?:development|engineering|delivery|"
    r"support)|digital (?:workplace|technolog(?:y|ies)|platforms?)|end ?user (?:computing|services?|support)|"
    r"computing services?|(?:it|tech|technical) (?:ops|operations)|techops|devops|sysadmins?|systems? administration|"
    r"(?<!customer )service desk|(?<!customer )help ?desk|site reliability|cyber ?security|"
    r"cloud (?:infrastructure|engineering|operations|services|platforms?)|platform (?:engineering|operations|team)|"
    r"engineering platforms?|infrastructure (?:and )?(?:operations|services|engineering|platforms?|technology)|"
    r"(?:cio|cto|ciso)(?: s)?)\b"
)
# And by the whole name: «Technology Services» is IT, «Technology Transfer» and «Biotechnology Sales» are not.
_BESIDE: Final = (
    r"(?:group|global|corporate|central|company|digital|data|security|cyber|cloud|business|product|engineering|"
    r"innovation|operations?|ops|services?|solutions?|support|delivery|strategy|management|department|dept|division|"
    r"office|team|unit|function|and|of|the|for)"
)
_WHOLE: Final = re.compile(
    rf"(?:{_BESIDE} )*(?:technology|technologies|tech|infrastructure|platforms?|software|computing)(?: {_BESIDE})*"
)
_IT_TITLE: Final = re.compile(
    r"\b(?:cio|cto|ciso|cdio|chief (?:\w+ ){0,3}(?:information|technology|technical)(?: \w+){0,3} officer|"
    r"(?:software|devops|cloud|platform) (?:engineers?|developers?|architects?)|(?:systems?|network) administrators?)\b"
)
_RANK: Final = re.compile(
    r"\b(?:chief|head|vp|svp|evp|vice|president|director|manager|lead|leader|senior|executive|deputy|global|group|"
    r"officer|principal|of|the|for)\b"
)
# What a goal may say beside what the business wants: that, when and for whom something goes live.
_GO_LIVE: Final = re.compile(
    r"go|goes|going|went|live|golive|launch|launched|launches|roll|rolls|rolled|rollout|out|deploy|deployed|"
    r"deployment|start|starts|started|begin|begins|kick|kickoff|implement|implemented|implementation|introduce|"
    r"introduced|introduction|install|installed|switch|switched|turn|turned|on|release|released|finish|finished|"
    r"complete|completed|completion|deliver|delivered|ready|available|running|use|used|using|have|has|get|be|is|"
    r"are|will|should|must|project|programme|program|pilot|phase|milestone|deadline|date|target|plan|goal|done|"
    r"up|colleague|cowork|claude|copilot|ai|assistant|assistants|agent|agents|tool|tools|system|software|"
    r"platform|licence|licences|license|licenses|seat|seats|account|accounts|access|all|every|everyone|"
    r"everybody|whole|entire|user|users|employee|employees|staff|company|organisation|organization|department|"
    r"departments|team|teams|person|persons|people|the|a|an|of|in|at|by|to|for|with|from|as|and|or|no|later|"
    r"than|before|after|until|till|within|end|mid|early|late|this|next|our|we|it|its|successfully|fully"
)
_DATE: Final = re.compile(
    r"\b(?:\w*\d\w*|q[1-4]|h[12]|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|spring|summer|"
    r"autumn|fall|winter|christmas|easter|today|tomorrow|days?|weeks?|months?|quarters?|years?|year end|"
    r"januar|februar|marz|mai|juni|juli|oktober|dezember)\b"
)
FEWEST_WORDS: Final = 2
LONGEST_GOAL: Final = 500


class NobodyOfThatAddress(Invalid):
    """Nobody who is active here has the address of the {role}."""


class SponsorFromBusiness(Invalid):
    """The sponsor comes from the business, not from IT: who owns the change answers for it (MI-2). {why}"""


class TwoPeople(Invalid):
    """Sponsor and lead are two people: each confirms what the other proposes."""


class GoalMissing(Invalid):
    """Say what the business wants of it, in a sentence, as «Bids go out in half the time». That something goes live,
    and when, is no goal."""


def is_it(department: str, title: str = "") -> bool:
    """Say whether somebody is of IT, by the name of their department or by their title. Pure."""
    at, called = plain(department), plain(title)
    return _is_it(at) or bool(_IT_TITLE.search(called)) or _is_it(" ".join(_RANK.sub(" ", called).split()))


def _is_it(name: str) -> bool:
    return bool(name) and bool(_IT.search(name) or _WHOLE.fullmatch(name))


def says_a_goal(goal: str) -> bool:
    """Say whether a goal says more than that something goes live, when and for whom (MI-2). Pure."""
    words = _DATE.sub(" ", plain(goal)).split()
    return len([one for one in words if len(one) > 1 and not _GO_LIVE.fullmatch(one)]) >= FEWEST_WORDS


async def against_sponsor(session: Session, person: Person) -> str:
    """Return why somebody cannot be the sponsor, "" if they can: who they are by the directory of now."""
    if not person.department:
        return f"Say in which department {person.name} works first, under People."
    if is_it(person.department):
        return f"{person.name} works in «{person.department}»."
    title = (await titles_of(session, [person.id])).get(person.id, "")
    return f"{person.name} is «{title}»." if is_it("", title) else ""


async def name_programme(
    session: Session, actor: Actor, *, sponsor: str, lead: str, goal: str, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Name sponsor and lead by mail address, and the goal; later too, when one of them leaves.

    A new sponsor confirms moves once an owner confirmed them (second.py).
    Raises NobodyOfThatAddress, SponsorFromBusiness, TwoPeople, GoalMissing.
    """
    actor.require("org:programme:manage")
    # Nothing begins or moves meanwhile: what it set of the seats is not overwritten by what was read before.
    await advisory_lock(session, MOVES)
    people = [await _person(session, email, role) for email, role in ((sponsor, "sponsor"), (lead, "lead"))]
    if people[0].id == people[1].id:
        raise TwoPeople
    if why := await against_sponsor(session, people[0]):
        raise SponsorFromBusiness(why=why)
    goal = one_line(goal, "goal", LONGEST_GOAL)
    if len(goal) < 10 or not says_a_goal(goal):
        raise GoalMissing
    row = await session.get(ProgrammeRow, 1, with_for_update=True)
    before = (row.sponsor_id, row.lead_id) if row else ("", "")
    new = [one.id for one, was in zip(people, before, strict=True) if one.id != was]
    values: dict[str, Any] = {
        "sponsor_id": people[0].id, "lead_id": people[1].id, "goal": goal, "changed_by": actor.id,
        "changed_at": clock.now(),
    }  # fmt: skip
    if row is None or row.sponsor_id != people[0].id:
        values |= {"sponsor_by": actor.id, "confirmed_by": None, "confirmed_at": None}
    if row is None or row.lead_id != people[1].id:
        values["lead_by"] = actor.id
    if row is None:
        session.add(ProgrammeRow(id=1, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
    await session.flush()
    if (await current_programme(session)).phase is Phase.PILOT:
        # Whom the pilot is warned of gets a seat with this sponsor's reason (PP-3).
        limit = replace(await current_limit(session), sponsor=people[0].id)
        await set_limit(session, actor, limit, ledger=ledger, clock=clock)
    facts = {"sponsor": people[0].id, "lead": people[1].id}
    await ledger.record(session, Event("programme.named", actor.id, subject="programme", data=facts))
    for one in new:
        await tell_later(session, NAMED, one, actor.id)
    # What the new lead vouched for counts no more.
    await hold_when_due(session, ledger=ledger, clock=clock)


async def named_at(session: Session) -> datetime | None:
    """Return when sponsor, lead or goal were last named; None if they never were."""
    row = await session.get(ProgrammeRow, 1, populate_existing=True)
    return row.changed_at if row else None


async def _person(session: Session, email: str, role: str) -> Person:
    found = await find_by_email(session, email.strip()[:254])
    if found is None or not found.active:
        raise NobodyOfThatAddress(role=role)
    return found


class NotNamedYet(Conflict):
    """Nobody answers for the programme yet: name a sponsor from the business, and a lead."""
