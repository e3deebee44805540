"""What the tests in a browser know of the running product."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Served:
    """A running product: its address, its data folder, seconds from command to first page."""

    url: str
    folder: Path
    seconds: float
