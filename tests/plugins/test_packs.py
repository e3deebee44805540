"""The packs that ship do their work on the documents that ship, without a model, inside the time on their card."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agent.extracts import DEMO, parse

from colleague.adoption.facts.read import runs
from colleague.adoption.facts.roll_up import roll_up
from colleague.audit.seal import seal
from colleague.plugins.shipped import shipped_skills
from colleague.policy.model import DataClass
from colleague.tasks.start import start
from colleague.testing.house import TestHouse, furnish
from colleague.testing.worker import work
from colleague.usecases.model import Measured
from colleague.usecases.shipped import shipped_card, shipped_cards
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
BASE = "http://127.0.0.1:8080"
RIVALS = ("competitor_corvane.md", "competitor_lumen.md", "competitor_papyrion.html")
POLICIES = ("policy_remote.md", "policy_travel.md", "policy_classification.md")
# What a person hands over for each card, and a passage that must come out of it word for word.
WORK = {
    "rfp-response": ("", ("rfp.md",), "Harbour City"),
    "competitive-brief": ("Corvane, Lumen and Papyrion", RIVALS, "Largest engineering force in the region."),
    "meeting-prep": ("Kestrel", ("minutes_kestrel.md",), "Names of people who may approve destruction"),
    "contract-review": ("", ("contract.md",), "at least 18,000 boxes"),
    "policy-qa": ("Who approves travel abroad?", POLICIES, "needs the approval of a director"),
    "knowledge-synthesis": ("working from abroad, headsets and parental leave", POLICIES, "up to 20 working days"),
}


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, connectors=(), demo=True)
    yield home
    await home.house.close()


async def _done(home: TestHouse, goal: str, files: tuple[str, ...]) -> tuple[bytes, Any]:
    """Have the work done in a task of Ana's; return the first output as she downloads it, and the run as counted."""
    house: Any = home.house
    given = [(name, (DEMO / name).read_bytes()) for name in files]
    await start(home.people["ana"], goal, given, parts=house.parts, settings=house.settings)
    await work(house)
    app = create_app(house.by_type(), settings=house.settings, lifespan=lambda app: None)  # type: ignore[arg-type,return-value]
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE}) as ana:
        await ana.post("/sign-in/demo", data={"person": "ana@aldermoor.example"})
        [task] = (await ana.get("/api/v1/tasks")).json()
        shown = (await ana.get(f"/api/v1/tasks/{task['id']}")).json()
        output = shown["outputs"][0]
        content = (await ana.get(f"/outputs/{output['id']}/download")).content
    while await seal(house.database, signer=house.signer, sink=None, clock=house.clock):
        pass
    while await roll_up(house.database, at_once=500):
        pass
    async with house.database.transaction() as session:
        ever = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        [run] = await runs(session, *ever, by=("asked_at",))
    return content, run


def test_there_is_a_skill_for_every_shipped_card_and_its_runs_are_counted() -> None:
    shipped = {one.skill.name: one.name for one in shipped_skills()}
    for name, card in shipped_cards().items():
        assert card.skill in shipped, name
        case = Measured("u", card.name, card.skill, "", "", "live", 1, datetime.now(UTC), "", {}, 0)
        assert case.counts(shipped[card.skill])
    assert set(WORK) == set(shipped_cards())


@pytest.mark.parametrize("name", WORK)
async def test_a_pack_works_end_to_end_within_the_time_on_its_card(home: TestHouse, name: str) -> None:
    card = shipped_card(name)
    words, files, passage = WORK[name]
    content, run = await _done(home, f"/{card.skill} {words}".strip(), files)
    document = parse(content, f"{name}.docx")
    said = "\n".join([b.text for b in document.blocks] + [" | ".join(row) for b in document.blocks for row in b.rows])
    assert passage in said
    assert all(file in said for file in files), "every source is named"
    assert run.end == "delivered"
    assert run.ended_at - run.input_at <= timedelta(minutes=card.minutes), "from the input to what came out"
    case = Measured("u", card.name, card.skill, "", "", "live", 1, datetime.now(UTC), "", {}, 0)
    assert case.counts(run.workflow), f"counted as {run.workflow}"


async def test_the_weekly_competitive_brief_in_twenty_minutes(home: TestHouse) -> None:
    """AD-3: each competitor is answered for, each statement with its source, in twenty minutes instead of two hours."""
    card = shipped_card("competitive-brief")
    assert card.minutes == 20
    assert f"within {card.minutes} minutes" in card.work
    content, run = await _done(home, "/competitive-brief Corvane, Lumen and Papyrion", RIVALS)
    document = parse(content, "brief.docx")
    tables = [b.rows for b in document.blocks if b.kind == "table"]
    assert len(tables) == len(RIVALS), "a table for each competitor"
    for rows, name in zip(tables, RIVALS, strict=True):
        places = [row[2] for row in rows[1:]]
        assert all(place.startswith(name) for place in places), "each statement has its place"
        assert any(re.search(r"\b2026\b", row[1]) for row in rows[1:]), "and the brief says when it was so"
        text = " ".join(" ".join(row) for row in rows)
        assert "Price" in text, name
        assert "Strengths" in text, name
        assert "Weaknesses" in text, name
    assert run.ended_at - run.input_at <= timedelta(minutes=card.minutes)


async def test_a_synthesis_is_classed_reviewed_and_cited_like_its_siblings(home: TestHouse) -> None:
    content, run = await _done(home, "/knowledge-synthesis headsets and parental leave", POLICIES)
    blocks = parse(content, "s.docx").blocks
    said = "\n".join(b.text for b in blocks)
    assert "Extractive draft, no model used" in said
    assert "parental leave" in said[said.index("Not in the documents you may read") :]
    assert run.workflow == "everyone:knowledge-synthesis"
    assert shipped_card("knowledge-synthesis").data_class is DataClass.INTERNAL
