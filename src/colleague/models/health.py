"""«Try it»: one small question to a provider. It carries nothing of the organisation's."""

import asyncio
import time

from colleague.agent.llm import ModelRejects, ModelUnavailable
from colleague.agent.messages import Said
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.models.minds import Minds
from colleague.models.prices import cost
from colleague.models.store import get_row
from colleague.models.usage import record_usage

QUESTION = "Answer with the single word: ready"
LONGEST = 60.0


async def try_provider(
    database: Database, actor: Actor, name: str, model: str, *, minds: Minds, ledger: Ledger, clock: Clock
) -> tuple[bool, str]:
    """Ask a provider's model one question, switched on or not; store and return (works, a sentence).

    Raises NoSuchProvider.
    """
    actor.require("org:models:manage")
    entry = f"{name}:{model.strip()[:150]}"
    async with database.transaction() as session:
        mind = await minds.find(session, entry, actor.id)
    started = time.monotonic()
    turn = None
    try:
        if not mind.model:
            raise ModelRejects("Name a model to try.")
        llm = await minds.connect(mind)
        async with asyncio.timeout(LONGEST):
            turn = await llm.turn([Said("person", QUESTION)], [])
        works, words = True, f"«{mind.model}» answered in {time.monotonic() - started:.1f} seconds."
    except (ModelUnavailable, ModelRejects) as error:
        works, words = False, error.message
    except TimeoutError:
        works, words = False, f"«{mind.model}» did not answer within {LONGEST:.0f} seconds."
    except Exception as error:
        works, words = False, f"«{mind.model}» failed in an unexpected way ({type(error).__name__})."
    async with database.transaction() as session:
        row = await get_row(session, name, lock=True)
        row.healthy, row.health, row.checked_at = works, words, clock.now()
        if turn is not None:
            micros = cost(mind.price, turn.usage) if mind.price else (0 if mind.free else None)
            await record_usage(
                session, run="", person=actor.id, teams=sorted(actor.teams), provider=name, model=mind.model,
                usage=turn.usage, micros=micros, clock=clock,
            )  # fmt: skip
        facts = {"model": mind.model, "works": works}
        await ledger.record(session, Event("model_provider.tried", actor.id, subject=name, data=facts))
    return works, words
