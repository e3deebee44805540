"""«What would this policy have decided?»: past calls, put again to draft settings before they apply (R62, issue 4).

Nothing is called and nobody is asked: kept questions go through the same engine twice, under the settings in force and
under the draft.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.errors import Conflict, Invalid
from colleague.policy.asked import NotReadable, from_json, under
from colleague.policy.engine import Engine
from colleague.policy.model import Ask, Effect, Governance
from colleague.policy.stricter import weaker
from colleague.tasks.calls.past import Past, past_questions

MOST, SHOWN, LONGEST = 20_000, 200, 365


class ReplayBusy(Conflict):
    """Past calls are being put again just now, for somebody else perhaps: try again in a moment."""


class BadPeriod(Invalid):
    """Look back 1 to 365 days."""


@dataclass(frozen=True, slots=True)
class Change:
    """A call that would be decided otherwise: when it was, whose it was, and the two answers with their rules."""

    call: str
    task: str
    person: str
    tool: str
    at: datetime
    before: Effect
    after: Effect
    rules: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What came out: how many calls were put again, how many change from what to what, and the newest of them.

    `unread`: questions of an older release that could not be put again; `capped`: more calls than are looked at.
    """

    since: datetime
    calls: int
    unread: int
    capped: bool
    weakens: tuple[str, ...]
    moves: dict[tuple[Effect, Effect], int]
    people: int
    changes: Sequence[Change] = field(default_factory=tuple)

    @property
    def changed(self) -> int:
        """How many calls would be decided otherwise."""
        return sum(self.moves.values())

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        if not self.calls:
            return "There are no past calls to compare with yet."
        if not self.moves:
            return f"None of {self.calls:,} past calls would have been decided otherwise."
        parts = [f"{n:,} from {a.name.lower()} to {b.name.lower()}" for (a, b), n in sorted(self.moves.items())]
        calls, people = f"{self.changed:,} of {self.calls:,} past calls", f"{self.people:,} "
        people += "person" if self.people == 1 else "people"
        return f"{calls}, of {people}, would have been decided otherwise: {', '.join(parts)}."

    def to_json(self, *, people: bool) -> dict[str, Any]:
        """Return the outcome as JSON; whose calls they were, and why (which names addresses), only if `people`."""
        return {
            "since": self.since.isoformat(), "calls": self.calls, "changed": self.changed, "unread": self.unread,
            "capped": self.capped, "weakens": list(self.weakens), "people": self.people, "sentence": self.sentence,
            "moves": [
                {"from": a.name.lower(), "to": b.name.lower(), "calls": n} for (a, b), n in sorted(self.moves.items())
            ],
            "changes": [
                {"call": c.call, "tool": c.tool, "at": c.at.isoformat(), "from": c.before.name.lower(),
                 "to": c.after.name.lower(), "rules": list(c.rules),
                 **({"task": c.task, "person": c.person, "why": c.why} if people else {})}
                for c in self.changes
            ],
        }  # fmt: skip


async def replay(
    database: Database, engine: Engine, now: Governance, draft: Governance, *, days: int, clock: Clock
) -> Replay:
    """Put the calls of the last `days` days again, to the settings in force (`now`) and to `draft`; newest first.

    At most 20,000 calls are looked at; about a thousand a second, off the loop.
    Raises BadPeriod, RulesInvalid, RulesLoosen, ReplayBusy.
    """
    if not 1 <= days <= LONGEST:
        raise BadPeriod
    engine.rules_in(draft.rules)
    if not _one.acquire(blocking=False):
        raise ReplayBusy
    try:
        return await _replay(database, engine, now, draft, days, clock)
    finally:
        _one.release()


# One at a time in each process: it keeps a processor busy for seconds.
_one = threading.Lock()


async def _replay(
    database: Database, engine: Engine, now: Governance, draft: Governance, days: int, clock: Clock
) -> Replay:
    since = clock.now() - timedelta(days=days)
    moves: Counter[tuple[Effect, Effect]] = Counter()
    changes: list[Change] = []
    people: set[str] = set()
    calls, unread, last = 0, 0, None
    while calls + unread < MOST:
        async with database.transaction() as session:
            past = await past_questions(session, since, before=last)
        if not past:
            break
        last = past[-1]
        asks: list[tuple[Past, Ask]] = []
        for one in past:
            try:
                asks.append((one, from_json(one.question)))
            except NotReadable:
                unread += 1
        calls += len(asks)
        for change in await asyncio.to_thread(_again, engine, asks, now, draft):
            moves[change.before, change.after] += 1
            people.add(change.person)
            changes += [change] if len(changes) < SHOWN else []
    return Replay(
        since, calls, unread, calls + unread >= MOST, weaker(now, draft), dict(moves), len(people), tuple(changes)
    )


def _again(engine: Engine, asks: Sequence[tuple[Past, Ask]], now: Governance, draft: Governance) -> list[Change]:
    """Return those that are decided otherwise under `draft`."""
    found = []
    for past, ask in asks:
        before, after = engine.decide(under(ask, now), now), engine.decide(under(ask, draft), draft)
        if before.effect is not after.effect:
            rules = tuple(ruling.rule for ruling in after.rulings)
            found.append(
                Change(
                    past.call, past.task, ask.person, ask.tool, past.at, before.effect, after.effect, rules, after.why
                )
            )
    return found
