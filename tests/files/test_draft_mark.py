"""Every format we write says in its text, and in its properties if it has some, that nobody reviewed it (OH-1)."""

import io
import zipfile
from pathlib import Path

import pytest
from tests.files.test_review import _review, _written

from colleague.files.outputs import get_output, output_content
from colleague.kit.documents.read import read_document
from colleague.kit.documents.write.formats import FORMATS
from colleague.testing.clock import TestClock
from colleague.testing.house import furnish

pytestmark = pytest.mark.anyio
MARK = "Draft: not reviewed"


def properties(content: bytes, name: str) -> str:
    """Return what a file says of itself besides its text; of formats without properties, how it begins."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return package.read("docProps/core.xml").decode()
    if name == "pdf":
        return content[content.index(b"/Author") :][:600].decode("latin-1")
    return content.decode()[:300]


@pytest.mark.parametrize("name", FORMATS)
async def test_the_mark_is_there_until_somebody_accepts_it(
    name: str, database_url: str, tmp_path: Path, clock: TestClock
) -> None:
    home = await furnish(database_url, tmp_path, clock=clock)
    output = await _written(home, kind="meeting_prep", media=name)
    for marked in (True, False):
        async with home.house.database.transaction() as session:
            _, version = await get_output(session, output)
            content = await output_content(session, version)
        document = await read_document(content, f"a.{name}")
        words = "\n".join(b.text or "\n".join(" ".join(r) for r in b.rows) for b in document.blocks)
        assert ("Words" in words) is True
        assert (MARK in words) is marked
        assert (MARK in properties(content, name)) is marked
        if name in ("docx", "xlsx", "pptx", "html"):
            assert (
                ">reviewed<" in properties(content, name) or "'reviewed'" in properties(content, name)
            ) is not marked
        await _review(home, "ana", output, 1) if marked else None
    await home.house.close()
