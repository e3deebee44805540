"""The skills that come with the product: folders by occupation under `shipped/`, read once."""

from functools import cache
from importlib import resources
from pathlib import Path

from colleague.plugins.model import SHIPPED, Package, Usable
from colleague.plugins.skills import read_package
from colleague.plugins.unpack import read_folder


@cache
def shipped_packages() -> dict[str, Package]:
    """Return the shipped packages by occupation."""
    root = Path(str(resources.files("colleague.plugins").joinpath("shipped")))
    found = {}
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and p.name != "__pycache__"):
        files, notices = read_folder(folder)
        found[folder.name] = read_package(files, folder=folder.name, notices=notices)
    return found


def shipped_skills() -> list[Usable]:
    """Return every shipped skill."""
    return [
        Usable(name, SHIPPED, package.sha256, skill, approved=True)
        for name, package in shipped_packages().items()
        for skill in package.skills
    ]
