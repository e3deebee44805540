"""Our messages in pydantic-ai's form, and its answers in ours. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from colleague.agent.messages import Call, Message, Outcome, Said, Summary, Turn, Usage


def to_provider(messages: Sequence[Message]) -> list[ModelMessage]:
    """Return our messages in pydantic-ai's form: requests and responses in turn.

    A result without its call, or a call without its result, is left out: providers refuse such a conversation whole.
    """
    result: list[ModelMessage] = []
    answered = {m.call_id for m in messages if isinstance(m, Outcome)}
    asked: set[str] = set()

    def ask(part: SystemPromptPart | UserPromptPart | ToolReturnPart) -> None:
        if result and isinstance(result[-1], ModelRequest):
            result[-1] = ModelRequest(parts=[*result[-1].parts, part])
        else:
            result.append(ModelRequest(parts=[part]))

    for message in messages:
        match message:
            case Said(who="system"):
                ask(SystemPromptPart(message.text))
            case Said():
                ask(UserPromptPart(message.text))
            case Summary():
                ask(UserPromptPart(message.words))
            case Outcome() if message.call_id in asked:
                ask(ToolReturnPart(message.tool, message.text, message.call_id))
            case Outcome():
                pass
            case Turn():
                calls = [ToolCallPart(c.tool, c.arguments, c.id) for c in message.calls if c.id in answered]
                asked |= {c.tool_call_id for c in calls}
                text = [TextPart(message.text or "…")] if message.text or not calls else []
                result.append(ModelResponse(parts=[*text, *calls], model_name=message.model))
    return result


def from_provider(response: ModelResponse, name: str) -> Turn:
    """Return pydantic-ai's answer as a turn. Arguments that are no JSON object are kept as {"_unreadable": text}."""
    text = "".join(p.content for p in response.parts if isinstance(p, TextPart))
    calls = tuple(
        Call(p.tool_call_id, p.tool_name, _arguments(p.args)) for p in response.parts if isinstance(p, ToolCallPart)
    )
    seen = response.usage
    cached = seen.cache_read_tokens or 0
    written = seen.cache_write_tokens or 0
    usage = Usage(
        max(seen.input_tokens or 0, 0), max(seen.output_tokens or 0, 0), cached_tokens=cached, stored_tokens=written
    )
    return Turn(text, calls, usage, name)


def _arguments(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        try:
            raw = json.loads(raw or "{}")
        except (ValueError, RecursionError):
            return {"_unreadable": str(raw)[:2000]}
    if not isinstance(raw, dict):
        return {"_unreadable": str(raw)[:2000]}
    return {str(k): v for k, v in raw.items()}
