"""Where checkpoints are copied: a place that administrators of the database cannot rewrite."""

import asyncio
import os
from pathlib import Path
from typing import Protocol

import httpx

from colleague.kit.errors import Unavailable
from colleague.kit.settings import Settings


class SinkUnavailable(Unavailable):
    """The checkpoint could not be copied to its witness."""


class Sink(Protocol):
    """A witness of checkpoints."""

    async def put(self, note: str) -> None:
        """Keep one checkpoint; SinkUnavailable if that fails."""
        ...

    async def all(self) -> list[str]:
        """Return the checkpoints that were kept, oldest first; empty where it cannot be read back."""
        ...


class FolderSink:
    """Appends to a file in a folder: a mount from another host, or one with append-only permissions."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._file = folder / "colleague-checkpoints.txt"

    async def put(self, note: str) -> None:
        """Append one checkpoint and force it to the disk."""
        try:
            await asyncio.to_thread(self._append, note)
        except OSError as error:
            raise SinkUnavailable from error

    def _append(self, note: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        data = f"{note}\x1e\n".encode()
        if self._torn():
            data = b"\x1e\n" + data  # A writer died in the middle of a note: the next must not grow on to it.
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError("the disk is full")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _torn(self) -> bool:
        if not self._file.is_file() or (size := self._file.stat().st_size) < 2:
            return False
        with self._file.open("rb") as stream:
            stream.seek(size - 2)
            return stream.read() != b"\x1e\n"

    async def all(self) -> list[str]:
        """Return what was appended; SinkUnavailable if it cannot be read."""
        try:
            return await asyncio.to_thread(read_checkpoints, self._file)
        except OSError as error:
            raise SinkUnavailable from error


class HttpSink:
    """Posts each checkpoint to a witness over https."""

    def __init__(self, url: str) -> None:
        """Take the address."""
        self._url = url

    async def put(self, note: str) -> None:
        """Post one checkpoint; anything but a 2xx answer is a failure."""
        try:
            async with httpx.AsyncClient(timeout=10, follow_redirects=False) as client:
                (await client.post(self._url, content=note.encode())).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise SinkUnavailable from error

    async def all(self) -> list[str]:
        """A witness is asked by its own means, not by us."""
        return []


def read_checkpoints(file: Path) -> list[str]:
    """Return the checkpoints in a sink's file; none if there is no file."""
    if not file.is_file():
        return []
    return [part.lstrip("\n") for part in file.read_text("utf-8", "replace").split("\x1e") if part.strip()]


def sink_of(settings: Settings) -> Sink | None:
    """Return the configured witness, if any."""
    place = settings.checkpoint_sink
    if not place:
        return None
    return HttpSink(place) if place.startswith(("https://", "http://")) else FolderSink(Path(place))
