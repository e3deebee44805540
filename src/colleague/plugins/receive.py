"""Read uploaded skills: one zip or `.plugin` file, a SKILL.md alone, or the files of a folder."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from fastapi import UploadFile

from colleague.plugins.model import Notice
from colleague.plugins.unpack import MOST_FILES, BadPackage, folder_of, read_archive, read_files

ARCHIVES = (".zip", ".plugin", ".skill")


async def read_skill_files(
    given: Sequence[UploadFile], *, limit: int
) -> tuple[dict[str, bytes], str, list[Notice]]:  # fmt: skip
    """Return (files by path, name of their folder, notices). BadPackage for nothing, too much, or a bad archive."""
    files = [f for f in given if f.filename]
    if not files:
        raise BadPackage(why="nothing was sent. Choose a zip, a .plugin file or a SKILL.md.")
    if len(files) > MOST_FILES:
        raise BadPackage(why="it holds more than 5,000 files.")
    contents = []
    for file in files:
        content = await file.read(limit + 1)
        if len(content) > limit:
            raise BadPackage(why=f"a file in it is larger than {limit // 1_000_000} MB.")
        contents.append((file.filename or "", content))
    name, content = contents[0]
    if len(contents) == 1 and name.casefold().endswith(ARCHIVES):
        unpacked, notices = read_archive(content)
        return unpacked, PurePosixPath(name).stem, notices
    found, notices = read_files(contents)
    return found, folder_of(n for n, _ in contents), notices
