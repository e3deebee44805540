"""What the provisioning door stands on, handed over by the composition root."""

from dataclasses import dataclass, field

from colleague.audit.record import Ledger
from colleague.identity.scim.faults import Tell
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.rate import Rate

BODY = 4_000_000


@dataclass(frozen=True, slots=True)
class Provisioning:
    """The parts."""

    database: Database
    ledger: Ledger
    clock: Clock
    tell: Tell
    base: str
    rate: Rate
    strangers: Rate = field(default_factory=lambda: Rate(2))
