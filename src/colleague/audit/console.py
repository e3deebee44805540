"""The page of the ledger: entries with filters, whether they are intact, and the export."""

import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from colleague.audit.export import exported_zip
from colleague.audit.read import entries, standing, verify
from colleague.audit.record import Ledger
from colleague.audit.siem.forward import waiting as unsent
from colleague.audit.signer import Signer
from colleague.audit.sink import sink_of
from colleague.kit.doors import Asking, Config, Db, Names, part
from colleague.kit.errors import Invalid
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheNames = Annotated[Names, Depends(part(Names))]
TheSigner = Annotated[Signer, Depends(part(Signer))]


class NoSuchDay(Invalid):
    """Write a day as 2026-12-31, or a moment with its zone as 2026-12-31T08:00:00+01:00."""


def _day(text: str, *, after: bool = False) -> datetime | None:
    """Return midnight (UTC) at the beginning of a day, or at its end; a moment as it is; None for no day.

    Raises NoSuchDay.
    """
    if not text:
        return None
    try:
        if "T" in text:
            return _aware(datetime.fromisoformat(text))
        day = datetime.combine(date.fromisoformat(text), time.min, tzinfo=UTC)
    except ValueError as error:
        raise NoSuchDay from error
    return day + timedelta(days=1) if after else day


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise NoSuchDay
    return at


@router.get("/ledger")
async def index(
    request: Request, page: Page, db: Db, asker: Asking, ledger: TheLedger, names: TheNames, settings: Config,
    verb: str = "", actor: str = "", subject: str = "", run: str = "", effect: str = "", since: str = "",
    until: str = "", before: int | None = None,
) -> HTMLResponse:  # fmt: skip
    """List entries, newest first."""
    asker.require("org:ledger:read")
    given = {
        "verb": verb, "actor": actor, "subject": subject, "run": run, "effect": effect, "since": since, "until": until,
    }  # fmt: skip
    filters = {name: text.strip()[:80] for name, text in given.items()}
    period = {"since": _day(filters["since"]), "until": _day(filters["until"], after=True)}
    async with db.transaction() as session:
        rows = await entries(session, asker.id, ledger=ledger, before=before, limit=60, **(filters | period))
        sealed, waiting = await standing(session)
        people = await names.find(session, {who for row in rows for who in (row.actor, row.subject)})
    return page.show(
        request, "audit/ledger.html", rows=rows, filters=filters, sealed=sealed, waiting=waiting, report=None,
        people=people, siem=await unsent(db, settings.siem) if settings.siem else None,
    )  # fmt: skip


@router.post("/ledger/verify")
async def check(
    request: Request, page: Page, db: Db, asker: Asking, ledger: TheLedger, signer: TheSigner, settings: Config
) -> HTMLResponse:
    """Verify the whole ledger now, and show the result."""
    asker.require("org:ledger:read")
    report = await verify(db, asker.id, public=signer.public, sink=sink_of(settings), ledger=ledger)
    async with db.transaction() as session:
        sealed, waiting = await standing(session)
    return page.show(
        request, "audit/ledger.html", rows=[], filters={}, sealed=sealed, waiting=waiting, report=report, people={}
    )


@router.post("/ledger/export")
async def take(db: Db, asker: Asking, ledger: TheLedger, signer: TheSigner) -> Response:
    """Download everything that is sealed, with its proof, as a zip file."""
    asker.require("org:ledger:export")
    with tempfile.TemporaryDirectory() as folder:
        content = await exported_zip(db, asker.id, Path(folder), signer=signer, ledger=ledger)
    headers = {"Content-Disposition": 'attachment; filename="ledger-export.zip"'}
    return Response(content, media_type="application/zip", headers=headers)
