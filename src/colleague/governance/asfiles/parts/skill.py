"""Skills: which packages are approved, by the hash of what is in them, and which skills are switched off."""

from colleague.governance.asfiles.parts.part import ByHand, Means, by_key
from colleague.governance.asfiles.shape import SkillEntry, SwitchEntry
from colleague.plugins.model import State
from colleague.plugins.packages import decide_package, remove_package, switch_skill
from colleague.plugins.store import list_packages, switched_off
from colleague.plugins.tables import SkillPackageRow


class Approved:
    """Packages that the organisation approved. Their text is in no file: somebody hands it in."""

    name = "approved"

    async def read(self, means: Means) -> dict[str, SkillEntry]:
        """Return the approved packages."""
        rows = [r for r in await self._rows(means) if r.state == State.APPROVED]
        teams = {ident: name for name, ident in (await means.team_ids()).items()}
        return by_key(
            *(SkillEntry(name=r.name, sha256=r.sha256, teams=sorted(teams.get(t, t) for t in r.teams)) for r in rows)
        )

    async def _rows(self, means: Means) -> list[SkillPackageRow]:
        return list(await list_packages(means.session, "", everyones=True))

    async def add(self, means: Means, entry: SkillEntry) -> str:
        """Approve the package with this hash, if somebody else has handed it in."""
        rows = [r for r in await self._rows(means) if (r.state, r.sha256) == (State.SUBMITTED, entry.sha256)]
        if not rows:
            raise ByHand("no package with this hash has been handed in here: add it under Skills and hand it in")
        teams = [await means.team(name) for name in entry.teams]
        await decide_package(
            means.session, means.actor, rows[0].id, approve=True, sha256=entry.sha256, teams=teams,
            reason="Approved in the configuration files.", ledger=means.ledger, clock=means.clock,
        )  # fmt: skip
        return f"For {', '.join(entry.teams) or 'everybody'}."

    async def change(self, means: Means, before: SkillEntry, entry: SkillEntry) -> str:
        """Approve another version; the teams of an approved one stay as they were decided."""
        if before.sha256 == entry.sha256:
            raise ByHand("its teams were decided with the approval: hand it in again, and decide under Skills")
        return await self.add(means, entry)

    async def remove(self, means: Means, before: SkillEntry) -> str:
        """Take the package away."""
        row = next(r for r in await self._rows(means) if r.state == State.APPROVED and r.name == before.name)
        await remove_package(means.session, means.actor, row.id, ledger=means.ledger)
        return "Nobody may use its skills any more."


class SwitchedOff:
    """Skills that are switched off for everybody."""

    name = "switched_off"

    async def read(self, means: Means) -> dict[str, SwitchEntry]:
        """Return the skills that are switched off."""
        off = await switched_off(means.session)
        return by_key(*(SwitchEntry(name=row.name, reason=row.reason) for row in off.values()))

    async def add(self, means: Means, entry: SwitchEntry) -> str:
        """Switch it off."""
        await switch_skill(
            means.session, means.actor, entry.name, on=False, reason=entry.reason, ledger=means.ledger,
            clock=means.clock,
        )  # fmt: skip
        return "Nobody may use it."

    async def change(self, means: Means, before: SwitchEntry, entry: SwitchEntry) -> str:
        """Say another reason: off and on record again."""
        await self.remove(means, before)
        return await self.add(means, entry)

    async def remove(self, means: Means, before: SwitchEntry) -> str:
        """Switch it on again."""
        await switch_skill(means.session, means.actor, before.name, on=True, ledger=means.ledger, clock=means.clock)
        return "People may use it again."
