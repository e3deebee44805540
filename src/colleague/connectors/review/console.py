"""The button that makes the review pack."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.audit.sink import sink_of
from colleague.connectors.registry import Registry
from colleague.connectors.review.pack import review_pack
from colleague.identity.current import Current
from colleague.kit.doors import Config, Db, Time, part

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheSigner = Annotated[Signer, Depends(part(Signer))]


@router.post("/connectors/review")
async def make(
    db: Db, actor: Current, registry: TheRegistry, ledger: TheLedger, signer: TheSigner, settings: Config, clock: Time
) -> Response:
    """Download the review pack: JSON and PDF in a zip."""
    pack = await review_pack(
        db, actor, registry, public=signer.public, sink=sink_of(settings), ledger=ledger, clock=clock
    )
    headers = {"Content-Disposition": f'attachment; filename="{pack.name}.zip"'}
    return Response(await asyncio.to_thread(pack.zip), media_type="application/zip", headers=headers)
