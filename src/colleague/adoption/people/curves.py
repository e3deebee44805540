"""How those who began in one week come back in the weeks after it (AD-1, B-11)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, Final

from colleague.adoption.calendar import read_calendars
from colleague.adoption.facts.read import active_by_week, seats
from colleague.adoption.few.decide import suppressed
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.kept import newest_rows, numbers_of
from colleague.adoption.groups import Groups
from colleague.adoption.kpis.intervals import Estimate, wilson
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.documents.model import Block, Chart
from colleague.kit.documents.picture import drawn

COHORTS, WEEKS, FEW = 8, 12, 10
STALL: Final = 0.8


@dataclass(frozen=True, slots=True)
class Curve:
    """A cohort by its week of onboarding. `shares`: of its people who acted, in their first week, the second, …; only
    frozen weeks that count, None where the week withholds it. `third`: week three over week one, None below ten people
    (B-11) and where one of the two is withheld.
    """

    onboarded: str
    people: int
    shares: tuple[Estimate | None, ...]
    third: float | None

    @property
    def stalls(self) -> bool:
        """Say whether week three fell by more than a fifth."""
        return self.third is not None and self.third < STALL

    def to_json(self) -> dict[str, Any]:
        """Return the curve as JSON."""
        return asdict(self) | {"stalls": self.stalls}


def curve(
    week: str, people: frozenset[str], active: Sequence[frozenset[str]], kept: Sequence[Numbers | None] = ()
) -> Curve:  # fmt: skip
    """Return a cohort's curve; `active`: who acted in its first week, its second, …; `kept`: the cohort's number of
    those weeks as it was frozen, which is told instead, for two of one week would tell of whom they differ by. Pure.
    """
    told = [(len(who & people), wilson(len(who & people), len(people))) for who in active]
    seen: list[tuple[int, Estimate | None]] = [
        now if one is None else (one.active, None if one.suppressed else one.wau)
        for now, one in zip_longest(told, kept[: len(told)])
    ]
    shares = tuple(share for _, share in seen)
    return Curve(week, len(people), shares, _third([n for n, _ in seen], len(people)) if all(shares[:3]) else None)


def _third(active: Sequence[int], people: int) -> float | None:
    return active[2] / active[0] if people >= FEW and len(active) > 2 and active[0] else None


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
    last = calendar.week(now)
    kept = numbers_of(await newest_rows(session, cohorts[chosen[-1]].week, last, kind="onboarded"))
    found = []
    for name in chosen:
        weeks = [w for w in cohorts[name].first_weeks(calendar, WEEKS) if calendar.frozen(w, now)]
        told = [kept.get(("onboarded", name, w)) for w in weeks]
        found.append(curve(name, people[name], [active.get(w.monday, frozenset()) for w in weeks], told))
    return found


def picture(curves: Sequence[Curve]) -> str:
    """Return the curves as SVG with their numbers in words, "" if there is none of two weeks or more."""
    begun = [one for one in curves if len(one.shares) > 1][:6]
    longest = max((len(one.shares) for one in begun), default=0)
    if not begun:
        return ""
    rows = [("Week", *(f"{one.onboarded} (n {one.people})" for one in begun))]
    for n in range(longest):
        told = [one.shares[n] if n < len(one.shares) else None for one in begun]
        rows.append((str(n + 1), *(f"{100 * share.value:.0f}" if share else "" for share in told)))
    return drawn(Block("chart", "Weekly active, %", rows=tuple(rows), chart=Chart("line")))
