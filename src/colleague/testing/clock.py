"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta


class TestClock:
    """Starts at a Tuesday noon; `advance` moves it."""

    __test__ = False

    def __init__(self, start: datetime = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)) -> None:
        """Take the time to start at (aware)."""
        self._now = start

    def now(self) -> datetime:
        """Return the current pretended time."""
        return self._now

    def advance(self, **kwargs: float) -> None:
        """Move forward by `timedelta(**kwargs)`."""
        self._now += timedelta(**kwargs)
