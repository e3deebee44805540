"""A search finds what the reader may open at this moment, cites it, and tells nothing at all of anything else."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colleague.connectors.grants import revoke
from colleague.kit.errors import Forbidden
from colleague.library.search import lexemes_of, search, term
from colleague.library.sets import NotOpenToYou, SetNotFound, create_set, delete_set, get_set, list_sets
from colleague.library.tools import NOTHING, DocumentNotThere, read, use
from colleague.policy.model import DataClass, Integrity
from colleague.projects.manage import delete_project, remove_member, remove_project_file, set_member
from colleague.projects.store import project_files
from colleague.testing.house import agreed

pytestmark = pytest.mark.anyio
SALARY = "What does the chair of the board earn?"


async def test_a_passage_comes_with_its_section_and_the_place_to_cite(shelves: Any) -> None:
    found = await shelves.ask("ana", "May I book first class on trains?")
    best = found.hits[0]
    assert "cheaper than standard" in best.text
    assert (best.heading, best.path, best.changed) == ("Travel policy › Trains", "Policies/Travel.md", False)
    assert best.cite.startswith("Travel.md, ")
    assert found.label.integrity is Integrity.UNTRUSTED
    assert found.label.sources == {"folder:Policies/Travel.md"}


async def test_who_may_not_open_it_finds_nothing_no_title_and_no_count(shelves: Any) -> None:
    assert (await shelves.ask("dana", SALARY)).hits[0].name == "Salaries.md"
    assert (await shelves.ask("dana", SALARY)).label.data_class is DataClass.CONFIDENTIAL
    for query in (SALARY, "Salaries.md", "board", "240000"):
        assert (await shelves.ask("ana", query)).hits == (), query
    library = shelves.house.parts.library
    async with shelves.house.database.transaction() as session:
        mine = await get_set(session, shelves.home.people["ana"], shelves.set, library)
        theirs = await get_set(session, shelves.home.people["dana"], shelves.set, library)
    assert (mine.places, mine.documents) == ((("folder", "Policies"),), 1)
    assert (theirs.documents, set(theirs.places)) == (2, {("folder", "Policies"), ("folder", "Board")})
    document = (await shelves.ask("dana", SALARY)).hits[0].document
    with pytest.raises(DocumentNotThere) as there:
        await read(library, shelves.home.people["ana"].id, document)
    with pytest.raises(DocumentNotThere) as nowhere:
        await read(library, shelves.home.people["ana"].id, "doc_00000000000000000000000000")
    assert there.value.message == nowhere.value.message


async def test_what_others_hold_does_not_change_what_one_finds(shelves: Any) -> None:
    """Weights are counted over what the reader may read: a secret document moves no score."""
    before = await shelves.ask("ana", "limit London hotels")
    (shelves.folder / "Board" / "London.md").write_text("# London\n\nLimit limit limit London hotels hotels.\n" * 20)
    await _refresh(shelves)
    after = await shelves.ask("ana", "limit London hotels")
    assert [(h.text, h.score) for h in after.hits] == [(h.text, h.score) for h in before.hits]


async def test_a_revoked_grant_is_gone_at_the_next_search(shelves: Any) -> None:
    house = shelves.house
    document = (await shelves.ask("ana", "hotel limit London")).hits[0].document
    async with house.database.transaction() as session:
        await revoke(session, shelves.home.people["owner"], shelves.grant, ledger=house.ledger, clock=house.clock)
    assert (await shelves.ask("ana", "hotel limit London")).hits == ()
    with pytest.raises(DocumentNotThere):
        await read(house.parts.library, shelves.home.people["ana"].id, document)
    async with house.database.transaction() as session:
        assert await list_sets(session, shelves.home.people["ana"], house.parts.library) == []
        with pytest.raises(SetNotFound):
            await get_set(session, shelves.home.people["ana"], shelves.set, house.parts.library)


async def _refresh(shelves: Any) -> None:
    await shelves.house.queue.tasks["library.refresh"]() if "library.refresh" in shelves.house.queue.tasks else None
    await shelves.index()


async def test_a_source_that_changed_is_marked_and_one_that_is_gone_is_not_found(shelves: Any) -> None:
    file = shelves.folder / "Policies" / "Travel.md"
    file.write_text(file.read_text().replace("185", "200"))
    hit = (await shelves.ask("ana", "hotel limit London")).hits[0]
    assert (hit.changed, "185" in hit.text) == (True, True)
    now = await read(shelves.house.parts.library, shelves.home.people["ana"].id, hit.document)
    assert (now.name, now.path, now.changed) == ("Travel.md", "Policies/Travel.md", True)
    assert any("200 pounds" in b.text for b in now.document.blocks)
    await _refresh(shelves)
    hit = (await shelves.ask("ana", "hotel limit London")).hits[0]
    assert (hit.changed, "200" in hit.text) == (False, True)
    file.unlink()
    assert (await shelves.ask("ana", "hotel limit London")).hits == ()
    await _refresh(shelves)
    async with shelves.house.database.transaction() as session:
        shown = await get_set(session, shelves.home.people["ana"], shelves.set, shelves.house.parts.library)
    assert shown.documents == 0


async def test_touched_but_the_same_is_not_read_again(shelves: Any) -> None:
    from colleague.library.index import index_set

    file = shelves.folder / "Policies" / "Travel.md"
    file.write_text(file.read_text())
    assert not (await shelves.ask("ana", "hotel limit London")).hits[0].changed
    count = await index_set(shelves.set, library=shelves.house.parts.library)
    assert count
    assert (count.seen, count.read, count.gone) == (2, 0, 0)


async def test_a_file_of_a_project_is_found_by_its_members_until_it_is_deleted(shelves: Any) -> None:
    house, people = shelves.house, shelves.home.people
    project = await shelves.project(memo_md=b"# Memo\n\nThe penguin ships on Tuesday.\n")
    assert (await shelves.ask("ana", "When does the penguin ship?")).hits[0].name == "memo.md"
    assert (await shelves.ask("ben", "When does the penguin ship?")).hits == ()
    async with house.database.transaction() as session:
        await set_member(
            session, people["ana"], project, "ben@aldermoor.example", "viewer", ledger=house.ledger, clock=house.clock
        )
    assert (await shelves.ask("ben", "When does the penguin ship?")).hits[0].label.data_class is DataClass.CONFIDENTIAL
    async with house.database.transaction() as session:
        await remove_member(session, people["ana"], project, people["ben"].id, ledger=house.ledger)
    assert (await shelves.ask("ben", "When does the penguin ship?")).hits == ()
    async with house.database.transaction() as session:
        file = (await project_files(session, project))[0]
        await remove_project_file(session, people["ana"], project, file.id, ledger=house.ledger)
    assert (await shelves.ask("ana", "When does the penguin ship?")).hits == ()


async def test_a_deleted_project_leaves_no_passage(shelves: Any) -> None:
    from sqlalchemy import text

    house = shelves.house
    project = await shelves.project(memo_md=b"# Memo\n\nThe penguin ships on Tuesday.\n")
    async with house.database.transaction() as session:
        await delete_project(session, shelves.home.people["ana"], project, ledger=house.ledger)
        left = "SELECT count(*) FROM library_passages WHERE text LIKE '%penguin%'"
        assert await session.scalar(text(left)) == 0
        assert await session.scalar(text("SELECT count(*) FROM blobs WHERE content LIKE '%penguin%'")) == 0


async def test_only_what_is_open_to_oneself_can_be_put_into_a_set(shelves: Any) -> None:
    library, ana = shelves.house.parts.library, shelves.home.people["ana"]
    project = await shelves.project()
    async with shelves.house.database.transaction() as session:
        with pytest.raises(NotOpenToYou):
            await create_set(session, ana, "Board", [("folder", "Board")], project=project, library=library)
    async with shelves.house.database.transaction() as session:
        with pytest.raises(Forbidden):
            await create_set(session, ana, "All", [("folder", "Policies")], library=library)
    async with shelves.house.database.transaction() as session:
        with pytest.raises(NotOpenToYou):
            await delete_set(session, ana, shelves.set, library=library)
    async with shelves.house.database.transaction() as session:
        made = await create_set(session, ana, "Ours", [("folder", "Policies")], project=project, library=library)
    await shelves.index()
    assert {h.name for h in (await shelves.ask("ana", "trains", (made,))).hits} == {"Travel.md"}
    # Its members only: a set of a project is not there for others, whatever its places are open to.
    async with shelves.house.database.transaction() as session:
        with pytest.raises(SetNotFound):
            await get_set(session, shelves.home.people["ben"], made, library)


async def test_what_is_not_there_is_said_to_be_not_there(shelves: Any) -> None:
    library, ana = shelves.house.parts.library, shelves.home.people["ana"].id
    for query in ("How many vacation days do I get?", "the of and", "", "???", "'); DROP TABLE library_passages; --"):
        result = await use("search_library", {"query": query}, person=ana, sets=(), library=library)
        assert result.text == NOTHING, query
        assert result.data == {"passages": []}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=st.one_of(
    st.text(max_size=200),
    st.text(alphabet="'\\&|!():*<->\" \x00\ufeffab\ud800", max_size=60),
    st.lists(st.sampled_from(["first'", "\\class", "train:*", "a <-> b", "!hotel", "((", "'A':A", "x\x00y"]))
    .map(" ".join),
))  # fmt: skip
async def test_no_query_is_an_error(shelves: Any, query: str) -> None:
    found = await search(shelves.house.parts.library, shelves.home.people["ana"].id, query)
    assert all(hit.path == "Policies/Travel.md" for hit in found.hits)


@given(st.text(min_size=1, max_size=30).filter(lambda t: "\x00" not in t), st.sampled_from(["", "A"]))
def test_a_lexeme_is_quoted(lexeme: str, weight: str) -> None:
    quoted = term(lexeme, weight).removesuffix(f":{weight}" if weight else "")
    inner = quoted[1:-1].replace("\\\\", "").replace("''", "")
    assert (quoted[0], quoted[-1]) == ("'", "'")
    assert "'" not in inner
    assert "\\" not in inner


async def test_words_are_cut_in_the_language_of_the_organisation(shelves: Any) -> None:
    async with shelves.house.database.transaction() as session:
        assert await lexemes_of(session, "Flights were booked", "english") == ["book", "flight"]
        assert await lexemes_of(session, "Flüge wurden gebucht", "german") == ["flug", "gebucht", "wurd"]


async def test_what_a_path_rule_or_a_detector_puts_above_the_permitted_class_is_not_found(shelves: Any) -> None:
    house, owner = shelves.house, shelves.home.people["owner"]
    (shelves.folder / "Policies" / "Keys.md").write_text(
        "# Keys\n\nThe machine room key is AKIA" + "ABCDEFGHIJKLMNOP.\n"
    )
    await _refresh(shelves)
    assert (await shelves.ask("ana", "machine room key")).hits == ()
    assert (await shelves.ask("ana", "first class trains")).hits
    async with house.database.transaction() as session:
        change = {"path_classes": ["**/travel*=restricted"]}
        await agreed(session, owner, change, ledger=house.ledger, clock=house.clock)
    assert (await shelves.ask("ana", "first class trains")).hits == ()
