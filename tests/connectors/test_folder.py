"""A folder is read and written inside the granted places only, whatever a path or a link tries; changes come back."""

import asyncio
import io
import os
import re
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.contract import Case, ConnectorContract

from colleague.connectors.connector import (
    Access,
    Account,
    Attachment,
    BadArguments,
    Effected,
    Grant,
    NotReachable,
    OutOfScope,
    Result,
)
from colleague.connectors.folder.connector import FileExists, FolderConnector
from colleague.connectors.folder.tree import FileTooLarge, read_file
from colleague.connectors.screen import BlockedPath, BlockedType, NotInspectable, blocked_by, screen
from colleague.connectors.undo import ChangedMeanwhile, Done
from colleague.kit.documents.model import Document
from colleague.policy.model import DataClass, Integrity


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "files"
    (root / "Bids" / "2026").mkdir(parents=True)
    (root / "Payroll").mkdir()
    (root / "Bids" / "plan.md").write_text("# Plan\n\nThe tender closes on 4 May.\n")
    (root / "Bids" / "2026" / "prices.csv").write_text("item,price\nbolt,3\n")
    (root / "Bids" / ".secret.md").write_text("hidden")
    (root / "Payroll" / "pay.md").write_text("# Pay\n\nDana 100 of the tender\n")
    (tmp_path / "outside.md").write_text("outside the root")
    return root


def account(root: Path, **config: Any) -> Account:
    return Account("acc_1", "folder", {"root": str(root), **config})


def access(root: Path, *places: str, key: str = "call_1:1", write: bool = True, **grant: Any) -> Access:
    opened = Grant("grant_1", "folder", "team_1", places or ("Bids",), write, place_class=DataClass.INTERNAL, **grant)
    return Access(account(root), (opened,), key)


@pytest.fixture
def case(root: Path) -> Case:
    return Case(
        FolderConnector(), account(root), "Bids",
        read=("folder_read", {"path": "Bids/plan.md"}),
        change=("folder_write", {"path": "Bids/new.md", "content": "New."}),
        outside=("folder_read", {"path": "Payroll/pay.md"}),
        effects=lambda: int((root / "Bids" / "new.md").exists()),
    )  # fmt: skip


class TestFolder(ConnectorContract):
    """The contract on a folder."""


pytestmark = pytest.mark.anyio


@pytest.fixture
def folder() -> FolderConnector:
    return FolderConnector()


async def test_reading_gives_the_document_and_where_it_goes_on(folder: FolderConnector, root: Path) -> None:
    (root / "Bids" / "long.txt").write_text("\n".join(f"{n} " + "word " * 20 for n in range(4000)))
    result = await folder.call("folder_read", {"path": "Bids/long.txt"}, access(root))
    assert result.data["name"] == "long.txt"
    assert result.data["path"] == "Bids/long.txt"
    text, rounds = "", 0
    while True:
        document = Document.from_json(result.data["document"])
        text += "".join(block.text for block in document.blocks)
        rounds += 1
        assert len(result.text) < 300_000
        if result.data["next"] is None:
            break
        arguments = {"path": "Bids/long.txt", "first": result.data["next"]}
        result = await folder.call("folder_read", arguments, access(root))
    assert rounds > 1
    assert [int(n) for n in re.findall(r"(\d+) word", text)] == list(range(4000)), "nothing lost, nothing twice"


async def test_a_listing_shows_what_is_open_and_nothing_hidden(folder: FolderConnector, root: Path) -> None:
    os.symlink(root.parent / "outside.md", root / "Bids" / "link.md")
    os.mkfifo(root / "Bids" / "pipe")
    (root / "Bids" / "server.pem").write_text("key")
    result = await folder.call("folder_list", {}, access(root, "Bids/2026", "Bids/plan.md"))
    assert [e["path"] for e in result.data["entries"]] == ["Bids/2026", "Bids/plan.md"]
    result = await folder.call("folder_list", {"path": "Bids"}, access(root))
    assert [(e["path"], e["kind"]) for e in result.data["entries"]] == [
        ("Bids/2026", "folder"),
        ("Bids/plan.md", "file"),
    ]
    everything = await folder.call("folder_list", {"path": "/"}, access(root, "*"))
    assert [e["name"] for e in everything.data["entries"]] == ["Bids", "Payroll"]
    with pytest.raises(NotReachable):
        await folder.call("folder_list", {"path": "Payroll"}, access(root))


@pytest.mark.parametrize(
    "path",
    [
        "../outside.md", "Bids/../../outside.md", "Bids/../Payroll/pay.md", "/etc/passwd", "Bids/.secret.md",
        ".colleague/x.json", "Bids/./../Payroll/pay.md", "Bidsy/plan.md", "Bids/link.md", "Bids/away/outside.md",
        "Bids/up/Payroll/pay.md", "Bids", "Bids/pipe", "Bids/plan.md/x", "Bids/nothing.md", "", "BIDS/plan.md",
    ],
)  # fmt: skip
async def test_no_path_leads_out(folder: FolderConnector, root: Path, path: str) -> None:
    os.symlink(root.parent / "outside.md", root / "Bids" / "link.md")
    os.symlink(root.parent, root / "Bids" / "away")
    os.symlink("..", root / "Bids" / "up")
    os.mkfifo(root / "Bids" / "pipe")
    with pytest.raises(NotReachable):
        await folder.call("folder_read", {"path": path}, access(root))


@pytest.mark.parametrize("path", ["Bids/a\0.md", "Bids/a\n.md", "Bids/" + "x" * 300, "x/" * 600])
async def test_what_is_no_path_is_refused(folder: FolderConnector, root: Path, path: str) -> None:
    with pytest.raises(BadArguments):
        await folder.call("folder_read", {"path": path}, access(root))


@pytest.mark.parametrize("path", ["Bids/away/new.md", "Bids/../new.md", "../new.md", "Bids/.new.md", "Payroll/n.md"])
async def test_no_write_leads_out(folder: FolderConnector, root: Path, path: str) -> None:
    os.symlink(root.parent, root / "Bids" / "away")
    with pytest.raises(NotReachable):
        await folder.call("folder_write", {"path": path, "content": "x"}, access(root))
    assert not (root.parent / "new.md").exists()
    assert not (root / "new.md").exists()


async def test_a_write_over_a_link_replaces_nothing_behind_it(folder: FolderConnector, root: Path) -> None:
    os.symlink(root.parent / "outside.md", root / "Bids" / "link.md")
    with pytest.raises(Exception, match="changed"):
        await folder.call("folder_write", {"path": "Bids/link.md", "content": "x", "replace": True}, access(root))
    assert (root.parent / "outside.md").read_text() == "outside the root"


def test_a_folder_exchanged_for_a_link_while_it_is_read_never_leads_out(root: Path) -> None:
    """A race: another process swaps a folder for a link to the outside over and over."""
    (root.parent / "evil").mkdir()
    (root.parent / "evil" / "plan.md").write_text("EVIL")
    (root / "A").mkdir()
    (root / "A" / "plan.md").write_text("good")
    os.symlink(root.parent / "evil", root / "B")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(root / "A", root / "C")
            os.rename(root / "B", root / "A")
            os.rename(root / "A", root / "B")
            os.rename(root / "C", root / "A")

    thread = threading.Thread(target=swap)
    thread.start()
    outcomes = {"good": 0, "refused": 0}
    try:
        # However the two happen to be scheduled: until both outcomes were seen, and often.
        end = time.monotonic() + 300
        while time.monotonic() < end and (sum(outcomes.values()) < 2000 or not all(outcomes.values())):
            try:
                assert read_file(root, ("A", "plan.md"), limit=100) == b"good"
                outcomes["good"] += 1
            except NotReachable:
                outcomes["refused"] += 1
    finally:
        stop.set()
        thread.join()
    assert all(outcomes.values()), outcomes


async def test_search_finds_names_and_texts_in_open_places_only(folder: FolderConnector, root: Path) -> None:
    result = await folder.call("folder_search", {"query": "tender"}, access(root))
    assert [h["path"] for h in result.data["hits"]] == ["Bids/plan.md"]
    assert "4 May" in result.data["hits"][0]["excerpt"]
    assert result.data["complete"]
    both = await folder.call("folder_search", {"query": "tender"}, access(root, "*"))
    assert {h["path"] for h in both.data["hits"]} == {"Bids/plan.md", "Payroll/pay.md"}
    by_name = await folder.call("folder_search", {"query": "prices"}, access(root))
    assert [h["path"] for h in by_name.data["hits"]] == ["Bids/2026/prices.csv"]
    one_file = await folder.call("folder_search", {"query": "tender"}, access(root, "Bids/plan.md"))
    assert [h["path"] for h in one_file.data["hits"]] == ["Bids/plan.md"]
    (root / "Bids" / "plan.md").write_text("Nothing of it any more.")
    assert not (await folder.call("folder_search", {"query": "tender"}, access(root))).data["hits"]


async def test_blocked_paths_and_kinds(folder: FolderConnector, root: Path) -> None:
    (root / "Bids" / "server.PEM").write_text("-----BEGIN")
    (root / "Bids" / "tool.md").write_bytes(b"MZ\x90\x00")
    wrapped = io.BytesIO()
    with zipfile.ZipFile(wrapped, "w") as archive:
        archive.writestr("readme.txt", b"\x7fELF\x02\x01\x01" + b"\0" * 40)
    (root / "Bids" / "harmless.docx").write_bytes(wrapped.getvalue())
    with pytest.raises(BlockedPath, match="blocked-path"):
        await folder.call("folder_read", {"path": "Bids/server.PEM"}, access(root))
    with pytest.raises(BlockedType):
        await folder.call("folder_read", {"path": "Bids/tool.md"}, access(root))
    with pytest.raises(BlockedType):
        await folder.call("folder_read", {"path": "Bids/harmless.docx"}, access(root))
    with pytest.raises(BlockedPath):
        await folder.call("folder_write", {"path": "Bids/id.key", "content": "x"}, access(root))
    own = Access(account(root, blocked="**/2026/**\n"), access(root).grants, "k")
    with pytest.raises(BlockedPath):
        await folder.call("folder_read", {"path": "Bids/2026/prices.csv"}, own)
    with pytest.raises(BlockedPath):
        await folder.call("folder_list", {"path": "Bids/2026"}, own)


def test_wrapping_and_encryption_do_not_evade() -> None:
    content = b"MZ\x90"
    for _ in range(5):
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w") as archive:
            archive.writestr("inner", content)
        content = box.getvalue()
    with pytest.raises((NotInspectable, BlockedType)):
        screen("a.zip", content)
    with pytest.raises((NotInspectable, BlockedType)):
        screen("a.bin", b"\0\0prefix" + content)
    with pytest.raises(NotInspectable):
        screen("a.zip", b"PK\x03\x04broken")
    assert blocked_by("a/b/.SSH/id", ("**/.ssh/**",))
    assert blocked_by(".env.local", ("**/.env*",))
    assert not blocked_by("a/env", ("**/.env*",))


async def test_too_large_is_refused(root: Path) -> None:
    with pytest.raises(FileTooLarge):
        read_file(root, ("Bids", "plan.md"), limit=3)


async def test_a_file_is_not_replaced_by_accident(folder: FolderConnector, root: Path) -> None:
    arguments = {"path": "Bids/plan.md", "content": "new"}
    with pytest.raises(FileExists):
        await folder.call("folder_write", arguments, access(root))
    await folder.call("folder_write", {**arguments, "replace": True}, access(root))
    assert (root / "Bids" / "plan.md").read_text() == "new"
    assert not [p.name for p in (root / "Bids").iterdir() if p.name.endswith(".part")]


async def test_an_output_is_saved_byte_for_byte(folder: FolderConnector, root: Path) -> None:
    opened = access(root)
    output = Attachment("Summary.docx", "application/vnd.x", b"\x00\x01binary")
    given = Access(opened.account, opened.grants, "k", attachments=(output,))
    arguments = {"path": "Bids/New/Summary.docx", "output": "Summary.docx"}
    preview = folder.preview("folder_write", arguments, given)
    assert preview.attachments == ("Summary.docx",)
    await folder.call("folder_write", arguments, given)
    assert (root / "Bids/New/Summary.docx").read_bytes() == b"\x00\x01binary"
    for bad in ({"path": "Bids/S.pdf", "output": "Summary.docx"}, {"path": "Bids/S.docx", "content": "text"},
                {"path": "Bids/S.docx"}, {"path": "Bids/S.md", "content": "x", "output": "y"},
                {"path": "Bids/2026", "content": "x"}):  # fmt: skip
        with pytest.raises(BadArguments):
            await folder.call("folder_write", bad, replace(given, idempotency_key="another"))


async def test_the_preview_is_the_difference(folder: FolderConnector, root: Path) -> None:
    arguments = {"path": "Bids/plan.md", "content": "# Plan\n\nThe tender closes on 9 May.\n", "replace": True}
    preview = folder.preview("folder_write", arguments, access(root))
    assert "-The tender closes on 4 May." in preview.body
    assert "+The tender closes on 9 May." in preview.body
    with pytest.raises(OutOfScope):
        folder.preview("folder_write", arguments, access(root, write=False))


async def test_a_deleted_file_and_a_replaced_one_come_back(folder: FolderConnector, root: Path) -> None:
    before = (root / "Bids" / "plan.md").read_bytes()
    done = await folder.call("folder_delete", {"path": "Bids/plan.md"}, access(root, key="k1"))
    assert not (root / "Bids" / "plan.md").exists()
    assert await folder.effected("folder_delete", {"path": "Bids/plan.md"}, access(root, key="k1")) is Effected.YES
    await folder.undo("Bids/plan.md", [Done(done.data["undo"])], access(root, key="k2"))
    assert (root / "Bids" / "plan.md").read_bytes() == before
    arguments = {"path": "Bids/plan.md", "content": "new", "replace": True}
    await folder.call("folder_write", arguments, access(root, key="k3"))
    (root / "Bids" / "plan.md").write_text("somebody else's")
    with pytest.raises(ChangedMeanwhile):
        await folder.undo("Bids/plan.md", [Done("k3")], access(root, key="k4"))
    with pytest.raises(NotReachable):
        await folder.undo("Bids/2026/prices.csv", [Done("k3")], access(root, key="k5"))


async def test_after_a_crash_the_record_tells_what_happened(folder: FolderConnector, root: Path) -> None:
    call = ("folder_write", {"path": "Bids/plan.md", "content": "new", "replace": True})
    assert await folder.effected(*call, access(root)) is Effected.NO
    await folder.call(*call, access(root))
    plan = root / "Bids" / "plan.md"
    assert await folder.effected(*call, access(root)) is Effected.YES
    plan.write_text("# Plan\n\nThe tender closes on 4 May.\n")  # As if the rename had not come to be.
    assert await folder.effected(*call, access(root)) is Effected.NO
    plan.write_text("a third version")
    assert await folder.effected(*call, access(root)) is Effected.UNKNOWN


async def test_old_history_is_forgotten(folder: FolderConnector, root: Path) -> None:
    await folder.call("folder_write", {"path": "Bids/a.md", "content": "1"}, access(root, key="old"))
    hidden = root / ".colleague"
    for entry in hidden.iterdir():
        os.utime(entry, (0, 0))
    await folder.call("folder_write", {"path": "Bids/b.md", "content": "2"}, access(root, key="new"))
    assert await folder.effected("folder_write", {"path": "Bids/a.md"}, access(root, key="old")) is Effected.NO
    assert hidden.stat().st_mode & 0o077 == 0


async def test_two_writers_of_one_new_file_do_not_overwrite_each_other(folder: FolderConnector, root: Path) -> None:
    def write(n: int) -> Any:
        return folder.call("folder_write", {"path": "Bids/x.md", "content": str(n)}, access(root, key=f"k{n}"))

    results = await asyncio.gather(*(write(n) for n in range(8)), return_exceptions=True)
    won = [n for n, r in enumerate(results) if isinstance(r, Result)]
    assert len(won) == 1
    assert (root / "Bids" / "x.md").read_text() == str(won[0])


async def test_several_roots_have_names(folder: FolderConnector, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "n.md").write_text("Words.")
    config = folder.accept({"root": f"Sales = {root}\nLegal = {other}"})
    grant = Grant("g", "folder", "t", ("",), True, place_class=DataClass.INTERNAL)
    opened = Access(Account("a", "folder", config), (grant,), "k")
    listing = await folder.call("folder_list", {}, opened)
    assert [e["path"] for e in listing.data["entries"]] == ["Sales", "Legal"]
    assert (await folder.call("folder_read", {"path": "Legal/n.md"}, opened)).data["path"] == "Legal/n.md"
    found = await folder.call("folder_search", {"query": "words"}, opened)
    assert [h["path"] for h in found.data["hits"]] == ["Legal/n.md"]
    with pytest.raises(NotReachable):
        await folder.call("folder_read", {"path": "n.md"}, opened)
    with pytest.raises(NotReachable):
        await folder.call("folder_write", {"path": "n.md", "content": "x"}, opened)


@pytest.mark.parametrize("line", ["", "relative", "/", "a=/tmp\n/tmp", "x/y = /tmp", "/no/such/folder"])
def test_bad_roots_are_refused(folder: FolderConnector, line: str) -> None:
    with pytest.raises(BadArguments):
        folder.accept({"root": line})


async def test_the_strictest_grant_labels(folder: FolderConnector, root: Path) -> None:
    one = Grant("g1", "folder", "t", ("Bids",), ceiling=DataClass.CONFIDENTIAL, place_class=DataClass.CONFIDENTIAL)
    two = Grant("g2", "folder", "u", ("",), place_class=DataClass.PUBLIC, trusted=True)
    opened = Access(account(root), (one, two), "k")
    result = await folder.call("folder_read", {"path": "Bids/plan.md"}, opened)
    assert result.label.data_class is DataClass.CONFIDENTIAL
    assert result.label.integrity is Integrity.UNTRUSTED
    assert result.label.sources == frozenset({"folder:Bids/plan.md"})
