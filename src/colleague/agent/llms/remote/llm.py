"""One model of one provider, asked one turn at a time, over a stream: long answers do not time out, cuts are seen."""

import asyncio
import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from colleague.agent.context import fit
from colleague.agent.llm import Hear, ModelRejects, ModelUnavailable
from colleague.agent.llms.remote.convert import from_provider, to_provider
from colleague.agent.llms.remote.faults import is_too_long, meaning
from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec

CONTEXT_CHARACTERS, SHORTENINGS = 600_000, 3
SILENCE, WHOLE = 120.0, 900.0
CUT = "\n\n[The answer was cut here: it reached the model's length limit.]"
HEARD_EVERY = 0.25


async def _nobody(text: str) -> None:
    """Hear nothing."""


class RemoteLlm:
    """A model behind pydantic-ai's model layer."""

    def __init__(
        self, name: str, model: Model, *, streams: bool = True, silence: float = SILENCE, retries: bool = True
    ) -> None:
        """Take the configured name and pydantic-ai's model.

        `streams` is False for endpoints that cannot; `silence` is how long a stream may say nothing; `retries` says
        whether the model's package would repeat calls and has to be told not to.
        """
        self.name, self._model, self._streams, self._silence = name, model, streams, silence
        self._settings: ModelSettings = {"cache": True, "request_timeout": WHOLE}
        if retries:
            # Retries are the run's own business: its page shows them, and another model may be asked meanwhile.
            self._settings |= {"max_retries": 0, "timeout": silence}

    def close(self) -> None:
        """Close what the model's own package holds open, if it brings its own network (the client is its owner's)."""
        closing = getattr(getattr(self._model, "client", None), "close", None)
        if callable(closing) and not inspect.iscoroutinefunction(closing):
            closing()

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the model's next turn. Raises ModelUnavailable, ModelRejects."""
        return await self.speak(messages, tools, _nobody)

    async def speak(self, messages: Sequence[Message], tools: Sequence[ToolSpec], hear: Hear) -> Turn:
        """Return the model's next turn and tell `hear` the text as it grows, at most four times a second.

        A conversation that is too long for the model is shortened by halves, oldest results first. Raises
        ModelUnavailable, ModelRejects.
        """
        limit = CONTEXT_CHARACTERS
        for number in range(SHORTENINGS + 1):
            try:
                response = await self._ask(to_provider(fit(messages, limit)), _parameters(tools), hear)
            except (ModelUnavailable, ModelRejects, asyncio.CancelledError):
                raise
            except Exception as error:
                longest = sum(len(m.text) for m in messages)
                if is_too_long(error) and number < SHORTENINGS:
                    limit = min(limit, longest) // 2
                    continue
                raise meaning(self.name, error) from None
            break
        turn = from_provider(response, self.name)
        if not turn.text and not turn.calls and response.finish_reason is None:
            raise ModelUnavailable(f"The model «{self.name}» gave an empty answer.")
        cut = response.finish_reason == "length" and turn.text and not turn.calls
        return replace(turn, text=turn.text + CUT) if cut else turn

    async def _ask(self, asked: list[ModelMessage], parameters: ModelRequestParameters, hear: Hear) -> ModelResponse:
        if not self._streams:
            return await self._model.request(asked, self._settings, parameters)
        loop = asyncio.get_running_loop()
        heard, last = "", loop.time()
        async with self._model.request_stream(asked, self._settings, parameters) as stream:
            events = aiter(stream)
            while True:
                try:
                    async with asyncio.timeout(self._silence):
                        await anext(events)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    why = f"The model «{self.name}» said nothing for {self._silence:.0f} seconds."
                    raise ModelUnavailable(why) from None
                if loop.time() - last >= HEARD_EVERY:
                    text, last = _text(stream.get()), loop.time()
                    if text != heard:
                        heard = text
                        await hear(text)
            response = stream.get()
        if response.finish_reason is None and not (response.provider_details or {}).get("finish_reason"):
            # Every provider says why it ended. A stream that just stops was cut on its way.
            raise ModelUnavailable(f"The model «{self.name}» broke off in the middle of its answer.")
        return response


def _text(response: ModelResponse) -> str:
    return response.text or ""


def _parameters(tools: Sequence[ToolSpec]) -> ModelRequestParameters:
    definitions: list[Any] = [
        ToolDefinition(name=t.name, description=t.description, parameters_json_schema=t.parameters) for t in tools
    ]
    return ModelRequestParameters(function_tools=definitions, allow_text_output=True)
