"""Teams, roles and what groups of a directory give. People themselves come from the identity provider."""

from colleague.governance.asfiles.parts.part import ByHand, Means, by_key
from colleague.governance.asfiles.shape import GroupRule, RoleEntry, TeamEntry
from colleague.identity.directory import list_teams
from colleague.identity.groups.custom_roles import change_role, define_role, list_roles, retire_role
from colleague.identity.groups.rules import Group, list_groups, set_rule
from colleague.identity.people import create_team
from colleague.identity.sso.providers import list_providers

SSO, ALL_GROUPS = "sso ", 100_000


class Teams:
    """Teams by name; who is in them is not configuration."""

    name = "teams"

    async def read(self, means: Means) -> dict[str, TeamEntry]:
        """Return the teams."""
        means.actor.require("org:people:read")
        return by_key(*(TeamEntry(name=team.name) for team in await list_teams(means.session)))

    async def add(self, means: Means, entry: TeamEntry) -> str:
        """Make a team, without people."""
        await create_team(means.session, means.actor, entry.name, ledger=means.ledger)
        return "The team begins without people."

    async def change(self, means: Means, before: TeamEntry, entry: TeamEntry) -> str:
        """Do nothing: a team is its name."""
        return ""

    async def remove(self, means: Means, before: TeamEntry) -> str:
        """Refuse: a team stays, because the past refers to it."""
        raise ByHand("a team is not deleted, because the past refers to it: take its people and grants from it instead")


class Roles:
    """Roles that the organisation made."""

    name = "roles"

    async def read(self, means: Means) -> dict[str, RoleEntry]:
        """Return the organisation's own roles."""
        found = [r for r in await list_roles(means.session, means.actor) if r.own]
        return by_key(*(RoleEntry(name=r.name, meaning=r.meaning, permissions=sorted(r.permissions)) for r in found))

    async def add(self, means: Means, entry: RoleEntry) -> str:
        """Make the role."""
        await define_role(
            means.session, means.actor, entry.name, entry.meaning, entry.permissions, ledger=means.ledger,
            clock=means.clock,
        )  # fmt: skip
        return "Nobody holds it yet."

    async def change(self, means: Means, before: RoleEntry, entry: RoleEntry) -> str:
        """Change what the role gives."""
        held = {r.name: r.people for r in await list_roles(means.session, means.actor)}.get(entry.name, 0)
        await change_role(
            means.session, means.actor, entry.name, entry.meaning, entry.permissions, ledger=means.ledger,
            clock=means.clock,
        )  # fmt: skip
        more, less = (
            sorted(set(a) - set(b))
            for a, b in ((entry.permissions, before.permissions), (before.permissions, entry.permissions))
        )
        parts = [f"gain {', '.join(more)}"] * bool(more) + [f"lose {', '.join(less)}"] * bool(less)
        return f"{held} {'person' if held == 1 else 'people'} {' and '.join(parts)}." if parts else ""

    async def remove(self, means: Means, before: RoleEntry) -> str:
        """Retire the role; refused while somebody holds it."""
        await retire_role(means.session, means.actor, before.name, ledger=means.ledger)
        return "Nobody held it."


class GroupRules:
    """What groups of a directory give. A group is meant by its source and its name there."""

    name = "groups"

    async def read(self, means: Means) -> dict[str, GroupRule]:
        """Return what every group gives."""
        found = []
        teams = {ident: name for name, ident in (await means.team_ids()).items()}
        for source, group in await self._groups(means):
            for rule in group.rules:
                name = teams.get(rule.target, "") if rule.kind == "team" else rule.target
                if name:
                    value = {"source": source, "group": group.name, "gives": rule.kind, "name": name}
                    found.append(GroupRule.model_validate(value))
        return by_key(*found)

    async def _groups(self, means: Means) -> list[tuple[str, Group]]:
        keys = {f"{SSO}{p.id}": f"{SSO}{p.key}" for p in await list_providers(means.session)}
        groups = await list_groups(means.session, means.actor, limit=ALL_GROUPS)
        return [(keys.get(g.source, g.source), g) for g in groups]

    async def _set(self, means: Means, entry: GroupRule, *, gives: bool) -> str:
        found = [g for source, g in await self._groups(means) if (source, g.name) == (entry.source, entry.group)]
        if len(found) != 1:
            many = "several groups are called so there" if found else "no such group has arrived yet"
            raise ByHand(f"{many}: say what it gives under People, Groups, once it is here")
        target = await means.team(entry.name) if entry.gives == "team" else entry.name
        effect = await set_rule(
            means.session, means.actor, found[0].id, entry.gives, target, gives=gives, ledger=means.ledger,
            clock=means.clock,
        )  # fmt: skip
        who = f"{effect.count:,} {'person' if effect.count == 1 else 'people'}"
        names = ", ".join(name for _, name in effect.people[:5])
        more = " and others" if effect.count > 5 else ""
        return f"{who} {'gain' if gives else 'lose'} the {entry.gives}{f': {names}{more}' if names else ''}."

    async def add(self, means: Means, entry: GroupRule) -> str:
        """Let the group give this."""
        return await self._set(means, entry, gives=True)

    async def change(self, means: Means, before: GroupRule, entry: GroupRule) -> str:
        """Do nothing: a rule is its key."""
        return ""

    async def remove(self, means: Means, before: GroupRule) -> str:
        """Let the group give this no more."""
        return await self._set(means, before, gives=False)
