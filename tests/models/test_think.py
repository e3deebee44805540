"""The one door to models: routes, policy, ceilings and fallbacks decide who is asked, on record."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.models.test_providers import CLAUDE, LOCAL

from colleague.agent.interrupts import OverBudget
from colleague.agent.llm import ModelRejects, ModelUnavailable
from colleague.agent.messages import Message, Said, Turn, Usage
from colleague.agent.tools import ToolSpec
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.tables import EntryRow
from colleague.channels.tables import NoticeRow
from colleague.identity.actor import PermissionMissing
from colleague.kit.db import Session
from colleague.kit.errors import Failure
from colleague.kit.secrets import Secrets
from colleague.models.ceilings import BadCeiling, remove_ceiling, set_ceiling, standings
from colleague.models.estimate import estimate
from colleague.models.increases import (
    AnsweredAlready,
    AskedAlready,
    BadIncrease,
    NothingToIncrease,
    answer_increase,
    ask_increase,
)
from colleague.models.model import DATA_KINDS, Price, Route
from colleague.models.need import Need, use_case_of
from colleague.models.papers import BadPaper, attest, deployed_paper
from colleague.models.prices import BadPrice, cost, micros_of, set_price
from colleague.models.providers import add_provider, disable_provider, enable_provider
from colleague.models.routes import BadRoute, choose, remove_route, set_route
from colleague.models.think import NoModelMay
from colleague.models.usage import BadMonth, as_csv, bounds, month_of, sums
from colleague.policy.model import DataClass, Label, Zone
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, agreed, furnish

pytestmark = pytest.mark.anyio
SAY = [Said("person", "go")]


class Voice:
    """A model behind a provider record: answers, or fails as it is told."""

    def __init__(self, name: str) -> None:
        self.name, self.fault, self.asked = name, None, 0
        self.fault: Exception | None = None

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return Turn("Yes.", usage=Usage(1_000_000, 1_000, cached_tokens=400_000), model="whatever it says")


class Torn(Ledger):
    """A ledger that can be made to fail."""

    torn = False

    async def record(self, session: Session, event: Event) -> None:
        if self.torn:
            raise OSError
        await super().record(session, event)


@dataclass
class Hall:
    """A house with two providers whose lines are voices, and a hand that thinks as Ana."""

    home: TestHouse
    clock: TestClock
    voices: dict[str, Voice]
    ledger: Torn
    paper: str = ""

    async def do(self, deed: Any, *things: Any, who: str = "owner", **more: Any) -> Any:
        house = self.home.house
        if deed is add_provider:
            more["secrets"] = house.secrets
        if deed in (ask_increase, answer_increase):
            more["tell"] = house.models.tell
        if deed not in (remove_route, remove_ceiling):
            more["clock"] = self.clock
        async with house.database.transaction() as session:
            return await deed(session, self.home.people[who], *things, ledger=house.ledger, **more)

    async def route(self, *chain: str, target: str = "organisation", subject: str = "") -> str:
        return str(await self.do(set_route, target, subject, chain))

    async def think(self, label: Label | None = None, *, use_case: str = "", run: str = "run_1") -> Any:
        ana = self.home.people["ana"]
        need = Need(run, ana.id, ana.teams, label or Label(), "extractive", use_case)
        answer = await self.home.house.models.think(need, SAY, [])
        async with self.home.house.database.transaction() as session:
            await self.home.house.models.settle(session, need, answer)
        return answer

    async def entries(self, verb: str) -> list[EntryRow]:
        async with self.home.house.database.transaction() as session:
            return list(await session.scalars(select(EntryRow).where(EntryRow.verb == verb).order_by(EntryRow.id)))


@pytest.fixture
async def hall(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Hall]:
    voices = {"claude:m": Voice("claude:m"), "local:m": Voice("local:m")}
    ledger = Torn(secrets=Secrets(b"k" * 32), clock=clock)
    home = await furnish(database_url, tmp_path, connectors=[], clock=clock, models=voices, ledger=ledger)
    hall = Hall(home, clock, voices, ledger)
    await hall.do(add_provider, "claude", CLAUDE, "k")
    await hall.do(add_provider, "local", LOCAL)
    today = clock.now().date()
    hall.paper = await hall.do(
        attest, "claude", document="D", signed_on=today, expires_on=today + timedelta(30), covers=DATA_KINDS[:3]
    )
    await hall.do(enable_provider, "claude")
    await hall.do(enable_provider, "local")
    yield hall
    await home.house.close()


async def test_without_a_route_the_deployment_thinks_and_nothing_else(hall: Hall) -> None:
    assert (await hall.think()).turn.model == "extractive"
    assert not any(v.asked for v in hall.voices.values())


@pytest.mark.parametrize(
    ("paper", "privileged", "asked"),
    [
        (None, False, False),
        ("DPA 7; 2026-01-01; 2026-01-31; all", False, False),
        ("DPA 7; 2027-01-01; 2027-12-31; all", False, False),
        ("DPA 7; 2026-01-01; 2027-12-31; inputs, outputs", False, True),
        ("DPA 7; 2026-01-01; 2027-12-31; inputs, outputs", True, False),
        ("DPA 7; 2026-01-01; 2027-12-31; all", True, True),
    ],
)
async def test_the_deployments_model_is_given_nothing_without_its_attestation(
    database_url: str, tmp_path: Path, clock: TestClock, paper: str | None, privileged: bool, asked: bool
) -> None:
    voice = Voice("anthropic:x")
    home = await furnish(
        database_url, tmp_path, connectors=[], clock=clock, models={"anthropic:x": voice}, model="anthropic:x",
        model_attestation=paper,
    )  # fmt: skip
    ana = home.people["ana"]
    label = Label(data_class=DataClass.INTERNAL, categories=frozenset({"privileged"} if privileged else ()))
    need = Need("run_1", ana.id, ana.teams, label, "anthropic:x")
    if asked:
        await home.house.models.think(need, SAY, [])
    else:
        with pytest.raises(NoModelMay, match="no-training attestation" if privileged else "no valid proof"):
            await home.house.models.think(need, SAY, [])
    assert voice.asked == asked
    await home.house.close()


@pytest.mark.parametrize(
    "text",
    ["DPA 7", "DPA 7; yesterday; 2027-01-01; all", "; 2026-01-01; 2027-01-01; all", "D; 2026-01-01; ; all",
     "D; 2026-01-01; 2027-01-01; everything", "D; ; ; "],
)  # fmt: skip
def test_an_attestation_that_is_none_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(BadPaper):
        deployed_paper(text)


async def test_the_chain_is_asked_in_order_and_only_as_far_as_needed(hall: Hall) -> None:
    await hall.route("claude:m", "local:m", "extractive")
    assert (await hall.think()).turn.model == "claude:m"
    assert hall.voices["local:m"].asked == 0
    for fault in (ModelUnavailable("away"), ModelRejects("key"), RuntimeError("sk-secret")):
        hall.voices["claude:m"].fault = fault
        assert (await hall.think()).turn.model == "local:m"
    told = await hall.entries("model.fell_back")
    assert len(told) == 3
    assert not any("sk-secret" in e.body for e in told)
    hall.voices["local:m"].fault = ModelUnavailable("away")
    assert (await hall.think()).turn.model == "extractive", "only because the route names it"
    await hall.route("claude:m", "local:m")
    with pytest.raises(ModelUnavailable):
        await hall.think()


async def test_what_helps_is_said_waiting_or_a_person(hall: Hall) -> None:
    await hall.route("claude:m", "local:m")
    hall.voices["claude:m"].fault = ModelRejects("The key is wrong.")
    hall.voices["local:m"].fault = ModelUnavailable("Busy.", retry_after=90)
    with pytest.raises(ModelUnavailable, match=r"The key is wrong\. Busy\.") as caught:
        await hall.think()
    assert caught.value.retry_after == 90
    hall.voices["local:m"].fault = ModelRejects("Gone.")
    with pytest.raises(NoModelMay, match=r"The key is wrong\. Gone\."):
        await hall.think()


async def test_policy_weighs_each_provider_with_what_was_read(hall: Hall) -> None:
    await hall.route("claude:m", "local:m")
    health = Label(data_class=DataClass.CONFIDENTIAL, categories=frozenset({"health"}))
    assert (await hall.think(health)).turn.model == "local:m", "no BAA: the one on own machines thinks"
    assert hall.voices["claude:m"].asked == 0
    privileged = replace(health, categories=frozenset({"privileged"}))
    assert (await hall.think(privileged)).turn.model == "local:m"
    await hall.do(agreed, {"zone": "us"})
    assert (await hall.think()).turn.model == "local:m"
    await hall.do(agreed, {"zone": "eu"})
    assert (await hall.think()).turn.model == "claude:m"
    hall.clock.advance(days=31)
    assert (await hall.think()).turn.model == "local:m", "the attestation ran out overnight"
    await hall.do(disable_provider, "local")
    with pytest.raises(NoModelMay, match="no valid proof") as caught:
        await hall.think()
    assert "An administrator can store" in caught.value.message
    assert "switched off" in caught.value.message
    assert (await hall.entries("model.decided"))[-1].body.count("think-provider-off") == 1


async def test_a_decision_is_on_record_once_until_it_changes(hall: Hall) -> None:
    await hall.route("claude:m")
    for _ in range(3):
        await hall.think()
    assert len(await hall.entries("model.decided")) == 1
    await hall.think(Label(data_class=DataClass.CONFIDENTIAL))
    await hall.think(run="run_2")
    assert len(await hall.entries("model.decided")) == 3


async def test_without_a_record_no_model_is_asked(hall: Hall) -> None:
    await hall.route("claude:m")

    hall.ledger.torn = True
    with pytest.raises(OSError):
        await hall.think()
    assert hall.voices["claude:m"].asked == 0


async def test_routes_by_use_case_team_zone_and_default(hall: Hall) -> None:
    await hall.route("extractive")
    await hall.route("local:m", target="team", subject=hall.home.team)
    case = await hall.route("claude:m", target="use case", subject="contract_review")
    assert (await hall.think(use_case="contract_review")).turn.model == "claude:m"
    assert (await hall.think(use_case="meeting_prep")).turn.model == "local:m"
    await hall.do(remove_route, case)
    assert (await hall.think(use_case="contract_review")).turn.model == "local:m"
    assert use_case_of("Review the Tidewell contract") == "contract_review"
    assert use_case_of("Hello") == ""


def test_the_choice_of_a_route_is_always_the_same() -> None:
    routes = [Route("1", "organisation", "", ("a",)),
              Route("2", "zone", "eu", ("b",)), Route("3", "team", "t2", ("c",)),
              Route("4", "team", "t1", ("d",)), Route("5", "use case", "x", ("e",))]  # fmt: skip
    pick = [choose(routes, use_case=c, teams=t, zone=z) for c, t, z in (
        ("x", {"t1"}, Zone.EU), ("y", {"t2", "t1"}, Zone.EU), ("", set(), Zone.EU), ("", set(), Zone.ANY))]  # fmt: skip
    assert [r.id for r in pick if r] == ["5", "4", "2", "1"]
    assert choose([], use_case="", teams=[], zone=Zone.ANY) is None


@pytest.mark.parametrize(
    ("target", "subject", "chain"),
    [
        ("organisation", "", []), ("organisation", "", ["extractive", "local:m"]), ("organisation", "", ["nobody:m"]),
        ("organisation", "", ["local:"]), ("organisation", "", ["local:a b"]), ("organisation", "", ["local:m"] * 2),
        ("organisation", "x", ["local:m"]), ("planet", "", ["local:m"]), ("team", "team_x", ["local:m"]),
        ("zone", "mars", ["local:m"]), ("zone", "any", ["local:m"]), ("use case", "A B", ["local:m"]),
        ("organisation", "", [f"local:{n}" for n in range(9)]), ("organisation", "", ["local:m\x00"]),
    ],
)  # fmt: skip
async def test_routes_that_are_refused(hall: Hall, target: str, subject: str, chain: list[str]) -> None:
    with pytest.raises(BadRoute):
        await hall.do(set_route, target, subject, chain)


async def test_cost_ceilings_requests_and_sums(hall: Hall) -> None:
    await hall.route("claude:m")
    first = await hall.think()
    assert first.micros is None, "nobody knows what it cost"
    await hall.do(set_price, Price("claude", "m", 3_000_000, 15_000_000, 300_000, 3_750_000))
    answer = await hall.think()
    assert answer.micros == 600_000 * 3 + 400_000 * 3 // 10 + 15_000 == answer.turn.usage.micros
    ana = hall.home.people["ana"]
    await hall.do(set_ceiling, "person", "*", 2_000_000)
    assert (await hall.think()).micros == 1_935_000
    with pytest.raises(OverBudget, match=r"Your own ceiling for this month \(2\.00 US dollars\) is reached"):
        await hall.think()
    await hall.route("claude:m", "local:m")
    assert (await hall.think()).turn.model == "local:m", "what costs nothing goes on"
    await hall.route("claude:m")
    with pytest.raises(NothingToIncrease):
        await hall.do(ask_increase, "organisation", "", 5, "more", who="ana")
    for micros, reason in ((0, "x"), (-1, "x"), (5, " "), (5, "x" * 1001), (5, "\u2800")):
        with pytest.raises(BadIncrease):
            await hall.do(ask_increase, "person", ana.id, micros, reason, who="ana")
    wish = await hall.do(ask_increase, "person", ana.id, 4_000_000, "Big bid", who="ana")
    with pytest.raises(AskedAlready):
        await hall.do(ask_increase, "person", ana.id, 1, "again", who="ana")
    with pytest.raises(PermissionMissing):
        await hall.do(answer_increase, wish, grant=True, who="ana")
    await hall.do(answer_increase, wish, grant=True, note="Fine.")
    with pytest.raises(AnsweredAlready):
        await hall.do(answer_increase, wish, grant=False)
    await hall.think()
    async with hall.home.house.database.transaction() as session:
        held = await standings(session, ana.id, ana.teams, clock=hall.clock)
        notices = list(await session.scalars(select(NoticeRow.title).order_by(NoticeRow.id)))
        mine = await sums(session, ana, month_of(hall.clock.now()), "run")
        everyone = await sums(session, hall.home.people["owner"], month_of(hall.clock.now()), "team")
        nothing = await sums(session, hall.home.people["ben"], month_of(hall.clock.now()), "model")
    assert (held[0].micros, held[0].spent) == (6_000_000, 3 * 1_935_000)
    assert any("asks for 4.00" in t for t in notices)
    assert any("Granted" in t for t in notices)
    assert mine[0].micros == everyone[0].micros == 3 * 1_935_000
    assert everyone[0].name == "Bids"
    assert mine[0].unpriced == 1
    assert nothing == []
    verbs = {"model_increase.asked", "model_increase.granted", "model_ceiling.set", "model_price.set"}
    assert [len(await hall.entries(v)) for v in sorted(verbs)] == [1, 1, 1, 1]


async def test_a_ceiling_needs_prices_and_each_one_counts(hall: Hall) -> None:
    await hall.route("claude:m")
    await hall.do(set_ceiling, "organisation", "", 10_000_000)
    with pytest.raises(NoModelMay, match="no price is stored"):
        await hall.think()
    await hall.do(set_price, Price("claude", "m", 3_000_000, 0, 0, 0))
    await hall.do(set_ceiling, "team", hall.home.team, 1)
    await hall.think()
    with pytest.raises(OverBudget, match="team «Bids»"):
        await hall.think()
    await hall.do(remove_ceiling, "team", hall.home.team)
    await hall.think()
    hall.clock.advance(days=40)
    await hall.do(set_ceiling, "organisation", "", 1_000_000)
    for scope, subject in (("person", "nobody"), ("team", "x"), ("organisation", "x"), ("world", "")):
        with pytest.raises(BadCeiling):
            await hall.do(set_ceiling, scope, subject, 5)
    with pytest.raises(BadCeiling):
        await hall.do(set_ceiling, "organisation", "", -1)
    with pytest.raises(Failure):
        await hall.do(remove_ceiling, "team", "x")


def test_prices_months_and_csv_are_read_strictly() -> None:
    price = Price("p", "m", 3_000_000, 15_000_000, 300_000, 3_750_000)
    assert cost(price, Usage(1, 0)) == 3
    assert cost(price, Usage(10, 0, cached_tokens=20)) == 6, "a provider that counts oddly never gets money back"
    assert cost(Price("p", "m", 1, 1, 1, 1), Usage(1, 1)) == 1, "rounded up"
    assert micros_of(" 2.50 ") == 2_500_000
    for wrong in ("", "-1", "NaN", "Infinity", "1e9", "two", "1,5", "\x00"):
        with pytest.raises(BadPrice):
            micros_of(wrong)
    for wrong in ("", "2026", "2026-13", "0001-01", "9999-12", "2026-1x", "\x00"):
        with pytest.raises(BadMonth):
            bounds(wrong)
    assert bounds("2026-12")[1].isoformat().startswith("2027-01-01")
    from colleague.models.usage import Line

    assert as_csv([Line("i", "=cmd()", 1, 2, 3, 0, 5, 0)], "person").splitlines()[1].startswith("'=cmd(),i,1,2,3,0,")


def test_an_estimate_is_a_range_with_its_rule() -> None:
    price = Price("p", "m", 3_000_000, 15_000_000, 300_000, 3_750_000)
    assert estimate("extractive", [10**9], None).high_tokens == 0
    small, large = estimate("p:m", [400], price), estimate("p:m", [400, 4_000_000], price)
    assert small.low_tokens < small.high_tokens < large.high_tokens
    assert 0 < (small.low_micros or 0) < (small.high_micros or 0)
    assert "4 characters" in small.rule
    assert estimate("p:m", [400], None).low_micros is None
    assert estimate("p:m", [400], None, own=True).high_micros == 0
