"""Pages of the readout: what would be told now, what was made, the cost model's assumptions, the leaders."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from colleague.adoption.frozen.running import LARGE
from colleague.adoption.groups import Groups
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import find_by_email, names_of
from colleague.identity.seats.hold import seats_held
from colleague.kit.db import Session
from colleague.kit.doors import Config, Db, Time, lead_to, part
from colleague.kit.page import Page
from colleague.rollout.readout.assume import assume, assumptions
from colleague.rollout.readout.compose import ActivityAlone, Unexplained
from colleague.rollout.readout.files import File, readout_file
from colleague.rollout.readout.form import GivenAssumptions
from colleague.rollout.readout.freeze import draft, get_readout, list_readouts, make_readout
from colleague.rollout.readout.leaders import NoSuchLeader, leave_out, name_leader
from colleague.rollout.readout.leaders import leaders as named
from colleague.rollout.readout.model import Readout
from colleague.rollout.readout.trend import trend
from colleague.rollout.readout.words import break_even, interval, number, shown
from colleague.tasks.parts import Parts
from colleague.usecases.around import Reach

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
TheGroups = Annotated[Groups, Depends(part(Groups))]
TheParts = Annotated[Parts, Depends(part(Parts))]
PAGE = "/readout"
WORDS: dict[str, Any] = {"number": number, "interval": interval, "shown": shown, "break_even": break_even}


@router.get(PAGE)
async def index(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups,
    reach: TheReach, weeks: Annotated[int, Query(ge=0, le=53)] = 0,
    draft_it: Annotated[bool, Query(alias="draft")] = False,
) -> HTMLResponse:  # fmt: skip
    """Show every readout that was made and, to who runs the programme, what a new one would tell.

    A large organisation computes that when it is asked for: it reads every piece of work of the period.
    """
    may = actor.may("org:programme:manage") and actor.may("org:adoption:read")
    now: Readout | None = None
    refused = ""
    async with db.transaction() as session:
        made = await list_readouts(session, actor)
        later = may and not (draft_it or weeks) and await seats_held(session) >= LARGE
        if may and not later:
            try:
                now = await draft(
                    session, actor, groups=groups, reach=reach, ledger=ledger, clock=clock, weeks=weeks
                )  # fmt: skip
            except (ActivityAlone, Unexplained) as why:
                refused = why.message
        known = await assumptions(session)
        leaders = await named(session, actor) if may else []
        names = await names_of(session, {by for *_, by in made})
    return page.show(
        request, "rollout/readout/list.html", made=made, now=now, refused=refused, known=known, leaders=leaders,
        names=names, may=may, weeks=weeks, later=later, **WORDS,
    )  # fmt: skip


@router.post(PAGE)
async def make(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, groups: TheGroups, reach: TheReach,
    ask: Annotated[str, Form(max_length=4000)] = "", weeks: Annotated[int, Form(ge=0, le=53)] = 0,
) -> Response:  # fmt: skip
    """Make the next readout."""
    async with db.transaction() as session:
        made = await make_readout(
            session, actor, ask, groups=groups, reach=reach, ledger=ledger, clock=clock, weeks=weeks
        )
    return lead_to(request, f"{PAGE}/{made.version}")


@router.post(f"{PAGE}/assumptions")
async def change_assumptions(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time,
    given: Annotated[GivenAssumptions, Form()],
) -> Response:  # fmt: skip
    """Keep assumptions of the cost model as a version."""
    async with db.transaction() as session:
        await assume(session, actor, given.assumed(), after=given.after, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}#cost")


@router.post(f"{PAGE}/leaders")
async def add_leader(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts,
    person: Annotated[str, Form(max_length=254)] = "",
) -> Response:  # fmt: skip
    """Name a leader, by mail address; they are told."""
    async with db.transaction() as session:
        found = await _person(session, actor, person)
        await name_leader(session, actor, found, ledger=ledger, clock=clock, tell=parts.tell)
    return lead_to(request, f"{PAGE}#leaders")


@router.post(f"{PAGE}/leaders/{{person}}/leave-out")
async def remove_leader(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, person: str
) -> Response:
    """Take somebody out of the leaders."""
    async with db.transaction() as session:
        await leave_out(session, actor, person, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}#leaders")


@router.get(f"{PAGE}/{{version}}.{{ending}}")
async def take(
    db: Db, actor: Current, settings: Config, version: int, ending: str, full: bool = False
) -> Response:  # fmt: skip
    """Give a readout as a file: on one page, or in full."""
    async with db.transaction() as session:
        frozen = await get_readout(session, actor, version)
        names = await names_of(session, [frozen.by])
    return sent(
        await readout_file(frozen, names.get(frozen.by, "somebody"), ending, whole=full, origin=settings.url)
    )  # fmt: skip


@router.get(f"{PAGE}/{{version}}")
async def show(request: Request, page: Page, db: Db, actor: Current, version: int) -> HTMLResponse:
    """Show a readout as it was made; it prints as it is."""
    async with db.transaction() as session:
        frozen = await get_readout(session, actor, version)
        names = await names_of(session, [frozen.by])
    return page.show(
        request, "rollout/readout/show.html", frozen=frozen, r=frozen.readout, made_by=names.get(frozen.by, ""),
        picture=trend(frozen.readout), **WORDS,
    )  # fmt: skip


def sent(file: File) -> Response:
    """Return a file as a browser or a program takes it."""
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
    return Response(file.content, media_type=file.media_type, headers=headers)


async def _person(session: Session, actor: Current, text: str) -> str:
    """Return the id of who is named by mail address or id."""
    actor.require("org:programme:manage")
    if "@" not in text:
        return text
    found = await find_by_email(session, text.strip())
    if found is None:
        raise NoSuchLeader("Nobody here has this mail address.")
    return found.id
