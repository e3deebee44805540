"""Whether a folder may take a simulation: it is new or empty. A simulation never touches an organisation."""

from pathlib import Path

from colleague.kit.errors import Conflict


class FolderTaken(Conflict):
    """«{folder}» holds something already. A simulation plays in a folder of its own: name one that is new or empty."""


def checked_folder(folder: Path) -> Path:
    """Return `folder` if it is new or empty. Raises FolderTaken."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(folder=str(folder)[:200])
    return folder
