"""Whether use cases save time and are validated: before against after, completion, reviews, the owner (B-8, B-9).

Times after are those of runs of the skill that the card names, from their input to the first taking by a person. Each
run is one use case's (`Cases.of`).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import runs
from colleague.adoption.facts.waits import waits
from colleague.adoption.few.apart import FEWEST, below_five
from colleague.adoption.figures import minutes_of, stored_completion
from colleague.adoption.kpis.hours import Arms, hours_saved
from colleague.adoption.kpis.intervals import Estimate
from colleague.adoption.kpis.waiting import Queue, Span, queue, waited
from colleague.adoption.kpis.work import (
    Completion,
    Reduction,
    Strength,
    Validation,
    by_person,
    completion_of,
    reduction,
    validated,
)
from colleague.adoption.model import RunFact
from colleague.adoption.risk import Lead
from colleague.adoption.tables import SignatureRow
from colleague.adoption.weeks import Calendar
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session, beside
from colleague.kit.errors import Conflict, Forbidden, NotFound
from colleague.usecases.measured import cases_by_run
from colleague.usecases.model import Cases, Measured
from colleague.usecases.sample import CROWD

BACK, NEWEST = timedelta(weeks=53), 2000
METHOD: Final = (
    "Measured times before launch against times from input to first taking after it, 1 − median after / median before. "
    "Interval of a use case: Hodges–Lehmann on the logarithm, or 2,000 draws of people where somebody gave several "
    "times. Hours: outputs that were taken × median before × reduction, summed; interval from 2,000 draws of people in "
    "both arms. Times after are the newest 2,000 of a use case, outputs all of them. "
    "What nobody took, what was told from memory and new capabilities are left out."
)
Questions = Mapping[str, Sequence[Span]]
NO_QUESTIONS: Final[Questions] = {}
EVER: Final = datetime.min.replace(tzinfo=UTC)
Arm = tuple[tuple[str, tuple[float, ...]], ...]


class NotItsOwner(Forbidden):
    """A use case is signed off by its owner, whom the card names."""


class NothingToSign(Conflict):
    """There is nothing to sign yet: it needs {missing}."""


class NotLaunched(NotFound):
    """No use case of this id was launched."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of one use case. `same`: of people who gave times before and after only, told first (B-8).

    `queue`: how long those outputs waited for approvals, in the time to output. `after`: times after, of which `arms`
    hold the newest; `silent`: outputs nobody took, so that their time is not
    known; `signed_by`: id, of this version of the card. `veiled`: too few people for this reader; `people`: of how many
    people its runs are.
    """

    case: Measured
    time: Reduction | None
    same: Reduction | None
    completion: Completion | None
    after: int
    silent: int
    reviewed: int
    passed: int
    signed_by: str
    signed_at: datetime | None
    validation: Validation
    veiled: bool = False
    people: int = 0
    queue: Queue | None = None
    arms: tuple[Arm, Arm] = field(default=((), ()), repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, without naming anybody but the owner by id."""
        case, rate = self.case, self.completion
        found: dict[str, Any] = {
            "use_case": case.id, "name": case.name, "state": case.state, "owner": case.owner,
            "new_capability": case.new_capability, "before": case.n, "self_reported": case.told, "after": self.after,
            "silent": self.silent, "signed_at": self.signed_at and self.signed_at.isoformat(), "veiled": self.veiled,
            "validated": self.validation.holds, "missing": list(self.validation.missing), "time": None,
            "same_people": None, "reviewed": None, "passed": None, "check_the_measurement": False, "completion": None,
            "queue": None,
        }  # fmt: skip
        if self.veiled:
            return found
        return found | {
            "time": self.time and asdict(self.time), "same_people": self.same and asdict(self.same),
            "reviewed": self.reviewed, "passed": self.passed,
            "check_the_measurement": bool(self.time and self.time.odd),
            "completion": stored_completion(rate), "queue": self.queue and asdict(self.queue),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Hours saved over all use cases since their launch, at most a year, and the reduction, each with its interval.

    `indicative`: how many of the `cases` have fewer than thirty times before or after, or times of fewer than eight
    people; with any of them the figure is none for a readout (B-8).
    """

    hours: Estimate
    reduction: Estimate
    cases: int
    indicative: int

    @property
    def strength(self) -> Strength:
        """What the figure may be used for."""
        return "indicative" if self.indicative else "readout"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, with the method."""
        return asdict(self) | {"strength": self.strength, "method": METHOD}


async def validations(session: Session, *, clock: Clock) -> list[Proof]:
    """Return every use case that was launched with what is known of it, by name: for gates and the readout.

    The arithmetic is done beside the loop, and once for the same times.
    """
    cases, now = await cases_by_run(session), clock.now()
    if not cases.all:
        return []
    since = max(min(case.live_at for case in cases.all), now - BACK)
    skills = sorted({case.skill for case in cases.all if case.skill})
    ran = await runs(session, since, now, skills=skills, by=("started_at", "ended_at", "taken_at", "asked_at"))
    questions = await waits(session, since, now, skills=skills)
    signed = {(r.use_case_id, r.version): r for r in await session.scalars(select(SignatureRow))}
    return await beside(session, _prove, cases, ran, signed, questions, (await read_calendar(session)), now, since)


def _prove(
    cases: Cases,
    ran: Sequence[RunFact],
    signed: Mapping[tuple[str, int], SignatureRow],
    questions: Questions,
    calendar: Calendar,
    now: datetime,
    since: datetime,
) -> list[Proof]:
    mine = runs_by_case(cases, ran)
    return [
        proof_of(case, mine.get(case.id, []), signed.get((case.id, case.version)), calendar, now, questions, since)
        for case in cases.all
    ]


def runs_by_case(cases: Cases, ran: Iterable[RunFact]) -> dict[str, list[RunFact]]:
    """Return the runs of each use case, by its id: each run is one's, or none's. Pure."""
    found: defaultdict[str, list[RunFact]] = defaultdict(list)
    for run in ran:
        if case := cases.of(run.workflow, run.person, run.asked):
            found[case.id].append(run)
    return dict(found)


def proof_of(
    case: Measured, mine: Sequence[RunFact], signature: SignatureRow | None, calendar: Calendar, now: datetime,
    questions: Questions = NO_QUESTIONS, since: datetime = EVER,
) -> Proof:  # fmt: skip
    """Return what the runs of a use case say of it since a moment: times by when they were taken, completion by when
    they were started (B-6, B-8). `questions`: those to people, by run. What other agents told of is shown nowhere in
    it: nobody here saw it end, and it may be told late (B-9). Pure.
    """
    mine = [run for run in mine if not run.elsewhere]
    done = [r for r in mine if r.end == "delivered" and not (r.copy or r.sandbox)]
    done = [r for r in done if (at := r.accepted_at or r.ended_at) is not None and at >= since]
    taken = sorted((r.accepted_at, r.person, m) for r in done if r.accepted_at and (m := minutes_of(r)) is not None)
    after = by_person((person, minutes) for _, person, minutes in taken[-NEWEST:])
    arms = (_arm(case.before), _arm(after))
    both = case.before.keys() & after.keys()
    same = tuple(tuple(one for one in arm if one[0] in both) for arm in arms)
    time, completed = _reduced(*arms), completion_of([r for r in mine if r.started_at >= since], calendar, now=now)
    reviewed, passed = sum(r.reviewed for r in mine), sum(r.passed for r in mine)
    verdict = validated(
        time, case.n, len(taken), completed, passed=passed, reviewed=reviewed, signed=signature is not None
    )
    if case.state != "live":
        # Another card has other runs: two people look at it before it counts.
        verdict = Validation((*verdict.missing, f"a card that is approved and live (it is {case.state})"))
    return Proof(
        case, time, _reduced(same[0], same[1]) if both else None, completed, len(taken), len(done) - len(taken),
        reviewed, passed, signature.by if signature else "", signature.at if signature else None, verdict,
        people=len({r.person for r in mine}), queue=_queue(done, questions), arms=arms,
    )  # fmt: skip


def _queue(done: Sequence[RunFact], questions: Questions) -> Queue | None:
    return queue([
        waited(questions.get(r.id, ()), r.input_at, r.accepted_at) for r in done if r.input_at and r.accepted_at
    ])  # fmt: skip


def _arm(times: Mapping[str, Sequence[float]]) -> Arm:
    return tuple((person, tuple(values)) for person, values in sorted(times.items()))


@lru_cache(maxsize=512)
def _reduced(before: Arm, after: Arm) -> Reduction | None:
    return reduction(dict(before), dict(after))


async def portfolio_of(proofs: Sequence[Proof]) -> Portfolio | None:
    """Return hours saved over use cases with ten times before and ten after; None if there is none."""
    counted = [p for p in proofs if p.time and p.time.share and not p.case.new_capability]
    if not counted:
        return None
    hours, share = await asyncio.to_thread(_saved, tuple((*p.arms, p.after) for p in counted))
    indicative = sum(p.time is not None and p.time.strength != "readout" for p in counted)
    return Portfolio(hours, share, len(counted), indicative)


@lru_cache(maxsize=32)
def _saved(cases: tuple[tuple[Arm, Arm, int], ...]) -> tuple[Estimate, Estimate]:
    return hours_saved([Arms(dict(before), dict(after), volume) for before, after, volume in cases])


async def see_validations(
    session: Session, actor: Actor, *, lead: Lead | None = None, ledger: Ledger, clock: Clock
) -> list[Proof]:  # fmt: skip
    """Return every use case as `actor` may see it: all to readers of adoption, one's own to an owner.

    Numbers of fewer than five people are told to the person who is named to lead the programme, and that they looked
    is on record; to nobody where `lead` is None, as for programs (B-12). Raises PermissionMissing.
    """
    found = await validations(session, clock=clock)
    if not actor.may("org:adoption:read"):
        actor.require("org:usecases:read")
        found = [one for one in found if one.case.owner == actor.id]
    told = [_told(one) for one in found]
    if lead is None or actor.id != await lead.of(session):
        return told
    if few := sum(one is not other for one, other in zip(found, told, strict=True)):
        await ledger.record(session, Event("proofs.read", actor.id, data={"of_few_people": few}))
    return found


def _told(one: Proof) -> Proof:
    """Return what others than the programme lead are told: nothing of fewer than five people, in either arm or in the
    runs, nor of the same people before and after where those are fewer; of a baseline as its page does (CROWD).
    """
    before = sum(bool(values) for _, values in one.arms[0])
    few = one.time is not None and (below_five(one.time.people) or before < CROWD)
    if few or below_five(one.people):
        return _veil(one)
    return replace(one, same=None) if one.same is not None and one.same.people < FEWEST else one


def _veil(one: Proof) -> Proof:
    return Proof(
        one.case, None, None, None, one.after, one.silent, 0, 0, one.signed_by, one.signed_at, one.validation, True
    )


async def sign_off(session: Session, actor: Actor, use_case: str, *, ledger: Ledger, clock: Clock) -> None:
    """Sign a use case off as its owner, in the version of its card that is live; the numbers are kept with the name.

    Another version of the card needs another signature. Signed twice it is the same. Raises NotItsOwner, NotLaunched,
    NothingToSign.
    """
    actor.require("org:usecases:read")
    found = {one.case.id: one for one in await validations(session, clock=clock)}.get(use_case)
    if found is None:
        raise NotLaunched
    if found.case.owner != actor.id:
        raise NotItsOwner
    if lacking := [one for one in found.validation.missing if "signature" not in one]:
        raise NothingToSign(missing="; ".join(lacking))
    numbers = {k: v for k, v in found.to_json().items() if k not in ("missing", "validated", "signed_at", "owner")}
    values = {
        "use_case_id": use_case,
        "version": found.case.version,
        "by": actor.id,
        "at": clock.now(),
        "numbers": numbers,
    }
    row = insert(SignatureRow).values(values).on_conflict_do_nothing().returning(SignatureRow.version)
    if await session.scalar(row) is not None:
        facts = {"version": found.case.version, "before": found.case.n, "after": found.after}
        await ledger.record(session, Event("use_case.signed_off", actor.id, subject=use_case, data=facts))


async def owners_of(session: Session, proofs: Sequence[Proof]) -> dict[str, str]:
    """Return the names of the owners, by id."""
    return await names_of(session, {one.case.owner for one in proofs})
