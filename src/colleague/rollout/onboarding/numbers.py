"""How the first month stands, by cohort and by department: numbers only, and none about fewer than five (B-12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from colleague.adoption.calendar import read_calendar
from colleague.adoption.few.decide import suppressed
from colleague.identity.actor import Actor
from colleague.identity.directory import departments_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.cohorts.model import Cohort
from colleague.rollout.cohorts.store import cohorts_of, list_cohorts, members_of
from colleague.rollout.onboarding.model import EXERCISE, Activity
from colleague.rollout.onboarding.savings import Retention, first_savings, retention
from colleague.rollout.onboarding.store import completed, passed, playbook, ticks
from colleague.rollout.onboarding.watch import stalled_weeks


@dataclass(frozen=True, slots=True)
class Line:
    """A cohort or department: its people, how many completed training, passed the exercise, saw a saving in week one.

    None: fewer than five people, or to be found by subtraction.
    """

    kind: str
    name: str
    people: int | None
    completed: int | None
    exercise: int | None
    saved: int | None

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {
            "kind": self.kind, "name": self.name, "suppressed": self.people is None, "people": self.people,
            "completed": self.completed, "exercise": self.exercise, "first_week_saving": self.saved,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it. `duties`: for each open cohort what champion and lead do, and whether it is ticked."""

    lines: tuple[Line, ...]
    stalls: Mapping[str, float]
    retention: Retention
    duties: tuple[tuple[Cohort, tuple[tuple[int, Activity, bool], ...]], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "groups": [one.to_json() for one in self.lines],
            "stalled": dict(self.stalls),
            "retention": self.retention.to_json(),
            "duties": [
                {"cohort": c.id, "week": n, "key": a.key, "title": a.title, "owner": a.owner, "done": done}
                for c, duties in self.duties
                for n, a, done in duties
            ],
        }


async def standing(session: Session, actor: Actor, *, clock: Clock) -> Standing:
    """Return how the first month stands. Raises PermissionMissing."""
    actor.require("org:programme:read")
    begun = frozenset(one.person for one in await members_of(session) if one.began_at)
    groups = {"cohort": _by(await cohorts_of(session), begun), "department": _by(await departments_of(session), begun)}
    hidden = suppressed(groups, begun)
    done, have = await completed(session), await passed(session)
    saved = {p for p, one in (await first_savings(session)).items() if one.saved > 0}
    lines = []
    for kind, named in groups.items():
        for name, people in sorted(named.items()):
            if (kind, name) in hidden:
                lines.append(Line(kind, name, None, None, None, None))
                continue
            exercised = sum(EXERCISE in have.get(one, frozenset()) for one in people)
            lines.append(Line(kind, name, len(people), len(people & done), exercised, len(people & saved)))
    calendar = await read_calendar(session)
    return Standing(
        tuple(lines), await stalled_weeks(session), await retention(session, calendar, clock=clock),
        await _duties(session),
    )  # fmt: skip


def _by(named: Mapping[str, str], people: frozenset[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for person, name in named.items():
        if person in people:
            found.setdefault(name, set()).add(person)
    return {name: frozenset(members) for name, members in found.items()}


async def _duties(session: Session) -> tuple[tuple[Cohort, tuple[tuple[int, Activity, bool], ...]], ...]:
    open_ = [one for one in await list_cohorts(session) if one.state == "started"]
    ticked = await ticks(session, *(one.id for one in open_))
    departments, found = await departments_of(session), []
    for one in open_:
        done = ticked.get(one.id, frozenset())
        duties: dict[str, tuple[int, Activity]] = {}
        for name in sorted({departments.get(m.person, "") for m in await members_of(session, one.id)}):
            for week in await playbook(session, name):
                duties |= {a.key: (week.number, a) for a in week.activities if a.owner != "person"}
        lines = sorted(duties.values(), key=lambda duty: duty[0])
        found.append((one, tuple((number, a, a.key in done) for number, a in lines)))
    return tuple(found)
