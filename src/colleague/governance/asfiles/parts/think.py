"""Model providers without their keys, what is on record of their papers, routes and ceilings of spending."""

from datetime import date
from typing import Any

from colleague.governance.asfiles.parts.part import ByHand, Means, by_key
from colleague.governance.asfiles.shape import CeilingEntry, PaperEntry, ProviderEntry, RouteEntry
from colleague.models.ceilings import EACH, list_ceilings, remove_ceiling, set_ceiling
from colleague.models.model import KINDS, Paper, Provider
from colleague.models.papers import attest, sign_baa, withdraw_paper
from colleague.models.providers import Wanted, add_provider, change_provider, disable_provider, enable_provider
from colleague.models.routes import remove_route, set_route
from colleague.models.store import get_provider, list_providers, list_routes


class Providers:
    """Providers, switched off or on by `Switches` after their papers are here. A key is given by hand."""

    name = "providers"

    async def read(self, means: Means) -> dict[str, ProviderEntry]:
        """Return the providers."""
        means.actor.require("org:models:read")
        return by_key(*(_provider(p) for p in await list_providers(means.session)))

    async def add(self, means: Means, entry: ProviderEntry) -> str:
        """Store it, switched off."""
        await add_provider(
            means.session, means.actor, entry.name, _wanted(entry), ledger=means.ledger, secrets=means.secrets,
            clock=means.clock,
        )  # fmt: skip
        return "It begins switched off, without a key."

    async def change(self, means: Means, before: ProviderEntry, entry: ProviderEntry) -> str | None:
        """Change it, and switch it off if the file says so. `Switches` switches on, later."""
        if _wanted(before) == _wanted(entry) and entry.enabled:
            return None
        if before.enabled and not entry.enabled:
            await disable_provider(means.session, means.actor, entry.name, ledger=means.ledger, clock=means.clock)
        if _wanted(before) != _wanted(entry):
            await change_provider(
                means.session, means.actor, entry.name, _wanted(entry), ledger=means.ledger, secrets=means.secrets,
                clock=means.clock,
            )  # fmt: skip
        if before.enabled and not entry.enabled:
            return "No run asks it any more."
        return ""

    async def remove(self, means: Means, before: ProviderEntry) -> str:
        """Switch it off: what it was asked stays on record."""
        if not before.enabled:
            raise ByHand("a provider is not deleted, because the past refers to it; it is switched off")
        await disable_provider(means.session, means.actor, before.name, ledger=means.ledger, clock=means.clock)
        return "It is switched off and stays on record."


class Switches:
    """Switches providers on, once their papers are in force. It writes nothing of its own into the files."""

    name = "providers"

    async def read(self, means: Means) -> dict[str, ProviderEntry]:
        """Return the providers."""
        return await Providers().read(means)

    async def add(self, means: Means, entry: ProviderEntry) -> None:
        """Do nothing: `Providers` was here before."""

    async def change(self, means: Means, before: ProviderEntry, entry: ProviderEntry) -> str | None:
        """Switch it on, if its key is here; its attestation is asked for by the deed (DA-4)."""
        if before.enabled or not entry.enabled:
            return None
        provider = await get_provider(means.session, entry.name)
        if "key" in KINDS[provider.kind].needs and not provider.has_key:
            raise ByHand("give its key under Models and switch it on there: keys are in no file")
        await enable_provider(means.session, means.actor, entry.name, ledger=means.ledger, clock=means.clock)
        return "Runs may ask it from now on."

    async def remove(self, means: Means, before: ProviderEntry) -> None:
        """Do nothing: `Providers` was here before."""


def _provider(p: Provider) -> ProviderEntry:
    return ProviderEntry(
        name=p.name, kind=p.kind.value, zone=p.zone.value, ceiling=_class(p), enabled=p.enabled, address=p.address,
        region=p.region, project=p.project, version=p.version, streams=p.streams,
    )  # fmt: skip


def _class(p: Provider) -> Any:
    return p.ceiling.name.lower()


def _wanted(e: ProviderEntry) -> Wanted:
    return Wanted(e.kind, e.zone, e.ceiling, e.address, e.region, e.project, e.version, e.streams)


class Papers:
    """Attestations and agreements that were not withdrawn: what is on record of them."""

    name = "papers"

    async def read(self, means: Means) -> dict[str, PaperEntry]:
        """Return the papers of every provider."""
        return {key: entry for key, (entry, _) in (await self._held(means)).items()}

    async def _held(self, means: Means) -> dict[str, tuple[PaperEntry, str]]:
        means.actor.require("org:models:read")
        pairs = [(_paper(p.name, paper), paper.id) for p in await list_providers(means.session) for paper in p.papers]
        return {entry.key: (entry, ident) for entry, ident in pairs}

    async def add(self, means: Means, entry: PaperEntry) -> str:
        """Store it; an expired one is refused by the deed."""
        signed = date.fromisoformat(entry.signed_on)
        until = date.fromisoformat(entry.expires_on) if entry.expires_on else None
        if until is not None and until < means.clock.now().date():
            raise ByHand("it has expired: store the one that holds today, under Models")
        if entry.kind == "baa":
            await sign_baa(
                means.session, means.actor, entry.provider, document=entry.document, counterparty=entry.counterparty,
                scope=entry.scope, signed_on=signed, expires_on=until, ledger=means.ledger, clock=means.clock,
            )  # fmt: skip
            return ""
        if until is None:
            raise ByHand("an attestation names the day it expires")
        await attest(
            means.session, means.actor, entry.provider, document=entry.document, signed_on=signed, expires_on=until,
            covers=entry.covers, ledger=means.ledger, clock=means.clock,
        )  # fmt: skip
        return ""

    async def change(self, means: Means, before: PaperEntry, entry: PaperEntry) -> str:
        """Do nothing: a paper is its key, it is never edited."""
        return ""

    async def remove(self, means: Means, before: PaperEntry) -> str:
        """Withdraw it: it counts no longer from the next turn on."""
        ident = (await self._held(means))[before.key][1]
        await withdraw_paper(means.session, means.actor, ident, ledger=means.ledger, clock=means.clock)
        return "It counts no longer from the next turn on."


def _paper(provider: str, p: Paper) -> PaperEntry:
    return PaperEntry(
        provider=provider, kind="baa" if p.kind == "baa" else "no-training",
        document=p.document, counterparty=p.counterparty, covers=sorted(p.covers),
        scope=p.scope, signed_on=p.signed_on.isoformat(), expires_on=p.expires_on.isoformat() if p.expires_on else "",
    )  # fmt: skip


class Routes:
    """Which models think for which tasks."""

    name = "routes"

    async def read(self, means: Means) -> dict[str, RouteEntry]:
        """Return the routes, those of teams by the team's name."""
        return {key: entry for key, (entry, _) in (await self._held(means)).items()}

    async def _held(self, means: Means) -> dict[str, tuple[RouteEntry, str]]:
        means.actor.require("org:models:read")
        teams = {ident: name for name, ident in (await means.team_ids()).items()}
        held = {}
        for r in await list_routes(means.session):
            subject = teams.get(r.subject, r.subject) if r.target == "team" else r.subject
            entry = RouteEntry.model_validate({"target": r.target, "subject": subject, "chain": list(r.chain)})
            held[entry.key] = (entry, r.id)
        return held

    async def add(self, means: Means, entry: RouteEntry) -> str:
        """Set the route."""
        subject = await means.team(entry.subject) if entry.target == "team" else entry.subject
        await set_route(
            means.session, means.actor, entry.target, subject, entry.chain, ledger=means.ledger, clock=means.clock
        )
        return ""

    async def change(self, means: Means, before: RouteEntry, entry: RouteEntry) -> str:
        """Set the route anew."""
        return await self.add(means, entry)

    async def remove(self, means: Means, before: RouteEntry) -> str:
        """Remove the route."""
        ident = (await self._held(means))[before.key][1]
        await remove_route(means.session, means.actor, ident, ledger=means.ledger)
        return "Its tasks take the next wider route."


class Ceilings:
    """Ceilings of spending, but those of single people: people are not configuration."""

    name = "ceilings"

    async def read(self, means: Means) -> dict[str, CeilingEntry]:
        """Return the ceilings of the organisation, of teams, and for each person or team."""
        means.actor.require("org:models:read")
        teams = {ident: name for name, ident in (await means.team_ids()).items()}
        found = []
        for row in await list_ceilings(means.session):
            each = row.subject == EACH
            if row.scope == "person" and not each:
                continue
            team = teams.get(row.subject, row.subject) if row.scope == "team" and not each else ""
            value = {"scope": row.scope, "team": team, "each": each, "micros": row.micros}
            found.append(CeilingEntry.model_validate(value))
        return by_key(*found)

    async def add(self, means: Means, entry: CeilingEntry) -> str:
        """Set the ceiling."""
        subject = await self._subject(means, entry)
        await set_ceiling(
            means.session, means.actor, entry.scope, subject, entry.micros, ledger=means.ledger, clock=means.clock
        )
        return ""

    async def _subject(self, means: Means, entry: CeilingEntry) -> str:
        if entry.each:
            return EACH
        return await means.team(entry.team) if entry.team else ""

    async def change(self, means: Means, before: CeilingEntry, entry: CeilingEntry) -> str:
        """Set the ceiling anew."""
        return await self.add(means, entry)

    async def remove(self, means: Means, before: CeilingEntry) -> str:
        """Remove the ceiling."""
        subject = await self._subject(means, before)
        await remove_ceiling(means.session, means.actor, before.scope, subject, ledger=means.ledger)
        return ""
