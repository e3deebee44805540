"""A person signs in at a server (OAuth 2.1 with PKCE, by the SDK's provider): shown what is asked, then sent there.

A sign-in under way lives in the process of the page that began it, for ten minutes at most; what comes of it is sealed.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from colleague.connectors.mcp.full_access import excepted, opens_everything
from colleague.connectors.mcp.oauth import granted
from colleague.connectors.mcp.server import Server, hosts_of
from colleague.connectors.mcp.session import silence_sdk
from colleague.connectors.mcp.words import plain
from colleague.kit.clock import Clock
from colleague.kit.errors import Conflict, Failure, Unavailable
from colleague.kit.http import Egress, HostNotAllowed
from colleague.kit.http_client import Door

PERSON, MACHINE, MOST = 600.0, 30.0, 500
PATH = "/connectors/mcp/signed-in"


class SignInFailed(Unavailable):
    """Signing in did not work: {why}."""


class NoSuchSignIn(Conflict):
    """This sign-in is not under way any more. Start it again from the connectors page."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person is asked to agree to, shown before they go there: host, address, scopes and for what."""

    server: Server
    url: str
    host: str
    scopes: tuple[str, ...]
    resource: str


@dataclass
class _Flow:
    person: str
    server: Server
    sent: asyncio.Future[str]
    back: asyncio.Future[tuple[str, str, str]]
    grant: dict[str, Any] = field(default_factory=dict, repr=False)
    task: "asyncio.Task[None] | None" = None


class _Storage:
    """Keeps what the SDK's provider stores, in the flow; a client that was registered beforehand is given to it."""

    def __init__(self, flow: _Flow, client: dict[str, Any] | None, clock: Clock) -> None:
        self._flow, self._client, self._clock = flow, client, clock

    async def get_tokens(self) -> Any:
        return None

    async def set_tokens(self, tokens: Any) -> None:
        self._flow.grant |= granted(tokens.model_dump(mode="json", exclude_none=True), self._clock)

    async def get_client_info(self) -> Any:
        from mcp.shared.auth import OAuthClientInformationFull

        if self._client:
            self._flow.grant["client"] = self._client
        return OAuthClientInformationFull.model_validate(self._client) if self._client else None

    async def set_client_info(self, client_info: Any) -> None:
        self._flow.grant["client"] = client_info.model_dump(mode="json", exclude_none=True)


class SignIns:
    """The sign-ins under way in this process."""

    def __init__(self, *, egress: Egress, clock: Clock, base_url: str) -> None:
        """Take the door for calls out, the clock, and the address people use (for the way back)."""
        self._egress, self._clock, self._back = egress, clock, f"{base_url}{PATH}"
        self._flows: dict[str, _Flow] = {}

    async def begin(
        self, person: str, server: Server, config: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> Consent:
        """Find out where `person` signs in and what is asked there. Raises SignInFailed and what Egress refuses."""
        loop = asyncio.get_running_loop()
        flow = _Flow(person, server, loop.create_future(), loop.create_future())
        door = Door(self._egress, hosts_of(str(config["url"]), config.get("auth_hosts")), size_limit=2_000_000)
        flow.task = asyncio.create_task(self._run(flow, door, config, secrets))
        try:
            either: set[asyncio.Future[Any]] = {flow.task, flow.sent}
            await asyncio.wait(either, timeout=MACHINE, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            flow.task.cancel()
            raise
        if not flow.sent.done():
            flow.task.cancel()
            await asyncio.gather(flow.task, return_exceptions=True)
            raise _why(flow.task, door)
        url = flow.sent.result()
        asked = parse_qs(urlsplit(url).query)
        host = urlsplit(url).hostname or ""
        if urlsplit(url).scheme not in ("https", "http") or host not in hosts_of(
            str(config["url"]), config.get("auth_hosts")
        ):
            flow.task.cancel()
            raise SignInFailed(why=f"the server sends people to {plain(host, 80)}, which is no named sign-in host")
        while len(self._flows) >= MOST:
            self._forget(next(iter(self._flows)))
        self._flows[asked["state"][0]] = flow
        loop.call_later(PERSON, self._forget, asked["state"][0])
        scopes = tuple(" ".join(asked.get("scope", [])).split())
        if (full := opens_everything(scopes)) and not excepted(config, self._clock.now()):
            self._forget(asked["state"][0])
            raise SignInFailed(
                why=f"«{plain(full[0], 80)}» gives full access, and no exception with a reason and a last day is on "
                "record for it. An administrator can name narrower scopes"
            )
        return Consent(server, url, host, scopes, " ".join(asked.get("resource", [])))

    async def finish(self, person: str, *, state: str, code: str, issuer: str, error: str) -> tuple[Server, str]:
        """Take what the person came back with; return the server and the grant to seal.

        Raises NoSuchSignIn, SignInFailed.
        """
        flow = self._flows.get(state)
        if flow is None or flow.task is None or flow.person != person:
            raise NoSuchSignIn
        if error or not code:
            self._forget(state)
            raise SignInFailed(why=f"the server says «{plain(error or 'no code', 80)}»")
        flow.back.set_result((code, state, issuer))
        try:
            async with asyncio.timeout(MACHINE):
                await asyncio.gather(flow.task, return_exceptions=True)
        except TimeoutError:
            raise SignInFailed(why="the server did not answer in time") from None
        finally:
            self._forget(state)
        if not flow.grant.get("access_token"):
            raise _why(flow.task, None)
        return flow.server, json.dumps(flow.grant)

    def _forget(self, state: str) -> None:
        flow = self._flows.pop(state, None)
        if flow is not None and flow.task is not None:
            flow.task.cancel()

    async def _run(self, flow: _Flow, door: Door, config: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        """Read the tools, which needs a sign-in: the SDK's provider does the rest, and waits for the person."""
        silence_sdk()
        from mcp.client.auth import OAuthClientProvider
        from mcp.client.client import Client
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

        async def go(url: str) -> None:
            flow.sent.set_result(url)

        async def come_back() -> AuthorizationCodeResult:
            code, state, issuer = await flow.back
            return AuthorizationCodeResult(code=code, state=state, iss=issuer or None)

        about = OAuthClientMetadata.model_validate(
            {
                "client_name": "Colleague", "redirect_uris": [self._back], "response_types": ["code"],
                "grant_types": ["authorization_code", "refresh_token"], "scope": config.get("scopes") or None,
                "token_endpoint_auth_method": "client_secret_basic" if secrets.get("client_secret") else "none",
            }
        )  # fmt: skip
        url = str(config["url"])
        storage = _Storage(flow, _client(config, secrets, self._back), self._clock)
        provider = OAuthClientProvider(url, about, storage, go, come_back)
        try:
            async with door.client() as http:
                http.auth = provider
                # Some servers greet everybody, and ask for a sign-in only when their tools are read.
                async with Client(streamable_http_client(url, http_client=http), cache=None) as client:
                    await client.session.list_tools()
        finally:
            context = provider.context
            if context.oauth_metadata is not None:
                flow.grant["token_endpoint"] = str(context.oauth_metadata.token_endpoint)
                flow.grant["issuer"] = str(context.oauth_metadata.issuer)
            flow.grant["resource"] = context.get_resource_url()


def _client(config: Mapping[str, Any], secrets: Mapping[str, str], back: str) -> dict[str, Any] | None:
    """Return the client that an administrator registered at the sign-in server, if they did."""
    if not config.get("client_id"):
        return None
    secret = secrets.get("client_secret")
    return {
        "client_id": str(config["client_id"]), "redirect_uris": [back],
        "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
        **({"client_secret": secret} if secret else {}),
    }  # fmt: skip


def _why(task: "asyncio.Task[None]", door: Door | None) -> Failure:
    """Return why a flow ended without a grant, without repeating what the server said: it may hold a token."""
    if door is not None and isinstance(door.failure, HostNotAllowed):
        host = plain(str(door.failure.details.get("host", "")), 80)
        return SignInFailed(why=f"the server names {host} for it; name that host under the server's sign-in hosts")
    if door is not None and door.failure is not None:
        return door.failure
    error = task.exception() if task.done() and not task.cancelled() else None
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is None:
        return SignInFailed(why="the server did not ask for it, or did not answer in time")
    return SignInFailed(why=f"the server does not follow the protocol ({type(error).__name__})")
