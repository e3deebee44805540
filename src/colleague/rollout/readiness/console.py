"""The page of the readiness assessment."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.page import Page
from colleague.rollout.readiness.answer import answer_readiness, read_answers, readiness, readiness_at
from colleague.rollout.readiness.model import MOST_SEATS, QUESTIONS, WORDS
from colleague.usecases.around import Reach

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
PAGE = "/programme/readiness"
Answer = Annotated[str, Form(max_length=20)]


@router.get(PAGE)
async def show(
    request: Request, page: Page, db: Db, actor: Current, registry: TheRegistry, reach: TheReach
) -> HTMLResponse:  # fmt: skip
    """Show the result, what is missing, and the questions, answered as far as the installation shows it."""
    async with db.transaction() as session:
        stands = await readiness(session, actor, registry=registry, reach=reach)
        seen = [*([stands.newest] if stands.newest else []), *stands.earlier]
        names = await names_of(session, {one.by for one in seen})
    return page.show(
        request, "rollout/readiness/show.html", stands=stands, newest=stands.newest, names=names, questions=QUESTIONS,
        words=WORDS, most=MOST_SEATS, may=actor.may("org:programme:manage"), old=None,
    )  # fmt: skip


@router.get(f"{PAGE}/versions/{{version}}")
async def show_version(request: Request, page: Page, db: Db, actor: Current, version: int) -> HTMLResponse:
    """Show what was answered and what it came to then."""
    async with db.transaction() as session:
        old = await readiness_at(session, actor, min(max(version, 0), 2**31 - 1))
        names = await names_of(session, {old.by})
    return page.show(
        request, "rollout/readiness/show.html", stands=None, newest=old, names=names, questions=QUESTIONS, words=WORDS,
        most=MOST_SEATS, may=False, old=old,
    )  # fmt: skip


@router.post(PAGE)
async def answer(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, registry: TheRegistry, reach: TheReach,
    saas_rollouts: Answer = "", sponsor: Answer = "", regulated: Answer = "", seats: Answer = "",
    custom_mcp: Answer = "", stalled: Answer = "", after: Annotated[int, Form(ge=0, le=1_000_000)] = 0,
) -> Response:  # fmt: skip
    """Keep answers as the next version."""
    given = {
        "saas_rollouts": saas_rollouts, "sponsor": sponsor, "regulated": regulated, "seats": seats,
        "custom_mcp": custom_mcp, "stalled": stalled,
    }  # fmt: skip
    async with db.transaction() as session:
        await answer_readiness(
            session, actor, read_answers(given), after=after, registry=registry, reach=reach, ledger=ledger, clock=clock
        )
    return lead_to(request, PAGE)
