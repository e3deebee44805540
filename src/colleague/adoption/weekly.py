"""The numbers of weeks, of the organisation or a group: activity never without completion, breadth, time (AD-5)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from colleague.adoption.calendar import Calendars, read_calendars
from colleague.adoption.facts.read import actions, runs, seats, visits
from colleague.adoption.figures import FEWEST, TENURE, Facts, Numbers, Timed, figures
from colleague.adoption.groups import KINDS, By, Groups, suppressed
from colleague.adoption.kpis.activity import seats_in
from colleague.adoption.model import RunFact
from colleague.adoption.targets import Standing, standings
from colleague.adoption.weeks import Week, weeks_between
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.usecases.measured import measured_cases

SHOWN: Final = 12
DEFINITIONS: Final[dict[str, str]] = {
    "WAU": "People with a seat on three days of the week who did something themselves: started, said, decided, used. "
    "Signing in, reading, and what a schedule starts do not count. Of all seats, with the Wilson 95 % interval; "
    "adjusted, without those who were away all week.",
    "Sessions": "Runs of own actions with gaps of thirty minutes at most, over all channels, for each active person; "
    "divided by worked days of five. Four are aimed at; below two is no habit.",
    "Completion": "Runs of skills that were delivered, of those started in the week and mature after seven days. Below "
    "60 % the use case is redesigned, nobody is trained for it.",
    "Breadth": "Kinds of skills that active people completed in the twelve weeks that end with it: the median, and the "
    "share with three or more. Three are aimed at by those whose seat is twelve weeks old.",
    "Time": "How much less time an output takes, from its input to its first taking by a person, weighed by volume and "
    "baseline over use cases with ten times before and ten after. Nothing is shown without a baseline.",
}


class NoSuchGroup(NotFound):
    """There is no such group."""


@dataclass(frozen=True, slots=True)
class Line:
    """The weeks of one group, newest first, and how it stands against the targets."""

    kind: str
    name: str
    weeks: list[Numbers]
    standings: list[Standing]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "kind": self.kind, "name": self.name, "weeks": [week.to_json() for week in self.weeks],
            "targets": [one.to_json() for one in self.standings],
        }  # fmt: skip


async def numbers(session: Session, actor: Actor, *, clock: Clock, count: int = SHOWN) -> list[Numbers]:
    """Return the last `count` weeks of the organisation, newest first, the running one among them.

    Raises PermissionMissing.
    """
    actor.require("org:adoption:read")
    calendars = await read_calendars(session)
    facts = await _facts_by_week(session, calendars, clock, count)
    calendar = calendars.organisation
    return [figures(one, week, calendar, clock.now()) for week, one in facts.items()][::-1]


async def lines(
    session: Session, actor: Actor, groups: Groups, *, kind: str, name: str = "", clock: Clock, count: int = SHOWN
) -> list[Line]:  # fmt: skip
    """Return the weeks of every group of a kind, or of one. Raises NoSuchGroup, PermissionMissing.

    A group that is too small, or that could be found by subtraction, is among them and tells nothing.
    """
    actor.require("org:adoption:read")
    if kind not in KINDS:
        raise NoSuchGroup
    calendars = await read_calendars(session)
    by = await groups.read(session, calendars.organisation)
    chosen = {n: people for n, people in by[kind].items() if not name or n == name}
    if name and not chosen:
        raise NoSuchGroup
    facts = await _facts_by_week(session, calendars, clock, count)
    hidden = {week: hidden_in(by, one, week, calendars) for week, one in facts.items()}
    found = []
    for one, people in chosen.items():
        calendar = calendars.of(one) if kind == "department" else calendars.organisation
        weeks = [
            told(figures(of_all.of(people), week, calendar, clock.now()), hidden=(kind, one) in hidden[week])
            for week, of_all in facts.items()
        ]
        found.append(Line(kind, one, weeks[::-1], standings(weeks)))
    return found


def hidden_in(by: By, facts: Facts, week: Week, calendars: Calendars) -> frozenset[tuple[str, str]]:
    """Return the groups nothing is told of in a week, by who had a seat in it."""
    there = frozenset(seat.person for seat in seats_in(facts.seats, week, calendars.organisation))
    return suppressed(by, there)


def told(found: Numbers, *, hidden: bool) -> Numbers:
    """Return numbers as they may be told."""
    return replace(found, hidden=hidden and found.people >= FEWEST)


async def _facts_by_week(
    session: Session, calendars: Calendars, clock: Clock, count: int
) -> dict[Week, Facts]:  # fmt: skip
    calendar = calendars.organisation
    last = calendar.week(clock.now())
    first = last.next(1 - count)
    there = await seats(session)
    # A week looks back eleven more: read once what each of them would read again.
    began = await runs(session, calendar.start(first.next(1 - TENURE)), calendar.end(last))
    cases = await timed_cases(session, began)
    found = {}
    for week in weeks_between(first, last):
        start, end = calendar.start(week), calendar.end(week)
        did, came = await actions(session, start, end), await visits(session, start, end)
        found[week] = Facts(there, did, came, began, cases)
    return found


async def timed_cases(session: Session, found: list[RunFact]) -> Mapping[str, Timed]:
    """Return the use case of each workflow in `found` that has one."""
    cases = await measured_cases(session)
    timed = {one.id: Timed(one.id, tuple(v for values in one.before.values() for v in values)) for one in cases}
    return {
        workflow: timed[case.id]
        for workflow in sorted({run.workflow for run in found})
        for case in cases if case.counts(workflow)
    }  # fmt: skip
