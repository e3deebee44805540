"""The numbers of weeks, of the organisation or a group: activity never without completion, breadth, time (AD-5)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from colleague.adoption.calendar import read_calendars
from colleague.adoption.facts.week import facts_of
from colleague.adoption.few.apart import FEWEST
from colleague.adoption.few.decide import EVERYBODY, By, Decision, Group, decide
from colleague.adoption.figures import Facts, Numbers, by_person, figures
from colleague.adoption.frozen.freeze import seats_then
from colleague.adoption.frozen.kept import decisions, frozen_weeks, go_on, last_told, newest_rows, numbers_of
from colleague.adoption.frozen.running import running_weeks
from colleague.adoption.groups import KINDS, Groups, NoSuchGroup
from colleague.adoption.kpis.work import MATURE
from colleague.adoption.targets import Standing, standings
from colleague.adoption.weeks import Calendar, Week, weeks_between
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, beside
from colleague.policy.governance import current_governance

SHOWN: Final = 12
DEFINITIONS: Final[dict[str, str]] = {
    "Seats": "People who could use it on three days of the week: a seat by Wednesday, not taken back before Thursday, "
    "and signed in, or invited a week ago. Test users and service accounts are none.",
    "WAU": "People with a seat on three days of the week who did something themselves: started, said, decided, used. "
    "Signing in, reading, and what a schedule starts do not count. Of all seats, with the Wilson 95 % interval; "
    "adjusted, without those who were away all week.",
    "Passive": "People with a seat who were seen and did nothing: they signed in, or opened an output to look at it. "
    "Who did both is active. Opening a page is not on record: who stays signed in and only reads is not seen.",
    "Sessions": "Runs of own actions with gaps of thirty minutes at most, over all channels, for each active person; "
    "divided by worked days of five. Four are aimed at; below two is no habit.",
    "Completion": "Runs of published skills that were delivered and not rejected, of those started in the week, as "
    "they stood seven days after it; what was left alone for seven days is abandoned. Below 60 % the use case is "
    "redesigned, nobody is trained for it.",
    "Breadth": "Kinds of skills that active people completed in the twelve weeks that end with it, by when they were "
    "completed: the median, and the "
    "share with three or more. Three are aimed at by those whose seat is twelve weeks old.",
    "Time": "How much less time an output takes, from its input to its first taking by a person, of what was first "
    "taken in the twelve weeks that end with it; weighed by volume and baseline over use cases with ten times before "
    "and ten after. Nothing is shown without a baseline. Its interval stands with each use case (Time saved).",
    "Withheld": "What is of fewer than five people, and what would let a number of fewer than five be computed from "
    "others that are told: of other groups, and for a group of fewer than ten of the weeks before, while one to four "
    "came or went. What was told stays told; what was withheld when the week was frozen stays withheld.",
}


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


async def numbers(
    session: Session, actor: Actor, groups: Groups, *, clock: Clock, count: int = SHOWN
) -> list[Numbers]:  # fmt: skip
    """Return the last `count` weeks of the organisation, newest first, the running one among them.

    What is frozen is told as it was kept, the rest is computed now; without what says something of fewer than five
    people (`Numbers.told`), beside `groups` as when it is frozen. Raises PermissionMissing.
    """
    actor.require("org:adoption:read")
    calendar = (await read_calendars(session)).organisation
    last = calendar.week(clock.now())
    weeks = list(weeks_between(last.next(1 - count), last))
    kept = await frozen_weeks(session, weeks[0], last)
    found = await running_weeks(session, weeks[0], last, calendar, clock=clock)
    ahead = {week: one for (_, _, week), one in found.items()}
    open_ = [week for week in weeks if week not in ahead and not _whole(kept.get(week), week, calendar, clock)]
    by = await groups.read(session, calendar) if open_ else {}
    facts = await facts_of(session, calendar, open_, by)
    decided = await _decided(session, by, facts, calendar, clock)
    told = []
    for week in weeks:
        one = _one(kept.get(week), ahead.get(week), facts.get(week), week, calendar, clock)
        told.append(_without(one, decided[week].get(EVERYBODY) if week in decided else None))
    return told[::-1]


async def lines(
    session: Session, actor: Actor, groups: Groups, *, kind: str, name: str = "", clock: Clock, count: int = SHOWN
) -> list[Line]:  # fmt: skip
    """Return the weeks of every group of a kind, or of one. Raises NoSuchGroup, PermissionMissing.

    A group that is too small, or that could be found by subtraction, is among them and tells nothing. A frozen week is
    told by who was in the group then.
    """
    actor.require("org:adoption:read")
    if kind not in KINDS:
        raise NoSuchGroup
    calendars, phase = await read_calendars(session), (await current_governance(session)).phase
    by = await groups.read(session, calendars.organisation)
    chosen = {n: people for n, people in by[kind].items() if not name or n == name}
    if name and not chosen:
        raise NoSuchGroup
    last = calendars.organisation.week(clock.now())
    weeks = list(weeks_between(last.next(1 - count), last))
    kept = numbers_of(await newest_rows(session, weeks[0], last, kind=kind, name=name or None))
    ahead = await running_weeks(
        session, weeks[0], last, calendars.organisation, kind=kind, name=name or None, clock=clock
    )  # fmt: skip
    open_ = [
        w for w in weeks
        if not all(
            (kind, n, w) in ahead or _whole(kept.get((kind, n, w)), w, calendars.organisation, clock) for n in chosen
        )
    ]  # fmt: skip
    facts = await facts_of(session, calendars.organisation, open_, by)
    decided = await _decided(session, by, facts, calendars.organisation, clock)
    picks = {week: by_person(one) for week, one in facts.items()}
    found = []
    for one, people in chosen.items():
        calendar = calendars.of(one) if kind == "department" else calendars.organisation
        told = []
        for week in weeks:
            mine = picks[week](people) if week in picks else None
            early = ahead.get((kind, one, week))
            value = _one(kept.get((kind, one, week)), early, mine, week, calendar, clock)
            told.append(_without(value, decided[week].get((kind, one)) if week in decided and not early else None))
        found.append(Line(kind, one, told[::-1], standings(told[:-1], phase)))
    return found


async def _decided(
    session: Session, by: By, facts: Mapping[Week, Facts], calendar: Calendar, clock: Clock
) -> dict[Week, dict[Group, Decision]]:  # fmt: skip
    """Return what is told of each group in weeks that are not kept whole, one after another."""
    found: dict[Week, dict[Group, Decision]] = {}
    last = await last_told(session, min(facts)) if facts else {}
    for week, one in sorted(facts.items()):
        rests = figures(one, week, calendar, clock.now()).rests
        kept = decisions(await newest_rows(session, week, week))
        then = seats_then(last, one, calendar)
        # Beside the loop: it grows with groups times people, and others wait for theirs.
        found[week] = await beside(session, decide, by, rests, last=then, kept=kept)
        last = go_on(last, {key for key, said in found[week].items() if not said.hidden}, by, week)
    return found


def _without(value: Numbers, decided: Decision | None) -> Numbers:
    """Return numbers without what is withheld, as it was kept and, where that is not, as it is decided now."""
    if decided is None:
        return value.told()
    few = decided.few if value.version == 0 else decided.few & {"completion"}
    value = replace(value, few=tuple(sorted({*value.few, *few}))).told()
    return replace(value, hidden=value.people >= FEWEST) if decided.hidden and value.version == 0 else value


def _whole(kept: Numbers | None, week: Week, calendar: Calendar, clock: Clock) -> bool:
    """Say whether a week is kept with its completion, or that is not mature yet."""
    return kept is not None and (kept.completed or clock.now() < calendar.end(week) + MATURE)


def _one(
    kept: Numbers | None, ahead: Numbers | None, facts: Facts | None, week: Week, calendar: Calendar, clock: Clock
) -> Numbers:
    """Return a week as it was kept; as it was computed `ahead` or is computed now where it was not, its completion too
    where that alone is missing.
    """
    if (facts is None and ahead is None) or (kept is not None and kept.completed):
        return kept or Numbers(week, calendar.frozen(week, clock.now()), not calendar.counts(week), 0)
    now = ahead
    if now is None:
        assert facts is not None
        now = figures(facts, week, calendar, clock.now())
    if kept is None:
        return now
    few = {*kept.few, *({"completion"} & {*now.few})}
    return replace(kept, completion=now.completion, few=tuple(sorted(few)), rests=now.rests)
