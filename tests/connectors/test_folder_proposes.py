"""Changes are proposed inside a person's Word file of the folder: the version that was read, once, with a way back."""

import io
from pathlib import Path
from typing import Any

import docx
import pytest
from tests.connectors.contract import Case, ConnectorContract

from colleague.connectors.connector import Access, Account, Effected, Grant, NotReachable, OutOfScope
from colleague.connectors.folder.connector import FolderConnector
from colleague.connectors.folder.propose import ReadAgain, version_of
from colleague.connectors.screen import BlockedPath
from colleague.connectors.undo import ChangedMeanwhile, Done
from colleague.kit.documents.propose.model import NotWord, PassageNotFound, PassageNotUnique
from colleague.policy.model import DataClass

TOOL = "folder_propose_edits"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "files" / "Bids" / "Offer.docx"
    path.parent.mkdir(parents=True)
    made = docx.Document()
    made.add_paragraph("The tender closes on 4 May.")
    made.add_paragraph("The tender is open to all.")
    made.save(str(path))
    return path


def access(file: Path, key: str = "call_1:1", *, write: bool = True) -> Access:
    grant = Grant("grant_1", "folder", "team_1", ("Bids",), write, place_class=DataClass.INTERNAL)
    account = Account("acc_1", "folder", {"root": str(file.parent.parent)})
    return Access(account, (grant,), key, on_behalf_of="Ana Ruiz")


def proposal(file: Path, find: str = "4 May", replace: str = "9 May", **more: Any) -> dict[str, Any]:
    edit = {"find": find, "replace": replace, **more}
    return {"path": "Bids/Offer.docx", "version": version_of(file.read_bytes()), "edits": [edit]}


@pytest.fixture
def case(file: Path) -> Case:
    before, arguments = file.read_bytes(), proposal(file)
    return Case(
        FolderConnector(), access(file).account, "Bids", read=("folder_read", {"path": "Bids/Offer.docx"}),
        change=(TOOL, arguments), effects=lambda: int(file.read_bytes() != before),
        outside=(TOOL, {**arguments, "path": "Other/Offer.docx"}),
    )  # fmt: skip


class TestProposing(ConnectorContract):
    """The contract on a proposal."""


pytestmark = pytest.mark.anyio


@pytest.fixture
def folder() -> FolderConnector:
    return FolderConnector()


def marked(file: Path) -> str:
    return str(docx.Document(io.BytesIO(file.read_bytes())).element.xml)


async def test_reading_says_the_version_that_a_proposal_names(folder: FolderConnector, file: Path) -> None:
    result = await folder.call("folder_read", {"path": "Bids/Offer.docx"}, access(file))
    assert result.text.endswith(f"[version {version_of(file.read_bytes())}]")
    assert result.data["sha256"].startswith(version_of(file.read_bytes()))


async def test_the_person_sees_each_change_before_it_is_made(folder: FolderConnector, file: Path) -> None:
    before = file.read_bytes()
    preview = folder.preview(TOOL, proposal(file, comment="As Dana wrote."), access(file))
    assert preview.body.splitlines() == [
        "@@ change 1, document @@", "-The tender closes on 4 May.", "+The tender closes on 9 May.",
        "Comment: As Dana wrote.",
    ]  # fmt: skip
    assert "30 days" in preview.undo
    assert file.read_bytes() == before
    await folder.call(TOOL, proposal(file, comment="As Dana wrote."), access(file))
    assert 'w:author="Colleague for Ana Ruiz"' in marked(file)
    assert "<w:delText" in marked(file)


async def test_a_file_that_changed_since_it_was_read_is_left_alone(folder: FolderConnector, file: Path) -> None:
    arguments = proposal(file)
    made = docx.Document(str(file))
    made.add_paragraph("Dana's line.")
    made.save(str(file))
    theirs = file.read_bytes()
    for attempt in (folder.preview, folder.call):
        with pytest.raises(ReadAgain):
            done: Any = attempt(TOOL, arguments, access(file))
            await done
    assert file.read_bytes() == theirs
    assert await folder.effected(TOOL, arguments, access(file)) is Effected.NO


async def test_it_comes_back_unless_somebody_decided_in_word_meanwhile(folder: FolderConnector, file: Path) -> None:
    before = file.read_bytes()
    first = await folder.call(TOOL, proposal(file), access(file, "k1"))
    again = proposal(file, "open to all", "open to members")
    await folder.call(TOOL, again, access(file, "k2"))
    await folder.undo("Bids/Offer.docx", [Done(first.data["undo"]), Done("k2")], access(file, "k3"))
    assert file.read_bytes() == before
    await folder.call(TOOL, proposal(file), access(file, "k4"))
    made = docx.Document(str(file))
    made.add_paragraph("Saved by Dana.")
    made.save(str(file))
    with pytest.raises(ChangedMeanwhile):
        await folder.undo("Bids/Offer.docx", [Done("k4")], access(file, "k5"))


async def test_refusals_change_nothing(folder: FolderConnector, file: Path) -> None:
    before = file.read_bytes()
    (file.parent / "plan.md").write_text("The tender closes on 4 May.")
    text = {**proposal(file.parent / "plan.md"), "path": "Bids/plan.md"}
    locked = {**proposal(file), "path": "Bids/.ssh/Offer.docx"}
    key = {**proposal(file), "path": "Bids/offer.key"}
    for arguments, refusal in (
        (proposal(file, "5 May"), PassageNotFound), (proposal(file, "The tender"), PassageNotUnique),
        (text, NotWord), (locked, NotReachable), (key, BlockedPath),
        ({**proposal(file), "path": "Bids/None.docx"}, NotReachable),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await folder.call(TOOL, arguments, access(file))
    with pytest.raises(OutOfScope):
        folder.preview(TOOL, proposal(file), access(file, write=False))
    assert file.read_bytes() == before
