"""The use cases of a readout: reduction beside completion, hours of the period, what is in the way (B-8, B-9)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from colleague.adoption.few.apart import FEWEST
from colleague.adoption.figures import minutes_of
from colleague.adoption.kpis.work import REDESIGN, Completion, Reduction
from colleague.adoption.model import RunFact
from colleague.adoption.validation import Proof, runs_by_case, validations
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.readout.compose import hours_of
from colleague.rollout.readout.model import NOT_MEASURED, Figure, Workflow
from colleague.usecases.around import Reach
from colleague.usecases.measured import cases_by_run
from colleague.usecases.sample import CROWD
from colleague.usecases.view import see_use_case

METHOD: Final = (
    "since launch: 1 − median after / median before; Hodges–Lehmann on logarithms, over people where some gave several"
)
SHOWN: Final = 3


async def workflows_of(
    session: Session, actor: Actor, found: Sequence[RunFact], *, until: datetime, reach: Reach, clock: Clock
) -> list[Workflow]:
    """Return every use case that is live or was: what is proven of it, and the work in `found`: what was taken in the
    period, whenever it was asked for.
    """
    made, mine = [], runs_by_case(await cases_by_run(session), found)
    for proof in await validations(session, clock=clock):
        case = proof.case
        runs = mine.get(case.id, [])
        if case.state == "retired" and not runs:
            continue
        sight = await see_use_case(session, actor, case.id, reach=reach)
        open_frictions = [one for one in sight.frictions if not one.resolution]
        friction = tuple(
            f"{one.step}: {one.text}" + (f" ({one.minutes} min lost)" if one.minutes else "")
            for one in sorted(open_frictions, key=lambda f: -f.minutes)[:SHOWN]
        )
        made.append(workflow_of(proof, runs, until=until, friction=friction))
    return made


def workflow_of(
    proof: Proof, runs: Sequence[RunFact], *, until: datetime, friction: tuple[str, ...] = ()
) -> Workflow:  # fmt: skip
    """Return one use case from what is proven of it and its runs of the period. Pure."""
    case, rows = proof.case, f"/use-cases/{proof.case.id}"
    before, after = ({person for person, values in arm if values} for arm in proof.arms)
    # Times of fewer than five people, or a baseline of one or two, would be theirs (B-12).
    few = 0 < len(after) < FEWEST or 0 < len(before) < CROWD
    time = None if few or case.new_capability else proof.time
    taken = sum(
        run.end == "delivered" and not (run.copy or run.sandbox) and minutes_of(run, until) is not None for run in runs
    )
    share = _share(time, case.n, proof.after, rows, few=few)
    strength = time.strength if time else "nothing"
    was = time.before if time else None
    return Workflow(
        case.id, case.name, case.department, was, case.n, time.after if time else None, proof.after, len(after),
        strength, share, completion_figure(proof.completion, people=proof.people, rows=rows),
        hours_of(taken, was, share, strength), _same(proof.same, len(before & after)), taken,
        odd=bool(time and time.odd), told=case.told, new_capability=case.new_capability,
        validated=proof.validation.holds, missing=proof.validation.missing, friction=friction,
    )  # fmt: skip


def _share(found: Reduction | None, before: int, after: int, rows: str, *, few: bool) -> Figure:
    made = {"name": "Less time", "unit": "share", "rows": rows, "method": METHOD, "target": "40 to 60 % is typical"}
    if found is None or found.share is None:
        why = f"{NOT_MEASURED}: {before} times before and {after} after, and ten of each are needed"
        why = f"not told: fewer than {FEWEST} people after, or {CROWD} before" if few else why
        return Figure(**made, absent=why)  # type: ignore[arg-type]
    one = found.share
    return Figure(**made, value=one.value, low=one.low, high=one.high, n=one.n, note=found.strength)  # type: ignore[arg-type]


def _same(found: Reduction | None, people: int) -> Figure:
    """Return the reduction of those who were measured before and after: self-selection is looked at first (B-8)."""
    if found is None or found.share is None or people < FEWEST:
        why = f"{NOT_MEASURED}: fewer than five people, or fewer than ten times, are the same before and after"
        return Figure("The same people", "share", absent=why)
    one = found.share
    return Figure("The same people", "share", one.value, one.low, one.high, one.n)


def completion_figure(found: Completion | None, *, people: int, rows: str) -> Figure:
    """Return a completion with its Wilson interval, or why it is not told. `people`: of how many it is."""
    made = {
        "name": "Task completion", "unit": "share", "rows": rows, "target": "60 %, or it is redesigned",
        "method": "delivered and not rejected, of started runs that are seven days old; Wilson 95 %",
    }  # fmt: skip
    if found is None:
        return Figure(**made, absent=f"{NOT_MEASURED}: no run of the period is seven days old")  # type: ignore[arg-type]
    if people < FEWEST:
        return Figure(**made, absent=f"not told: runs of fewer than {FEWEST} people")  # type: ignore[arg-type]
    one = found.rate
    note = "below 60 %: redesign the use case" if one.value < REDESIGN else ""
    return Figure(**made, value=one.value, low=one.low, high=one.high, n=one.n, note=note)  # type: ignore[arg-type]
