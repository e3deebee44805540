"""What the door of telemetry stands on, handed over by the composition root."""

from dataclasses import dataclass, field

from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.rate import Rate
from colleague.kit.secrets import Secrets


@dataclass(frozen=True, slots=True)
class TelemetryIn:
    """The parts. `rate`: exports a second of each source; `strangers`: of each address without a token."""

    database: Database
    ledger: Ledger
    secrets: Secrets
    clock: Clock
    address: str
    rate: Rate
    strangers: Rate = field(default_factory=lambda: Rate(2))

    @classmethod
    def of(
        cls, url: str, rate: float, database: Database, ledger: Ledger, secrets: Secrets, clock: Clock
    ) -> "TelemetryIn":  # fmt: skip
        """Return the parts of the door at our own address, with its exports a second of each source."""
        return cls(database, ledger, secrets, clock, f"{url}/v1/logs", Rate(rate))
