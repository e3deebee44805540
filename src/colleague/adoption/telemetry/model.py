"""What an event of another agent is, once all but a few attributes was dropped. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

Plain = str | int | float | bool
# The only attributes that are read at all; everything else is never looked at, kept or logged. They are those of
# Claude Code's and Cowork's documented events that say who, when, which and how long, and none that says what.
ALLOWED: Final = frozenset({
    "event.name", "event.sequence", "event.timestamp", "session.id", "prompt.id",
    "user.email", "user.account_uuid", "user.id", "service.name", "app.entrypoint",
    "success", "decision", "source", "skill.name", "model",
    "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens",
})  # fmt: skip
NAMES: Final = frozenset({
    "user_prompt", "tool_result", "tool_decision", "api_request", "api_error", "assistant_response", "plugin_loaded",
    "skill_activated",
})  # fmt: skip
TOKENS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
# A sender's clock may be so far ahead; and so long after it happened something is still taken in.
AHEAD: Final = timedelta(minutes=5)
OLDEST: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Record:
    """A log record as it came, with its allowed attributes alone. `at`: nanoseconds since 1970, 0 for none."""

    name: str
    at: int
    attributes: Mapping[str, Plain]
    resource: Mapping[str, Plain]

    def get(self, key: str) -> Plain | None:
        """Return an attribute of the record, or of what sent it."""
        return self.attributes.get(key, self.resource.get(key))


def short_name(text: str) -> str:
    """Return the name of an event without its prefix (`claude_code.user_prompt`, `cowork.user_prompt`)."""
    return text.rpartition(".")[2]
