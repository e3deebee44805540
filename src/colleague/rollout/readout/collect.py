"""Gather what a readout is composed of: weeks, use cases, tickets, leaders, gates, incidents, what was set aside."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import runs
from colleague.adoption.few.apart import FEWEST
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.corrections import Correction, corrections
from colleague.adoption.groups import Groups
from colleague.adoption.kpis.activity import Frequency
from colleague.adoption.kpis.intervals import wilson
from colleague.adoption.kpis.work import Breadth, Completion
from colleague.adoption.targets import WAU
from colleague.adoption.thresholds import Verdict
from colleague.adoption.weekly import numbers
from colleague.adoption.weeks import Calendar, Week, week_of, weeks_between
from colleague.audit.read import counted
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.models.usage import spent_between
from colleague.policy.model import Phase
from colleague.policy.standards.surface import SHIPPED as SURFACE
from colleague.policy.standards.surface import WORDS as SURFACE_WORDS
from colleague.rollout.advance import judge
from colleague.rollout.evidence import CHANGES, week_eight_of
from colleague.rollout.model import Evidence, Gate, Programme, left_out
from colleague.rollout.phases import PHASES
from colleague.rollout.readout.assume import assumptions
from colleague.rollout.readout.compose import WEEK_ROWS, total_share
from colleague.rollout.readout.leaders import leaders_active
from colleague.rollout.readout.model import NOT_MEASURED, Figure, GateLine, Incident, Override, Parts, WeekLine
from colleague.rollout.readout.workflows import completion_figure, workflows_of
from colleague.rollout.store import moves
from colleague.rollout.tickets.trend import Week as TicketsOfWeek
from colleague.rollout.tickets.trend import together
from colleague.rollout.tickets.weekly import Tickets, tickets_of, weeks_back
from colleague.usecases.around import Reach
from colleague.usecases.measured import measured_cases
from colleague.usecases.names import use_case_names
from colleague.usecases.ready import ready

USUAL, MOST, CORRECTED = 12, 53, 12
DENIED: Final = "call.decided"
INCIDENTS: Final = {
    "break_glass.used": "The break-glass account was used", "ledger.witness_lost": "The ledger lost its witness",
    "ledger.siem_lost": "The ledger's forwarding was lost", "phone.lost": "A phone was lost and its access ended",
    "call.unknown": "A call whose outcome is unknown", "input.refused": "Contents withheld as too confidential",
    "call.refused": "Calls refused before any rule: unknown tools, or no record possible",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """The complete weeks a readout tells of, and its instants."""

    first: Week
    last: Week
    start: datetime
    end: datetime


def period_of(programme: Programme, calendar: Calendar, now: datetime, weeks: int) -> Period:
    """Return the period: `weeks` complete weeks, or those since the programme's start, twelve at most. Pure."""
    last = calendar.week(now).next(-1)
    count = min(weeks, MOST) if weeks > 0 else USUAL
    first = last.next(1 - count)
    if weeks <= 0 and programme.steps:
        # A programme that began this week has no complete week: its readout tells of the running one's beginning.
        first = min(max(first, week_of(programme.steps[0].on)), last)
    return Period(first, last, calendar.start(first), calendar.end(last))


async def gather(
    session: Session, actor: Actor, *, ask: str, weeks: int, groups: Groups, reach: Reach, clock: Clock
) -> Parts:  # fmt: skip
    """Return everything a readout of this moment is composed of. Raises PermissionMissing."""
    actor.require("org:adoption:read")
    programme, evidence, gate = await judge(session, clock=clock)
    calendar, now = await read_calendar(session), clock.now()
    period = period_of(programme, calendar, now, weeks)
    count = len(list(weeks_between(period.first, calendar.week(now))))
    back = await weeks_back(session, clock=clock, first=period.first)
    all_weeks = await numbers(session, actor, groups, clock=clock, count=max(count, back))
    told = [one for one in reversed(all_weeks) if period.first <= one.week <= period.last]
    skills = sorted({case.skill for case in await measured_cases(session) if case.skill})
    found = await runs(session, period.start, period.end, skills=skills, by=("taken_at",))
    cases = await workflows_of(session, actor, found, until=period.end, reach=reach, clock=clock)
    desk = await tickets_of(session, all_weeks, clock=clock)
    weeks_of_desk = {one.name: one for one in desk.weeks}
    money = await spent_between(session, period.start, period.end)
    sure = [one for one in told if not one.skipped and not one.suppressed]
    names = await names_of(session, _people(programme, await moves(session, state="done")))
    return Parts(
        since=calendar.day(period.start), until=calendar.day(period.end - timedelta(seconds=1)),
        phase=PHASES[programme.phase].title if programme.started else "not started", goal=programme.goal,
        sponsor=names.get(programme.sponsor, ""), lead=names.get(programme.lead, ""),
        seats=told[-1].people if told else 0, wau=_wau(told, sure, programme), breadth=_breadth(sure),
        sessions=_sessions(sure), time=total_share(cases),
        completion=_completion(told),
        tickets=_tickets([weeks_of_desk[str(one.week)] for one in told], desk, await use_case_names(session)),
        ticket_kinds=_kinds([weeks_of_desk[str(one.week)] for one in told]),
        leaders=await leaders_active(session, groups, sure[-1].week if sure else period.last), workflows=cases,
        weeks=[_line(one, weeks_of_desk[str(one.week)]) for one in told], gates=_gates(gate, programme, names),
        incidents=await _incidents(session, period), overrides=await _overrides(session, names, reach),
        assumptions=await assumptions(session), model_cost=money[0] / 1_000_000, model_unpriced=money[1], ask=ask,
        notes=_notes(
            told, calendar, now, await week_eight_of(session, programme, clock=clock), evidence,
            await corrections(session, period.first, period.last),
        ),
    )  # fmt: skip


def _people(programme: Programme, done: Sequence[Any]) -> set[str]:
    people = {programme.sponsor, programme.lead}
    people |= {person for row in done for person in row.people}
    return people - {""}


def _wau(told: Sequence[Numbers], sure: Sequence[Numbers], programme: Programme) -> Figure:
    made = {
        "name": "Weekly active people", "unit": "share", "rows": "/adoption", "target": WAU[programme.phase][1],
        "method": "own actions in the last complete week that counts, of all seats; Wilson 95 %",
    }  # fmt: skip
    if not sure or sure[-1].wau is None:
        few = "fewer than five people had a seat" if any(one.people for one in told) else "nobody had a seat"
        return Figure(**made, absent=f"{NOT_MEASURED}: {few} in a complete week")  # type: ignore[arg-type]
    one = sure[-1].wau
    note = str(sure[-1].week) + ("" if sure[-1].frozen else ", provisional")
    return Figure(**made, value=one.value, low=one.low, high=one.high, n=one.n, note=note)  # type: ignore[arg-type]


def _completion(told: Sequence[Numbers]) -> Figure:
    """Return the completion of the period: the runs of its mature weeks together, as the weeks were told."""
    weeks = [one.completion for one in told if one.completion and not one.suppressed]
    n = sum(one.rate.n for one in weeks)
    hits = sum(round(one.rate.value * one.rate.n) for one in weeks)
    people = max((one.active for one in told if one.completion and not one.suppressed), default=0)
    return completion_figure(Completion(wilson(hits, n), {}) if n else None, people=people, rows=WEEK_ROWS)


def _breadth(sure: Sequence[Numbers]) -> Figure:
    """Return the breadth of those whose seat is twelve weeks old, by which it is judged (C-10); of everybody where
    fewer than five of them were active. Where nobody completed anything there is none: being active is no breadth.
    """
    all_, old = (sure[-1].breadth, sure[-1].tenured) if sure else (None, None)
    judged = old is not None and old.n >= FEWEST
    one = old if judged else all_
    whom = "active people whose seat is twelve weeks old" if judged else (
        "all active people: fewer than five of them have had a seat for twelve weeks, so the target does not judge it"
    )  # fmt: skip
    made = Figure(
        "Breadth", "number", rows="/adoption", target="3 kinds after twelve weeks",
        method=f"median of the kinds of workflow that people completed in twelve weeks; of {whom}",
    )  # fmt: skip
    if all_ and all_.n >= FEWEST and not all_.diversity:
        return replace(made, absent=f"{NOT_MEASURED}: no active person has completed a workflow in twelve weeks")
    note = f"{100 * one.three:.0f} % have three or more" if one else ""
    note += "; of seats twelve weeks old" if judged else "; of all, too few seats are twelve weeks old yet"
    return _of_last(made, one, float(one.median) if one else 0, note, few=bool(sure and "breadth" in sure[-1].few))


def _sessions(sure: Sequence[Numbers]) -> Figure:
    one = sure[-1].frequency if sure else None
    return _of_last(
        Figure("Sessions", "number", rows="/adoption", target="4 each a week",
               method="of each active person in the last complete week, mean; gaps of thirty minutes end one"),
        one, one.mean if one else 0, f"median {one.median:g}; {100 * one.below:.0f} % below two" if one else "",
        few=bool(sure and "sessions" in sure[-1].few),
    )  # fmt: skip


def _of_last(figure: Figure, one: Breadth | Frequency | None, value: float, note: str, *, few: bool) -> Figure:
    """Return a figure of the last complete week with its value, or why nothing is told."""
    if one is None and not few:
        return replace(figure, absent=f"{NOT_MEASURED}: nobody was active in a complete week")
    if one is None or one.n < FEWEST:
        return replace(figure, absent=f"not told: fewer than {FEWEST} people were active")
    return replace(figure, value=value, n=one.n, note=note)


def _tickets(weeks: Sequence[TicketsOfWeek], desk: Tickets, names: Mapping[str, str]) -> Figure:
    """Return the rate of the period's weeks. The trend is that of the phase, whose weeks 1 and 2 may lie before it."""
    trend = desk.trend
    span = f"?first={weeks[0].name}&last={weeks[-1].name}" if weeks else ""
    made = {
        "name": "Support tickets", "unit": "number", "rows": f"/programme/tickets{span}",
        "target": "falling by week 6",
        "method": "per hundred active people and week, over the period; weeks 5 and 6 of the phase against its weeks 1 "
        "and 2, as far as they stand (72 hours)",
    }  # fmt: skip
    all_ = together(weeks)
    if all_.rate is None:
        why = f"{NOT_MEASURED}: fewer than {FEWEST} people were active in a complete week"
        return Figure(**made, absent=why)  # type: ignore[arg-type]
    note = trend.said
    if desk.at_first is not None and desk.at_first.decline != trend.decline:
        note += f" (with the tickets as first kept: {desk.at_first.said})"
    if trend.high:
        about = ", ".join(_about(thing, names) for thing in trend.high)
        note += f"; high for three weeks after week 6 ({about}): training or use cases need work, not people (KP-7)"
    return Figure(**made, value=all_.rate, n=all_.tickets, note=note)  # type: ignore[arg-type]


def _about(thing: str, names: Mapping[str, str]) -> str:
    kind, _, name = thing.partition(":")
    if kind == "use_case":
        return f"«{names.get(name, 'a use case')}»"
    return f"connector {name}" if kind == "connector" else "all together"


def _kinds(weeks: Sequence[TicketsOfWeek]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for week in weeks:
        found.update(week.categories)
    return dict(sorted(found.items()))


def _line(one: Numbers, desk: TicketsOfWeek) -> WeekLine:
    if one.suppressed:
        return WeekLine(str(one.week), None, None, None, None, None, None, "fewer than five people")
    # What the active people of a week did is told of five and more of them, as in the figures above it (B-12).
    few = one.active < FEWEST
    said = [
        text for text, on in (
            ("provisional", not one.frozen), ("holidays, skipped", one.skipped), ("fewer than five were active", few),
            (f"corrected: version {max(one.version, desk.version)}", max(one.version, desk.version) > 1),
            ("completion withheld: runs of fewer than five", "completion" in one.few and not few),
        ) if on
    ]  # fmt: skip
    return WeekLine(
        str(one.week), one.people, one.wau.value if one.wau else None,
        one.completion.rate.value if one.completion and not few else None,
        one.breadth.median if one.breadth and not few else None,
        one.frequency.mean if one.frequency and not few else None, desk.rate, ", ".join(said),
    )  # fmt: skip


def _gates(gate: Gate, programme: Programme, names: dict[str, str]) -> list[GateLine]:
    if not programme.started:
        return []
    title = f"Gate {gate.number}: {gate.title}"
    return [
        GateLine(
            title, one.title, one.wanted, one.value, one.holds, one.how, one.requirement,
            (names.get(one.by) or "a named person") if one.by and one.how == "attested" else "",
            one.on.isoformat() if one.on else "", one.rows or "/programme",
        )
        for one in gate.criteria
    ]  # fmt: skip


async def _incidents(session: Session, period: Period) -> list[Incident]:
    found = await counted(session, list(INCIDENTS), period.start, period.end)
    denied = await counted(session, [DENIED], period.start, period.end, effect="deny")
    of = urlencode({"since": period.start.isoformat(), "until": period.end.isoformat()})
    told = [Incident("Calls that a rule denied", denied[DENIED], f"/ledger?verb={DENIED}&effect=deny&{of}")]
    told += [Incident(words, found[verb], f"/ledger?verb={verb}&{of}") for verb, words in INCIDENTS.items()]
    return [one for one in told if one.count]


async def _overrides(session: Session, names: dict[str, str], reach: Reach) -> list[Override]:
    """Return what was set aside, whenever it was: it stays on every readout (PH-9)."""
    found = []
    for row in await moves(session, state="done"):
        who = tuple(names.get(person, "somebody") for person in row.people)
        on = (row.on or row.proposed_at.date()).isoformat()
        if row.kind == "skip":
            what = f"Gate {row.from_phase} was skipped, into {PHASES[Phase(row.to_phase)].words}"
            sponsor = names.get(row.accepted_by or "", "somebody")
            risk = f" The risk, accepted by {sponsor}: {row.risk}" if row.risk else ""
            found.append(Override(what, row.why + risk, who, on, "/programme"))
        elif row.kind == "seats":
            what = f"{row.seats:,} seats in {PHASES[Phase(row.from_phase)].words}, beyond the phase"
            found.append(Override(what, row.why, who, on, "/programme"))
        elif row.kind == "exception":
            what = f"{row.seats} {'seat' if row.seats == 1 else 'seats'} in the pilot without the three criteria"
            found.append(Override(what, row.why, who, on, "/programme"))
        elif row.kind in SURFACE:
            what = f"Up to {row.seats} {SURFACE_WORDS[row.kind]} in the pilot, which has {SURFACE[row.kind] or 'none'}"
            found.append(Override(what, row.why, who, on, "/programme"))
    stands = await ready(session, reach=reach)
    for name, why in stands.new:
        found.append(
            Override(f"«{name}» went live without a before, as a new capability", why, (), "now", "/use-cases")
        )
    for name in stands.kept:
        found.append(Override(f"«{name}» is kept although flagged", "the plan is six weeks longer (PP-10)", (), "now"))
    return found


def _notes(
    told: Sequence[Numbers], calendar: Calendar, now: datetime, week_eight: Verdict | None, evidence: Evidence,
    corrected: Sequence[Correction],
) -> tuple[str, ...]:  # fmt: skip
    found = [f"Week 8 of the expansion (KP-1): {week_eight.said}"] if week_eight else []
    if waiting := [str(one.week) for one in told if not one.frozen]:
        found.append(f"{', '.join(waiting)}: provisional, late events may still come (72 hours).")
    if skipped := [str(one.week) for one in told if one.skipped]:
        found.append(f"{', '.join(skipped)}: fewer than three worked days, skipped by gates and trends.")
    if evidence.excluded:
        found.append(left_out(evidence.excluded))
    if imported := evidence.changed.get(CHANGES["tickets.imported"]):
        found.append(
            f"Lists of tickets imported in this phase: {imported}. What they tell of weeks that were frozen stands "
            "here as a correction."
        )
    found += [f"{one.said} What it said before stands under Adoption." for one in corrected[:CORRECTED]]
    if more := len(corrected) - CORRECTED:
        found += [f"{more} more corrections of frozen weeks stand under Adoption."] if more > 0 else []
    found.append("Numbers are of groups; groups below five people are not told, and nobody is told of alone.")
    return tuple(found)
