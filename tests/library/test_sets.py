"""A set says of itself only what its reader may know; the same passage of two sets is given once."""

from typing import Any

import pytest
from sqlalchemy import update

from colleague.identity.people import remove_member as leave_team
from colleague.library.documents import list_documents, teams_that_reach
from colleague.library.index import index_set
from colleague.library.sets import BadSet, create_set, get_set, rename_set
from colleague.library.tables import SetRow
from colleague.projects.manage import set_member

pytestmark = pytest.mark.anyio


async def test_what_went_wrong_is_said_only_to_who_reaches_every_place(shelves: Any) -> None:
    """It names the place that does not answer, and a place that one does not reach has no name."""
    house, people, library = shelves.house, shelves.home.people, shelves.house.parts.library
    project = await shelves.project(who="dana")
    async with house.database.transaction() as session:
        made = await create_set(
            session, people["dana"], "Ours", [("folder", "Board"), ("folder", "Policies")], project=project,
            library=library,
        )  # fmt: skip
        await set_member(
            session, people["dana"], project, people["ana"].email, "member", ledger=house.ledger, clock=house.clock
        )
        await session.execute(update(SetRow).where(SetRow.id == made).values(trouble="folder, Board: gone"))
    async with house.database.transaction() as session:
        assert (await get_set(session, people["dana"], made, library)).trouble == "folder, Board: gone"
        mine = await get_set(session, people["ana"], made, library)
        assert (mine.may_change, mine.trouble, mine.places) == (True, "", (("folder", "Policies"),))


async def test_a_document_of_two_sets_is_found_once(shelves: Any) -> None:
    project, library = await shelves.project(), shelves.house.parts.library
    async with shelves.house.database.transaction() as session:
        await create_set(
            session, shelves.home.people["ana"], "Ours", [("folder", "Policies")], project=project, library=library
        )
    await shelves.index()
    found = [(h.name, h.text) for h in (await shelves.ask("ana", "first class trains")).hits]
    assert found
    assert len(found) == len(set(found))


async def test_documents_are_listed_for_who_may_open_them_those_with_trouble_first(shelves: Any) -> None:
    people, library = shelves.home.people, shelves.house.parts.library
    (shelves.folder / "Policies" / "Zebra.pdf").write_bytes(b"%PDF-1.7\nnothing")
    count = await index_set(shelves.set, library=library)
    assert count
    assert count.unreadable == 1
    async with shelves.house.database.transaction() as session:
        _, ana = await list_documents(session, people["ana"], shelves.set, library)
        shown, dana = await list_documents(session, people["dana"], shelves.set, library)
        assert [(d.name, bool(d.trouble)) for d in ana] == [("Zebra.pdf", True), ("Travel.md", False)]
        assert {d.name for d in dana} == {"Zebra.pdf", "Travel.md", "Salaries.md"}
        _, rest = await list_documents(session, people["dana"], shelves.set, library, after="Board/Salaries.md")
        assert [d.name for d in rest] == ["Travel.md"]
        assert await teams_that_reach(session, shown, library) == ["Bids", "Board"]
    async with shelves.house.database.transaction() as session:
        await leave_team(session, people["owner"], shelves.home.team, people["dana"].id, ledger=shelves.house.ledger)
    async with shelves.house.database.transaction() as session:
        _, dana = await list_documents(session, people["dana"], shelves.set, library)
        assert [d.name for d in dana] == ["Salaries.md"]


async def test_a_place_that_is_too_large_says_so(shelves: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from colleague.library import index

    monkeypatch.setattr(index, "MOST", 1)
    (shelves.folder / "Policies" / "Remote.md").write_text("# Remote work\n\nThree days a week.\n")
    await index_set(shelves.set, library=shelves.house.parts.library)
    async with shelves.house.database.transaction() as session:
        shown = await get_set(session, shelves.home.people["owner"], shelves.set, shelves.house.parts.library)
    assert shown.trouble == "folder, Policies: only the first 1 documents are in the set"


async def test_a_name_is_a_name(shelves: Any) -> None:
    async with shelves.house.database.transaction() as session:
        for name in ("", "  ", "x" * 121):
            with pytest.raises(BadSet):
                await rename_set(
                    session, shelves.home.people["owner"], shelves.set, name, library=shelves.house.parts.library
                )
