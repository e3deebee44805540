"""The settings that rules rest on, and the organisation's own rules. What weakens one waits for a second person."""

from collections.abc import Sequence
from typing import Any

from colleague.governance.asfiles.parts.part import ByHand, Means, Waits, by_key
from colleague.governance.asfiles.shape import Rules, Setting
from colleague.policy.governance import ENUMS, current_governance, stored_form, with_changes
from colleague.policy.inputs import ANY
from colleague.policy.model import Zone
from colleague.policy.second_person.propose import list_proposals, set_or_propose
from colleague.policy.stricter import weaker

APART = ("version", "rules")
Pairs = Sequence[tuple[Setting, Setting]]


class Settings:
    """Every setting by its name. One that the file leaves out stays as it is.

    They change in two steps, what weakens nothing first: a proposal is bound to the version it is made against.
    """

    name = "settings"

    async def read(self, means: Means) -> dict[str, Setting]:
        """Return the settings in force, in the words people use."""
        means.actor.require("org:policy:read")
        stored = stored_form(await current_governance(means.session))
        teams = {ident: name for name, ident in (await means.team_ids()).items()}
        return by_key(*(Setting(name=n, value=_shown(n, v, teams)) for n, v in stored.items() if n not in APART))

    async def add(self, means: Means, entry: Setting) -> str:
        """Refuse what is no setting, with the deed's own words."""
        await set_or_propose(
            means.session, means.actor, {entry.name: entry.value}, ledger=means.ledger, clock=means.clock
        )
        return ""

    async def weakening(self, means: Means, pairs: Pairs) -> frozenset[str]:
        """Return the names of the settings that would allow more; one that cannot be set is not among them."""
        before = await current_governance(means.session)
        return frozenset(weaker(before, with_changes(before, await self._values(means, pairs))))

    async def set(self, means: Means, pairs: Pairs) -> str:
        """Set all of these at once; they weaken nothing."""
        await set_or_propose(
            means.session, means.actor, await self._values(means, pairs), ledger=means.ledger, clock=means.clock
        )
        held = await self.read(means)
        if any(held[entry.name] != entry for _, entry in pairs):
            raise ByHand("what ships blocked stays blocked, and a list has each thing once: export again")
        return "From the next call on."

    async def propose(self, means: Means, pairs: Pairs) -> str:
        """Propose all of these together, unless exactly this waits already."""
        values = await self._values(means, pairs)
        before = await current_governance(means.session)
        stored = stored_form(with_changes(before, values))
        waiting = await list_proposals(means.session, clock=means.clock)
        same = {name: stored[name] for name in values}
        if not any(p.base_version == before.version and dict(p.changes) == same for p in waiting):
            await set_or_propose(means.session, means.actor, values, ledger=means.ledger, clock=means.clock)
        raise Waits("this weakens a rule of the organisation: it holds once a second person has confirmed it")

    async def _values(self, means: Means, pairs: Pairs) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for _, entry in pairs:
            value: Any = entry.value
            if entry.name == "input_ceilings" and isinstance(value, list):
                value = [await _stored_ceiling(means, text) for text in value]
            values[entry.name] = value
        return values

    async def change(self, means: Means, before: Setting, entry: Setting) -> str:
        """Set or propose one."""
        pairs = [(before, entry)]
        return await (self.propose if await self.weakening(means, pairs) else self.set)(means, pairs)

    async def remove(self, means: Means, before: Setting) -> None:
        """Do nothing: what the file does not name stays."""


class OwnRules:
    """The organisation's own rules: they change with the governance document, signed."""

    name = "rules"

    async def read(self, means: Means) -> dict[str, Rules]:
        """Return the rules in force."""
        means.actor.require("org:policy:read")
        return by_key(Rules(text=(await current_governance(means.session)).rules.strip()))

    async def add(self, means: Means, entry: Rules) -> str:
        """See `change`."""
        return await self.change(means, entry, entry)

    async def change(self, means: Means, before: Rules, entry: Rules) -> str:
        """Refuse: signatures stand for the rules, and a file carries none."""
        raise ByHand("the organisation's own rules come with a signed governance document: draft, sign and publish one")

    async def remove(self, means: Means, before: Rules) -> str:
        """See `change`."""
        return await self.change(means, before, before)


def _shown(name: str, value: Any, teams: dict[str, str]) -> Any:
    kind = ENUMS.get(name)
    if kind is not None and kind is not Zone:
        return str(kind(value).name).lower()
    if name == "input_ceilings":
        return [_with_team(text, teams) for text in value]
    return str(value) if kind is Zone else value


def _with_team(text: str, teams: dict[str, str]) -> str:
    team, _, rest = text.partition("/")
    return f"{teams.get(team, team)}/{rest}"


async def _stored_ceiling(means: Means, text: str) -> str:
    """Return a ceiling as it is stored: the team by its id. A name may hold a slash, a skill's cannot."""
    who, equals, word = text.rpartition("=")
    team, slash, skill = who.rpartition("/")
    ident = team if team == ANY or not slash else await means.team(team.strip())
    return f"{ident}{slash}{skill}{equals}{word}"
