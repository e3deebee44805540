"""A person's own first month: the weeks of their department's playbook, filled in, and what is done of it (R85)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from colleague.adoption.facts.read import delivered_to
from colleague.adoption.model import AD_HOC, kind_of
from colleague.dispatch.triggers.drill import drilled
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.identity.model import Person
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.cohorts.begin import beginnings
from colleague.rollout.cohorts.model import Member
from colleague.rollout.cohorts.store import get_cohort, member
from colleague.rollout.onboarding.model import EXERCISE, PLACES, Activity, Module
from colleague.rollout.onboarding.own import is_quiet
from colleague.rollout.onboarding.savings import Saving, saving_of
from colleague.rollout.onboarding.store import modules, passed, playbook, ticks
from colleague.usecases.rituals import Tied, standing_cases, starting_words

_BLANK: Final = ("Your first use case", "your team", "week", "the work that comes again")


@dataclass(frozen=True, slots=True)
class Step:
    """An activity as a person sees it: filled in, done or not, and where it is done."""

    activity: Activity
    title: str
    text: str
    done: bool
    link: str = ""

    @property
    def ticks(self) -> bool:
        """Say whether the person themselves says that it is done."""
        return self.activity.owner == "person" and self.activity.done == "self"

    def to_json(self) -> dict[str, Any]:
        """Return the step as JSON."""
        a = self.activity
        return {
            "key": a.key, "title": self.title, "text": self.text, "owner": a.owner, "means": a.means,
            "done": self.done, "ticks": self.ticks, "link": self.link,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Path:
    """The first month of a person. `week`: where they are, 0 before it began, 5 after it; `modules`: passed or not."""

    cohort: str
    began_at: datetime | None
    week: int
    weeks: tuple[tuple[int, str, tuple[Step, ...]], ...]
    first: Tied | None
    choices: tuple[Tied, ...]
    modules: tuple[tuple[Module, bool], ...]
    saving: Saving | None
    quiet: bool

    @property
    def completed(self) -> bool:
        """Say whether every module and the exercise are passed."""
        return all(done for _, done in self.modules)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "cohort": self.cohort, "began_at": self.began_at.isoformat() if self.began_at else None,
            "week": self.week, "completed": self.completed, "quiet": self.quiet,
            "first_use_case": self.first.to_json() if self.first else None,
            "saving": self.saving.to_json() if self.saving else None,
            "weeks": [{"week": n, "title": t, "steps": [s.to_json() for s in steps]} for n, t, steps in self.weeks],
            "modules": [{"key": m.key, "title": m.title, "passed": done} for m, done in self.modules],
        }  # fmt: skip


async def my_path(session: Session, actor: Actor, *, clock: Clock) -> Path:
    """Return the first month of whoever asks: nobody else's. Raises PermissionMissing."""
    actor.require("own:tasks:use")
    who, mine = await get_person(session, actor.id), await member(session, actor.id)
    cases = await standing_cases(session)
    # One that was retired meanwhile is nobody's beginning: then it is what fits now.
    begin = (await beginnings(session, [mine]))[actor.id] if mine else ""
    first = next((one for one in cases if one.id == begin), None)
    fit = tuple(one for one in cases if one.ritual and one.fits(who.department, who.teams)) if mine else ()
    have = (await passed(session, actor.id)).get(actor.id, frozenset())
    read = tuple((one, one.key in have) for one in await modules(session))
    saving = await saving_of(session, actor.id)
    began = mine.began_at if mine else None
    done = await _done(session, actor.id, began, first, have, saving, training=[m.key for m, _ in read])
    weeks = await _weeks(session, who, mine, first, done)
    cohort = (await get_cohort(session, mine.cohort)).name if mine else ""
    return Path(
        cohort, began, week_of_month(began, clock.now()), weeks, first, fit, read, saving,
        await is_quiet(session, actor.id),
    )  # fmt: skip


def week_of_month(began: datetime | None, now: datetime) -> int:
    """Return in which week of their month somebody is: 0 before it began, 5 once it is over."""
    return 0 if began is None or now < began else min(5, (now - began) // timedelta(days=7) + 1)


async def _done(
    session: Session, person: str, began: datetime | None, first: Tied | None, have: frozenset[str],
    saving: Saving | None, *, training: list[str],
) -> Mapping[str, bool]:  # fmt: skip
    """Return what is done, by the kinds of `done` that the product sees by itself."""
    flows = await delivered_to(session, person, began) if began else []
    skill = first.card.skill if first else ""
    kinds = {kind_of(flow) for flow in flows if flow != AD_HOC}
    return {
        "run": any(kind_of(flow) == skill for flow in flows) if skill else bool(flows),
        "second": len(kinds) >= 2, "saving": saving is not None, "exercise": EXERCISE in have,
        "training": have >= frozenset(training) - {EXERCISE}, "drill": await drilled(session, person),
    }  # fmt: skip


async def _weeks(
    session: Session, who: Person, mine: Member | None, first: Tied | None, done: Mapping[str, bool]
) -> tuple[tuple[int, str, tuple[Step, ...]], ...]:
    if mine is None:
        return ()
    ticked = await ticks(session, who.id, mine.cohort)
    own, others = ticked.get(who.id, frozenset()), ticked.get(mine.cohort, frozenset())
    goal = quote((await starting_words(session, first))[:2000]) if first else ""
    links = {
        "run": f"/tasks/new?goal={goal}", "second": "/use-cases", "saving": "/first-month#saving",
        "training": "/first-month#training", "exercise": f"/first-month/{EXERCISE}", "drill": "/dispatch/drill",
    }  # fmt: skip
    found = []
    for week in await playbook(session, who.department):
        steps = []
        for a in week.activities:
            by = own if a.owner == "person" else others
            is_done = a.key in by if a.done == "self" else done[a.done]
            steps.append(Step(a, filled(a.title, first), filled(a.text, first), is_done, links.get(a.done, "")))
        found.append((week.number, filled(week.title, first), tuple(steps)))
    return tuple(found)


def filled(text: str, first: Tied | None) -> str:
    """Return `text` with the use case and its ritual in it. Nothing else in it is a field. Pure."""
    ritual = first.ritual if first else None
    values = (first.name, ritual.team, ritual.weekday, ritual.artefact) if first and ritual else _BLANK
    # In one go: a name that has braces in it is a name.
    parts = [text]
    for place, value in zip(PLACES, values, strict=True):
        parts = [
            piece for n, part in enumerate(parts)
            for piece in (_split(part, place, value) if n % 2 == 0 else [part])
        ]  # fmt: skip
    return "".join(parts)


def _split(text: str, place: str, value: str) -> list[str]:
    """Return pieces that alternate between what may still have fields in it and what was filled in."""
    pieces: list[str] = []
    for n, part in enumerate(text.split(place)):
        pieces += [value, part] if n else [part]
    return pieces
