"""What both doors, pages and programs, hand to the deeds."""

from typing import Annotated

from fastapi import Depends

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.governance.asfiles.apply import Parts
from colleague.governance.asfiles.parts.part import Foreign
from colleague.kit.doors import Db, Time, part
from colleague.kit.secrets import Secrets

TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheForeign = Annotated[Foreign, Depends(part(Foreign))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]


async def parts_of(
    db: Db, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time, foreign: TheForeign
) -> Parts:
    """Return what the deeds need of the house."""
    return Parts(db, registry, secrets, ledger, clock, foreign)


TheParts = Annotated[Parts, Depends(parts_of)]
