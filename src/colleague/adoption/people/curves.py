"""How those who began in one week come back in the weeks after it (AD-1, B-11)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from colleague.adoption.calendar import read_calendars
from colleague.adoption.facts.read import active_by_week, seats
from colleague.adoption.groups import Groups, suppressed
from colleague.adoption.kpis.activity import stalled
from colleague.adoption.kpis.intervals import Estimate, wilson
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.documents.model import Block, Chart
from colleague.kit.documents.picture import drawn

COHORTS, WEEKS = 8, 12
STALL: Final = 0.8


@dataclass(frozen=True, slots=True)
class Curve:
    """A cohort by its week of onboarding. `shares`: of its people who acted, in their first week, the second, …; only
    frozen weeks that count. `third`: week three over week one, None below ten people (B-11).
    """

    onboarded: str
    people: int
    shares: tuple[Estimate, ...]
    third: float | None

    @property
    def stalls(self) -> bool:
        """Say whether week three fell by more than a fifth."""
        return self.third is not None and self.third < STALL

    def to_json(self) -> dict[str, Any]:
        """Return the curve as JSON."""
        return asdict(self) | {"stalls": self.stalls}


def curve(week: str, people: frozenset[str], active: Sequence[frozenset[str]]) -> Curve:
    """Return a cohort's curve; `active`: who acted in its first week, its second, …. Pure."""
    shares = tuple(wilson(len(who & people), len(people)) for who in active)
    return Curve(week, len(people), shares, stalled(active[:3], people))


async def cohort_curves(session: Session, actor: Actor, groups: Groups, *, clock: Clock) -> list[Curve]:
    """Return the curves of the last eight cohorts nothing hides, newest first. Raises PermissionMissing."""
    actor.require("org:adoption:read")
    calendar, now = (await read_calendars(session)).organisation, clock.now()
    cohorts = {str(one.week): one for one in await groups.onboarded(session, calendar)}
    people = {name: one.people for name, one in cohorts.items()}
    everybody = frozenset(seat.person for seat in await seats(session) if seat.removed_at is None)
    by = {**await groups.read(session, calendar), "onboarded": people}
    hidden = {name for kind, name in suppressed(by, everybody) if kind == "onboarded"}
    chosen = sorted((name for name in cohorts if name not in hidden), reverse=True)[:COHORTS]
    if not chosen:
        return []
    since = calendar.start(cohorts[chosen[-1]].week)
    active = await active_by_week(session, since, calendar.end(calendar.week(now)), calendar.zone)
    found = []
    for name in chosen:
        weeks = [w for w in cohorts[name].first_weeks(calendar, WEEKS) if calendar.frozen(w, now)]
        found.append(curve(name, people[name], [active.get(w.monday, frozenset()) for w in weeks]))
    return found


def picture(curves: Sequence[Curve]) -> str:
    """Return the curves as SVG with their numbers in words, "" if there is none of two weeks or more."""
    begun = [one for one in curves if len(one.shares) > 1][:6]
    longest = max((len(one.shares) for one in begun), default=0)
    if not begun:
        return ""
    rows = [("Week", *(f"{one.onboarded} (n {one.people})" for one in begun))]
    for n in range(longest):
        cells = (f"{100 * one.shares[n].value:.0f}" if n < len(one.shares) else "" for one in begun)
        rows.append((str(n + 1), *cells))
    return drawn(Block("chart", "Weekly active, %", rows=tuple(rows), chart=Chart("line")))
