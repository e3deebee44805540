"""Once a provider works, an owner may close every local route but one sealed account, whose use alarms (ID-5)."""

import re

import httpx
import pytest
from sqlalchemy import select
from tests.identity.sso.conftest import World

from colleague.identity.actor import SYSTEM
from colleague.identity.directory import actor_of
from colleague.identity.links.first_run import invite
from colleague.identity.local_routes import LocalRouteClosed
from colleague.identity.passwords import set_password
from colleague.identity.people import Reserved, assign_role, create_person, set_active
from colleague.identity.seats.hold import Limit, NoSeat, seats_held, set_limit
from colleague.identity.sessions import open_session
from colleague.identity.tables import PersonRow, ProviderRow, SsoLinkRow
from colleague.identity.tokens import create_token
from colleague.testing.idp import FakeIdp

pytestmark = pytest.mark.anyio
PASSWORD, SEALED = "four green ladders 9", "break-glass@localhost"


async def inside(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).status_code == 200


async def with_password(world: World, email: str, password: str = PASSWORD) -> tuple[httpx.AsyncClient, httpx.Response]:
    client = await world.browser()
    return client, await client.post("/sign-in", data={"email": email, "password": password})


async def tried(world: World) -> httpx.AsyncClient:
    """Set everything up until passwords may be switched off; return the owner's browser."""
    owner = await world.set_up()
    early = await owner.post("/sign-on/passwords", data={"deed": "close"})
    assert early.status_code == 409
    assert "signed in for a test" in early.text
    page = await owner.get(await world.there(owner, "owner", "/sign-on/corp/try"))
    assert "would be refused" in page.text, "not linked yet"
    assert (await owner.post("/sign-on/passwords", data={"deed": "close"})).status_code == 409
    await world.connect("owner", owner)
    before = await world.scalar("SELECT count(*) FROM sign_ins")
    page = await owner.get(await world.there(owner, "owner", "/sign-on/corp/try"))
    assert page.status_code == 200, page.text
    for words in ("would sign in", "Olga Owner", "owner@aldermoor.example", "sub-owner", "Staff"):
        assert words in page.text
    assert await world.scalar("SELECT count(*) FROM sign_ins") == before, "a test signs nobody in"
    return owner


async def close(world: World, owner: httpx.AsyncClient) -> str:
    page = await owner.post("/sign-on/passwords", data={"deed": "close"})
    assert page.status_code == 200, page.text
    return str(re.search(r'<pre class="cl-pre">([a-z0-9-]+)</pre>', page.text)[1])  # type: ignore[index]


async def test_no_local_route_is_left_but_the_sealed_account_whose_use_alarms(world: World, idp: FakeIdp) -> None:
    owner, house = await tried(world), world.home.house
    ana = world.home.people["ana"]
    async with house.database.transaction() as session:
        await set_password(session, ana.id, PASSWORD, by=ana.id, ledger=house.ledger)
        link = await invite(
            session,
            world.home.people["owner"],
            ana.id,
            invitations=house.invitations,
            ledger=house.ledger,
            clock=house.clock,
        )
    local, _ = await with_password(world, ana.email)
    assert await inside(local)
    sealed = await close(world, owner)
    assert not await inside(local), "sessions that the provider did not open end"
    assert not await inside(owner)
    _, refused = await with_password(world, ana.email)
    assert refused.status_code == 403
    assert "identity provider" in refused.text
    for how in ("password", "passkey", "link", "demo"):
        with pytest.raises(LocalRouteClosed):
            async with house.database.transaction() as session:
                await open_session(session, ana.id, how=how, device="t", ledger=house.ledger, clock=house.clock)
    accept = await (await world.browser()).post(link, data={"password": "seven red bicycles 4"})
    assert accept.status_code in (403, 404)
    owner = await world.browser()
    assert (await world.sign_in("owner", owner)).status_code == 303, "the provider is the way in"
    assert (await owner.post(f"/people/{ana.id}/invite")).status_code == 403
    assert (await owner.post("/me/password", data={"password": PASSWORD})).status_code == 403
    assert (await owner.post("/sign-on/corp/switch", data={"on": "false"})).status_code == 409, "the last provider"
    assert (await owner.post("/sign-on/corp/remove")).status_code == 409
    assert "was used on" not in (await owner.get("/me")).text
    # The glass is broken.
    _, wrong = await with_password(world, SEALED, "not the password")
    assert wrong.status_code == 403
    breaker, entered = await with_password(world, SEALED, sealed)
    assert entered.status_code == 303
    assert len(await world.ledger("break_glass.used")) == 1
    for client in (owner, breaker):
        assert 'class="cl-alarm" role="alert"' in (await client.get("/me")).text, "a banner on every page of an owner"
    assert 'class="cl-alarm"' not in (await (await signed(world, "ana")).get("/me")).text
    assert "break-glass account was used" in (await owner.get("/notices")).text
    assert (await breaker.post("/sign-on/passwords", data={"deed": "seal"})).status_code == 409, "not by itself"
    assert (await breaker.post("/me/password", data={"password": PASSWORD})).status_code == 403
    page = await owner.post("/sign-on/passwords", data={"deed": "seal"})
    assert page.status_code == 200
    assert 'class="cl-alarm"' not in (await owner.get("/me")).text
    assert not await inside(breaker)
    assert (await with_password(world, SEALED, sealed))[1].status_code == 403, "the old password is void"
    assert (await owner.post("/sign-on/passwords", data={"deed": "open"})).status_code == 303
    assert (await with_password(world, ana.email))[1].status_code == 303
    assert await world.scalar(f"SELECT active FROM people WHERE email = '{SEALED}'") is False
    assert sealed not in str(await world.scalar("SELECT string_agg(body, '') FROM ledger_entries"))


async def test_the_sealed_account_holds_no_seat(world: World, idp: FakeIdp) -> None:
    owner, house = await tried(world), world.home.house
    async with house.database.transaction() as session:
        before = await seats_held(session)
    await close(world, owner)
    async with house.database.transaction() as session:
        assert await seats_held(session) == before
        await set_limit(session, SYSTEM, Limit(before + 1), ledger=house.ledger, clock=house.clock)
        await create_person(
            session, SYSTEM, "last@aldermoor.example", "Last", ledger=house.ledger, clock=house.clock
        )  # fmt: skip
    # Deactivated by somebody who feared the worst, and let in again: it takes none of the seats there are.
    sealed = str(await world.scalar(f"SELECT id FROM people WHERE email = '{SEALED}'"))
    for active in (False, True):
        async with house.database.transaction() as session:
            await set_active(session, SYSTEM, sealed, active=active, ledger=house.ledger, clock=house.clock)
    assert await world.scalar(f"SELECT active FROM people WHERE email = '{SEALED}'") is True
    assert sealed not in str(await world.ledger("seat.given"))
    async with house.database.transaction() as session:
        assert await seats_held(session) == before + 1
        with pytest.raises(NoSeat):
            await create_person(
                session, SYSTEM, "more@aldermoor.example", "More", ledger=house.ledger, clock=house.clock
            )  # fmt: skip


async def signed(world: World, name: str) -> httpx.AsyncClient:
    client = await world.browser()
    assert (await world.sign_in(name, client)).status_code == 303
    return client


async def test_a_test_counts_for_the_settings_it_was_made_with(world: World, idp: FakeIdp) -> None:
    owner = await tried(world)
    form = {"kind": "oidc", "title": "Corp", "issuer": idp.url, "client_id": idp.client, "scopes": "openid",
            "domains": "aldermoor.example"}  # fmt: skip
    assert (await owner.post("/sign-on/corp", data=form)).status_code == 303
    assert (await owner.post("/sign-on/passwords", data={"deed": "close"})).status_code == 409


async def test_a_token_does_not_close_passwords(world: World, idp: FakeIdp) -> None:
    owner = await tried(world)
    form = {"name": "t", "days": "3", "permissions": ["org:roles:own", "org:settings:manage"]}
    page = await owner.post("/me/tokens", data=form)
    token = re.search(r"clg_[\w-]+", page.text)[0]  # type: ignore[index]
    client = await world.browser()
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.post("/sign-on/passwords", data={"deed": "close"}, headers=headers)).status_code == 403
    assert (await client.get("/api/v1/sign-on", headers=headers)).json()["passwords"] is True


async def test_the_checks_say_what_is_wrong(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up(domains="")
    api = {c["title"]: c for c in (await owner.post("/api/v1/sign-on/corp/check")).json()}
    assert api["Discovery"]["good"]
    assert api["Keys"]["good"]
    assert api["Signatures"]["good"]
    assert api["Client secret"]["good"]
    assert "/sign-in/oidc/corp/callback" in api["Redirect URI"]["words"]
    assert api["Clocks"]["good"] is not True, "the test clock stands still"
    idp.document = {"id_token_signing_alg_values_supported": ["ES256"]}
    assert "Name one that is offered" in (await owner.post("/sign-on/corp/check")).text
    idp.document = {"issuer": "https://other.example"}
    page = await owner.post("/sign-on/corp/check")
    assert "names the issuer «https://other.example»" in page.text
    idp.document = {"jwks_uri": "javascript:alert(1)"}
    assert "no proper jwks_uri" in (await owner.post("/sign-on/corp/check")).text
    idp.document = {}
    idp.keys = []
    assert "no key that can verify" in (await owner.post("/sign-on/corp/check")).text


async def test_nobody_prepares_the_sealed_account(world: World, idp: FakeIdp) -> None:
    """Its address is nobody else's; what stood there, or was linked to the account before, becomes no owner."""
    owner, house, people = await tried(world), world.home.house, world.home.people
    for mail in (SEALED, "Break-Glass@LOCALHOST "):
        async with house.database.transaction() as session:
            with pytest.raises(Reserved):
                await create_person(
                    session, people["owner"], mail, "Break-glass", ledger=house.ledger, clock=house.clock
                )  # fmt: skip
    # As it could be made before: with a link, a passkey, a token and the role.
    old = await add_here(world, SEALED)
    first = await close(world, owner)
    assert not await world.scalar(f"SELECT active FROM people WHERE id = '{old}'")
    for ways in ("sso_links", "passkeys", "sign_ins", "group_members"):
        assert await world.scalar(f"SELECT count(*) FROM {ways} WHERE person_id = '{old}'") == 0, ways
    assert await world.scalar(f"SELECT count(*) FROM api_tokens WHERE person_id = '{old}' AND revoked_at IS NULL") == 0
    assert await world.scalar(f"SELECT count(*) FROM person_roles WHERE person_id = '{old}' AND role = 'owner'") == 0
    sealed = str(await world.scalar(f"SELECT id FROM people WHERE email = '{SEALED}'"))
    assert sealed != old
    assert await world.ledger("break_glass.set_aside")
    # A link that came to it whichever way opens nothing.
    await link(world, sealed, "sub-evil")
    idp.person("evil", "evil@aldermoor.example", sub="sub-evil")
    answer = await world.sign_in("evil")
    assert answer.status_code != 303
    assert await world.scalar(f"SELECT count(*) FROM sign_ins WHERE person_id = '{sealed}'") == 0
    # Sealed again it is another account: what was made in it while the glass was broken ends.
    breaker, entered = await with_password(world, SEALED, first)
    assert entered.status_code == 303
    token = await breaker.post("/me/tokens", data={"name": "t", "days": "3", "permissions": ["org:roles:own"]})
    key = re.search(r"clg_[\w-]+", token.text)[0]  # type: ignore[index]
    owner = await signed(world, "owner")
    assert (await owner.post("/sign-on/passwords", data={"deed": "seal"})).status_code == 200
    assert await world.scalar(f"SELECT id FROM people WHERE email = '{SEALED}'") not in (old, sealed)
    late = await (await world.browser()).get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})
    assert late.status_code == 401


async def add_here(world: World, mail: str) -> str:
    """Add somebody with every way in, as no door lets anybody do it."""
    house = world.home.house
    async with house.database.transaction() as session:
        told = {"ledger": house.ledger, "clock": house.clock}
        made = await create_person(session, SYSTEM, mail, "Prepared", without="sealed", **told)
        await assign_role(session, SYSTEM, made, "owner", ledger=house.ledger)
        (await session.get_one(PersonRow, made)).active = True
        await session.flush()
        await open_session(session, made, how="password", device="t", **told)
        actor = await actor_of(session, person_id=made, via="page")
        await create_token(session, actor, "t", frozenset({"org:roles:own"}), days=3, **told)
    await link(world, made, "sub-prepared")
    return made


async def link(world: World, person: str, subject: str) -> None:
    async with world.home.house.database.transaction() as session:
        provider = await session.scalar(select(ProviderRow.id))
        session.add(SsoLinkRow(
            provider_id=provider, subject=subject, person_id=person, groups=[], created_at=world.home.house.clock.now()
        ))  # fmt: skip
