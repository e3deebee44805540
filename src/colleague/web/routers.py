"""The table of contents: every slice's pages and JSON routes."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

from fastapi import APIRouter

# Pages before programs; within a slice its pages in console.py, its JSON in api.py.
CONTENTS: Final[tuple[str, ...]] = (
    "identity.console", "tasks.console", "approvals.console", "audit.console", "policy.console", "connectors.console",
    "channels.console", "web.setup",
    "identity.api", "tasks.api", "approvals.api", "audit.api", "policy.api", "connectors.api", "channels.api",
)  # fmt: skip


def routers() -> list[APIRouter]:
    """Return the router of every door that exists, in order."""
    names = [f"colleague.{name}" for name in CONTENTS]
    return [import_module(name).router for name in names if find_spec(name) is not None]
