"""A clock that is moved: forward only."""

from datetime import datetime


class MovedClock:
    """Tells the time it was moved to."""

    def __init__(self, start: datetime) -> None:
        """Take the time to start at (aware)."""
        self._now = start

    def now(self) -> datetime:
        """Return the pretended time."""
        return self._now

    def to(self, at: datetime) -> None:
        """Move to a time; one that lies behind changes nothing."""
        self._now = max(self._now, at)
