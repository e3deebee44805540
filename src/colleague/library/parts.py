"""The parts that the library works with, handed over by the composition root."""

from dataclasses import dataclass

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Library:
    """The parts. `language` is PostgreSQL's name of the configuration that words are cut and folded with."""

    database: Database
    registry: Registry
    secrets: Secrets
    ledger: Ledger
    clock: Clock
    language: str = "english"
