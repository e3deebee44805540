"""How often a caller may come: a bucket each, in this process."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Rate:
    """So many calls a second for each caller, twice as many at once. In this process; kept for the newest callers."""

    per_second: float
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def allows(self, caller: str) -> bool:
        """Count a call; say whether it may be made now."""
        now = time.monotonic()
        left, at = self._left.pop(caller, (self.per_second * 2, now))
        left = min(self.per_second * 2, left + (now - at) * self.per_second)
        self._left[caller] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > 1000:
            self._left.pop(next(iter(self._left)))
        return left >= 1
