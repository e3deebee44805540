"""A task may be limited to chosen files; what it changed can be put back, file by file, unless others were there."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import docx
import httpx
import pytest
from sqlalchemy import select
from tests.tasks.conftest import Desk

from colleague.audit.tables import EntryRow
from colleague.connectors.choose import Choice, PlaceNotOpen, TooManyPlaces, narrow
from colleague.connectors.connector import Grant
from colleague.connectors.folder.connector import FolderConnector
from colleague.connectors.grants import revoke
from colleague.connectors.undo import ChangedMeanwhile, NotKept, Undoes
from colleague.identity.tokens import create_token
from colleague.policy.engine import Engine
from colleague.tasks.changes.changed import Changed, list_changes
from colleague.tasks.changes.undo import NotChanged, NotOpenNow, undo_change
from colleague.tasks.delegate import NotYourTask
from colleague.tasks.start import start
from colleague.tasks.store import TaskNotFound
from colleague.tasks.together.share import share
from colleague.testing.clock import TestClock
from colleague.testing.house import furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    (folder / "Bids").mkdir(parents=True)
    (folder / "HR").mkdir()
    (folder / "Bids" / "plan.md").write_text("The tender closes on 4 May.\n")
    (folder / "Bids" / "price.md").write_text("The price is 420.\n")
    (folder / "HR" / "pay.md").write_text("Ana earns 1.\n")
    return folder


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, root: Path, clock: TestClock) -> AsyncIterator[Desk]:
    llm = ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[FolderConnector()], models={"play": llm}, model="play", clock=clock,
        engine=Engine(),
    )  # fmt: skip
    grant = await open_connector(home, "folder", ["*"], config={"root": str(root)}, may_write=True)
    yield Desk(home, None, llm, clock, grant)  # type: ignore[arg-type]
    await home.house.close()


async def limited(desk: Desk, *script: Any, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()) -> str:
    desk.llm.play(*script)
    task = await start(
        desk.home.people["ana"], "Do it.", [], parts=desk.house.parts, settings=desk.house.settings, reads=reads,
        writes=writes,
    )  # fmt: skip
    await desk.work()
    return task


async def approved(desk: Desk, task: str) -> None:
    while await desk.state(task) == "needs approval":
        await desk.answer(task, "approved")
        await desk.work()


async def changed(desk: Desk, task: str) -> list[Changed]:
    async with desk.house.database.transaction() as session:
        return await list_changes(session, task, desk.house.registry, clock=desk.clock)


async def undo(desk: Desk, task: str, place: str, who: str = "ana") -> str:
    return (await undo_change(desk.home.people[who], task, "folder", place, parts=desk.house.parts)).text


def write(path: str, text: str) -> Any:
    return call("folder_write", path=path, content=text, replace=True)


# Limits


async def test_a_limited_task_reads_what_was_chosen_and_nothing_else(desk: Desk) -> None:
    task = await limited(
        desk, call("folder_read", path="Bids/plan.md"), call("folder_read", path="Bids/price.md"),
        call("folder_read", path="HR/pay.md"), call("folder_list"), call("folder_search", query="earns price tender"),
        reads=("Bids/plan.md",),
    )  # fmt: skip
    read, price, pay, listed, found = await desk.outcomes(task)
    assert "4 May" in read
    for refused in (price, pay):
        assert "420" not in refused
        assert "earns" not in refused
    assert listed.startswith("Bids/plan.md ")
    assert "price" not in listed
    assert "HR" not in listed
    assert "plan.md" in found
    assert "price.md" not in found
    assert "pay.md" not in found


async def test_only_what_was_given_to_change_may_be_changed(desk: Desk, root: Path) -> None:
    task = await limited(
        desk, write("Bids/price.md", "x"), call("folder_delete", path="HR/pay.md"), write("Bids/plan.md", "9 May"),
        reads=("folder:Bids",), writes=("Bids/plan.md",),
    )  # fmt: skip
    # The first two were refused by the rules without asking anybody; the third one is asked.
    assert (await desk.asked(task)).tool == "folder_write"
    await approved(desk, task)
    first, second, third = await desk.outcomes(task)
    assert first.startswith("Refused")
    assert second.startswith("Refused")
    assert "Saved" in third
    assert (root / "Bids" / "price.md").read_text() == "The price is 420.\n"
    assert (root / "HR" / "pay.md").exists()
    assert (root / "Bids" / "plan.md").read_text() == "9 May"


async def test_what_is_not_open_to_the_person_cannot_be_given(desk: Desk) -> None:
    async with desk.house.database.transaction() as session:
        await revoke(session, desk.home.people["owner"], desk.grant, ledger=desk.house.ledger, clock=desk.clock)
    await open_connector(desk.home, "folder", ["Bids"], config=await config(desk))
    for given in (
        {"reads": ("HR/pay.md",)},
        {"reads": ("*",)},
        {"reads": ("mail:ana",)},
        {"writes": ("Bids/plan.md",)},
    ):
        with pytest.raises(PlaceNotOpen):
            await limited(desk, **given)
    with pytest.raises(TooManyPlaces):
        await limited(desk, reads=tuple(f"Bids/{n}" for n in range(101)))
    task = await limited(desk, call("folder_read", path="Bids/plan.md"), reads=("Bids/plan.md",))
    assert "4 May" in (await desk.outcomes(task))[0]


async def config(desk: Desk) -> dict[str, str]:
    return {"root": str(desk.house.settings.data_dir / "share")}


async def test_a_choice_never_opens_more_than_the_grants(desk: Desk) -> None:
    task = await desk.start(call("folder_read", path="Bids/plan.md"))
    async with desk.house.database.transaction() as session:
        await revoke(session, desk.home.people["owner"], desk.grant, ledger=desk.house.ledger, clock=desk.clock)
    await desk.work()
    assert "4 May" not in (await desk.outcomes(task))[0]
    grants = (Grant("g", "folder", "t", ("Bids/2026", "HR"), may_write=False),)
    assert narrow(grants, "folder", [Choice("folder", "Legal", True)]) == ()
    (left,) = narrow(grants, "folder", [Choice("folder", "Bids", True)])
    assert (left.places, left.may_write) == (("Bids/2026",), False)
    assert narrow(grants, "folder", [Choice("drive", "x")]) == grants
    both = narrow((Grant("g", "folder", "t", ("*",), may_write=True),), "folder",
                  [Choice("folder", "a"), Choice("folder", "b", True)])  # fmt: skip
    assert [(g.places, g.may_write) for g in both] == [(("a",), False), (("b",), True)]
    assert len({g.id for g in both}) == 2


async def test_deletion_always_asks(desk: Desk, root: Path) -> None:
    task = await limited(desk, call("folder_delete", path="Bids/plan.md"), writes=("Bids/plan.md",))
    assert await desk.state(task) == "needs approval"
    assert (root / "Bids" / "plan.md").exists()
    await desk.answer(task, "denied")
    await desk.work()
    assert (root / "Bids" / "plan.md").exists()
    assert await changed(desk, task) == []


# Undo


async def test_undo_restores_what_was_before_the_first_change(desk: Desk, root: Path) -> None:
    before = (root / "Bids" / "plan.md").read_bytes()
    task = await limited(
        desk, write("Bids/plan.md", "one"), write("Bids/plan.md", "two"), write("Bids/new.md", "new"),
        call("folder_delete", path="Bids/price.md"),
    )  # fmt: skip
    await approved(desk, task)
    assert [(c.place, c.what) for c in await changed(desk, task)] == [
        ("Bids/plan.md", "saved"), ("Bids/new.md", "saved"), ("Bids/price.md", "deleted"),
    ]  # fmt: skip
    assert "back" in await undo(desk, task, "Bids/plan.md")
    assert (root / "Bids" / "plan.md").read_bytes() == before
    assert (root / "Bids" / "new.md").read_text() == "new"
    await undo(desk, task, "Bids/new.md")
    assert not (root / "Bids" / "new.md").exists()
    await undo(desk, task, "Bids/price.md")
    assert (root / "Bids" / "price.md").read_text() == "The price is 420.\n"
    for change in await changed(desk, task):
        assert change.undone_by == desk.home.people["ana"].id
        assert not change.may_undo
    with pytest.raises(NotChanged):
        await undo(desk, task, "Bids/plan.md")
    verbs = [v for v in await desk.verbs(task) if v.startswith("change.")]
    assert verbs == ["change.undo_begun", "change.undone"] * 3


async def test_changes_proposed_in_a_word_file_are_shown_approved_and_put_back(desk: Desk, root: Path) -> None:
    offer = root / "Bids" / "Offer.docx"
    made = docx.Document()
    made.add_paragraph("The tender closes on 4 May.")
    made.save(str(offer))
    before = offer.read_bytes()
    propose = call(
        "folder_propose_edits", path="Bids/Offer.docx", version=hashlib.sha256(before).hexdigest()[:16],
        edits=[{"find": "4 May", "replace": "9 May", "comment": "The buyer moved it."}],
    )  # fmt: skip
    task = await limited(desk, propose, propose)
    card = await desk.asked(task)
    assert "-The tender closes on 4 May.\n+The tender closes on 9 May." in card.preview["body"]
    assert offer.read_bytes() == before, "nothing happens before somebody agrees"
    await approved(desk, task)
    done, again = await desk.outcomes(task)
    assert "1 change, tracked" in done
    assert "read it again" in again, "it is not the version that was read any more"
    assert "Colleague for Ana" in docx.Document(str(offer)).element.xml
    await undo(desk, task, "Bids/Offer.docx")
    assert offer.read_bytes() == before


async def test_what_somebody_else_changed_is_never_overwritten(desk: Desk, root: Path) -> None:
    task = await limited(desk, write("Bids/plan.md", "one"), write("Bids/price.md", "one"))
    await desk.answer(task, "approved")
    await desk.work()
    (root / "Bids" / "plan.md").write_text("Dana's")
    await approved(desk, task)
    with pytest.raises(ChangedMeanwhile):
        await undo(desk, task, "Bids/plan.md")
    assert (root / "Bids" / "plan.md").read_text() == "Dana's"
    assert "change.not_undone" in await desk.verbs(task)
    # Between two changes of the task: hers would be lost, too.
    again = await limited(desk, write("Bids/price.md", "two"), write("Bids/price.md", "three"))
    await desk.answer(again, "approved")
    await desk.work()
    (root / "Bids" / "price.md").write_text("Dana's")
    await desk.answer(again, "denied")
    await desk.work()
    more = await limited(desk, write("Bids/price.md", "four"))
    await approved(desk, more)
    with pytest.raises(ChangedMeanwhile):
        await undo(desk, again, "Bids/price.md")
    await undo(desk, more, "Bids/price.md")
    assert (root / "Bids" / "price.md").read_text() == "Dana's"


async def test_undo_needs_the_owners_reach_as_it_is_now(desk: Desk, root: Path) -> None:
    task = await limited(desk, write("Bids/plan.md", "one"))
    await approved(desk, task)
    async with desk.house.database.transaction() as session:
        await revoke(session, desk.home.people["owner"], desk.grant, ledger=desk.house.ledger, clock=desk.clock)
    with pytest.raises(NotOpenNow):
        await undo(desk, task, "Bids/plan.md")
    await open_connector(desk.home, "folder", ["HR"], config=await config(desk), may_write=True)
    from colleague.tasks.changes.undo import UndoRefused

    with pytest.raises(UndoRefused):
        await undo(desk, task, "Bids/plan.md")
    assert (root / "Bids" / "plan.md").read_text() == "one"


async def test_only_who_steers_undoes(desk: Desk, root: Path) -> None:
    task = await limited(desk, write("Bids/plan.md", "one"))
    await approved(desk, task)
    with pytest.raises(TaskNotFound):
        await undo(desk, task, "Bids/plan.md", "ben")
    with pytest.raises(NotYourTask):
        await undo(desk, task, "Bids/plan.md", "owner")
    for role in ("viewer", "approver"):
        async with desk.house.database.transaction() as session:
            await share(
                session, desk.home.people["ana"], task, "ben@aldermoor.example", role,  # type: ignore[arg-type]
                ledger=desk.house.ledger, clock=desk.clock,
            )  # fmt: skip
        with pytest.raises(NotYourTask):
            await undo(desk, task, "Bids/plan.md", "ben")
    assert (root / "Bids" / "plan.md").read_text() == "one"


async def test_after_undo_the_task_may_change_it_anew_and_that_can_be_undone(desk: Desk, root: Path) -> None:
    task = await limited(desk, write("Bids/plan.md", "one"))
    await approved(desk, task)
    await undo(desk, task, "Bids/plan.md")
    desk.llm.play(write("Bids/plan.md", "one"), call("set_plan", steps=["x"], current=1), write("Bids/plan.md", "two"))
    from colleague.tasks.delegate import tell

    async with desk.house.database.transaction() as session:
        await tell(session, desk.home.people["ana"], task, "Again.", ledger=desk.house.ledger, clock=desk.clock)
    await desk.work()
    await approved(desk, task)
    assert (root / "Bids" / "plan.md").read_text() == "two"
    await undo(desk, task, "Bids/plan.md")
    assert (root / "Bids" / "plan.md").read_text() == "The tender closes on 4 May.\n"


async def test_what_is_no_longer_kept_is_said(desk: Desk, root: Path) -> None:
    task = await limited(desk, write("Bids/plan.md", "one"))
    await approved(desk, task)
    for entry in (root / ".colleague").iterdir():
        entry.unlink()
    with pytest.raises(NotKept):
        await undo(desk, task, "Bids/plan.md")
    desk.clock.advance(days=31)
    (change,) = await changed(desk, task)
    assert not change.may_undo


async def test_an_undo_that_was_cut_off_goes_on_under_the_same_key(desk: Desk, root: Path) -> None:
    task = await limited(desk, write("Bids/plan.md", "one"))
    await approved(desk, task)
    connector = next(iter(desk.house.registry))
    assert isinstance(connector, Undoes)
    real = type(connector).undo

    async def cut(self: Any, *given: Any) -> Any:
        await real(self, *given)
        raise KeyboardInterrupt

    class Cut(FolderConnector):
        undo = cut

    connector.__class__ = Cut
    with pytest.raises(KeyboardInterrupt):
        await undo(desk, task, "Bids/plan.md")
    connector.__class__ = FolderConnector
    await undo(desk, task, "Bids/plan.md")
    (change,) = await changed(desk, task)
    assert change.undone_at is not None
    async with desk.house.database.transaction() as session:
        subjects = list(await session.scalars(select(EntryRow.subject).where(EntryRow.verb.like("change.%"))))
    assert len(set(subjects)) == 1


# Doors


async def test_programs_and_forms_limit_a_task_and_undo(desk: Desk, root: Path) -> None:
    app = create_app(desk.house.by_type(), settings=desk.house.settings, lifespan=None)
    async with desk.house.database.transaction() as session:
        token = await create_token(
            session, desk.home.people["ana"], "test", ["own:tasks:use", "own:approvals:answer"], days=1,
            ledger=desk.house.ledger, clock=desk.clock,
        )  # fmt: skip
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {token}"}
    desk.llm.play(call("folder_read", path="HR/pay.md"), write("Bids/plan.md", "one"))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as ana:
        refused = await ana.post("/api/v1/tasks", data={"goal": "Do it.", "writes": ["Nowhere/../../etc"]})
        assert refused.status_code in (403, 404)
        given = {"goal": "Do it.", "reads": ["folder:Bids"], "writes": ["Bids/plan.md"]}
        made = await ana.post("/api/v1/tasks", data=given)
        assert made.status_code == 201, made.text
        task = made.json()["id"]
        await desk.work()
        await approved(desk, task)
        assert "earns" not in (await desk.outcomes(task))[0]
        (change,) = (await ana.get(f"/api/v1/tasks/{task}/changes")).json()
        assert (change["place"], change["may_undo"]) == ("Bids/plan.md", True)
        where = {"connector": "folder", "place": "Bids/plan.md"}
        assert (await ana.post(f"/api/v1/tasks/{task}/undo", json={**where, "place": "HR/pay.md"})).status_code == 404
        done = await ana.post(f"/api/v1/tasks/{task}/undo", json=where)
        assert done.status_code == 200, done.text
        assert (root / "Bids" / "plan.md").read_text() == "The tender closes on 4 May.\n"
        assert (await ana.post(f"/api/v1/tasks/{task}/undo", json=where)).status_code == 404
