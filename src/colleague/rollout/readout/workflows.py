"""The use cases of a readout: times before and after, reduction beside completion, hours, what is in the way (B-8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Final

from colleague.adoption.figures import FEWEST, minutes_of
from colleague.adoption.kpis.intervals import wilson
from colleague.adoption.kpis.work import MATURE, REDESIGN, Reduction, by_person, counts, reduction
from colleague.adoption.model import RunFact
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.rollout.readout.compose import hours_of
from colleague.rollout.readout.model import NOT_MEASURED, Figure, Workflow
from colleague.usecases.around import Reach
from colleague.usecases.measured import Measured, measured_cases
from colleague.usecases.sample import CROWD
from colleague.usecases.view import see_use_case

METHOD: Final = "1 − median after / median before; Hodges–Lehmann on logarithms, over people where some gave several"
SHOWN: Final = 3


async def workflows_of(
    session: Session, actor: Actor, found: Sequence[RunFact], *, until: datetime, now: datetime, reach: Reach
) -> list[Workflow]:
    """Return every use case that is live or was, as the runs in `found` and its baseline tell it."""
    made = []
    for case in await measured_cases(session):
        runs = [run for run in found if case.counts(run.workflow) and run.started_at >= case.live_at]
        if case.state == "retired" and not runs:
            continue
        sight = await see_use_case(session, actor, case.id, reach=reach)
        open_frictions = [one for one in sight.frictions if not one.resolution]
        friction = tuple(
            f"{one.step}: {one.text}" + (f" ({one.minutes} min lost)" if one.minutes else "")
            for one in sorted(open_frictions, key=lambda f: -f.minutes)[:SHOWN]
        )
        made.append(workflow_of(case, runs, until=until, now=now, friction=friction))
    return made


def workflow_of(
    case: Measured, runs: Sequence[RunFact], *, until: datetime, now: datetime, friction: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
) -> Workflow:  # fmt: skip
    """Return one use case from its runs of the period. Pure."""
    rows = f"/use-cases/{case.id}"
    taken = [
        (run.person, minutes)
        for run in runs
        if run.end == "delivered" and counts(run) and (minutes := minutes_of(run, until)) is not None
    ]
    after = by_person(taken)
    # Times of fewer than five people, or a baseline of one or two, would be theirs (B-12).
    few = 0 < len(after) < FEWEST or 0 < sum(map(bool, case.before.values())) < CROWD
    found = None if case.new_capability or few else reduction(case.before, after)
    same = _same(case.before, after)
    flat = [value for values in case.before.values() for value in values]
    share = _share(found, len(flat), len(taken), rows, few=few)
    strength = found.strength if found else "nothing"
    before = median(flat) if len(flat) >= 10 and not few else None
    later = median(value for _, value in taken) if len(taken) >= 10 and not few else None
    return Workflow(
        case.id, case.name, case.department, before, len(flat),
        later, len(taken), len(after), strength, share,
        completion_of(runs, now=now, rows=rows),
        hours_of(len(taken), before, share, strength), same, len(taken),
        odd=bool(found and found.odd), told=case.told, new_capability=case.new_capability, missing=missing,
        friction=friction,
    )  # fmt: skip


def _share(found: Reduction | None, before: int, after: int, rows: str, *, few: bool) -> Figure:
    made = {"name": "Less time", "unit": "share", "rows": rows, "method": METHOD, "target": "40 to 60 % is typical"}
    if found is None or found.share is None:
        why = f"{NOT_MEASURED}: {before} times before and {after} after, and ten of each are needed"
        why = f"not told: fewer than {FEWEST} people after, or {CROWD} before" if few else why
        return Figure(**made, absent=why)  # type: ignore[arg-type]
    one = found.share
    return Figure(**made, value=one.value, low=one.low, high=one.high, n=one.n, note=found.strength)  # type: ignore[arg-type]


def _same(before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]) -> Figure:
    """Return the reduction of those who were measured before and after: self-selection is looked at first (B-8)."""
    both = {person for person in before if before[person]} & {person for person in after if after[person]}
    found = reduction({p: before[p] for p in both}, {p: after[p] for p in both}) if len(both) >= 5 else None
    if found is None or found.share is None:
        why = f"{NOT_MEASURED}: fewer than five people, or fewer than ten times, are the same before and after"
        return Figure("The same people", "share", absent=why)
    one = found.share
    return Figure("The same people", "share", one.value, one.low, one.high, one.n)


def completion_of(runs: Sequence[RunFact], *, now: datetime, rows: str) -> Figure:
    """Return the completion of runs that are seven days old (B-6), with its Wilson interval."""
    made = {
        "name": "Task completion", "unit": "share", "rows": rows, "target": "60 %, or it is redesigned",
        "method": "delivered and not rejected, of started runs that are seven days old; Wilson 95 %",
    }  # fmt: skip
    mature = [run for run in runs if counts(run) and run.started_at <= now - MATURE]
    if not mature:
        return Figure(**made, absent=f"{NOT_MEASURED}: no run of the period is seven days old")  # type: ignore[arg-type]
    if len({run.person for run in mature}) < FEWEST:
        return Figure(**made, absent=f"not told: runs of fewer than {FEWEST} people")  # type: ignore[arg-type]
    one = wilson(sum(run.end == "delivered" for run in mature), len(mature))
    note = "below 60 %: redesign the use case" if one.value < REDESIGN else ""
    return Figure(**made, value=one.value, low=one.low, high=one.high, n=one.n, note=note)  # type: ignore[arg-type]
