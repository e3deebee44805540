"""What is asked of the sandbox and what comes back: tiers, limits, results, refusals."""

from dataclasses import dataclass
from enum import StrEnum

from colleague.kit.errors import Invalid, Unavailable


class CodeRefused(Unavailable):
    """Code cannot run here: {why}"""


class BadRequest(Invalid):
    """This cannot be run in the sandbox: {why}"""


class Tier(StrEnum):
    """How a program is confined."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. Memory, CPU, processes and disk count for all its processes together.

    `address_space` is the bound per process (None: no bound; programs like node reserve far more than they use).
    """

    memory: int = 1 << 30
    address_space: int | None = 1 << 30
    cpu_seconds: float | None = 30
    wall_seconds: float | None = 60
    processes: int = 32
    output: int = 1_000_000
    file_size: int = 100_000_000
    disk: int = 250_000_000
    open_files: int = 128


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run. `exit` is negative for a signal; `killed_by` names the limit that ended it, or is empty."""

    exit: int
    stdout: bytes
    stderr: bytes
    seconds: float
    cpu_seconds: float
    killed_by: str = ""

    @property
    def ok(self) -> bool:
        """Say whether the program ended by itself and without an error."""
        return self.exit == 0 and not self.killed_by


@dataclass(frozen=True, slots=True)
class Report:
    """Which tier holds on this machine (None: code is refused), how limits are kept, and one sentence for people."""

    tier: Tier | None
    sentence: str
    limits: str = ""
    findings: tuple[tuple[str, str], ...] = ()
