"""Our messages reach a provider in its own form, and its answers come back as ours, whatever it answers."""

from collections.abc import AsyncIterator

import pytest
from pydantic_ai.exceptions import ModelAPIError, ModelContextWindowExceededError
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from colleague.agent.context import fit, opening
from colleague.agent.llm import ModelRejects, ModelUnavailable
from colleague.agent.llms.remote.connect import KINDS, Line, connect
from colleague.agent.llms.remote.convert import to_provider
from colleague.agent.llms.remote.llm import RemoteLlm
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

    llm = RemoteLlm("test:one", FunctionModel(answer), streams=False)
    messages = [Said("system", "rules"), Said("person", "go"), Turn("", (Call("a", "read", {"n": 1}),)),
                Outcome("a", "read", "one")]  # fmt: skip
    turn = await llm.turn(messages, [TOOL])
    assert turn.text == "Reading."
    assert turn.calls == (Call("x", "read", {"n": 7}),)
    assert turn.usage.output_tokens > 0
    assert [type(m) for m in heard] == [ModelRequest, ModelResponse, ModelRequest]


@pytest.mark.parametrize("nonsense", ["{not json", "[1,2]", '"text"', "[" * 5000])
async def test_arguments_that_are_no_object_are_kept_as_unreadable(nonsense: str) -> None:
    model = FunctionModel(lambda m, i: ModelResponse([ToolCallPart("read", nonsense, "x")]))
    turn = await RemoteLlm("test:one", model, streams=False).turn([Said("person", "go")], [TOOL])
    assert set(turn.calls[0].arguments) == {"_unreadable"}


async def test_a_stream_without_a_reason_to_end_was_cut() -> None:
    async def speak(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str | dict[int, DeltaToolCall]]:
        yield "Half a sen"

    with pytest.raises(ModelUnavailable, match="broke off"):
        await RemoteLlm("test:one", FunctionModel(stream_function=speak)).turn([Said("person", "go")], [])


async def test_a_provider_that_fails_is_unavailable_and_its_words_stay_out() -> None:
    def fail(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise ModelAPIError("one", "key sk-secret is wrong")

    with pytest.raises(ModelUnavailable) as caught:
        await RemoteLlm("test:one", FunctionModel(fail), streams=False).turn([Said("person", "go")], [])
    assert "sk-secret" not in caught.value.message


@pytest.mark.parametrize(("fits", "works"), [(100_000, True), (10_000, False)])
async def test_a_conversation_that_is_too_long_is_shortened_by_halves_a_few_times(fits: int, works: bool) -> None:
    sizes: list[int] = []

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        sizes.append(sum(len(str(getattr(p, "content", ""))) for m in messages for p in m.parts))
        if sizes[-1] > fits:
            raise ModelContextWindowExceededError("one", "too long")
        return ModelResponse([TextPart("Done.")])

    calls = tuple(Call(str(n), "read", {}) for n in range(10))
    outcomes = [Outcome(str(n), "read", "x" * 40_000) for n in range(10)]
    llm = RemoteLlm("test:one", FunctionModel(answer), streams=False)
    conversation = [Said("person", "go"), Turn("", calls), *outcomes]
    if works:
        assert (await llm.turn(conversation, [])).text == "Done."
        assert sizes[0] >= 400_000
        assert sizes[-1] <= fits
    else:
        with pytest.raises(ModelRejects, match="too long"):
            await llm.turn(conversation, [])
        assert len(sizes) == 4


@pytest.mark.parametrize("kind", ["nonsense", "vertex", "azure"])
def test_a_provider_that_is_not_complete_is_refused_in_words(kind: str) -> None:
    with pytest.raises(ModelRejects, match="not set up completely") as caught:
        connect("p:m", "m", Line(kind, key="{broken sk-secret"))
    assert "sk-secret" not in repr(caught.value)
    assert "vertex" in KINDS


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
