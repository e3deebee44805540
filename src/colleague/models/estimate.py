"""What a run may use, before it starts: a plain rule over the length of its words and files. Pure."""

from collections.abc import Sequence

from colleague.models.model import BUILT_IN, Estimate, Price

CHARACTERS_A_TOKEN = 4
RULES_TOKENS = 6_000
LOW_TURNS, HIGH_TURNS = 4, 15
LOW_OUT, HIGH_OUT = 600, 1_500
CONTEXT_TOKENS = 150_000

RULE = (
    "4 characters are a token. At least: the files are read once and sent along with 4 turns, half of it from the "
    "provider's cache. At most: with 15 turns, none of it from the cache. Each turn adds 6,000 tokens of rules and "
    "tools, and writes 600 to 1,500."
)
RULE_BUILT_IN = "The built-in model works on this machine: no tokens, no cost."


def estimate(model: str, characters: Sequence[int], price: Price | None, *, own: bool = False) -> Estimate:
    """Return the range for a task whose words and files have so many characters each.

    `price` of the first model in the chain; without one only tokens are given, and 0 for a model of one's own.
    """
    if model == BUILT_IN:
        return Estimate(0, 0, 0, 0, RULE_BUILT_IN)
    material = min(sum(characters) // CHARACTERS_A_TOKEN, CONTEXT_TOKENS)
    low_in = LOW_TURNS * (RULES_TOKENS + material)
    high_in = HIGH_TURNS * (RULES_TOKENS + material)
    low_out, high_out = LOW_TURNS * LOW_OUT, HIGH_TURNS * HIGH_OUT
    if price is None:
        free = 0 if own else None
        return Estimate(low_in + low_out, high_in + high_out, free, free, RULE)
    cached = low_in // 2
    low = (cached * price.cached + (low_in - cached) * price.input + low_out * price.output) // 1_000_000
    high = -(-(high_in * max(price.input, price.stored) + high_out * price.output) // 1_000_000)
    return Estimate(low_in + low_out, high_in + high_out, low, high, RULE)
