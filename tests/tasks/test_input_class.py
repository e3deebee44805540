"""Nothing above the permitted class reaches a model (SC-2): each door refuses it by its rule, and on record."""

from typing import Any

import pytest

from colleague.agent.messages import Turn
from colleague.audit.read import entries
from colleague.connectors.grants import Terms, change_grant
from colleague.files.uploads import ClassTooHigh, FileBlocked
from colleague.policy.model import DataClass
from colleague.tasks.calls.read_class import WordsTooHigh
from colleague.tasks.together.mention import say
from colleague.testing.house import agreed
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
KEY, CARD = "AKIA" + "ABCDEFGHIJKLMNOP", "4111 1111 1111 1111"
READ = call("fake_read", shelf="bids", note="price")


async def govern(desk: Any, **changes: Any) -> None:
    house = desk.house
    async with house.database.transaction() as session:
        owner = desk.home.people["owner"]
        await agreed(session, owner, changes, ledger=house.ledger, clock=house.clock)


async def ceiling(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        await change_grant(
            session, desk.home.people["owner"], desk.house.registry, desk.grant,
            Terms(["bids"], ceiling=DataClass.CONFIDENTIAL), ledger=desk.house.ledger, clock=desk.clock,
        )  # fmt: skip


async def on_record(desk: Any, verb: str) -> list[dict[str, Any]]:
    async with desk.house.database.transaction() as session:
        seen = await entries(session, "owner", ledger=desk.house.ledger, verb=verb)
    assert KEY not in str(seen)
    return [dict(e.data) for e in seen]


async def test_words_are_refused_where_they_are_typed(desk: Any) -> None:
    with pytest.raises(WordsTooHigh, match=r"restricted \(access key.*rule highest-input"):
        await desk.start(goal=f"Deploy with {KEY}.")
    task = await desk.start(Turn("Done."))
    async with desk.house.database.transaction() as session:
        with pytest.raises(WordsTooHigh):
            await say(session, desk.home.people["ana"], task, f"Use {KEY}.", parts=desk.house.parts)
    async with desk.door("ana") as client:
        for path, body in (
            (f"/api/v1/tasks/{task}/messages", {"text": KEY}),
            (f"/api/v1/tasks/{task}/answers", {"call": "c", "text": KEY}),
            (f"/api/v1/tasks/{task}/again", {"step": 1, "words": KEY}),
        ):
            answer = await client.post(path, json=body)
            assert (answer.status_code, KEY in answer.text) == (422, False), path
            assert "highest-input" in answer.text, path
        answer = await client.put(f"/api/v1/tasks/{task}/plan", json={"version": 0, "steps": [KEY]})
        assert answer.status_code == 422
    refused = await on_record(desk, "input.refused")
    assert len(refused) == 6
    assert {(r["what"], r["found"], r["rule"]) for r in refused} == {("words", "restricted", "highest-input")}
    await govern(desk, highest_input="internal")
    with pytest.raises(WordsTooHigh, match="payment card"):
        await desk.start(goal=f"Refund {CARD}.")


async def test_an_upload_is_refused_by_its_class_whatever_gave_it(desk: Any) -> None:
    await govern(desk, path_classes=["**/payroll/** = Restricted", "*.sealed.md=restricted"])
    for name, content in (("a.txt", KEY.encode()), ("x/Payroll/May.txt", b"Words"), ("plan.Sealed.md", b"# Words")):
        with pytest.raises(ClassTooHigh, match="rule highest-input"):
            await desk.start(files=[(name, content)])
    protected = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(FileBlocked, match=r"protected .*rule blocked-type"):
        await desk.start(files=[("a.docx", protected)])
    refused = await on_record(desk, "file.refused")
    assert sorted(r["rule"] for r in refused) == ["blocked-type", *["highest-input"] * 3]


async def test_a_place_above_it_is_not_even_read(desk: Any) -> None:
    await govern(desk, path_classes=["bids=restricted"])
    task = await desk.run(READ, Turn("Done."))
    assert desk.fake.calls == []
    (only,) = (await desk.see(task)).calls
    assert "highest-input" in [r["rule"] for r in only.decision["rulings"]]
    assert "above the class" in (await desk.outcomes(task))[0]


async def test_what_was_found_there_is_kept_from_the_model_and_from_the_task(desk: Any) -> None:
    desk.fake.shelves["bids"]["price"] = f"The price is 420, the key {KEY}."
    task = await desk.run(READ, Turn("Done."))
    (told,) = await desk.outcomes(task)
    assert "access key, found by detectors in fake:bids" in told
    assert "Rule highest-input" in told
    view = await desk.see(task)
    assert KEY not in str([s.body for s in view.steps]) + str([c.outcome for c in view.calls])
    assert view.run.label["class"] == "public"  # the model has seen nothing of it
    assert await on_record(desk, "input.refused") == [
        {"tool": "fake_read", "found": "restricted", "rule": "highest-input", "what": "read"}
    ]


async def test_what_is_found_raises_what_the_task_has_read_and_says_why(desk: Any) -> None:
    desk.fake.shelves["bids"]["price"] = f"Paid with {CARD}."
    task = await desk.run(READ, Turn("Done."))
    assert "Rule class-ceiling" in (await desk.outcomes(task))[0]  # the grant opens the shelf for internal notes
    await ceiling(desk)
    task = await desk.run(READ, Turn("Done."))
    label = (await desk.see(task)).run.label
    assert (label["class"], label["categories"]) == ("confidential", ["payment card"])
    assert "confidential: payment card, found by detectors in fake:bids" in label["reasons"]


async def test_a_team_that_is_permitted_less_is_given_less(desk: Any) -> None:
    await govern(desk, input_ceilings=[f"{desk.home.team}/*=internal"])
    await ceiling(desk)
    desk.fake.shelves["bids"]["price"] = f"Paid with {CARD}."
    task = await desk.run(READ, Turn("Done."))
    assert "Rule permitted-input" in (await desk.outcomes(task))[0]


async def test_a_file_that_was_let_in_is_looked_at_by_the_settings_of_now(desk: Any) -> None:
    task = await desk.start(
        call("read_document", file="a.txt"), Turn("Done."), files=[("a.txt", b"Plain words.")]
    )  # fmt: skip
    await govern(desk, highest_input="internal")
    await desk.work()
    (told,) = await desk.outcomes(task)
    assert "Plain words" not in told
    assert "nobody has said otherwise" in told
