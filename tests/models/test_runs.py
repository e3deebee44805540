"""Whole tasks through real wire formats, with every fault on: each run ends, asks, or stops with a partial result."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.models.conftest import SECRET, Serve, line_of

from colleague.audit.tables import EntryRow
from colleague.models.model import Price
from colleague.models.prices import set_price
from colleague.models.providers import Wanted, add_provider, enable_provider
from colleague.models.routes import set_route
from colleague.models.tables import SpokenRow
from colleague.policy.model import DataClass
from colleague.tasks.model import ENDED, PARKED
from colleague.tasks.sight import View, view_task
from colleague.tasks.start import start
from colleague.tasks.tables import RunRow
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.worker import work

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.peer("aimock"),
    pytest.mark.filterwarnings("ignore:FUNCTION_CALL is not a valid FinishReason"),
]
KINDS = ("anthropic", "openai", "compatible", "azure", "bedrock", "google")
Route = Callable[..., Awaitable[None]]


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, connectors=[], clock=clock)
    yield home
    await home.house.close()


@pytest.fixture
def route(home: TestHouse) -> Route:
    """Store a provider of a kind at an address, and send every task to the given models of it."""

    async def set_up(kind: str, url: str, *models: str, last: str = "") -> None:
        house, owner = home.house, home.people["owner"]
        line: dict[str, Any] = line_of(kind, url)
        key = line.pop("key")
        wanted = Wanted(kind, "own", "confidential", streams=kind != "bedrock", **line)
        name = f"the-{kind}"
        more: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
        async with house.database.transaction() as session:
            await add_provider(session, owner, name, wanted, key, secrets=house.secrets, **more)
            await enable_provider(session, owner, name, **more)
            chain = [*(f"{name}:{m}" for m in models), *([last] if last else [])]
            await set_route(session, owner, "organisation", "", chain, **more)
            await set_price(session, owner, Price(name, models[0], 3_000_000, 15_000_000, 300_000, 3_000_000), **more)

    return set_up


async def run(home: TestHouse, goal: str = "Look at the file.") -> View:
    """Hand a task with a file over, work until nothing waits, and return it."""
    house, ana = home.house, home.people["ana"]
    task = await start(
        ana, goal, [("a.md", b"# Page 7\n\nThe answer is 42.")], parts=house.parts, settings=house.settings
    )
    await work(house)
    async with house.database.transaction() as session:
        return await view_task(session, ana, task)


async def everything_stored(home: TestHouse) -> str:
    async with home.house.database.transaction() as session:
        ledger = "".join(await session.scalars(select(EntryRow.body)))
        runs = "".join(f"{r.why} {r.answer}" for r in await session.scalars(select(RunRow)))
        spoken = list(await session.scalars(select(SpokenRow.text)))
    return ledger + runs + "".join(spoken)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_task_from_its_words_to_its_answer(kind: str, home: TestHouse, route: Route, serve: Serve) -> None:
    await route(kind, serve(), "works")
    view = await run(home)
    assert (view.run.state, view.run.partial) == ("completed", False)
    assert view.run.answer == "The answer is forty-two, as page 7 says."
    assert view.run.model == f"the-{kind}:works"
    assert [c.tool for c in view.calls] == ["list_files"]
    assert view.used is not None
    assert (view.used.turns, view.used.input_tokens, view.used.output_tokens) == (2, 200, 40)
    assert view.run.spent["micros"] == view.used.micros == 2 * (100 * 3 + 20 * 15)
    assert view.expected is not None
    assert view.expected.low_tokens > 0
    assert view.expected.high_micros is not None


# What becomes of a run with a model that always fails in one way: its state, and words a person reads.
FATES = {
    "busy": ("blocked", "too much to do"),
    "overloaded": ("blocked", "overloaded"),
    "broken": ("blocked", "does not answer properly"),
    "away": ("blocked", "does not answer properly"),
    "badkey": ("blocked", "refuses the key"),
    "denied": ("blocked", "refuses the key"),
    "bad": ("blocked", "does not accept the request"),
    "missing": ("blocked", "does not know this model"),
    "cut": ("blocked", "broke off"),
    "dropped": ("blocked", "broke off"),
    "empty": ("completed", "The model gave no answer"),
    "garbled": ("completed", ""),
    "unknown": ("completed", ""),
    "circles": ("completed", "same call 4 times"),
}


@pytest.mark.parametrize("kind", ["anthropic", "openai", "google"])
async def test_whatever_a_model_does_the_run_ends_or_a_person_can_act(
    kind: str, home: TestHouse, route: Route, serve: Serve
) -> None:
    await route(kind, serve(), "works")
    house, owner = home.house, home.people["owner"]
    for model, (state, words) in FATES.items():
        async with house.database.transaction() as session:
            await set_route(
                session, owner, "organisation", "", [f"the-{kind}:{model}"], ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        view = await run(home)
        assert view.run.state == state, (model, view.run.why)
        assert words in view.run.why, (model, view.run.why)
        assert view.run.partial is (model in ("empty", "circles")), model
        if model in ("garbled", "unknown"):
            assert view.run.answer == "Then without it."
            assert [c.state for c in view.calls] == ["refused"]
    assert SECRET not in await everything_stored(home)


async def test_a_rejected_key_is_not_tried_over_and_over(home: TestHouse, route: Route, serve: Serve) -> None:
    await route("anthropic", serve(), "badkey")
    house, ana = home.house, home.people["ana"]
    await start(ana, "Go.", [], parts=house.parts, settings=house.settings)
    assert await work(house) == 1


async def test_a_busy_provider_is_left_alone_as_long_as_it_asks(
    home: TestHouse, route: Route, serve: Serve, clock: TestClock
) -> None:
    await route("openai", serve(), "busy")
    house, ana = home.house, home.people["ana"]
    task = await start(ana, "Go.", [], parts=house.parts, settings=house.settings)
    await work(house, limit=1)
    async with house.database.transaction() as session:
        view = await view_task(session, ana, task)
    assert view.run.state == "queued"
    assert "Trying again at 12:00:17" in view.run.why


async def test_the_next_in_the_chain_goes_on_where_the_first_fell(home: TestHouse, route: Route, serve: Serve) -> None:
    await route("anthropic", serve(), "overloaded", "cut", "works")
    view = await run(home)
    assert (view.run.state, view.run.model) == ("completed", "the-anthropic:works")
    assert "model.fell_back" in await everything_stored(home)


async def test_the_extractive_model_takes_over_only_where_the_route_says_so(
    home: TestHouse, route: Route, serve: Serve
) -> None:
    await route("anthropic", serve(), "away", last="extractive")
    view = await run(home, "Summarise the file.")
    assert (view.run.state, view.run.model) == ("completed", "extractive")
    assert [o.name for o, _ in view.outputs] == ["summary.docx"]


@pytest.mark.parametrize("kind", ["anthropic", "openai", "google", "bedrock"])
@pytest.mark.parametrize(
    "flags",
    [("--chaos-drop", "0.4"), ("--chaos-malformed", "0.4"), ("--chaos-disconnect", "0.4"), ("--chaos-ratelimit", "0.4"),
     ("--chaos-drop", "1"), ("--chaos-malformed", "1")],
    ids=" ".join,
)  # fmt: skip
async def test_with_chaos_on_every_run_ends_asks_or_stops_with_a_partial_result(
    kind: str, flags: tuple[str, str], home: TestHouse, route: Route, serve: Serve
) -> None:
    await route(kind, serve(*flags), "works")
    for _ in range(4):
        view = await run(home)
        state = view.run.state
        assert state in (*ENDED, *PARKED), view.run.why
        assert state != "failed"
        if state == "completed":
            assert view.run.answer
        else:
            assert state == "blocked"
            assert "Try again" in view.run.why or "try again" in view.run.why
    assert flags[1] != "1" or state == "blocked"
    stored = await everything_stored(home)
    assert "Traceback" not in stored
    assert SECRET not in stored


async def test_health_data_never_reaches_a_provider_without_a_baa(
    home: TestHouse, route: Route, serve: Serve, database_url: str
) -> None:
    """The goal itself is weighed: what a person types reaches the provider too."""
    house, owner = home.house, home.people["owner"]
    more: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
    from datetime import timedelta

    from colleague.models.papers import attest

    today = house.clock.now().date()
    async with house.database.transaction() as session:
        await add_provider(
            session, owner, "cloud", Wanted("openai", "eu", "confidential"), "k", secrets=house.secrets, **more
        )
        await attest(
            session,
            owner,
            "cloud",
            document="D",
            signed_on=today,
            expires_on=today + timedelta(9),
            covers=["inputs"],
            **more,
        )
        await enable_provider(session, owner, "cloud", **more)
        await set_route(session, owner, "organisation", "", ["cloud:m"], **more)
    words = "The patient record says: diagnosed in May, prescribed in June, medical history attached."
    view = await run(home, words)
    assert view.run.state == "blocked"
    assert "no signed agreement (BAA)" in view.run.why
    assert "An administrator can store the signed agreement" in view.run.why
    assert view.run.label["class"] == DataClass.PUBLIC.name.lower()
