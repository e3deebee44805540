"""The governance document for programs."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.governance.document.acknowledge import (
    NotAllRight,
    NothingToAcknowledge,
    acknowledge,
    questions,
    readers,
    wrong_of,
)
from colleague.governance.document.compile import enforced_by
from colleague.governance.document.draft import discard, questionnaire, see_draft, write_draft
from colleague.governance.document.export import export, export_template
from colleague.governance.document.model import Document
from colleague.governance.document.publish import publish
from colleague.governance.document.sign import sign
from colleague.governance.document.standing import drafted, people_in, standing
from colleague.governance.document.store import NoSuchVersion, get_version, in_force, list_versions
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, part
from colleague.policy.engine import Engine
from colleague.policy.second_person.on_record import changing

router = APIRouter(prefix="/api/v1/governance", tags=["governance"])
TheEngine = Annotated[Engine, Depends(part(Engine))]
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Seen(BaseModel):
    """The digest of the draft as it was shown."""

    digest: str = Field(max_length=64)


class Check(BaseModel):
    """Answers to the five questions, by the question's id."""

    number: int
    answers: dict[str, str] = Field(max_length=10)


def _json(document: Document) -> dict[str, Any]:
    value = document.to_json()
    by_id = {s.id: enforced_by(s) for s in document.sentences}
    return {**value, "enforced_by": {k: v for k, v in by_id.items() if v}}


@router.get("")
async def show(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return the version in force, whether one has acknowledged it, and its drift for those who may see the rules."""
    async with db.transaction() as session:
        now = await standing(session, actor, clock=clock)
    if now.document is None:
        return {"document": None}
    value: dict[str, Any] = {"document": _json(now.document), "names": dict(now.names), "acknowledged_by_me": now.mine}
    if actor.may("org:policy:read"):
        value |= {"drift": [f.to_json() for f in now.findings], "acknowledged": now.acknowledged, "people": now.people}
    return value


@router.get("/versions")
async def versions(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return the published versions, newest first."""
    async with db.transaction() as session:
        rows = await list_versions(session)
    return [
        {"number": r.number, "published_at": r.published_at, "published_by": r.published_by,
         "settings_version": r.settings_version}
        for r in rows
    ]  # fmt: skip


@router.get("/versions/{number}")
async def version(db: Db, actor: Current, number: int) -> dict[str, Any]:
    """Return one version."""
    async with db.transaction() as session:
        return _json(await get_version(session, number))


@router.get("/drift")
async def show_drift(db: Db, actor: Current, clock: Time) -> list[dict[str, Any]]:
    """Return what holds otherwise than the version in force says."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        return [f.to_json() for f in (await standing(session, actor, clock=clock)).findings]


@router.get("/questionnaire")
async def ask(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return the answers to begin with: the draft's, or what is in force."""
    async with db.transaction() as session:
        return (await questionnaire(session, actor, clock=clock)).to_json()


@router.put("/draft")
async def write(
    db: Db, actor: Current, engine: TheEngine, ledger: TheLedger, clock: Time, answers: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """Make or change the draft from answers."""
    async with changing(db, actor, "draft", ledger) as session:
        return _json(await write_draft(session, actor, answers, engine=engine, ledger=ledger, clock=clock))


@router.get("/draft")
async def show_draft(db: Db, actor: Current, engine: TheEngine, clock: Time) -> dict[str, Any]:
    """Return the draft, its difference from what is in force, and whom it affects."""
    async with db.transaction() as session:
        draft = await drafted(session, actor, engine, clock=clock)
    return {
        "document": _json(draft.document), "names": dict(draft.names), "difference": draft.difference.to_json(),
        "effect": list(draft.effect),
    }  # fmt: skip


@router.delete("/draft", status_code=204)
async def throw_away(db: Db, actor: Current, ledger: TheLedger) -> None:
    """Throw the draft away."""
    async with changing(db, actor, "draft", ledger) as session:
        await discard(session, actor, ledger=ledger)


@router.post("/draft/parts/{part_name}/sign")
async def sign_part(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, part_name: str, seen: Seen
) -> dict[str, Any]:  # fmt: skip
    """Sign a part of the draft that one owns. Needs a person who has signed in: a token cannot."""
    async with changing(db, actor, "signature", ledger) as session:
        return _json(await sign(session, actor, part_name, seen.digest, ledger=ledger, clock=clock))


@router.post("/draft/publish", status_code=201)
async def put_in_force(
    db: Db, actor: Current, engine: TheEngine, ledger: TheLedger, clock: Time, seen: Seen
) -> dict[str, Any]:  # fmt: skip
    """Publish the signed draft: its settings are in force with the answer."""
    return _json(await publish(actor, seen.digest, database=db, engine=engine, ledger=ledger, clock=clock))


@router.get("/check")
async def check(db: Db, actor: Current) -> dict[str, Any]:
    """Return the five questions about the version in force."""
    async with db.transaction() as session:
        document = await in_force(session)
    if document is None:
        raise NothingToAcknowledge
    return {"number": document.number, "questions": [q.to_json() for q in questions(document)]}


@router.post("/acknowledgement", status_code=204)
async def answer(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Check) -> None:
    """Acknowledge the version in force with the five answers."""
    async with db.transaction() as session:
        done = await acknowledge(session, actor, given.number, given.answers, ledger=ledger, clock=clock)
        document = await in_force(session)
    if not done and document is not None:
        raise NotAllRight.of(wrong_of(document, given.answers))


@router.get("/acknowledgements")
async def who(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return everybody and when they acknowledged the version in force."""
    async with db.transaction() as session:
        return [
            {"id": r.id, "name": r.name, "email": r.email, "at": r.at or None} for r in await readers(session, actor)
        ]


@router.get("/export/{name}")
async def file(db: Db, actor: Current, name: str) -> Response:
    """Return «document», «draft», «template» or «version-N», ending in .docx or .pdf."""
    what, _, ending = name.rpartition(".")
    if what == "template":
        content, media_type = await asyncio.to_thread(export_template, ending)
    else:
        async with db.transaction() as session:
            if what == "draft":
                document = await see_draft(session, actor)
            elif what == "document":
                document = await get_version(session, 0) if (d := await in_force(session)) is None else d
            else:
                document = await get_version(session, _number(what))
            people = await names_of(session, people_in(document))
        content, media_type = await asyncio.to_thread(export, document, people, ending)
    headers = {"Content-Disposition": f'attachment; filename="governance-{what}.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)


def _number(what: str) -> int:
    digits = what.removeprefix("version-")
    if digits == what or not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise NoSuchVersion
    return int(digits)
