"""The one door to every model: route → ceilings → policy → ledger → the model → the next one in the chain.

INVARIANT: nothing else asks a live model for a task. What is decided is durable before a provider is given anything; an
error on the way is a refusal; a model that was not named by a route or the settings is never asked instead.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from colleague.agent.context import CHARACTERS_A_TOKEN, fit, shown
from colleague.agent.interrupts import OverBudget
from colleague.agent.llm import Hear, Llm, ModelRejects, ModelUnavailable, Speaking
from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec, size
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.kit import telemetry
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.log import get_log
from colleague.models.ceilings import Standing, standings
from colleague.models.estimate import estimate
from colleague.models.increases import Tell
from colleague.models.minds import Mind, Minds
from colleague.models.model import DEPLOYMENT, Estimate, NoSuchProvider
from colleague.models.need import Need
from colleague.models.prices import cost
from colleague.models.routes import choose
from colleague.models.spoken import hush, say
from colleague.models.store import list_routes
from colleague.models.tables import EstimateRow, SeenRow
from colleague.models.usage import record_usage
from colleague.policy.engine import Engine
from colleague.policy.governance import current_governance
from colleague.policy.model import Decision, Effect, Governance, Zone

log = get_log("think")


class NoModelMay(ModelRejects):
    """No model may work on this task."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A turn, and who gave it. `micros` is None if nobody knows what it cost."""

    turn: Turn
    provider: str
    model: str
    micros: int | None = 0


class Models:
    """Asks models for turns, within what routes, ceilings and policy say at that moment."""

    def __init__(
        self, minds: Minds, *, database: Database, engine: Engine, ledger: Ledger, clock: Clock, tell: Tell
    ) -> None:  # fmt: skip
        """Take what finds models, what decides and records, and what tells people (for requests about ceilings)."""
        self.minds, self.tell = minds, tell
        self._database, self._engine, self._ledger, self._clock = database, engine, ledger, clock

    async def think(self, need: Need, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Answer:
        """Return the next turn from the first model of the chain that may and can answer.

        Raises OverBudget at a ceiling, ModelUnavailable if a model that may answer is away, ModelRejects (NoModelMay)
        if a person must change something first. What the model says meanwhile can be heard (spoken.py).
        """
        async with self._database.transaction() as session:
            chain = await self.chain(session, need)
            held = await standings(session, need.person, need.teams, clock=self._clock)
        trouble: list[ModelUnavailable | ModelRejects] = []
        over = ""
        for entry in chain:
            try:
                mind, decision = await self._decide(need, entry)
                if why := _at_ceiling(mind, held):
                    over = over or why
                    continue
                if held and not mind.free and mind.price is None:
                    raise NoModelMay(
                        f"A ceiling applies, and no price is stored for «{entry}»: what it costs would not be counted. "
                        "An administrator can enter its price under Models."
                    )
                if decision.effect is not Effect.ALLOW:
                    raise NoModelMay(_words(entry, decision))
                turn = await self._ask(need, mind, messages, tools)
            except (ModelUnavailable, ModelRejects) as error:
                trouble.append(error)
                continue
            if trouble or over:
                await self._fell_back(need, chain, entry, trouble)
            return _answer(mind, turn)
        raise _why_none(trouble, over)

    async def chain(self, session: Session, need: Need) -> tuple[str, ...]:
        """Return the models to ask, in order: from the route that fits, else the one the run was given."""
        routes = await list_routes(session)
        by_zone = any(r.target == "zone" for r in routes)
        zone = (await current_governance(session)).zone if by_zone else Zone.ANY
        route = choose(routes, use_case=need.use_case, teams=need.teams, zone=zone)
        if route is None:
            return (need.model if self.minds.is_built_in(need.model) else self.minds.deployed,)
        return tuple(self.minds.deployed if entry == DEPLOYMENT else entry for entry in route.chain)

    async def window(self, session: Session, need: Need) -> int:
        """Return how many tokens every model of the chain can be given at once; 0 if none has a limit."""
        found = []
        for entry in await self.chain(session, need):
            with suppress(NoSuchProvider):
                found.append((await self.minds.find(session, entry, need.person)).window)
        return min(filter(None, found), default=0)

    async def settle(self, session: Session, need: Need, answer: Answer) -> None:
        """Record what an answer used, and forget its words on the way, in the transaction that saves it."""
        await hush(session, need.run)
        if not self.minds.is_built_in(answer.provider):
            await record_usage(
                session, run=need.charged_to or need.run, person=need.person, teams=sorted(need.teams),
                provider=answer.provider, model=answer.model, usage=answer.turn.usage, micros=answer.micros,
                clock=self._clock,
            )  # fmt: skip

    async def expect(self, session: Session, need: Need, characters: Sequence[int]) -> Estimate:
        """Store and return what the run may use, by the first model of its chain."""
        entry = (await self.chain(session, need))[0]
        try:
            mind = await self.minds.find(session, entry, need.person)
        except NoSuchProvider:
            found = estimate(entry, characters, None)
        else:
            name = "extractive" if self.minds.is_built_in(entry) else entry
            found = estimate(name, characters, mind.price, own=mind.thought.own)
        session.add(
            EstimateRow(
                run_id=need.run, low_tokens=found.low_tokens, high_tokens=found.high_tokens,
                low_micros=found.low_micros, high_micros=found.high_micros, rule=found.rule,
            )
        )  # fmt: skip
        await session.flush()
        return found

    async def _decide(self, need: Need, entry: str) -> tuple[Mind, Decision]:
        """Decide on one model, and put it on record once a run and provider, again only when the answer changes."""
        async with self._database.transaction() as session:
            # What is part of the product hands nothing out: it works even where the settings cannot be read.
            here = self.minds.is_built_in(entry)
            governance = Governance() if here else await current_governance(session)
            try:
                mind = await self.minds.find(session, entry, need.person)
            except NoSuchProvider:
                raise NoModelMay(f"The model «{entry[:80]}» is not known here any more.") from None
            thought = replace(mind.thought, label=need.label, teams=need.teams, workflows=need.workflows)
            decision = self._engine.decide_thought(thought, governance)
            stamp = f"{decision.effect.name}:{decision.policy_hash}"
            seen = await session.get(SeenRow, (need.run, entry))
            if seen is None or seen.stamp != stamp:
                if seen is None:
                    session.add(SeenRow(run_id=need.run, provider=entry, stamp=stamp, at=self._clock.now()))
                else:
                    seen.stamp, seen.at = stamp, self._clock.now()
                facts = {
                    "person": need.person, "effect": decision.effect.name.lower(), "zone": thought.zone.value,
                    "rules": [r.rule for r in decision.rulings], "policy_hash": decision.policy_hash,
                    "class": need.label.data_class.name.lower(), "categories": sorted(need.label.categories),
                }  # fmt: skip
                await self._ledger.record(session, Event("model.decided", "agent", entry, need.run, data=facts))
        return mind, decision

    async def _ask(self, need: Need, mind: Mind, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Ask one model. What goes wrong becomes ModelUnavailable or ModelRejects; the provider's words stay out."""
        model = mind.model or mind.provider
        facts = {"gen_ai.provider.name": mind.provider, "gen_ai.request.model": model}
        try:
            with telemetry.operation("chat", model, facts, outwards=not mind.thought.own) as span:
                turn = await self._said(need, mind, messages, tools)
                spent = {"input": turn.usage.input_tokens, "output": turn.usage.output_tokens}
                span.set_attributes({f"gen_ai.usage.{kind}_tokens": count for kind, count in spent.items()})
                telemetry.used(spent, facts)
                return turn
        except (ModelUnavailable, ModelRejects):
            raise
        except Exception as error:
            log.error("model failed", model=mind.entry, error=type(error).__name__, run=need.run)
            why = f"The model «{mind.entry}» failed in an unexpected way ({type(error).__name__})."
            raise ModelUnavailable(why) from None

    async def _said(
        self, need: Need, mind: Mind, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> Turn:  # fmt: skip
        llm = await self.minds.connect(mind)
        if mind.window:
            room = mind.window * CHARACTERS_A_TOKEN - sum(map(size, tools))
            messages = fit(shown(messages), max(room, 0))
        if isinstance(llm, Speaking):
            return await llm.speak(messages, tools, self._ear(need.run))
        return await llm.turn(messages, tools)

    def _ear(self, run: str) -> Hear:
        async def hear(text: str) -> None:
            async with self._database.transaction() as session:
                await say(session, run, text, clock=self._clock)

        return hear

    async def _fell_back(
        self, need: Need, chain: Sequence[str], entry: str, trouble: Sequence[ModelUnavailable | ModelRejects]
    ) -> None:
        async with self._database.transaction() as session:
            facts = {"from": list(chain[: chain.index(entry)]), "why": [e.message[:300] for e in trouble]}
            await self._ledger.record(session, Event("model.fell_back", "agent", entry, need.run, data=facts))


def built_in(others: Mapping[str, Llm]) -> Mapping[str, Llm]:
    """Return the models that are part of the product, with those of a test added."""
    from colleague.agent.llms.extractive.model import ExtractiveLlm

    return {"extractive": ExtractiveLlm(), **others}


def _at_ceiling(mind: Mind, held: Sequence[Standing]) -> str:
    """Return what to say if a ceiling is reached for a model that costs something; "" otherwise."""
    reached = next((s for s in held if s.reached), None)
    if reached is None or mind.free:
        return ""
    head = reached.words[0].upper() + reached.words[1:]
    return f"{head} is reached. You can ask an administrator for more under Usage."


def _words(entry: str, decision: Decision) -> str:
    remedies = " ".join(dict.fromkeys(r.remedy for r in decision.rulings if r.remedy))
    return f"«{entry}» may not see this task: {decision.why} {remedies}".strip()


def _answer(mind: Mind, turn: Turn) -> Answer:
    micros: int | None = turn.usage.micros
    if mind.price is not None:
        micros = cost(mind.price, turn.usage)
    elif not mind.free:
        micros = None
    turn = replace(turn, usage=replace(turn.usage, micros=micros or 0), model=mind.entry)
    return Answer(turn, mind.provider, mind.model, micros)


def _why_none(trouble: Sequence[ModelUnavailable | ModelRejects], over: str) -> Exception:
    """Return what to raise when no model answered: what passes by itself, what a person must change, or a ceiling."""
    words = " ".join(dict.fromkeys(e.message for e in trouble))
    away = [e for e in trouble if isinstance(e, ModelUnavailable)]
    if away:
        return ModelUnavailable(words, retry_after=min(e.retry_after for e in away))
    if over:
        return OverBudget(f"{over} {words}".strip())
    return NoModelMay(words or "No model is named for this task.")
