"""What a pilot consists of at most: three skills of the organisation's own, one connector, no automation (PL-8). Pure.

Beyond it stands only what the sponsor accepted, as «skills=5». After the pilot there is no such limit.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from colleague.kit.errors import Forbidden
from colleague.policy.model import Governance, Phase

SHIPPED: Final[Mapping[str, int]] = {"skills": 3, "connectors": 1, "automations": 0}
MOST: Final = 100
WORDS: Final[Mapping[str, str]] = {
    "skills": "skills of its own", "connectors": "connectors to a source of data",
    "automations": "automations (what runs again and again, or after an event)",
}  # fmt: skip
ACT: Final[Mapping[str, str]] = {
    "skills": "Switch one off or take one away",
    "connectors": "Close every grant of the other one",
    "automations": "Run it once at a chosen time instead",
}  # fmt: skip


class BeyondThePilot(Forbidden):
    """A pilot has {most} {words} at most, and there would be {count}{which}. {act}, wait for phase 2, or have the
    sponsor accept more, with a reason: Programme, «The surface of the pilot»."""


def limits(accepted: Iterable[str]) -> dict[str, int]:
    """Return how many of each there may be in a pilot, with what was accepted beyond; ValueError for what is none."""
    found = dict(SHIPPED)
    for entry in accepted:
        what, _, most = entry.partition("=")
        if what not in SHIPPED or not most.isascii() or not most.isdigit() or int(most) > MOST:
            raise ValueError(entry)
        found[what] = max(found[what], int(most))
    return found


def limit(governance: Governance, what: str) -> int | None:
    """Return how many of `what` there may be now; None where there is no limit any more."""
    return limits(governance.pilot_surface)[what] if governance.phase is Phase.PILOT else None


def check_surface(governance: Governance, what: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raise BeyondThePilot if `after` has a key that `before` has not, and more in all than a pilot may have.

    The values say it to people. What is beyond it already stays: it may be changed, made less, and taken away.
    """
    most = limit(governance, what)
    if most is None or len(after) <= most or set(after) <= set(before):
        return
    there = sorted(before.values())
    which = f": there {'is' if len(there) == 1 else 'are'} {', '.join(there[:5])}" if there else ""
    which += f" and {len(there) - 5} more" if len(there) > 5 else ""
    words = WORDS[what].replace("connectors", "connector") if most == 1 else WORDS[what]
    raise BeyondThePilot(most=most or "no", words=words, count=len(after), which=which, act=ACT[what])


def widened(accepted: Iterable[str], what: str, most: int) -> tuple[str, ...]:
    """Return what was accepted with `most` of `what`; ValueError or KeyError for what is none."""
    found = limits(accepted) | {what: most}
    return tuple(f"{name}={found[name]}" for name in SHIPPED if found[name] > SHIPPED[name])


def wider(before: Iterable[str], after: Iterable[str]) -> bool:
    """Say whether `after` lets a pilot have more of anything."""
    old, new = limits(before), limits(after)
    return any(new[what] > old[what] for what in SHIPPED)
