"""The page of the catalogue."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.page import Page
from colleague.policy.governance import current_governance
from colleague.policy.model import Phase
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal
from colleague.policy.standards.entries import EntryPhase
from colleague.rollout.catalogue.phase import mean_for
from colleague.rollout.catalogue.review import review_entry, see_catalogue
from colleague.rollout.phases import PHASES
from colleague.usecases.around import Reach

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
PAGE = "/catalogue"
Word = Annotated[str, Form(max_length=320)]


@router.get(PAGE)
async def show(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, reach: TheReach,
    clock: Time,
) -> HTMLResponse:  # fmt: skip
    """Show every skill and connector in use."""
    async with db.transaction() as session:
        found = await see_catalogue(
            session, actor, registry=registry, reach=reach, clock=clock
        )  # fmt: skip
        entries = map(EntryPhase.read, (await current_governance(session)).entry_phases)
        ahead = [e for e in entries if not any(e.means(one.kind, one.name) for one in found)]
        names = await names_of(session, {one.owner for one in found} | {one.reviewed_by for one in found})
    return page.show(
        request, "rollout/catalogue/list.html", entries=found, names=names, days=reach.review_days,
        phases={int(phase): PHASES[phase].title for phase in Phase},
        words={int(phase): phase.name.lower() for phase in Phase},
        reviews={"skill": actor.may("org:skills:manage"), "connector": actor.may("org:connectors:manage")},
        asked=[one for one in found if one.faults], decides=actor.may("org:policy:manage"),
        later=[one for one in found if one.too_early], ahead=ahead,
    )  # fmt: skip


@router.post(f"{PAGE}/phases")
async def mean(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, kind: Word, name: Word, phase: Word
) -> Response:  # fmt: skip
    """Say from which phase on something may be used."""
    async with changing(db, actor, "settings", ledger) as session:
        done = await mean_for(session, actor, kind, name, phase, ledger=ledger, clock=clock)
    return lead_to(request, "/policies#waiting" if isinstance(done, Proposal) else PAGE)


@router.post(f"{PAGE}/reviews")
async def review(
    request: Request, db: Db, actor: Current, reach: TheReach,
    ledger: TheLedger, clock: Time, kind: Word, name: Word, version: Word, owner: Word,
) -> Response:  # fmt: skip
    """Put a review on record."""
    async with db.transaction() as session:
        await review_entry(
            session, actor, kind, name, version=version, owner=owner, reach=reach, ledger=ledger, clock=clock,
        )  # fmt: skip
    return lead_to(request, PAGE)
