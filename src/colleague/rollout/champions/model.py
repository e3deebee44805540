"""Who could be a champion, how soon and how often somebody is asked. Pure (CH)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from colleague.adoption.weeks import FREEZE, WORKING_DAYS, Calendar, Week

APART: Final = timedelta(days=14)
OUTCOMES: Final[Mapping[str, str]] = {
    "helped": "I helped", "on leave": "They are on leave", "not for them": "It is not for them",
    "no answer": "No answer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for a person. `sessions`: a week, over the last four that count; `kinds`: of work completed in the
    twelve weeks that end with the last one (B-7).

    `completed` of the runs that were `started` in those twelve weeks and are mature (B-6); `nominations`: why
    colleagues named them.
    """

    sessions: float = 0
    kinds: int = 0
    completed: int = 0
    started: int = 0
    nominations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be a champion, with the reasons; a person decides. `said`: why colleagues named them."""

    person: str
    department: str
    reasons: tuple[str, ...]
    said: tuple[str, ...]
    suggested: bool

    def to_json(self) -> dict[str, Any]:
        """Return the candidate as JSON."""
        return asdict(self)


def weigh(person: str, department: str, one: Signals) -> Candidate | None:
    """Return what speaks for a person as words, None if nothing does (CH-2).

    Suggested is who has two reasons, so never by usage alone; somebody nominated is shown in any case.
    """
    reasons = []
    if one.sessions >= 2:
        reasons.append("comes back every week")
    if one.kinds >= 3:
        reasons.append("uses it for three kinds of work or more")
    if one.started >= 5 and one.completed / one.started >= 0.6:
        reasons.append("finishes what is begun")
    if one.nominations:
        several = len(one.nominations) > 1
        reasons.append(f"named by {len(one.nominations)} colleagues" if several else "named by a colleague")
    suggested = len(reasons) >= 2
    if not suggested and not one.nominations:
        return None
    return Candidate(person, department, tuple(reasons), one.nominations, suggested)


def closes(week: Week, calendar: Calendar) -> tuple[datetime, datetime]:
    """Return when a week's numbers stand, and the end of the first whole working day after that (CH-4)."""
    closed = calendar.end(week) + FREEZE
    place = ZoneInfo(calendar.zone)
    local = closed.astimezone(place)
    day = local.date() if local.time() == time() else local.date() + timedelta(days=1)
    while day.weekday() >= WORKING_DAYS or day in calendar.holidays:
        day += timedelta(days=1)
    return closed, datetime.combine(day + timedelta(days=1), time(), tzinfo=place)


def share_out(
    people: Sequence[tuple[str, str]], champions: Mapping[str, Sequence[str]], load: Mapping[str, int],
    managers: Mapping[str, str],
) -> tuple[dict[str, str], list[str]]:  # fmt: skip
    """Return the champion of each person, and the people for whom there is none.

    `people`: (person, department); `champions`: by department; `load`: how many each has on their list. The least
    loaded of the own department takes the next one; never the person themselves, nor who they report to (CH-4).
    """
    busy, given, nobody = dict(load), dict[str, str](), list[str]()
    for person, department in people:
        able = [c for c in champions.get(department, ()) if c != person and c != managers.get(person)]
        if not department or not able:
            nobody.append(person)
            continue
        chosen = min(able, key=lambda c: (busy.get(c, 0), c))
        given[person] = chosen
        busy[chosen] = busy.get(chosen, 0) + 1
    return given, nobody
