"""Our messages reach a provider in its own form, and its answers come back as ours, whatever it answers."""

import pytest
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from colleague.agent.context import fit, opening
from colleague.agent.llm import ModelUnavailable
from colleague.agent.llms.remote import RemoteLlm, connect, to_provider
from colleague.agent.messages import Call, Outcome, Said, Turn
from colleague.agent.tools import ToolSpec

pytestmark = pytest.mark.anyio
TOOL = ToolSpec("read", "Reads.", {"type": "object", "properties": {"n": {"type": "integer"}}})


async def test_a_conversation_and_its_answer() -> None:
    heard: list[ModelMessage] = []

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        heard.extend(messages)
        assert [t.name for t in info.function_tools] == ["read"]
        return ModelResponse([TextPart("Reading."), ToolCallPart("read", '{"n": 7}', "x")])

    llm = RemoteLlm("test:one", FunctionModel(answer))
    messages = [Said("system", "rules"), Said("person", "go"), Turn("", (Call("a", "read", {"n": 1}),)),
                Outcome("a", "read", "one")]  # fmt: skip
    turn = await llm.turn(messages, [TOOL])
    assert turn.text == "Reading."
    assert turn.calls == (Call("x", "read", {"n": 7}),)
    assert turn.usage.output_tokens > 0
    assert [type(m) for m in heard] == [ModelRequest, ModelResponse, ModelRequest]


@pytest.mark.parametrize("nonsense", ["{not json", "[1,2]", '"text"'])
async def test_arguments_that_are_no_object_are_kept_as_unreadable(nonsense: str) -> None:
    llm = RemoteLlm("test:one", FunctionModel(lambda m, i: ModelResponse([ToolCallPart("read", nonsense, "x")])))
    turn = await llm.turn([Said("person", "go")], [TOOL])
    assert set(turn.calls[0].arguments) == {"_unreadable"}


async def test_a_provider_that_fails_is_unavailable_and_its_words_stay_out() -> None:
    def fail(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise ModelAPIError("one", "key sk-secret is wrong")

    with pytest.raises(ModelUnavailable) as caught:
        await RemoteLlm("test:one", FunctionModel(fail)).turn([Said("person", "go")], [])
    assert "sk-secret" not in caught.value.message


def test_an_unknown_model_says_what_would_do() -> None:
    with pytest.raises(ModelUnavailable, match="anthropic:NAME"):
        connect("nonsense")


def test_old_results_are_shortened_first_and_words_of_people_never() -> None:
    from datetime import UTC, datetime

    start = opening("Ana", datetime(2026, 3, 3, tzinfo=UTC), "g" * 5000, ["a.pdf"])
    messages = [*start, *(Outcome(str(n), "read", "x" * 10_000) for n in range(10))]
    short = fit(messages, 60_000)
    assert sum(len(m.text) for m in short) <= 60_000
    assert short[:2] == start
    assert short[-1] == messages[-1]
    assert "shortened" in short[2].text
    assert to_provider(short)
