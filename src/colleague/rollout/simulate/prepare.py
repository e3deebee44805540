"""From an empty house to a pilot that has begun, by the deeds that anybody would do it with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from colleague.governance.document.draft import write_draft
from colleague.governance.document.model import PARTS
from colleague.governance.document.publish import publish
from colleague.governance.document.sign import sign
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.people import add_member, assign_role, create_person, create_team, set_department
from colleague.plugins.shipped import shipped_skills
from colleague.policy.governance import change_governance
from colleague.rollout.attest import attest
from colleague.rollout.begin import begin_pilot
from colleague.rollout.champions.appoint import appoint
from colleague.rollout.cohorts.choose import choose_candidate, score_candidate
from colleague.rollout.cohorts.make import make_cohort
from colleague.rollout.cohorts.model import CRITERIA, Answer, Score
from colleague.rollout.cohorts.store import list_cohorts
from colleague.rollout.define import name_programme
from colleague.rollout.second import confirm_sponsor
from colleague.rollout.simulate.behave import Work
from colleague.rollout.simulate.model import DEPARTMENTS, Scenario
from colleague.rollout.simulate.parts import Parts, untold
from colleague.support.model import SupportModel
from colleague.support.model_card import confirm_support_model, write_support_model
from colleague.usecases.advance import approve_use_case, launch_use_case
from colleague.usecases.baseline import measure
from colleague.usecases.define import define_use_case
from colleague.usecases.model import Ritual
from colleague.usecases.shipped import shipped_card

TEAM: Final = "Everyone"
CARDS: Final = ("rfp-response", "competitive-brief", "meeting-prep", "contract-review", "policy-qa")
# Address, name, role, department. The first is the owner of the demo organisation, so that the demo opens what is kept.
STAFF: Final = (
    ("marta@aldermoor.example", "Marta Zielińska", "owner", "Operations"),
    ("tom@aldermoor.example", "Tom Lindqvist", "owner", "Finance"),
    ("priya@aldermoor.example", "Priya Raman", "programme_lead", "Operations"),
    ("dana@aldermoor.example", "Dana Whitfield", "member", "Business development"),
)
FITS: Final = Score(
    dict.fromkeys(CRITERIA, Answer(True, "Two tenders a week, from documents on file.")), "business development",
    "weekly", Answer(True, "Twelve pieces of work were timed before."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Staff:
    """Who runs the simulated programme."""

    owner: Actor
    second: Actor
    lead: Actor
    sponsor: Actor
    team: str

    @property
    def everybody(self) -> tuple[Actor, ...]:
        """Return all of them."""
        return (self.owner, self.second, self.lead, self.sponsor)


async def hire(parts: Parts) -> Staff:
    """Make the people who run the programme, and the team of everybody."""
    parts_: dict[str, Any] = {"ledger": parts.ledger}
    async with parts.database.transaction() as session:
        team, ids = await create_team(session, SYSTEM, TEAM, **parts_), []
        for email, name, role, department in STAFF:
            person = await create_person(session, SYSTEM, email, name, ledger=parts.ledger, clock=parts.clock)
            if role != "member":
                await assign_role(session, SYSTEM, person, role, **parts_)
            await set_department(session, SYSTEM, person, department, **parts_)
            await add_member(session, SYSTEM, team, person, **parts_)
            ids.append(person)
    owner, second, lead, sponsor = [await parts.as_now(person) for person in ids]
    found = Staff(owner, second, lead, sponsor, team)
    await parts.do(change_governance, found.owner, {"internal_domains": ["aldermoor.example"]})
    return found


async def welcome(parts: Parts, staff: Staff, first: int, count: int, departments: int) -> list[str]:
    """Give seats to the next people, numbered from `first`, and return their ids."""
    made = []
    async with parts.database.transaction() as session:
        for number in range(first, first + count):
            person = await create_person(
                session, staff.owner, f"p{number:04}@aldermoor.example", f"Person {number:04}", ledger=parts.ledger,
                clock=parts.clock,
            )  # fmt: skip
            department = DEPARTMENTS[number % departments]
            await set_department(session, staff.owner, person, department, ledger=parts.ledger)
            await add_member(session, staff.owner, staff.team, person, ledger=parts.ledger)
            made.append(person)
    return made


async def govern(parts: Parts, staff: Staff, kept: str) -> None:
    """Write the governance document, have its four owners sign it, and put it in force."""
    owners = dict(zip(PARTS, (one.id for one in staff.everybody), strict=True))
    answers = {"owners": owners, "own": [{"part": "audit", "text": f"Entries of the ledger are kept {kept}."}]}
    draft = await parts.do(write_draft, staff.owner, answers, engine=parts.engine)
    for part, who in zip(PARTS, staff.everybody, strict=True):
        await parts.do(sign, who, part, draft.digest)
    await publish(
        staff.second, draft.digest, database=parts.database, engine=parts.engine, ledger=parts.ledger,
        clock=parts.clock,
    )  # fmt: skip


async def document(
    parts: Parts, staff: Staff, people: Sequence[str], count: int, dice: Random
) -> list[tuple[str, Work]]:
    """Write, approve and measure the use cases: eight people each time the work six times before launch."""
    found, full = [], {one.skill.name: one.name for one in shipped_skills()}
    for name in CARDS[:count]:
        card = replace(
            shipped_card(name), owner=staff.sponsor.id, ritual=Ritual(TEAM, "Monday", "weekly report")
        )  # fmt: skip
        case = await parts.do(define_use_case, staff.owner, card)
        await parts.do(approve_use_case, staff.second, case.id, version=1, reach=parts.reach)
        today = parts.clock.now().date()
        async with parts.database.transaction() as session:
            for number in range(48):
                minutes = max(1.0, 3.0 * card.minutes * dice.lognormvariate(0, 0.35))
                await measure(
                    session, staff.lead, case.id, minutes, today, "timed", person=people[number % 8],
                    ledger=parts.ledger, clock=parts.clock,
                )  # fmt: skip
        found.append((case.id, Work(full[card.skill], 3 * card.minutes)))
    return found


async def choose(parts: Parts, staff: Staff, people: Sequence[str]) -> None:
    """Choose people for the pilot one by one, on three criteria: before it begins and while it runs."""
    async with parts.database.transaction() as session:
        cohort = next((one.id for one in await list_cohorts(session) if one.kind == "pilot"), "")
    cohort = cohort or (await parts.do(make_cohort, staff.lead, "Pilot", "pilot")).id
    for person in people:
        await parts.do(score_candidate, staff.lead, cohort, person, FITS)
        await parts.do(choose_candidate, staff.lead, cohort, person)


async def begin(parts: Parts, staff: Staff, pilots: Sequence[str], cases: Sequence[str]) -> None:
    """Choose the pilot's people, name who answers for it, begin, and let the use cases go live."""
    await choose(parts, staff, pilots)
    await parts.do(
        name_programme, staff.lead, sponsor=staff.sponsor.email, lead=staff.lead.email,
        goal="Bids, briefs and reviews go out in half the time.",
    )  # fmt: skip
    await parts.do(confirm_sponsor, staff.owner, staff.sponsor.id)
    today = parts.clock.now().date()
    await parts.do(attest, staff.sponsor, "dispatch-later", words="Triggers come with the expansion.", on=today)
    await parts.do(begin_pilot, staff.lead, reach=parts.reach)
    for case in cases:
        await parts.do(launch_use_case, staff.lead, case)


async def support(parts: Parts, staff: Staff) -> None:
    """Write the support model and have it confirmed."""
    card = SupportModel(("page", "mail"), "Monday to Friday, 9 to 17", staff.lead.id, 4, 8)
    version = await parts.do(write_support_model, staff.lead, card, after=0)
    await parts.do(confirm_support_model, staff.second, version.version)


async def champion(parts: Parts, staff: Staff, person: str) -> None:
    """Make somebody the champion of their department."""
    await parts.do(appoint, staff.lead, person, "Uses it every week and explains it to others.", tell=untold)


async def prepare(parts: Parts, scenario: Scenario, dice: Random) -> tuple[Staff, list[str], list[tuple[str, Work]]]:
    """Do everything up to the first day of the pilot; return the staff, the pilot's people, and the use cases."""
    staff = await hire(parts)
    await govern(parts, staff, "as long as the law asks")
    pilots = await welcome(parts, staff, 1, scenario.pilot - len(STAFF), 3)
    cases = await document(parts, staff, pilots, scenario.cases, dice)
    await begin(parts, staff, pilots, [case for case, _ in cases])
    return staff, pilots, cases
