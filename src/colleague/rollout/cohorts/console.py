"""Pages of cohorts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import find_by_email, get_person, list_teams
from colleague.identity.groups.rules import list_groups
from colleague.identity.seats.chosen import unchosen
from colleague.identity.seats.reason import seated_without_reason
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.page import Page
from colleague.rollout.cohorts.choose import (
    NoSuchCandidate,
    choose_candidate,
    decline_candidate,
    score_candidate,
)
from colleague.rollout.cohorts.form import Proposed, ProposedTogether
from colleague.rollout.cohorts.join import fill_cohort, leave_cohort
from colleague.rollout.cohorts.make import close_cohort, make_cohort, map_cohort, start_cohort
from colleague.rollout.cohorts.model import CRITERIA, FEWEST, KINDS, MOST, REPETITIONS, Candidate, Cohort, Score
from colleague.rollout.cohorts.prefill import prefill
from colleague.rollout.cohorts.rank import HIGHEST
from colleague.rollout.cohorts.ready import too_early
from colleague.rollout.cohorts.several import by_department, choose_several, known_together, score_several
from colleague.rollout.cohorts.store import candidates_of, get_cohort, unmapped
from colleague.rollout.cohorts.view import list_lines, see_cohort
from colleague.rollout.store import current_programme
from colleague.usecases.around import Reach
from colleague.usecases.model import PROFILES

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
LIST = "/programme/cohorts"
MOST_SHOWN = 200
Line = Annotated[str, Form(max_length=300)]
Text = Annotated[str, Form(max_length=2000)]


@router.get(LIST)
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """List every cohort."""
    async with db.transaction() as session:
        lines, without = await list_lines(session, actor), await unmapped(session)
        asked = await seated_without_reason(session) if actor.may("org:programme:manage") else []
    return page.show(
        request, "rollout/cohorts/list.html", lines=lines, unmapped=without, kinds=KINDS, asked=asked,
        may=actor.may("org:programme:manage"),
    )  # fmt: skip


@router.post(LIST)
async def make(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Line = "", kind: Line = "pilot"
) -> Response:  # fmt: skip
    """Make a cohort."""
    async with db.transaction() as session:
        made = await make_cohort(session, actor, name, kind, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{made.id}")


@router.get(f"{LIST}/{{cohort}}")
async def show(
    request: Request, page: Page, db: Db, actor: Current, reach: TheReach, cohort: str
) -> HTMLResponse:  # fmt: skip
    """Show one cohort."""
    async with db.transaction() as session:
        sight = await see_cohort(session, actor, cohort, reach=reach)
        groups = await list_groups(session, actor) if actor.may("org:people:read") else []
        teams, early = await list_teams(session), await too_early(session)
    return page.show(
        request, "rollout/cohorts/show.html", early=early, sight=sight, cohort=sight.cohort, groups=groups, teams=teams,
        kinds=KINDS, fewest=FEWEST, most=MOST, highest=HIGHEST, may=actor.may("org:programme:manage"),
    )  # fmt: skip


@router.post(f"{LIST}/{{cohort}}/mapping")
async def map_to(
    request: Request, db: Db, actor: Current, ledger: TheLedger, cohort: str, group: Line = "", team: Line = ""
) -> Response:  # fmt: skip
    """Say which group or team the cohort is."""
    async with db.transaction() as session:
        await map_cohort(session, actor, cohort, group=group, team=team, ledger=ledger)
    return lead_to(request, f"{LIST}/{cohort}")


@router.get(f"{LIST}/{{cohort}}/candidates/new")
async def new(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, cohort: str,
    person: Annotated[str, Query(max_length=300)] = "",
) -> HTMLResponse:  # fmt: skip
    """Ask for a mail address, then show the form with what the product knows."""
    actor.require("org:programme:manage")
    async with db.transaction() as session:
        found = await get_cohort(session, cohort)
        who = await find_by_email(session, person) if person else None
        score = await prefill(session, who.id, clock=clock) if who else Score()
    candidate = Candidate(who.id if who else "", who.name if who else "", score)
    return _candidate(request, page, found, candidate, asked=person, known=score)


def _candidate(
    request: Request, page: Page, found: Cohort, candidate: Candidate, *, asked: str, known: Score, sponsor: str = "",
    sponsor_id: str = "", mail: str = "", anew: bool = False,
) -> HTMLResponse:  # fmt: skip
    return page.show(
        request, "rollout/cohorts/candidate.html", cohort=found, candidate=candidate, asked=asked, criteria=CRITERIA,
        repetitions=REPETITIONS, profiles=PROFILES, known=known, sponsor=sponsor, sponsor_id=sponsor_id, mail=mail,
        anew=anew,
    )  # fmt: skip


@router.get(f"{LIST}/{{cohort}}/candidates/several")
async def several(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, cohort: str,
    department: Annotated[str, Query(max_length=80)] = "",
) -> HTMLResponse:  # fmt: skip
    """Show the people of a department, and one form for what is said of several of them."""
    async with db.transaction() as session:
        found, departments = await get_cohort(session, cohort), await by_department(session, actor, cohort)
        chosen = department if department in departments else next(iter(departments), "")
        people = departments.get(chosen, [])[:MOST_SHOWN]
        known = await known_together(session, people, clock=clock)
    return page.show(
        request, "rollout/cohorts/several.html", cohort=found, departments=departments, department=chosen,
        people=people, known=known, score=Score(profile=known.profile, repetition=known.repetition),
        criteria=CRITERIA, repetitions=REPETITIONS, profiles=PROFILES,
    )  # fmt: skip


@router.post(f"{LIST}/{{cohort}}/candidates/several")
async def say_of_several(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str,
    given: Annotated[ProposedTogether, Form()],
) -> Response:  # fmt: skip
    """Propose several people, and say the same of each."""
    async with db.transaction() as session:
        await score_several(session, actor, cohort, given.people, given.score(), ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{cohort}#ranking")


@router.post(f"{LIST}/{{cohort}}/candidates/choose")
async def choose_them(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str,
    people: Annotated[list[str], Form(max_length=40)] = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Choose several candidates."""
    async with db.transaction() as session:
        await choose_several(session, actor, cohort, people, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{cohort}#ranking")


@router.get(f"{LIST}/{{cohort}}/candidates/{{person}}")
async def candidate(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, cohort: str, person: str
) -> HTMLResponse:  # fmt: skip
    """Show one candidate: what is said of them, what the product knows, and the decision."""
    actor.require("org:programme:manage")
    async with db.transaction() as session:
        found = await get_cohort(session, cohort)
        one = next((c for c in await candidates_of(session, cohort) if c.person == person), None)
        if one is None:
            raise NoSuchCandidate
        known = await prefill(session, person, clock=clock)
        sponsor = (await get_person(session, one.sponsor)).name if one.sponsor else ""
        named = (await current_programme(session)).sponsor
        mail = (await get_person(session, named)).email if named else ""
        anew = one.stand == "chosen" and bool(await unchosen(session, [person]))
    return _candidate(
        request, page, found, one, asked=person, known=known, sponsor=sponsor, sponsor_id=named, mail=mail, anew=anew
    )  # fmt: skip


@router.post(f"{LIST}/{{cohort}}/candidates")
async def score(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str,
    given: Annotated[Proposed, Form()],
) -> Response:  # fmt: skip
    """Propose a candidate, or change what is said of one."""
    async with db.transaction() as session:
        found = await score_candidate(
            session, actor, cohort, given.person, given.score(), ledger=ledger, clock=clock
        )  # fmt: skip
    return lead_to(request, f"{LIST}/{cohort}/candidates/{found.person}")


@router.post(f"{LIST}/{{cohort}}/candidates/{{person}}/choose")
async def choose(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, person: str,
    sponsor: Line = "", reason: Text = "",
) -> Response:  # fmt: skip
    """Choose a candidate."""
    async with db.transaction() as session:
        await choose_candidate(
            session, actor, cohort, person, sponsor=sponsor, reason=reason, ledger=ledger, clock=clock
        )  # fmt: skip
    return lead_to(request, f"{LIST}/{cohort}#ranking")


@router.post(f"{LIST}/{{cohort}}/candidates/{{person}}/decline")
async def decline(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, person: str, why: Line = ""
) -> Response:  # fmt: skip
    """Leave a candidate out."""
    async with db.transaction() as session:
        await decline_candidate(session, actor, cohort, person, why, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{cohort}#ranking")


@router.post(f"{LIST}/{{cohort}}/members")
async def fill(request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str) -> Response:
    """Let all of the group or team that maps to the cohort into it."""
    async with db.transaction() as session:
        await fill_cohort(session, actor, cohort, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{cohort}#members")


@router.post(f"{LIST}/{{cohort}}/members/{{person}}/leave")
async def leave(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, person: str, why: Line = ""
) -> Response:  # fmt: skip
    """Take somebody out."""
    async with db.transaction() as session:
        await leave_cohort(session, actor, cohort, person, why, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{cohort}#members")


@router.post(f"{LIST}/{{cohort}}/start")
async def start(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, reach: TheReach, cohort: str
) -> Response:  # fmt: skip
    """Let a cohort start."""
    async with db.transaction() as session:
        await start_cohort(session, actor, cohort, reach=reach, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{cohort}")


@router.post(f"{LIST}/{{cohort}}/close")
async def close(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, cohort: str, why: Line = ""
) -> Response:  # fmt: skip
    """End a cohort."""
    async with db.transaction() as session:
        await close_cohort(session, actor, cohort, why, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{cohort}")
