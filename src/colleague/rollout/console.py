"""The page of the programme."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from colleague.adoption.groups import Groups
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.current import Current
from colleague.identity.directory import get_person
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.page import Page
from colleague.policy.standards.surface import MOST
from colleague.policy.standards.surface import WORDS as SURFACE_WORDS
from colleague.rollout.advance import confirm_move, propose_gate, propose_seats, propose_skip, withdraw_move
from colleague.rollout.attest import attest, withdraw_attestation
from colleague.rollout.begin import begin_pilot
from colleague.rollout.catalogue.surface import propose_surface
from colleague.rollout.cohorts.exception import propose_exception
from colleague.rollout.define import name_programme
from colleague.rollout.model import ATTESTED, choice_words, left_out
from colleague.rollout.phases import ANY_NUMBER, PHASES, after, seats_beyond
from colleague.rollout.second import confirm_sponsor
from colleague.rollout.store import attestations, get_move, led, today
from colleague.rollout.view import posture
from colleague.usecases.around import Reach

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheGroups = Annotated[Groups, Depends(part(Groups))]
PAGE = "/programme"
Words = Annotated[str, Form(max_length=2000)]
# Where the page leads, and what is needed to go there.
WAYS = (
    ("/programme/readiness", "Readiness", "org:programme:read"), ("/use-cases", "Use cases", "org:usecases:read"),
    ("/catalogue", "Catalogue", "org:programme:read"), ("/programme/cohorts", "Cohorts", "org:programme:read"),
    ("/programme/first-month", "First month", "org:programme:read"),
    ("/programme/champions", "Champions", "org:programme:read"), ("/adoption", "Adoption", "org:adoption:read"),
    ("/support", "Support", ""), ("/programme/tickets", "Tickets a week", "org:adoption:read"),
    ("/programme/templates", "Plan and templates", "org:programme:read"), ("/readout", "Readout", ""),
)  # fmt: skip


@router.get(PAGE)
async def show(
    request: Request,
    page: Page,
    db: Db,
    actor: Current,
    clock: Time,
    groups: TheGroups,
    reach: TheReach,
    registry: TheRegistry,
) -> HTMLResponse:
    """Show how the programme stands."""
    async with db.transaction() as session:
        stands = await posture(session, actor, groups=groups, reach=reach, registry=registry, clock=clock)
        people = {}
        for person in (stands.programme.sponsor, stands.programme.lead):
            if person:
                people[person] = await get_person(session, person)
        have_led = await led(session, stands.programme)
        day = await today(session, clock)
        said = await attestations(session, until=day, but=have_led)
    to = after(stands.programme.phase)
    return page.show(
        request, "rollout/programme/show.html", stands=stands, programme=stands.programme, people=people, said=said,
        phases=PHASES, beyond=SURFACE_WORDS, to=PHASES[to] if to else None,
        more=seats_beyond(stands.programme.phase, stands.limit.most), attested=ATTESTED,
        today=day.isoformat(), owner=actor.may("org:roles:own"),
        manage=actor.may("org:programme:manage"), ways=WAYS, sees=actor.may("org:programme:read"),
        left_out=left_out(stands.excluded), by_choice=choice_words(stands.by_choice) if stands.by_choice else "",
        vouches=(actor.may("org:programme:read") or actor.id == stands.programme.sponsor)
        and actor.id not in have_led and "programme_lead" not in actor.roles,
    )  # fmt: skip


@router.get(f"{PAGE}/moves/{{move}}")
async def show_move(
    request: Request,
    page: Page,
    db: Db,
    actor: Current,
    clock: Time,
    groups: TheGroups,
    reach: TheReach,
    registry: TheRegistry,
    move: str,
) -> HTMLResponse:
    """Show a move with its frozen evidence."""
    async with db.transaction() as session:
        stands = await posture(session, actor, groups=groups, reach=reach, registry=registry, clock=clock)
        row = await get_move(session, move)
    return page.show(
        request, "rollout/programme/move.html", row=row, names=stands.names, phases=PHASES, beyond=SURFACE_WORDS,
        stands=stands, left_out=left_out(row.snapshot.get("excluded", 0)), programme=stands.programme,
        owner=actor.may("org:roles:own"), manage=actor.may("org:programme:manage"),
    )  # fmt: skip


@router.post(f"{PAGE}/name")
async def name(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, sponsor: Words, lead: Words, goal: Words
) -> Response:
    """Name sponsor, lead and goal."""
    async with db.transaction() as session:
        await name_programme(session, actor, sponsor=sponsor, lead=lead, goal=goal, ledger=ledger, clock=clock)
    return lead_to(request, PAGE)


@router.post(f"{PAGE}/sponsor")
async def confirm_the_sponsor(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, sponsor: Words
) -> Response:  # fmt: skip
    """Confirm as an owner who the sponsor is."""
    async with db.transaction() as session:
        await confirm_sponsor(session, actor, sponsor, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}#named")


@router.post(f"{PAGE}/start")
async def start(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, reach: TheReach
) -> Response:  # fmt: skip
    """Start the pilot."""
    async with db.transaction() as session:
        await begin_pilot(session, actor, reach=reach, ledger=ledger, clock=clock)
    return lead_to(request, PAGE)


@router.post(f"{PAGE}/gate")
async def pass_gate(request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time) -> Response:
    """Propose to pass the gate."""
    async with db.transaction() as session:
        row = await propose_gate(session, actor, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}/moves/{row.id}")


@router.post(f"{PAGE}/skip")
async def skip_gate(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, why: Words, risk: Words
) -> Response:  # fmt: skip
    """Propose to skip the gate."""
    async with db.transaction() as session:
        row = await propose_skip(session, actor, why=why, risk=risk, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}/moves/{row.id}")


@router.post(f"{PAGE}/seats")
async def seats(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, why: Words,
    seats: Annotated[int, Form(ge=1, le=ANY_NUMBER)],
) -> Response:  # fmt: skip
    """Propose seats beyond the phase."""
    async with db.transaction() as session:
        row = await propose_seats(session, actor, seats, why=why, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}/moves/{row.id}")


@router.post(f"{PAGE}/exceptions")
async def except_(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time,
    person: Annotated[list[str], Form(max_length=40)], why: Words,
) -> Response:  # fmt: skip
    """Propose that somebody whom nobody chose may hold a seat in the running pilot."""
    async with db.transaction() as session:
        row = await propose_exception(session, actor, person, why=why, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}/moves/{row.id}")


@router.post(f"{PAGE}/surface")
async def widen(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, what: Words, why: Words,
    most: Annotated[int, Form(ge=1, le=MOST)],
) -> Response:  # fmt: skip
    """Propose that the pilot has more than its surface."""
    async with db.transaction() as session:
        row = await propose_surface(session, actor, what, most, why=why, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}/moves/{row.id}")


@router.post(f"{PAGE}/moves/{{move}}/confirm")
async def confirm(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, move: str,
    digest: Annotated[str, Form(max_length=64)],
) -> Response:  # fmt: skip
    """Confirm a move as it was shown."""
    async with db.transaction() as session:
        await confirm_move(session, actor, move, digest, ledger=ledger, clock=clock)
    return lead_to(request, PAGE)


@router.post(f"{PAGE}/moves/{{move}}/withdraw")
async def withdraw(request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, move: str) -> Response:
    """Withdraw a move."""
    async with db.transaction() as session:
        await withdraw_move(session, actor, move, ledger=ledger, clock=clock)
    return lead_to(request, PAGE)


@router.post(f"{PAGE}/attestations")
async def vouch(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, criterion: Words, words: Words,
    on: Annotated[date, Form()], document: Words = "",
) -> Response:  # fmt: skip
    """Vouch for what cannot be counted."""
    async with db.transaction() as session:
        await attest(
            session, actor, criterion, words=words, on=on, document=document, ledger=ledger, clock=clock
        )  # fmt: skip
    return lead_to(request, f"{PAGE}#attest")


@router.post(f"{PAGE}/attestations/{{attestation}}/withdraw")
async def take_back(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, attestation: str
) -> Response:  # fmt: skip
    """Take back what one vouched for."""
    async with db.transaction() as session:
        await withdraw_attestation(session, actor, attestation, ledger=ledger, clock=clock)
    return lead_to(request, f"{PAGE}#attest")
