"""What Dispatch works with, in one value; and what day it is where the organisation is."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from colleague.kit.settings import Settings
from colleague.policy.model import Governance
from colleague.tasks.parts import Parts


@dataclass(frozen=True, slots=True)
class DispatchParts:
    """The parts of tasks, and the settings."""

    tasks: Parts
    settings: Settings

    def today(self, governance: Governance) -> date:
        """Return today's date in the organisation's time zone."""
        return self.tasks.clock.now().astimezone(ZoneInfo(governance.time_zone)).date()
