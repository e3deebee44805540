"""What both doors, pages and programs, hand to the deeds."""

from typing import Annotated

from fastapi import Depends

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.governance.asfiles.apply import Parts
from colleague.kit.doors import Db, Time, part
from colleague.kit.secrets import Secrets

TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
TheSecrets = Annotated[Secrets, Depends(part(Secrets))]


def parts_of(db: Db, registry: TheRegistry, secrets: TheSecrets, ledger: TheLedger, clock: Time) -> Parts:
    """Return what the deeds need of the house."""
    return Parts(db, registry, secrets, ledger, clock)


TheParts = Annotated[Parts, Depends(parts_of)]
