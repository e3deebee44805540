"""The page of the ledger: entries with filters, whether they are intact, and the export."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from colleague.audit.export import exported_zip
from colleague.audit.read import entries, standing, verify
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.audit.sink import sink_of
from colleague.kit.doors import Asking, Config, Db, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheSigner = Annotated[Signer, Depends(part(Signer))]


@router.get("/ledger")
async def index(
    request: Request, page: Page, db: Db, asker: Asking, ledger: TheLedger, verb: str = "", actor: str = "",
    subject: str = "", run: str = "", before: int | None = None,
) -> HTMLResponse:  # fmt: skip
    """List entries, newest first."""
    asker.require("org:ledger:read")
    filters = {
        "verb": verb.strip()[:80],
        "actor": actor.strip()[:80],
        "subject": subject.strip()[:80],
        "run": run.strip()[:80],
    }
    async with db.transaction() as session:
        rows = await entries(session, asker.id, ledger=ledger, before=before, limit=60, **filters)
        sealed, waiting = await standing(session)
    return page.show(
        request, "audit/ledger.html", rows=rows, filters=filters, sealed=sealed, waiting=waiting, report=None
    )


@router.post("/ledger/verify")
async def check(
    request: Request, page: Page, db: Db, asker: Asking, ledger: TheLedger, signer: TheSigner, settings: Config
) -> HTMLResponse:
    """Verify the whole ledger now, and show the result."""
    asker.require("org:ledger:read")
    report = await verify(db, asker.id, public=signer.public, sink=sink_of(settings), ledger=ledger)
    async with db.transaction() as session:
        sealed, waiting = await standing(session)
    filters = {"verb": "", "actor": "", "subject": "", "run": ""}
    return page.show(
        request, "audit/ledger.html", rows=[], filters=filters, sealed=sealed, waiting=waiting, report=report
    )


@router.post("/ledger/export")
async def take(db: Db, asker: Asking, ledger: TheLedger, signer: TheSigner) -> Response:
    """Download everything that is sealed, with its proof, as a zip file."""
    asker.require("org:ledger:export")
    with tempfile.TemporaryDirectory() as folder:
        content = await exported_zip(db, asker.id, Path(folder), signer=signer, ledger=ledger)
    headers = {"Content-Disposition": 'attachment; filename="ledger-export.zip"'}
    return Response(content, media_type="application/zip", headers=headers)
