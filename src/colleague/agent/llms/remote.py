"""Live models through pydantic-ai's model layer: Anthropic and OpenAI-compatible endpoints (R9).

Imported only when such a model is configured: the provider packages are large.
"""

import json
from collections.abc import Sequence

from pydantic_ai.exceptions import ModelAPIError, UnexpectedModelBehavior, UserError
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
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from colleague.agent.context import fit
from colleague.agent.llm import ModelUnavailable
from colleague.agent.messages import Call, Message, Outcome, Said, Turn, Usage
from colleague.agent.tools import ToolSpec

CONTEXT_CHARACTERS = 600_000


def connect(name: str, *, base_url: str | None = None, api_key: str | None = None) -> "RemoteLlm":
    """Return the model `provider:name` (anthropic: or openai:, the latter for any compatible endpoint).

    Raises ModelUnavailable with what is missing.
    """
    provider, _, model = name.partition(":")
    try:
        match provider:
            case "anthropic" if model:
                from pydantic_ai.models.anthropic import AnthropicModel
                from pydantic_ai.providers.anthropic import AnthropicProvider

                return RemoteLlm(
                    name,
                    AnthropicModel(model, provider=AnthropicProvider(api_key=api_key or "none", base_url=base_url)),
                )
            case "openai" if model:
                from pydantic_ai.models.openai import OpenAIChatModel
                from pydantic_ai.providers.openai import OpenAIProvider

                return RemoteLlm(
                    name, OpenAIChatModel(model, provider=OpenAIProvider(api_key=api_key or "none", base_url=base_url))
                )
            case _:
                raise ModelUnavailable(
                    f"The model «{name}» is not known. Use extractive, anthropic:NAME or openai:NAME."
                )
    except UserError as error:
        raise ModelUnavailable("The model is not configured completely: set its address and key.") from error


class RemoteLlm:
    """One model of one provider, asked one turn at a time."""

    def __init__(self, name: str, model: Model) -> None:
        """Take the configured name and pydantic-ai's model."""
        self.name, self._model = name, model

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the model's next turn; ModelUnavailable if the provider does not answer or answers nonsense."""
        parameters = ModelRequestParameters(
            function_tools=[
                ToolDefinition(name=t.name, description=t.description, parameters_json_schema=t.parameters)
                for t in tools
            ],
            allow_text_output=True,
        )
        try:
            response = await self._model.request(to_provider(fit(messages, CONTEXT_CHARACTERS)), None, parameters)
        except (ModelAPIError, UnexpectedModelBehavior) as error:
            raise ModelUnavailable(f"The model «{self.name}» does not answer ({type(error).__name__}).") from error
        return from_provider(response, self.name)


def to_provider(messages: Sequence[Message]) -> list[ModelMessage]:
    """Return our messages in pydantic-ai's form: requests and responses in turn."""
    result: list[ModelMessage] = []

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
            case Outcome():
                ask(ToolReturnPart(message.tool, message.text, message.call_id))
            case Turn():
                calls = [ToolCallPart(c.tool, c.arguments, c.id) for c in message.calls]
                text = [TextPart(message.text)] if message.text or not calls else []
                result.append(ModelResponse(parts=[*text, *calls], model_name=message.model))
    return result


def from_provider(response: ModelResponse, name: str) -> Turn:
    """Return pydantic-ai's answer as a turn. Arguments that are no JSON object are kept as {"_unreadable": text}."""
    text = "".join(p.content for p in response.parts if isinstance(p, TextPart))
    calls = []
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            arguments = part.args
            if not isinstance(arguments, dict):
                try:
                    arguments = json.loads(arguments or "{}")
                except ValueError:
                    arguments = {"_unreadable": str(arguments)[:2000]}
            if not isinstance(arguments, dict):
                arguments = {"_unreadable": str(arguments)[:2000]}
            calls.append(Call(part.tool_call_id, part.tool_name, {str(k): v for k, v in arguments.items()}))
    usage = Usage(response.usage.input_tokens or 0, response.usage.output_tokens or 0)
    return Turn(text, tuple(calls), usage, name)
