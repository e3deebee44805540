"""A plan as a form, a program and the command line say it."""

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from colleague.rollout.templates.plan import MOST, Begun, Wanted
from colleague.rollout.templates.shape import SHAPES


def _number(value: Any) -> Any:
    """A field of a form that was left empty says nothing."""
    return None if isinstance(value, str) and not value.strip() else value


Seats = Annotated[Annotated[int, Field(ge=0, le=10_000_000)] | None, BeforeValidator(_number)]
Weeks = Annotated[Annotated[int, Field(ge=0, le=1_000)] | None, BeforeValidator(_number)]
Day = Annotated[date | None, BeforeValidator(_number)]
USUAL_PILOT = 25


class Planned(BaseModel):
    """What is planned: seats of each phase, as many phases as have some; nothing said means what is known or usual."""

    model_config = ConfigDict(extra="ignore")

    start: Day = None
    pilot: Seats = None
    expansion: Seats = None
    broad: Seats = None
    enterprise: Seats = None
    pilot_weeks: Weeks = None
    expansion_weeks: Weeks = None
    broad_weeks: Weeks = None
    extra: Weeks = None

    def wanted(
        self, *, today: date, total: int, extra: int, why_extra: str, begun: tuple[Begun, ...] = ()
    ) -> Wanted:  # fmt: skip
        """Return what is planned. `today`: the plan begins the Monday after, unless said or `begun`; `total`: seats in
        the end that are known of, 0 for none; `extra`: weeks that the use cases add.
        """
        given = [self.pilot, self.expansion, self.broad, self.enterprise]
        # Without anything said, the plan has every phase that has begun.
        there = (0, 0, *(shape.least_seats + 1 for shape in SHAPES[1:]))[len(begun)]
        seats = spread(max(total, there)) if given == [None] * 4 else tuple(_without_tail(given))
        weeks = (self.pilot_weeks or 0, self.expansion_weeks or 0, self.broad_weeks or 0)
        start = self.start or (begun[0].on if begun else today + timedelta(days=7 - today.weekday()))
        added = extra if self.extra is None else self.extra
        return Wanted(start, seats, weeks, added, why_extra if added else "", begun, today)


def _without_tail(given: list[int | None]) -> list[int]:
    """Return seats up to the last phase that has some; a gap within stays 0, so that the plan is refused."""
    while given and not given[-1]:
        given = given[:-1]
    return [one or 0 for one in given]


def spread(total: int) -> tuple[int, ...]:
    """Return seats by phase that lead to `total` in the end, each phase full before the next; a pilot alone for 0."""
    if total <= SHAPES[0].most_seats:
        return (max(total, SHAPES[0].least_seats) if total else USUAL_PILOT,)
    seats = [USUAL_PILOT]
    for shape in SHAPES[1:]:
        seats.append(min(total, shape.most_seats, MOST))
        if total <= shape.most_seats:
            break
    return tuple(seats)
