"""Connectors that are enabled, what was decided of their tools, and the grants that open them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from colleague.connectors.accounts import AccountView, disable_connector, enable_connector, list_accounts
from colleague.connectors.connector import Connector, Field, Grant
from colleague.connectors.effect import effect_of
from colleague.connectors.grants import (
    Opened,
    Terms,
    change_grant,
    grant,
    list_grants,
    proposed,
    read_class,
    read_words,
    revoke,
    words_json,
)
from colleague.connectors.registry import fields_of
from colleague.connectors.tiers import decide_tool, tool_states
from colleague.governance.asfiles.parts.part import ByHand, Means, by_key
from colleague.governance.asfiles.shape import ConnectorEntry, GrantEntry, ToolEntry, numbered
from colleague.policy.detect import class_of_text
from colleague.policy.model import DataClass

# Better one setting too many that is given by hand than one secret in a file.
_SECRET = re.compile(
    r"://[^/\s@]*@|(?:token|passw(?:or)?d|passphrase|secret|credential|api[_-]?key|auth|bearer)"
    r"[\"']?(?:\s*[=:]\s*|\s+)\S",
    re.IGNORECASE,
)


class Connectors:
    """Enabled connectors. Of a secret only its name stands in the file; a value that holds one is left out."""

    name = "connectors"

    async def read(self, means: Means) -> dict[str, ConnectorEntry]:
        """Return what is enabled."""
        means.actor.require("org:connectors:read")
        known = {c.kind: c for c in await means.registry.now(means.session)}
        accounts = await list_accounts(means.session)
        servers = await means.foreign.servers(means.session, means.actor, means.registry)
        return by_key(
            *(
                _entry(known[a.connector], a, servers.get(a.connector, {}))
                for a in accounts
                if a.active and not a.person and a.connector in known
            )
        )

    async def add(self, means: Means, entry: ConnectorEntry) -> str:
        """Enable it; an MCP server is registered. Refused by hand if it cannot do without a secret."""
        known = {c.kind: c for c in await means.registry.now(means.session)}
        kept = {a.connector: a for a in await list_accounts(means.session) if not a.person}
        if entry.kind.startswith(means.foreign.prefix) and entry.kind not in known:
            if entry.secrets:
                names = ", ".join(entry.secrets)
                raise ByHand(f"register it under Connectors, MCP, and give its secrets there ({names})")
            about = {"title": entry.title, "transport": entry.transport, "sign_in": entry.sign_in}
            await means.foreign.register(
                means.session, means.actor, means.registry, entry.kind, about, entry.settings, ledger=means.ledger,
                secrets=means.secrets, clock=means.clock,
            )  # fmt: skip
            return "It reaches nobody before a tool is decided on and a team is given it."
        held = set(kept[entry.kind].secrets) if entry.kind in kept else set()
        if missing := sorted(set(entry.secrets) - held):
            raise ByHand(f"enable it under Connectors and give its secrets there ({', '.join(missing)})")
        return await self._enable(means, entry)

    async def _enable(self, means: Means, entry: ConnectorEntry) -> str:
        await enable_connector(
            means.session, means.actor, means.registry, entry.kind, entry.settings, ledger=means.ledger,
            secrets=means.secrets, clock=means.clock,
        )  # fmt: skip
        return "Enabled alone it reaches nobody."

    async def change(self, means: Means, before: ConnectorEntry, entry: ConnectorEntry) -> str:
        """Change its settings. Where a secret is kept, a file does not send it to another place."""
        if before.settings != entry.settings and before.secrets:
            raise ByHand("it keeps secrets, and these go nowhere else because of a file: change it under Connectors")
        if before.settings == entry.settings:
            raise ByHand("secrets and the kind of a server are not changed by files: do it under Connectors")
        return await self._enable(means, entry)

    async def remove(self, means: Means, before: ConnectorEntry) -> str:
        """Switch it off for everybody; an MCP server is taken away."""
        if before.kind.startswith(means.foreign.prefix):
            await means.foreign.remove(means.session, means.actor, before.kind, ledger=means.ledger, clock=means.clock)
        else:
            await disable_connector(means.session, means.actor, before.kind, ledger=means.ledger, clock=means.clock)
        return "Nobody reaches anything through it any more."


def _entry(connector: Connector, account: AccountView, server: Mapping[str, Any]) -> ConnectorEntry:
    fields = [f for f in fields_of(connector) if f.whose == "organisation"]
    shown = {f.name: account.config[f.name] for f in fields if not f.secret and f.name in account.config}
    withheld = {name for name, value in shown.items() if holds_secret(value)}
    return ConnectorEntry(
        kind=connector.kind, settings={n: _plain(v) for n, v in sorted(shown.items()) if n not in withheld},
        secrets=sorted(withheld | _organisations(fields, account)), **server,
    )  # fmt: skip


def _organisations(fields: list[Field], account: AccountView) -> set[str]:
    return {f.name for f in fields if f.secret} & set(account.secrets)


def _plain(value: Any) -> str | bool | int:
    return value if isinstance(value, bool | int) else str(value)


def holds_secret(value: Any) -> bool:
    """Say whether a setting that is no secret may hold one all the same: a password in an address, a key or token, or
    something that is named like one."""
    text = str(value)
    return bool(_SECRET.search(text)) or "access key" in class_of_text(text).categories


class Tools:
    """What was decided of each tool, pinned to its definition: another definition is decided on by a person."""

    name = "tools"

    async def read(self, means: Means) -> dict[str, ToolEntry]:
        """Return every decision on a tool of a connector that is enabled."""
        means.actor.require("org:connectors:read")
        decided = (await tool_states(means.session)).decided
        on = {a.connector for a in await list_accounts(means.session) if a.active and not a.person} | means.wanted
        words = await means.foreign.words(means.session, means.actor, means.registry)
        found = []
        for name, (connector, _) in (await means.registry.now(means.session)).tools().items():
            if name in decided and connector.kind in on:
                pin, state = decided[name]
                if state != "pending":
                    found.append(ToolEntry(name=name, state=state, hash=pin, **words.get(name, {})))
        return by_key(*found)

    async def add(self, means: Means, entry: ToolEntry) -> str:
        """Decide as the file says, if the tool is the one it says."""
        known = (await means.registry.now(means.session)).tools()
        if entry.name not in known:
            raise ByHand("there is no such tool here: list the server's tools first, then apply again")
        connector, tool = known[entry.name]
        if entry.state == "approved" and connector.kind.startswith(means.foreign.prefix):
            await self._classify(means, entry)
        elif entry.state == "approved" and tool.hash != entry.hash:
            raise ByHand("its definition is another one here: look at it under Connectors and decide there")
        else:
            await decide_tool(
                means.session, means.actor, means.registry, entry.name, entry.state, ledger=means.ledger,
                clock=means.clock,
            )  # fmt: skip
        return "The agent may use it where it is opened." if entry.state == "approved" else "The agent may not use it."

    async def _classify(self, means: Means, entry: ToolEntry) -> None:
        if not entry.tier or not entry.data_class:
            raise ByHand("a tool of a server needs its tier and class in the file")
        word = entry.model_dump(include={"tier", "data_class", "egress", "reason"})
        await means.foreign.classify(
            means.session, means.actor, means.registry, entry.name, word, ledger=means.ledger, clock=means.clock
        )
        now = (await self.read(means)).get(entry.name)
        if now is None or now.hash != entry.hash:
            # The savepoint around this call takes the decision back.
            raise ByHand("its definition is another one here: look at it under Connectors, MCP, and decide there")

    async def change(self, means: Means, before: ToolEntry, entry: ToolEntry) -> str:
        """Decide anew."""
        return await self.add(means, entry)

    async def remove(self, means: Means, before: ToolEntry) -> str:
        """Refuse: a decision is not forgotten."""
        raise ByHand("a decision on a tool is not forgotten: write blocked, or switch its connector off")


class Grants:
    """What is open to whom, of connectors that are enabled. One whose end has passed opens nothing and is left out."""

    name = "grants"

    async def read(self, means: Means) -> dict[str, GrantEntry]:
        """Return the grants that hold."""
        return {key: entry for key, (entry, _) in (await self._held(means)).items()}

    async def _held(self, means: Means) -> dict[str, tuple[GrantEntry, Opened]]:
        means.actor.require("org:connectors:read")
        teams = {ident: name for name, ident in (await means.team_ids()).items()}
        on = {a.connector for a in await list_accounts(means.session) if a.active and not a.person} | means.wanted
        held: dict[str, tuple[GrantEntry, Opened]] = {}
        for opened in await list_grants(means.session, clock=means.clock):
            g = opened.grant
            if g.connector not in on:
                continue
            entry = GrantEntry(
                connector=g.connector, team=teams.get(g.team, g.team), role=g.role, places=sorted(g.places),
                may_write=g.may_write, ceiling=_class(g.ceiling), place_class=_class(g.place_class), trusted=g.trusted,
                tools=_tools(g), reason=opened.reason,
                until=opened.expires_at.isoformat() if opened.expires_at else "",
            )  # fmt: skip
            held[numbered(held, entry)] = (entry, opened)
        return held

    async def add(self, means: Means, entry: GrantEntry) -> str:
        """Open it."""
        if entry.until and datetime.fromisoformat(entry.until) <= means.clock.now():
            raise ByHand("its end has passed, so it opens nothing: take it out of the file, or give it another end")
        holder = await means.holder(entry.team, entry.role)
        terms = _terms(entry)
        after = await proposed(
            means.session, means.actor, means.registry, entry.connector, holder, terms, clock=means.clock
        )
        effect = await effect_of(means.session, means.actor, None, after, clock=means.clock)
        await grant(
            means.session, means.actor, means.registry, entry.connector, holder, terms.places, reason=terms.reason,
            may_write=terms.may_write, ceiling=terms.ceiling, place_class=terms.place_class, trusted=terms.trusted,
            expires_at=terms.expires_at, tools=terms.tools, ledger=means.ledger, clock=means.clock,
        )  # fmt: skip
        return effect.sentence

    async def change(self, means: Means, before: GrantEntry, entry: GrantEntry) -> str:
        """Put it on other terms."""
        old, terms = await self._newest(means, before), _terms(entry)
        after = await proposed(
            means.session, means.actor, means.registry, entry.connector, old.grant.holder, terms, clock=means.clock,
            grant_id=old.id,
        )  # fmt: skip
        effect = await effect_of(means.session, means.actor, old, after, clock=means.clock)
        await change_grant(
            means.session, means.actor, means.registry, old.id, terms, ledger=means.ledger, clock=means.clock
        )
        return effect.sentence

    async def _newest(self, means: Means, entry: GrantEntry) -> Opened:
        """Return the newest grant on exactly these terms: of two that are the same it does not matter which."""
        return next(opened for held, opened in reversed((await self._held(means)).values()) if held == entry)

    async def remove(self, means: Means, before: GrantEntry) -> str:
        """Revoke it."""
        old = await self._newest(means, before)
        effect = await effect_of(means.session, means.actor, old, None, clock=means.clock)
        await revoke(means.session, means.actor, old.id, ledger=means.ledger, clock=means.clock)
        return effect.sentence


def _tools(given: Grant) -> Any:
    return words_json(given.tools)


def _class(value: DataClass) -> Any:
    return value.name.lower()


def _terms(entry: GrantEntry) -> Terms:
    return Terms(
        entry.places, entry.may_write, read_class(entry.ceiling), read_class(entry.place_class), entry.trusted,
        read_words(entry.tools), entry.reason, datetime.fromisoformat(entry.until) if entry.until else None,
    )  # fmt: skip
