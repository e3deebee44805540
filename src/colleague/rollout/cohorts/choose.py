"""Propose candidates, say what speaks for and against them, choose or decline: a person decides (PP-2, PP-3)."""

from dataclasses import replace

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, find_by_email, get_person
from colleague.identity.model import Person
from colleague.identity.seats.chosen import keep_choice
from colleague.identity.seats.reason import keep_reason
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id
from colleague.kit.seen import says
from colleague.rollout.cohorts.join import join, leave_if_in
from colleague.rollout.cohorts.make import CohortClosed
from colleague.rollout.cohorts.model import CRITERIA, REPETITIONS, Answer, Candidate, Score
from colleague.rollout.cohorts.store import candidates_of, row_of
from colleague.rollout.cohorts.tables import CandidateRow, CohortRow
from colleague.rollout.store import current_programme
from colleague.usecases.around import one_line
from colleague.usecases.model import PROFILES

SHORTEST_REASON = 10


class NoSuchCandidate(NotFound):
    """This person is no candidate of this cohort."""


class OnlyForPilots(Conflict):
    """Candidates are for a pilot: into a later cohort people come by department, team or group."""


class BadScore(Invalid):
    """What was said of this candidate cannot be kept: {why}."""


class CriteriaMissing(Conflict):
    """All three criteria are needed, each with its evidence. Missing: {missing}."""


class SponsorNeeded(Conflict):
    """{warnings} Choose them only with a sponsor's reason: name the sponsor and write it down."""


class BadSponsor(Invalid):
    """A sponsor is an active person here, and not the candidate; their reason has ten characters or more."""


class OtherSponsor(Conflict):
    """{name} is the sponsor of the programme: it is their reason that counts."""


async def score_candidate(
    session: Session, actor: Actor, cohort: str, person: str, score: Score, *, ledger: Ledger, clock: Clock
) -> Candidate:  # fmt: skip
    """Propose somebody (by id or mail address) or change what is said of them. Who was chosen or declined stays so,
    unless what is said of a criterion changes and it no longer holds: then they are proposed again, and no member.

    Raises CohortNotFound, PersonNotFound, BadScore, BadText, OnlyForPilots, CohortClosed, PermissionMissing.
    """
    row = await _open(session, actor, cohort)
    found, score = await _person(session, person), _checked(score)
    kept = await session.get(CandidateRow, (row.id, found.id), with_for_update=True)
    if kept is None:
        kept = CandidateRow(
            cohort_id=row.id, person_id=found.id, stand="proposed", sponsor_reason="", declined_why="",
            score={}, by=actor.id, at=clock.now(),
        )  # fmt: skip
        session.add(kept)
    said = Score.from_json(kept.score) if kept.stand == "chosen" else score
    kept.score, kept.by, kept.at = score.to_json(), actor.id, clock.now()
    # What was enough when they were chosen stays enough until somebody says something else of it.
    if any(score.of(name) != said.of(name) and not score.of(name).holds for name in CRITERIA):
        kept.stand = "proposed"
        await leave_if_in(session, actor, row.id, found.id, "a criterion no longer holds", ledger=ledger, clock=clock)
    await session.flush()
    facts = {"cohort": row.id, "meets": score.meets, "profile": score.profile, "stand": kept.stand}
    event = Event("candidate.scored", actor.id, subject=found.id, person=found.id, data=facts)
    await ledger.record(session, event)
    return await _candidate(session, row.id, found.id)


async def choose_candidate(
    session: Session, actor: Actor, cohort: str, person: str, *, sponsor: str = "", reason: str = "",
    ledger: Ledger, clock: Clock,
) -> Candidate:  # fmt: skip
    """Choose a candidate: they are in the cohort. Who is warned of needs a `sponsor` (id or mail address) and their
    `reason`, which stay on record (PP-3). Once the programme has a sponsor, it is theirs.

    Raises NoSuchCandidate, CriteriaMissing, SponsorNeeded, BadSponsor, OtherSponsor, InAnotherCohort,
    PermissionMissing.
    """
    row = await _open(session, actor, cohort)
    kept = await _kept(session, row, person)
    found = await _candidate(session, row.id, kept.person_id)
    if not found.score.meets:
        raise CriteriaMissing(missing="; ".join(found.score.missing))
    reason = one_line(reason, "reason", 600)
    if found.warnings:
        if not (sponsor.strip() and reason):
            raise SponsorNeeded(warnings=" ".join(found.warnings))
        try:
            who = await _person(session, sponsor)
        except PersonNotFound:
            raise BadSponsor from None
        if not who.active or who.id == kept.person_id or not says(reason, SHORTEST_REASON):
            raise BadSponsor
        named = (await current_programme(session)).sponsor
        if named and who.id != named:
            raise OtherSponsor(name=(await get_person(session, named)).name)
        kept.sponsor_id, kept.sponsor_reason = who.id, reason
        # Their seat asks for it, too.
        await keep_reason(session, actor, kept.person_id, reason, sponsor=who.id, ledger=ledger, clock=clock)
    kept.stand, kept.declined_why, kept.by, kept.at = "chosen", "", actor.id, clock.now()
    await join(session, actor, row, [kept.person_id], ledger=ledger, clock=clock)
    await keep_choice(session, actor, kept.person_id, "chosen", ledger=ledger, clock=clock)
    facts = {"cohort": row.id, "warnings": len(found.warnings), "sponsor": kept.sponsor_id or ""}
    personal = {"reason": reason} if found.warnings else {}
    event = Event(
        "candidate.chosen", actor.id, subject=kept.person_id, person=kept.person_id, data=facts, personal=personal
    )
    await ledger.record(session, event)
    return await _candidate(session, row.id, kept.person_id)


async def decline_candidate(
    session: Session, actor: Actor, cohort: str, person: str, why: str, *, ledger: Ledger, clock: Clock
) -> Candidate:  # fmt: skip
    """Leave a candidate out, with a reason; a chosen one leaves the cohort. Raises NoSuchCandidate, BadText."""
    row = await _open(session, actor, cohort)
    kept = await _kept(session, row, person)
    why = one_line(why, "why", 300, needed=True)
    kept.stand, kept.declined_why, kept.by, kept.at = "declined", why, actor.id, clock.now()
    await leave_if_in(session, actor, row.id, kept.person_id, "declined", ledger=ledger, clock=clock)
    await session.flush()
    event = Event(
        "candidate.declined", actor.id, subject=kept.person_id, person=kept.person_id, data={"cohort": row.id},
        personal={"why": why},
    )  # fmt: skip
    await ledger.record(session, event)
    return await _candidate(session, row.id, kept.person_id)


async def _open(session: Session, actor: Actor, cohort: str) -> CohortRow:
    """Return a pilot that is not closed, locked: two who choose at once wait for each other."""
    actor.require("org:programme:manage")
    row = await row_of(session, cohort, lock=True)
    if row.kind != "pilot":
        raise OnlyForPilots
    if row.state == "closed":
        raise CohortClosed
    return row


async def _person(session: Session, named: str) -> Person:
    named = named.strip()
    found = await get_person(session, named) if is_id(named) else await find_by_email(session, named)
    if found is None:
        raise PersonNotFound
    return found


async def _kept(session: Session, row: CohortRow, person: str) -> CandidateRow:
    kept = await session.get(CandidateRow, (row.id, person), with_for_update=True) if is_id(person) else None
    if kept is None:
        raise NoSuchCandidate
    return kept


async def _candidate(session: Session, cohort: str, person: str) -> Candidate:
    return next(one for one in await candidates_of(session, cohort) if one.person == person)


def _checked(score: Score) -> Score:
    """Return a score in its one spelling. Raises BadScore, BadText."""
    answers = {name: _answer(score.of(name), words) for name, words in CRITERIA.items()}
    if score.profile and score.profile not in PROFILES:
        raise BadScore(why=f"its profile is one of {', '.join(PROFILES)}")
    if score.repetition and score.repetition not in REPETITIONS:
        raise BadScore(why=f"its repetition is one of {', '.join(REPETITIONS)}")
    return replace(
        score, answers=answers, comparable=_answer(score.comparable, "comparable"),
        department=one_line(score.department, "department", 80), title=one_line(score.title, "title", 120),
    )  # fmt: skip


def _answer(answer: Answer, words: str) -> Answer:
    return Answer(answer.yes, one_line(answer.evidence, words, 600))
