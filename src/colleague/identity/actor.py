"""Who acts: a value that every deed takes, made once at the door."""

from dataclasses import dataclass
from typing import Literal

from colleague.identity.permissions import PERMISSIONS, ROLES
from colleague.kit.errors import Forbidden

Via = Literal["page", "api", "cli", "dispatch", "schedule", "system", "provisioning"]


class PermissionMissing(Forbidden):
    """This needs the permission «{permission}» ({meaning}). Ask an administrator."""


class SignInYourself(Forbidden):
    """This is for yourself only: sign in on the page. A token cannot do it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or the system, and what it may do now. `permissions` may be narrower than the roles."""

    id: str
    name: str
    email: str = ""
    roles: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    via: Via = "page"

    @property
    def holders(self) -> frozenset[str]:
        """Everything through which this actor may be given something: ids of teams, and `role:NAME`."""
        return self.teams.union(f"role:{role}" for role in self.roles)

    @property
    def held(self) -> frozenset[str] | None:
        """What the token may do that speaks for this person; None where they are there themselves."""
        return self.permissions if self.via == "api" else None

    def may(self, permission: str) -> bool:
        """Say whether this actor holds `permission`."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise PermissionMissing unless this actor holds `permission`."""
        if permission not in self.permissions:
            raise PermissionMissing(permission=permission, meaning=PERMISSIONS[permission])

    def require_presence(self) -> None:
        """Raise SignInYourself for a token: it must not make itself wider, or outlive its owner's will."""
        if self.via == "api":
            raise SignInYourself


def permissions_of(roles: frozenset[str]) -> frozenset[str]:
    """Return the permissions that shipped `roles` give together; another gives none here (see identity/roles.py)."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


SYSTEM = Actor(id="system", name="Colleague", permissions=frozenset(PERMISSIONS), via="system")
