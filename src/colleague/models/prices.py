"""What models cost: a table the organisation keeps, and a look into published prices. Money is US dollars."""

import asyncio
import json
import sys
from decimal import Decimal, InvalidOperation

from colleague.agent.messages import Usage
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound
from colleague.models.model import Kind, Price
from colleague.models.tables import PriceRow

MICROS, LIMIT = 1_000_000, Decimal(100_000)
WINDOWS = (2_000, 20_000_000)
# Names of the public price list (genai-prices, MIT).
_PUBLISHED = {
    Kind.ANTHROPIC: "anthropic", Kind.OPENAI: "openai", Kind.AZURE: "azure", Kind.BEDROCK: "aws",
    Kind.GOOGLE: "google", Kind.VERTEX: "google",
}  # fmt: skip
# The list takes 30 MB of memory: it is read in a child that ends.
_LOOK = """
import json, sys, warnings
warnings.simplefilter("ignore")
import genai_prices
from genai_prices.data_snapshot import get_snapshot
provider, model = sys.argv[1:3]
try:
    _, found = get_snapshot().find_provider_model(model, None, provider, None)
except LookupError:
    sys.exit(3)
price = found.get_prices(__import__("datetime").datetime.now(__import__("datetime").timezone.utc))
def base(name):
    value = getattr(price, name, None)
    value = getattr(value, "base", value)
    return str(value) if value is not None else None
print(json.dumps({"version": genai_prices.__version__, "id": found.id,
  "window": found.context_window or 0, "input": base("input_mtok"),
  "output": base("output_mtok"), "cached": base("cache_read_mtok"), "stored": base("cache_write_mtok")}))
"""


class BadPrice(Invalid):
    """This price cannot be stored: {why}."""


class NotPublished(NotFound):
    """The published price list does not know this model: enter the price from your contract."""


def micros_of(text: str) -> int:
    """Return an amount of dollars as millionths; BadPrice if it is no amount from 0 to 100,000."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise BadPrice(why="an amount is written like 2.50") from None
    if not amount.is_finite() or not 0 <= amount <= LIMIT:
        raise BadPrice(why="an amount lies between 0 and 100,000")
    return int((amount * MICROS).to_integral_value())


def tokens_of(text: str) -> int:
    """Return a number of tokens as people write it («128,000», «200k»), 0 for nothing; BadPrice if it is none."""
    plain = text.strip().lower().replace(",", "").replace("_", "").replace(" ", "")
    number, thousand = (plain[:-1], 1000) if plain.endswith("k") else (plain, 1)
    if plain and not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise BadPrice(why="a context window is a number of tokens, like 128,000")
    return int(number) * thousand if plain else 0


def cost(price: Price, usage: Usage) -> int:
    """Return what `usage` costs, in millionths of a dollar, rounded up: tokens from the cache have their own price."""
    fresh = max(usage.input_tokens - usage.cached_tokens - usage.stored_tokens, 0)
    total = (
        fresh * price.input + usage.cached_tokens * price.cached + usage.stored_tokens * price.stored
        + usage.output_tokens * price.output
    )  # fmt: skip
    return -(-total // MICROS)


async def set_price(session: Session, actor: Actor, price: Price, *, ledger: Ledger, clock: Clock) -> None:
    """Store the price of a model at a provider. Runs use it from their next turn on. Raises BadPrice."""
    actor.require("org:models:manage")
    amounts = (price.input, price.output, price.cached, price.stored)
    if not 1 <= len(price.provider) <= 40 or not 1 <= len(price.model) <= 150 or len(price.source) > 300:
        raise BadPrice(why="name the provider and the model")
    if "\x00" in price.provider + price.model + price.source:
        raise BadPrice(why="its names are not proper ones")
    if min(amounts) < 0 or max(amounts) > int(LIMIT) * MICROS:
        raise BadPrice(why="an amount lies between 0 and 100,000")
    if price.window and not WINDOWS[0] <= price.window <= WINDOWS[1]:
        raise BadPrice(why=f"a context window has {WINDOWS[0]:,} to {WINDOWS[1]:,} tokens")
    row = await session.get(PriceRow, (price.provider, price.model), with_for_update=True)
    if row is None:
        row = PriceRow(provider=price.provider, model=price.model)
        session.add(row)
    row.input, row.output, row.cached, row.stored = amounts
    row.source, row.set_by, row.set_at, row.window = price.source, actor.id, clock.now(), price.window
    await session.flush()
    facts: dict[str, object] = {
        "model": price.model,
        "input": price.input,
        "output": price.output,
        "source": price.source,
    }
    facts |= {"window": price.window}
    await ledger.record(session, Event("model_price.set", actor.id, subject=price.provider, data=facts))


async def published_price(kind: Kind, provider: str, model: str) -> Price:
    """Return the published list price of a model, not yet stored; NotPublished if the list has none.

    The list ships with the product (no call out). Prices for very long contexts may be higher than this base price.
    """
    listed = _PUBLISHED.get(kind)
    if listed is None or not model or "\x00" in model:
        raise NotPublished
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _LOOK, listed, model, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env={},
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            out, _ = await child.communicate()
    except TimeoutError:
        child.kill()
        raise NotPublished from None
    if child.returncode or not out:
        raise NotPublished
    found = json.loads(out)
    if found["input"] is None or found["output"] is None:
        raise NotPublished
    whole = micros_of(found["input"])
    return Price(
        provider, model, whole, micros_of(found["output"]),
        micros_of(found["cached"]) if found["cached"] is not None else whole,
        micros_of(found["stored"]) if found["stored"] is not None else whole,
        f"published list price of {found['id']} (genai-prices {found['version']}), without surcharges",
        int(found["window"]) if WINDOWS[0] <= int(found["window"]) <= WINDOWS[1] else 0,
    )  # fmt: skip
