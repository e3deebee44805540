"""Read uploaded files from a request without holding more than the limit."""

from collections.abc import Sequence

from fastapi import UploadFile

from colleague.files.uploads import MAX_FILES, FileTooLarge, TooManyFiles, clean_name


async def read_uploads(files: Sequence[UploadFile], limit: int) -> list[tuple[str, bytes]]:
    """Return (name, content) of each file; FileTooLarge or TooManyFiles. An empty file field of a form is skipped."""
    given = [f for f in files if f.filename]
    if len(given) > MAX_FILES:
        raise TooManyFiles
    result = []
    for file in given:
        content = await file.read(limit + 1)
        if len(content) > limit:
            raise FileTooLarge(name=clean_name(file.filename or ""), limit=limit // 1_000_000)
        result.append((file.filename or "file", content))
    return result
