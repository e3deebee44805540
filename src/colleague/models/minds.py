"""From an entry of a chain to a model that can be asked, and what policy must know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from colleague.agent.llm import Llm, ModelRejects
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Failure
from colleague.kit.secrets import Secrets
from colleague.kit.settings import Settings
from colleague.models.model import DEPLOYMENT, KINDS, Kind, NoSuchProvider, Price
from colleague.models.papers import deployed_paper
from colleague.models.providers import checked_address, open_key
from colleague.models.routes import parted
from colleague.models.store import find_price, get_row, provider_values
from colleague.policy.model import DataClass, Zone
from colleague.policy.thinking import Thought

CONNECTED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Mind:
    """A model in a chain: its entry, provider and model, its price, and the question about it without the label.

    `window`: how many tokens it can be given at once; 0 for what is part of the product and has no such limit.
    """

    entry: str
    provider: str
    model: str
    thought: Thought
    price: Price | None = None
    window: int = 0
    stamp: str = ""
    line: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def free(self) -> bool:
        """Say whether asking it costs nothing: it runs on own machines and nobody stored a price for it."""
        return self.thought.own and self.price is None


class Minds:
    """Finds and connects models. A connection is made anew when its provider has changed."""

    def __init__(self, *, settings: Settings, secrets: Secrets, clock: Clock, others: Mapping[str, Llm]) -> None:
        """Take the deployment settings, what opens keys, and the models that are known from the start.

        Of these, `provider:model` stands behind a provider's record and is weighed like it; the others are built in.
        `paper` is the attestation of the deployment's model, if there is one. Raises BadPaper.
        """
        self._settings, self._secrets, self._clock = settings, secrets, clock
        self.paper = deployed_paper(settings.model_attestation)
        self._others = dict(others)
        self._connected: dict[str, tuple[str, Any, Any]] = {}

    @property
    def deployed(self) -> str:
        """The model of the deployment settings."""
        return self._settings.model

    def is_built_in(self, entry: str) -> bool:
        """Say whether an entry is part of the product; `provider:model` never is, whoever stands behind it."""
        return entry in self._others and ":" not in entry

    async def find(self, session: Session, entry: str, person: str) -> Mind:
        """Return the model that an entry names, as it stands today. Raises NoSuchProvider."""
        if entry == DEPLOYMENT:
            entry = self._settings.model
        if self.is_built_in(entry):
            own = Thought(person, entry, "built-in", Zone.OWN, True, own=True, ceiling=DataClass.RESTRICTED)
            return Mind(entry, entry, "", own)
        provider, model = parted(entry)
        if entry == self._settings.model:
            mind = self._of_deployment(entry, provider, model, person)
            price = await find_price(session, DEPLOYMENT, model)
            return replace(mind, price=price, window=self._window(price))
        row = await get_row(session, provider)
        value = (await provider_values(session, [row]))[0]
        today = self._clock.now().date()
        complete = all(value.has_key if n == "key" else getattr(value, n) for n in KINDS[value.kind].needs)
        thought = Thought(
            person, provider, value.kind.value, value.zone, value.enabled and complete and bool(model), own=value.own,
            attested=value.attested(today), attested_fully=value.attested_fully(today), baa=value.agreed(today),
            ceiling=value.ceiling,
        )  # fmt: skip
        line = {
            "kind": value.kind.value, "address": value.address, "region": value.region, "project": value.project,
            "version": value.version, "streams": value.streams, "id": row.id, "sealed": row.sealed,
        }  # fmt: skip
        price = await find_price(session, provider, model)
        stamp = f"{row.id}:{row.changed_at.isoformat()}"
        return Mind(entry, provider, model, thought, price, self._window(price), stamp, line)

    def _window(self, price: Price | None) -> int:
        return (price.window if price else 0) or self._settings.model_window

    def _of_deployment(self, entry: str, kind: str, model: str, person: str) -> Mind:
        known = kind in (Kind.ANTHROPIC, Kind.OPENAI, Kind.COMPATIBLE, Kind.GOOGLE) and bool(model)
        zone, address = Zone(self._settings.model_zone), (self._settings.model_base_url or "").rstrip("/")
        own = zone is Zone.OWN or _inner(address)
        paper = self.paper if self.paper and self.paper.holds(self._clock.now().date()) else None
        thought = Thought(
            person, DEPLOYMENT, kind, Zone.OWN if own else zone, known, own=own, attested=paper is not None,
            attested_fully=paper is not None and paper.whole, ceiling=DataClass.CONFIDENTIAL,
        )  # fmt: skip
        return Mind(entry, DEPLOYMENT, model, thought, None, 0, "settings", {"kind": kind, "address": address})

    async def connect(self, mind: Mind) -> Llm:
        """Return the model, connected. Raises ModelRejects in words if it is not set up completely."""
        if mind.entry in self._others:
            return self._others[mind.entry]
        stamp, known, _ = self._connected.get(mind.entry, ("", None, None))
        if known is not None and stamp == mind.stamp:
            return cast(Llm, known)
        await self.forget(mind.entry)
        if len(self._connected) >= CONNECTED_AT_ONCE:
            await self.forget(next(iter(self._connected)))
        # Large packages: imported in the process that asks a live model, and only there.
        from colleague.agent.llms.remote.connect import connect
        from colleague.models.wire import Line, check_host, client

        given = dict(mind.line)
        row, sealed = given.pop("id", ""), given.pop("sealed", None)
        private = self._settings.egress_private
        try:
            if row:
                key = open_key(row, sealed, self._secrets)
            else:
                key = self._settings.model_api_key.get_secret_value() if self._settings.model_api_key else ""
            if given["kind"] == Kind.BEDROCK and given["address"]:
                await check_host(given["address"], own=mind.thought.own, private=private)
        except Failure as failure:
            raise ModelRejects(f"The model «{mind.entry}» cannot be used. {failure.message}") from None
        http = client(own=mind.thought.own, private=private)
        llm = connect(mind.entry, mind.model, Line(key=key, client=http, **given))
        self._connected[mind.entry] = (mind.stamp, llm, http)
        return llm

    async def forget(self, entry: str) -> None:
        """Close the connection to a model, if there is one."""
        _, llm, http = self._connected.pop(entry, ("", None, None))
        if llm is not None and http is not None:
            llm.close()
            await http.aclose()

    async def close(self) -> None:
        """Close all connections."""
        for entry in list(self._connected):
            await self.forget(entry)


def _inner(address: str) -> bool:
    """Say whether an address is written as one of this machine or of a private network."""
    if not address:
        return False
    try:
        checked_address(address, own=False)
    except Failure:
        try:
            checked_address(address, own=True)
        except Failure:
            return False
        from urllib.parse import urlsplit

        from colleague.kit.addresses import host_of, is_inner

        return is_inner(host_of(urlsplit(address).hostname or ""))
    return False


__all__ = ["Mind", "Minds", "NoSuchProvider"]
