"""Play a rollout week by week: people come, are trained and work; gates are tried, the morning jobs look."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from colleague.adoption.calendar import free_days
from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.items import list_items
from colleague.adoption.validation import sign_off, validations
from colleague.adoption.weekly import numbers
from colleague.audit.event import Event
from colleague.audit.many import record_many
from colleague.audit.seal import seal
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.directory import list_people
from colleague.identity.seats.hold import give_seats, seats_held
from colleague.kit.errors import Conflict
from colleague.policy.model import Phase
from colleague.rollout.advance import GateClosed, confirm_move, judge, propose_gate, propose_skip
from colleague.rollout.attest import attest
from colleague.rollout.champions.hand_out import hand_out
from colleague.rollout.cohorts.join import fill_cohort
from colleague.rollout.cohorts.make import make_cohort, start_cohort
from colleague.rollout.onboarding.watch import watch as watch_months
from colleague.rollout.phases import PHASES
from colleague.rollout.simulate.behave import Behaviour, Doing, Somebody, begins
from colleague.rollout.simulate.model import DEPARTMENTS, Scenario
from colleague.rollout.simulate.parts import Parts, untold
from colleague.rollout.simulate.prepare import Staff, champion, choose, govern, prepare, support, welcome
from colleague.rollout.simulate.report import Line
from colleague.rollout.simulate.train import train
from colleague.rollout.tickets.watch import watch_tickets
from colleague.rollout.watch import watch as watch_programme
from colleague.support.answer import answer_ticket
from colleague.support.model import CATEGORIES, Wish
from colleague.support.write import write_ticket

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUARTER: Final = 11
LATE: Final = 10
WHY: Final = "The board wants every department on before the summer."
RISK: Final = "People who were only switched on do not come back, and use stays low."


class NotEmpty(Conflict):
    """A simulation plays in a database of its own, and there are people in this one. Nothing was done."""


@dataclass
class Game:
    """A rollout that is being played. `phase_week`: since when, in weeks from 0, the present phase runs. `asked`:
    tickets that wait, by when they are answered, each with its writer.
    """

    parts: Parts
    scenario: Scenario
    dice: Random
    staff: Staff
    behaviour: Behaviour
    people: list[Somebody] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    phase: Phase = Phase.PILOT
    phase_week: int = 0
    number: int = 0
    champions: Counter[str] = field(default_factory=Counter)
    untrained: list[str] = field(default_factory=list)
    seen_items: set[str] = field(default_factory=set)
    number_of_tickets: int = 0
    asked: list[tuple[datetime, str, str]] = field(default_factory=list)


async def play(parts: Parts, scenario: Scenario) -> AsyncIterator[Line]:
    """Play `scenario` in an empty house, and give each week as it ends. Raises NotEmpty, BadScenario."""
    scenario = scenario.checked()
    async with parts.database.transaction() as session:
        if await list_people(session, limit=1):
            raise NotEmpty
        facts = {"scenario": scenario.name, "people": scenario.people, "weeks": scenario.weeks, "seed": scenario.seed}
        await parts.ledger.record(session, Event("rollout.simulated", "system", subject="programme", data=facts))
    dice = Random(scenario.seed)  # noqa: S311 — play, no secrets
    start = begins(scenario.begin)
    parts.clock.to(start + 7 * HOUR)
    staff, pilots, cases = await prepare(parts, scenario, dice)
    game = Game(parts, scenario, dice, staff, Behaviour(scenario, [work for _, work in cases], dice))
    game.cases, game.number = [case for case, _ in cases], len(pilots)
    game.people = [game.behaviour.newcomer(one.id, 0, staff=True) for one in staff.everybody]
    await _learn(game, pilots, 0)
    for week in range(scenario.weeks):
        yield await _week(game, week, start + 7 * week * DAY)


async def _week(game: Game, week: int, monday: datetime) -> Line:
    parts, clock = game.parts, game.parts.clock
    await _answer(game, monday + 7 * HOUR)
    clock.to(monday + 7 * HOUR)
    await _look(game)
    await _grow(game, week)
    doings = game.behaviour.week(game.people, week, monday)
    active = len({one.actor for one in doings} - {"agent"})
    tickets = game.behaviour.tickets(active, week, monday)
    thursday, friday, end = monday + 3 * DAY + HOUR, monday + 4 * DAY + 16 * HOUR, monday + 7 * DAY
    await _write(game, [one for one in doings if one.at < thursday])
    await _tickets(game, [at for at in tickets if at < thursday])
    await _answer(game, thursday)
    clock.to(thursday)
    await _look(game)
    await _write(game, [one for one in doings if one.at >= thursday])
    await _tickets(game, [at for at in tickets if at >= thursday])
    await _answer(game, friday)
    clock.to(friday)
    gate = await _gate(game, week)
    clock.to(end - timedelta(minutes=1))
    await _take_in(parts)
    return await _line(game, week, doings, len(tickets), gate)


async def _grow(game: Game, week: int) -> None:
    """Give seats to who is wanted now: chosen for the pilot while it runs, later as a cohort that begins today. Train
    those who did not finish last week.
    """
    late, game.untrained = game.untrained, []
    await train(game.parts, [await game.parts.as_now(person) for person in late])
    limit = PHASES[game.phase].most or game.scenario.people
    wanted = min(game.scenario.wanted(int(game.phase), week - game.phase_week), limit)
    async with game.parts.database.transaction() as session:
        count = wanted - await seats_held(session)
    if count <= 0 or week == 0:
        return
    departments = 3 if game.phase is Phase.PILOT else len(DEPARTMENTS)
    people = await welcome(game.parts, game.staff, game.number + 1, count, departments)
    game.number += count
    if game.phase is Phase.PILOT:
        await choose(game.parts, game.staff, people)
        await game.parts.do(give_seats, game.staff.lead, people)
    else:
        await _begin_together(game, people)
    await _learn(game, people, week)
    await _champions(game, people)


async def _begin_together(game: Game, people: Sequence[str]) -> None:
    lead = game.staff.lead
    cohort = await game.parts.do(make_cohort, lead, f"Begins {game.parts.clock.now():%Y-%m-%d}", "rollout")
    await game.parts.do(fill_cohort, lead, cohort.id, people)
    await game.parts.do(start_cohort, lead, cohort.id, reach=game.parts.reach)


async def _learn(game: Game, people: Sequence[str], week: int) -> None:
    trained = []
    for person in people:
        game.people.append(game.behaviour.newcomer(person, week))
        if game.dice.random() < game.scenario.trained:
            trained.append(await game.parts.as_now(person))
        elif game.dice.random() < game.scenario.trained:
            game.untrained.append(person)
    await train(game.parts, trained)


async def _champions(game: Game, people: Sequence[str]) -> None:
    """Make two of each department champions, of those who come; from the expansion on."""
    comes = {one.id for one in game.people if one.comes and not one.stalls}
    first = game.number - len(people) + 1
    for number, person in enumerate(people, first):
        department = DEPARTMENTS[number % len(DEPARTMENTS)]
        if game.phase > Phase.PILOT and person in comes and game.champions[department] < 3:
            await champion(game.parts, game.staff, person)
            game.champions[department] += 1


async def _write(game: Game, doings: Sequence[Doing]) -> None:
    if not doings:
        return
    async with game.parts.database.transaction() as session:
        await record_many(
            session, ((d.at, Event(d.verb, d.actor, subject=d.subject, run=d.run, data=d.data)) for d in doings)
        )  # fmt: skip


async def _tickets(game: Game, times: Sequence[datetime]) -> None:
    there = [one.id for one in game.people if one.comes]
    for at in times:
        await _answer(game, at)
        game.parts.clock.to(at)
        who, category = await game.parts.as_now(game.dice.choice(there)), game.dice.choice(CATEGORIES)
        wish = Wish(
            "It is not as I expected", "See the title.", category=category, use_case=game.dice.choice(game.cases)
        )
        made = await game.parts.do(
            write_ticket, who, wish, registry=game.parts.registry, tell=untold, free_days=free_days
        )
        game.number_of_tickets += 1
        wait = 3 * HOUR if game.number_of_tickets % LATE else 2 * DAY
        game.asked = sorted([*game.asked, (at + wait, made.id, who.id)])


async def _answer(game: Game, until: datetime) -> None:
    """Answer what waits until then: within three hours, but for each tenth ticket, which waits two days."""
    staff = game.staff
    while game.asked and game.asked[0][0] <= until:
        at, ticket, writer = game.asked.pop(0)
        game.parts.clock.to(at)
        who = staff.owner if writer == staff.lead.id else staff.lead
        await game.parts.do(answer_ticket, who, ticket, "This is how it is done.", close=True, tell=untold)


async def _take_in(parts: Parts) -> None:
    while await seal(parts.database, signer=parts.signer, sink=None, clock=parts.clock):
        pass
    while await roll_up(parts.database):
        pass


async def _look(game: Game) -> None:
    """Do what the house does every morning: freeze what is due, look for stalls, alarms, tickets; hand out lists."""
    parts = game.parts
    told: dict[str, Any] = {"ledger": parts.ledger, "clock": parts.clock}
    await _take_in(parts)
    while await freeze_next(parts.database, parts.groups, **told):
        pass
    async with parts.database.transaction() as session:
        await watch_programme(session, **told)
    async with parts.database.transaction() as session:
        await watch_months(session, **told)
        await watch_tickets(session, **told)
        await hand_out(session, tell=untold, **told)


async def _gate(game: Game, week: int) -> str:
    """Try the gate of the phase once its planned weeks are over; return in words what came of it."""
    phase, since = game.phase, week - game.phase_week
    if phase is Phase.ENTERPRISE:
        if since % QUARTER == 0:
            await _attest(game, "quarterly-review", "The governance review of the quarter was held.")
        return ""
    if since + 1 < game.scenario.phases[int(phase) - 1]:
        return ""
    await _make_ready(game)
    staff, parts = game.staff, game.parts
    try:
        row = await parts.do(propose_gate, staff.lead)
        await parts.do(confirm_move, staff.sponsor, row.id, row.digest)
        said = f"gate {int(phase)} passed"
    except GateClosed:
        async with parts.database.transaction() as session:
            _, _, judged = await judge(session, clock=parts.clock)
        missing = ", ".join(one.title.lower() for one in judged.missing)
        if not game.scenario.skips:
            return f"gate {int(phase)} closed: {missing}"
        row = await parts.do(propose_skip, staff.owner, why=WHY, risk=RISK)
        for person in (staff.second, staff.sponsor):
            await parts.do(confirm_move, person, row.id, row.digest)
        said = f"gate {int(phase)} skipped without: {missing}"
    game.phase, game.phase_week = Phase(phase + 1), week + 1
    if game.phase is Phase.EXPANSION:
        await support(parts, staff)
    if game.phase is Phase.BROAD:
        # The signatures of the document are ninety days old by then.
        await govern(parts, staff, f"as long as the law asks, from {parts.clock.now():%Y-%m-%d}")
    return said


async def _make_ready(game: Game) -> None:
    """Say what people have to say, and sign what can be signed."""
    if game.phase is Phase.PILOT:
        async with game.parts.database.transaction() as session:
            found = await validations(session, clock=game.parts.clock)
        for one in found:
            if one.signed_by == "" and not [m for m in one.validation.missing if "signature" not in m]:
                await game.parts.do(sign_off, await game.parts.as_now(one.case.owner), one.case.id)
        await _attest(game, "connector-review", "The connector scope was reviewed, auditing is on.")
    elif game.phase is Phase.EXPANSION:
        await _attest(game, "security-review", "The security review passed.")
        await govern(game.parts, game.staff, f"as long as the law asks, from {game.parts.clock.now():%Y-%m-%d}")


async def _attest(game: Game, criterion: str, words: str) -> None:
    await game.parts.do(attest, game.staff.second, criterion, words=words, on=game.parts.clock.now().date())


async def _line(game: Game, week: int, doings: Sequence[Doing], tickets: int, gate: str) -> Line:
    lead: Actor = await game.parts.as_now(game.staff.lead.id)
    async with game.parts.database.transaction() as session:
        found = await numbers(session, SYSTEM, game.parts.groups, clock=game.parts.clock, count=3)
        items = [item for item in await list_items(session, lead, state="open") if item.id not in game.seen_items]
    game.seen_items |= {item.id for item in items}
    hours = Counter((one.at.date(), one.at.hour) for one in doings)
    load = max(hours.values(), default=0) / 3600
    return Line.of(week + 1, game.phase, found, tickets, items, gate, len(doings), load)
