"""The review pack for programs."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response

from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.audit.sink import sink_of
from colleague.connectors.registry import Registry
from colleague.connectors.review.pack import review_pack
from colleague.identity.current import Current
from colleague.kit.doors import Config, Db, Time, part

router = APIRouter(prefix="/api/v1/connectors/review", tags=["connectors"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheSigner = Annotated[Signer, Depends(part(Signer))]
_TYPES = {"zip": "application/zip", "json": "application/json", "pdf": "application/pdf"}


@router.post("", response_class=Response)
async def make(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, signer: TheSigner, settings: Config,
    clock: Time, form: Literal["zip", "json", "pdf"] = "zip",
) -> Response:  # fmt: skip
    """Make the connector-scope review pack: as a zip of JSON and PDF, or one of them. It verifies the ledger."""
    pack = await review_pack(
        db, actor, registry, public=signer.public, sink=sink_of(settings), ledger=ledger, clock=clock
    )
    content = await asyncio.to_thread({"zip": pack.zip, "json": pack.json, "pdf": pack.pdf}[form])
    return Response(content, media_type=_TYPES[form])
