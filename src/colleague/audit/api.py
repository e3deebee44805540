"""The ledger for programs: entries, verification."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from colleague.audit.read import entries, verify
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.audit.sink import sink_of
from colleague.kit.doors import Asking, Config, Db, part

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheSigner = Annotated[Signer, Depends(part(Signer))]


@router.get("")
async def index(
    db: Db, asker: Asking, ledger: TheLedger, verb: str = "", actor: str = "", subject: str = "", run: str = "",
    before: int | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[dict[str, Any]]:  # fmt: skip
    """List entries, newest first; `before` is the id to page on from."""
    asker.require("org:ledger:read")
    async with db.transaction() as session:
        rows = await entries(
            session, asker.id, ledger=ledger, verb=verb, actor=actor, subject=subject, run=run, before=before,
            limit=limit,
        )  # fmt: skip
    return [
        {"id": r.id, "seq": r.seq, "at": r.at, "verb": r.verb, "actor": r.actor, "subject": r.subject, "run": r.run,
         "data": dict(r.data)}
        for r in rows
    ]  # fmt: skip


@router.post("/verify")
async def check(db: Db, asker: Asking, ledger: TheLedger, signer: TheSigner, settings: Config) -> dict[str, Any]:
    """Verify the whole ledger."""
    asker.require("org:ledger:read")
    report = await verify(db, asker.id, public=signer.public, sink=sink_of(settings), ledger=ledger)
    return {"ok": report.ok, "sentence": report.sentence, "verified": report.verified, "unsealed": report.unsealed,
            "findings": list(report.findings), "root": report.root}  # fmt: skip
