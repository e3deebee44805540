"""Each kind of provider over its real wire format: answers, calls, usage, streams; whatever goes wrong has a name."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.models.conftest import SECRET, Serve, line_of

from colleague.agent.llm import ModelRejects, ModelUnavailable
from colleague.agent.llms.remote.connect import Line, connect
from colleague.agent.llms.remote.llm import RemoteLlm
from colleague.agent.messages import Outcome, Said, Turn
from colleague.agent.tools import ToolSpec
from colleague.models.wire import PublicAlthoughOwn, client

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.peer("aimock"),
    # What this server says where Google says STOP.
    pytest.mark.filterwarnings("ignore:FUNCTION_CALL is not a valid FinishReason"),
]
KINDS = ("anthropic", "openai", "compatible", "azure", "bedrock", "google")
TOOL = ToolSpec("list_files", "Lists.", {"type": "object", "properties": {"n": {"type": "integer"}}})
GO = [Said("system", "rules"), Said("person", "go")]


Dial = Callable[..., RemoteLlm]


@pytest.fixture
async def llm() -> AsyncIterator[Dial]:
    """Connect to a model; every line is closed at the end."""
    opened: list[Any] = []

    def dial(
        kind: str, model: str, url: str, *, silence: float = 20, whole: bool = False, http: Any = None
    ) -> RemoteLlm:
        http = http or client(own=True, private=True)
        # This server begins a text block of a Bedrock stream in a form that Amazon's own package refuses.
        made = connect(f"{kind}:{model}", model, Line(kind, client=http, streams=not whole, **line_of(kind, url)))
        made._silence = silence
        opened.extend([made, http])
        return made

    yield dial
    for made, http in zip(opened[::2], opened[1::2], strict=True):
        made.close()
        await http.aclose()
    gc.collect()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_its_result_an_answer_and_the_tokens(kind: str, serve: Serve, llm: Dial) -> None:
    model = llm(kind, "works", serve(), whole=kind == "bedrock")
    first = await model.turn(GO, [TOOL])
    assert [(c.tool, c.arguments) for c in first.calls] == [("list_files", {})]
    second = await model.turn([*GO, first, Outcome(first.calls[0].id, "list_files", "page 7: 42")], [TOOL])
    assert second.text == "The answer is forty-two, as page 7 says."
    assert not second.calls
    for turn in (first, second):
        assert (turn.usage.input_tokens, turn.usage.output_tokens) == (100, 20)
        assert turn.model == f"{kind}:works"


async def test_a_call_over_the_stream_of_bedrock(serve: Serve, llm: Dial) -> None:
    turn = await llm("bedrock", "works", serve()).turn(GO, [TOOL])
    assert [c.tool for c in turn.calls] == ["list_files"]


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "bedrock"])
async def test_words_are_heard_while_they_come_at_most_four_times_a_second(kind: str, serve: Serve, llm: Dial) -> None:
    heard: list[str] = []
    started = asyncio.get_running_loop().time()

    async def hear(text: str) -> None:
        heard.append(text)

    turn = await llm(kind, "slow", serve()).speak(GO, [TOOL], hear)
    seconds = asyncio.get_running_loop().time() - started
    assert turn.text == ("word " * 80)
    assert 2 <= len(heard) <= seconds * 4 + 1
    assert all(turn.text.startswith(text) for text in heard)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("model", "words", "again"),
    [
        ("busy", "too much to do", True),
        ("overloaded", "overloaded", True),
        ("broken", "status 500", True),
        ("away", "status 503", True),
        ("badkey", "refuses the key", False),
        ("denied", "refuses the key", False),
        ("bad", "status 400", False),
        ("missing", "does not know this model", False),
    ],
)
async def test_each_refusal_says_whether_waiting_helps(
    kind: str, model: str, words: str, again: bool, serve: Serve, llm: Dial
) -> None:
    with pytest.raises((ModelUnavailable, ModelRejects), match=words) as caught:
        await llm(kind, model, serve()).turn(GO, [TOOL])
    assert isinstance(caught.value, ModelUnavailable) is again
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None, "the provider's words would be in a traceback"
    assert getattr(caught.value, "retry_after", 0) == (17 if model == "busy" else 0)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "bedrock"])
@pytest.mark.parametrize("model", ["cut", "dropped"])
async def test_a_stream_that_breaks_off_is_no_answer(kind: str, model: str, serve: Serve, llm: Dial) -> None:
    with pytest.raises(ModelUnavailable, match="broke off"):
        await llm(kind, model, serve()).turn(GO, [TOOL])


@pytest.mark.parametrize("kind", KINDS)
async def test_calls_that_make_no_sense_come_back_as_calls(kind: str, serve: Serve, llm: Dial) -> None:
    garbled = await llm(kind, "garbled", serve()).turn(GO, [TOOL])
    assert [c.tool for c in garbled.calls] == ["read_document"]
    assert set(garbled.calls[0].arguments) <= {"_unreadable"}
    unknown = await llm(kind, "unknown", serve()).turn(GO, [TOOL])
    assert [c.tool for c in unknown.calls] == ["launch_rocket"]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_answer_is_an_empty_turn(kind: str, serve: Serve, llm: Dial) -> None:
    turn = await llm(kind, "empty", serve(), whole=kind == "bedrock").turn(GO, [TOOL])
    assert (turn.text, turn.calls) == ("", ())


@pytest.mark.parametrize("kind", ["anthropic", "openai", "google"])
async def test_a_stream_that_falls_silent_is_given_up(kind: str, serve: Serve, llm: Dial) -> None:
    with pytest.raises(ModelUnavailable, match="said nothing for"):
        await llm(kind, "stalled", serve(), silence=0.3).turn(GO, [TOOL])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flag", ["--chaos-drop", "--chaos-malformed", "--chaos-disconnect", "--chaos-ratelimit"])
async def test_chaos_has_a_name_too(kind: str, flag: str, serve: Serve, llm: Dial) -> None:
    with pytest.raises((ModelUnavailable, ModelRejects)) as caught:
        await llm(kind, "works", serve(flag, "1")).turn(GO, [TOOL])
    assert isinstance(caught.value, ModelUnavailable), "none of these is the fault of what was asked"


async def test_a_name_that_leads_elsewhere_is_never_connected_to(llm: Dial) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return {"inside.example": ["10.0.0.7"], "both.example": ["203.0.114.7", "127.0.0.1"],
                "cloud.example": ["169.254.169.254"]}.get(host, ["8.8.8.8"])  # fmt: skip

    for host, own in (("inside.example", False), ("both.example", False), ("cloud.example", True), ("x.example", True)):
        http = client(own=own, private=False, resolve=resolve)
        with pytest.raises(ModelRejects, match=PublicAlthoughOwn().message if host == "x.example" else "inside"):
            await llm("openai", "m", f"https://{host}", http=http).turn(GO, [])


def test_an_empty_conversation_part_is_left_out_whole() -> None:
    from colleague.agent.llms.remote.convert import to_provider
    from colleague.agent.messages import Call

    lost = [Said("person", "go"), Turn("", (Call("a", "x", {}),)), Outcome("b", "y", "of another turn")]
    assert [type(m).__name__ for m in to_provider(lost)] == ["ModelRequest", "ModelResponse"]
