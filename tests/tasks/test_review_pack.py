"""CN-8, CN-9: the review pack says who reaches what through which grant, what is in excess, and where data went."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import text

from colleague.agent.messages import Turn
from colleague.connectors.grants import grant
from colleague.connectors.review.pack import Pack, review_pack
from colleague.identity.actor import PermissionMissing
from colleague.policy.model import DataClass, ToolWord
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio


async def packed(desk: Any, who: str = "owner") -> Pack:
    house = desk.house
    return await review_pack(
        house.database, desk.home.people[who], house.registry, public=house.signer.public, sink=None,
        ledger=house.ledger, clock=desk.clock,
    )  # fmt: skip


async def open_to(desk: Any, holder: str, *places: str, **terms: Any) -> str:
    async with desk.house.database.transaction() as session:
        opened = await grant(
            session, desk.home.people["owner"], desk.house.registry, "fake", holder, places, **terms,
            ledger=desk.house.ledger, clock=desk.clock,
        )  # fmt: skip
    return opened.id


async def test_the_pack_tells_grants_people_ways_out_and_the_ledger(desk: Any) -> None:
    words = {"fake_write": ToolWord.BLOCK, "fake_read": ToolWord.ASK}
    asked = await open_to(desk, "role:reviewer", "bids", reason="For reviews", tools=words)
    task = await desk.run(call("fake_send", to="eve@out.example", text="Hello"), Turn("Done."))
    await desk.answer(task, "approved")
    await desk.work()
    pack = (await packed(desk)).content
    scopes = {s["id"]: s for s in pack["scopes"]}
    assert scopes[asked]["tool_words"] == {"fake_read": "ask", "fake_send": "allow", "fake_write": "block"}
    assert (scopes[asked]["holder"], scopes[asked]["granted_by"]) == ("role reviewer", "Olga Owner")
    whole = scopes[desk.grant]
    assert whole["exception"]["reason"] == "Everything, for a test."
    assert whole["used_at"] is not None
    assert scopes[asked]["used_at"] is None
    people = {p["name"]: p["connectors"]["fake"] for p in pack["people"]}
    assert {line["through"] for line in people["Rita Review"]} == {"Bids", "role reviewer"}
    assert "Ana Ruiz" in people
    out = [f for f in pack["egress"] if f["kind"] == "connector"]
    assert {(f["destination"], f["through"], f["effect"]) for f in out} >= {("out.example", "fake", "allow")}
    assert "eve@" not in json.dumps(pack), "a mail domain is enough"
    assert pack["ledger"]["ok"]
    assert "full access" in {f["kind"] for f in pack["findings"] if f["grant"] == desk.grant}
    async with desk.house.database.transaction() as session:
        verbs = list(await session.scalars(text("SELECT verb FROM ledger_entries ORDER BY id DESC LIMIT 2")))
    assert "review_pack.made" in verbs


async def test_what_is_in_excess_is_found_and_explained_by_its_reason(desk: Any) -> None:
    restricted = await open_to(desk, desk.home.team, "a", ceiling=DataClass.RESTRICTED, reason="For the audit of 2026")
    ends = await open_to(desk, desk.home.team, "b", expires_at=desk.clock.now() + timedelta(days=10))
    desk.clock.advance(days=5)
    found = {(f["grant"], f["kind"]): f for f in (await packed(desk)).content["findings"]}
    assert found[restricted, "above policy"]["explanation"] == "For the audit of 2026"
    assert (restricted, "wider than needed") in found
    assert not found[ends, "ends soon"]["explained"]
    assert not [key for key in found if key[1] == "unused"]
    desk.clock.advance(days=91)
    later = {(f["grant"], f["kind"]) for f in (await packed(desk)).content["findings"]}
    assert (restricted, "unused") in later
    assert (ends, "ended") in later


async def test_the_paper_is_a_pdf_and_both_are_in_the_zip(desk: Any) -> None:
    pack = await packed(desk)
    with zipfile.ZipFile(io.BytesIO(pack.zip())) as archive:
        first, second = sorted(archive.namelist())
        assert json.loads(archive.read(first)) == pack.content
        content = archive.read(second)
    document = pypdfium2.PdfDocument(content)
    words = " ".join(page.get_textpage().get_text_bounded() for page in document)
    for word in (
        "Connector scope review",
        "Everything, for a test.",
        "Who reaches what",
        "Ana Ruiz",
        "intact to entry",
    ):
        assert word in " ".join(words.split())


async def test_who_may_not_see_both_gets_nothing(desk: Any) -> None:
    for who in ("ana", "rita"):
        with pytest.raises(PermissionMissing):
            await packed(desk, who)
    async with desk.door("ana") as client:
        assert (await client.post("/api/v1/connectors/review")).status_code == 403
    async with desk.house.database.transaction() as session:
        made = await session.scalar(text("SELECT count(*) FROM ledger_entries WHERE verb = 'review_pack.made'"))
    assert made == 0
