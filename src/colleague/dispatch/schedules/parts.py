"""What schedules stand on, handed over by the composition root."""

from dataclasses import dataclass

from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.settings import Settings
from colleague.tasks.parts import Parts, Tell


@dataclass(frozen=True, slots=True)
class Scheduling:
    """The parts of tasks, and the settings that a task is started with."""

    tasks: Parts
    settings: Settings

    @property
    def database(self) -> Database:
        """Return the database."""
        return self.tasks.database

    @property
    def ledger(self) -> Ledger:
        """Return the ledger."""
        return self.tasks.ledger

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self.tasks.clock

    @property
    def tell(self) -> Tell:
        """Return what tells a person something by every channel."""
        return self.tasks.tell
