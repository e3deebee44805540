"""The ledger for programs: entries, verification."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from colleague.audit.export import exported_zip
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
    effect: str = "", since: AwareDatetime | None = None, until: AwareDatetime | None = None, before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[dict[str, Any]]:  # fmt: skip
    """List entries, newest first, of a period (`since` up to `until`); `before` is the id to page on from."""
    asker.require("org:ledger:read")
    async with db.transaction() as session:
        rows = await entries(
            session, asker.id, ledger=ledger, verb=verb, actor=actor, subject=subject, run=run, effect=effect,
            since=since, until=until, before=before, limit=limit,
        )  # fmt: skip
    return [
        {"id": r.id, "seq": r.seq, "at": r.at, "verb": r.verb, "actor": r.actor, "subject": r.subject, "run": r.run,
         "data": dict(r.data), "personal": dict(r.personal)}
        for r in rows
    ]  # fmt: skip


@router.post("/verify")
async def check(db: Db, asker: Asking, ledger: TheLedger, signer: TheSigner, settings: Config) -> dict[str, Any]:
    """Verify the whole ledger."""
    asker.require("org:ledger:read")
    report = await verify(db, asker.id, public=signer.public, sink=sink_of(settings), ledger=ledger)
    return {"ok": report.ok, "sentence": report.sentence, "verified": report.verified, "unsealed": report.unsealed,
            "findings": list(report.findings), "root": report.root}  # fmt: skip


@router.post("/export")
async def take(
    db: Db, asker: Asking, ledger: TheLedger, signer: TheSigner, since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Response:  # fmt: skip
    """Download what is sealed, of a period or all of it, with its proof, as a zip file."""
    asker.require("org:ledger:export")
    with tempfile.TemporaryDirectory() as folder:
        content = await exported_zip(
            db, asker.id, Path(folder), signer=signer, ledger=ledger, since=since, until=until
        )  # fmt: skip
    return Response(content, media_type="application/zip")
