"""What stands in the navigation: the places that exist and that the person may see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from starlette.routing import Match

from colleague.identity.actor import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """An entry: where it leads, its words, its icon, and permissions of which one is enough."""

    to: str
    title: str
    icon: str
    needs: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Say whether `path` lies in this place."""
        if path == "/tasks/new" or self.to == "/tasks/new":
            return path == self.to
        return (
            path == self.to or path.startswith(f"{self.to}/") or (self.to == "/tasks" and path.startswith("/outputs/"))
        )


PLACES: Final[tuple[Place, ...]] = (
    Place("/tasks/new", "New task", "plus", ("own:tasks:use",)),
    Place("/tasks", "Tasks", "checklist", ("own:tasks:use", "org:tasks:read")),
    Place("/dispatch", "Dispatch", "send", ("own:dispatch:use",)),
    Place("/approvals", "Approvals", "shield-check", ("own:approvals:answer",)),
    Place("/reviews", "Reviews", "circle-check", ("own:tasks:use", "org:outputs:review")),
    Place("/projects", "Projects", "folder", ("own:tasks:use",)),
    Place("/document-sets", "Document sets", "file-search", ("own:tasks:use",)),
    Place("/skills", "Skills", "list-check", ("own:tasks:use", "org:tasks:read")),
    Place("/use-cases", "Use cases", "clock", ("org:usecases:read",)),
    Place("/champion", "Champion", "circle-check", ("own:tasks:use",)),
    Place("/support", "Support", "message-circle", ("own:tasks:use", "org:support:manage")),
    Place("/first-month", "First month", "checklist", ("own:tasks:use",)),
    Place("/ledger", "Ledger", "history", ("org:ledger:read",)),
    Place("/people", "People", "users", ("org:people:read",)),
    Place("/connectors", "Connectors", "plug-connected", ("own:accounts:manage", "org:connectors:read")),
    Place("/models", "Models", "cpu", ("org:models:read",)),
    Place("/usage", "Usage", "coin", ("own:tasks:use", "org:models:read")),
    Place("/programme", "Programme", "flag", ("org:programme:read",)),
    Place("/adoption", "Adoption", "activity", ("org:adoption:read",)),
    Place("/governance", "Governance", "file-text", ("own:tasks:use", "org:policy:read")),
    Place("/policies", "Policies", "scale", ("org:policy:read",)),
    Place("/retention", "Retention", "hourglass", ("org:records:read",)),
    Place("/sign-on", "Sign-on", "key", ("org:settings:manage",)),
    Place("/set-up", "Set-up", "settings", ("org:settings:manage",)),
)


def exists(app: FastAPI, path: str) -> bool:
    """Say whether a page answers at `path`."""
    scope = {"type": "http", "path": path, "root_path": "", "method": "GET", "headers": []}
    return any(route.matches(scope)[0] == Match.FULL for route in app.routes)


def navigation(app: FastAPI) -> Callable[[Actor | None], list[Place]]:
    """Return a function from an actor to the places it may see; places without a page are left out."""
    there = [place for place in PLACES if exists(app, place.to)]

    def places(actor: Actor | None) -> list[Place]:
        return [p for p in there if actor is not None and any(map(actor.may, p.needs))]

    return places
