"""Pages of the governance document: what is in force, the questionnaire, signing, publishing, acknowledging."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.files.categories import CATEGORIES
from colleague.governance.document.acknowledge import NothingToAcknowledge, acknowledge, questions, readers, wrong_of
from colleague.governance.document.compile import enforced_by
from colleague.governance.document.draft import discard, parts_of, questionnaire, write_draft
from colleague.governance.document.form import answers_of, ceilings_text
from colleague.governance.document.model import PARTS
from colleague.governance.document.publish import publish
from colleague.governance.document.questionnaire import Answers, Live, holder_words, look
from colleague.governance.document.sign import sign
from colleague.governance.document.standing import drafted, people_in, standing
from colleague.governance.document.store import find_draft, get_version, has_acknowledged, in_force, list_versions
from colleague.identity.current import Current
from colleague.identity.directory import list_active, names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.engine import Engine
from colleague.policy.model import DataClass, Tier, Zone
from colleague.policy.second_person.on_record import changing

router = APIRouter(include_in_schema=False)
TheEngine = Annotated[Engine, Depends(part(Engine))]
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
Digest = Annotated[str, Form(max_length=64)]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)


@router.get("/governance")
async def index(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show the version in force: four parts, signatures, what is not enforced, drift, who has acknowledged it."""
    async with db.transaction() as session:
        now = await standing(session, actor, clock=clock)
        draft = await find_draft(session)
        versions = await list_versions(session)
    sees = draft is not None and (actor.may("org:policy:read") or actor.id in draft.owners.values())
    return page.show(
        request, "governance/document/show.html", now=now, document=now.document, names=now.names, parts=PARTS,
        versions=versions, draft=draft if sees else None, enforced_by=enforced_by, current=True,
        mine=parts_of(draft, actor.id) if draft else [],
    )  # fmt: skip


@router.get("/governance/versions/{number}")
async def version(request: Request, page: Page, db: Db, actor: Current, number: int) -> HTMLResponse:
    """Show one version."""
    async with db.transaction() as session:
        document = await get_version(session, number)
        names = await names_of(session, people_in(document))
        versions = await list_versions(session)
    return page.show(
        request, "governance/document/show.html", now=None, document=document, names=names, parts=PARTS,
        versions=versions, draft=None, enforced_by=enforced_by, mine=[],
        current=bool(versions) and versions[0].number == number,
    )  # fmt: skip


@router.get("/governance/draft")
async def show_draft(
    request: Request, page: Page, db: Db, actor: Current, engine: TheEngine, clock: Time
) -> HTMLResponse:  # fmt: skip
    """Show the draft: what changes, whom it affects, who signs."""
    async with db.transaction() as session:
        draft = await drafted(session, actor, engine, clock=clock)
    return page.show(
        request, "governance/document/draft.html", draft=draft, document=draft.document, names=draft.names,
        parts=PARTS, enforced_by=enforced_by, mine=parts_of(draft.document, actor.id),
    )  # fmt: skip


async def _offered(session: Session, actor: Current, clock: Clock) -> tuple[Answers, Live, list[Any]]:
    """Return the answers to begin with, what is there, and the scopes to choose from: live ones first."""
    answers, live = await questionnaire(session, actor, clock=clock), await look(session, clock=clock)
    return answers, live, [*live.scopes, *(s for s in answers.scopes if s not in live.scopes)]


@router.get("/governance/questionnaire")
async def ask(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show the questions, answered with what is in force."""
    async with db.transaction() as session:
        answers, live, scopes = await _offered(session, actor, clock)
        people = sorted(await list_active(session), key=lambda p: p.name)
    return page.show(
        request, "governance/document/questionnaire.html", answers=answers, live=live, scopes=scopes, people=people,
        parts=PARTS, classes=[c.name.lower() for c in DataClass], tiers=[t.name.lower() for t in Tier],
        zones=[z.value for z in Zone], categories=CATEGORIES,
        ceilings=ceilings_text(answers.ceilings, live.teams), holder_words=holder_words,
    )  # fmt: skip


@router.post("/governance/questionnaire")
async def write(
    request: Request, db: Db, actor: Current, engine: TheEngine, ledger: TheLedger, clock: Time
) -> Response:  # fmt: skip
    """Make or change the draft."""
    form = await request.form(max_fields=2000)
    async with changing(db, actor, "draft", ledger) as session:
        _, live, scopes = await _offered(session, actor, clock)
        given = answers_of(form, scopes, live.teams)
        await write_draft(session, actor, given, engine=engine, ledger=ledger, clock=clock)
    return _to("/governance/draft")


@router.post("/governance/draft/discard")
async def throw_away(db: Db, actor: Current, ledger: TheLedger) -> Response:
    """Throw the draft away."""
    async with changing(db, actor, "draft", ledger) as session:
        await discard(session, actor, ledger=ledger)
    return _to("/governance")


@router.post("/governance/draft/sign")
async def sign_part(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, part_name: Annotated[str, Form()], digest: Digest
) -> Response:  # fmt: skip
    """Sign a part that one owns."""
    async with changing(db, actor, "signature", ledger) as session:
        await sign(session, actor, part_name, digest, ledger=ledger, clock=clock)
    return _to("/governance/draft#signatures")


@router.post("/governance/draft/publish")
async def put_in_force(
    db: Db, actor: Current, engine: TheEngine, ledger: TheLedger, clock: Time, digest: Digest
) -> Response:  # fmt: skip
    """Publish the signed draft."""
    await publish(actor, digest, database=db, engine=engine, ledger=ledger, clock=clock)
    return _to("/governance")


@router.get("/governance/acknowledge")
async def check(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show the five questions."""
    async with db.transaction() as session:
        document = await in_force(session)
        if document is None:
            raise NothingToAcknowledge
        done = await has_acknowledged(session, document.number, actor.id)
    return page.show(
        request, "governance/document/acknowledge.html", document=document, questions=questions(document), done=done,
        wrong=0, given={},
    )  # fmt: skip


@router.post("/governance/acknowledge")
async def answer(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time
) -> Response:  # fmt: skip
    """Take the answers: all five right, or say how many are not and ask again."""
    form = await request.form(max_fields=20)
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    number = given.pop("number", "")
    async with db.transaction() as session:
        document = await in_force(session)
        if document is None:
            raise NothingToAcknowledge
        asked = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        done = await acknowledge(session, actor, asked, given, ledger=ledger, clock=clock)
    if done:
        return _to("/governance/acknowledge")
    return page.show(
        request, "governance/document/acknowledge.html", status=422, document=document, questions=questions(document),
        done=False, wrong=wrong_of(document, given), given=given,
    )  # fmt: skip


@router.get("/governance/readers")
async def who(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show who has acknowledged the version in force and who has not."""
    async with db.transaction() as session:
        people = await readers(session, actor)
        document = await in_force(session)
    return page.show(request, "governance/document/readers.html", people=people, document=document)
