"""People sign in through an OIDC provider, and whatever is not exactly its answer to this very sign-in is refused with
a reason (ID-2, R60)."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from tests.identity.sso.conftest import World

from colleague.identity.actor import SYSTEM
from colleague.identity.seats.hold import Limit, set_limit
from colleague.kit.errors import Failure
from colleague.testing.clock import TestClock
from colleague.testing.idp import FakeIdp

pytestmark = pytest.mark.anyio
Bend = Callable[[dict[str, Any]], dict[str, Any]]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


async def who(client: httpx.AsyncClient) -> str:
    answer = await client.get("/api/v1/me")
    return str(answer.json()["name"]) if answer.status_code == 200 else ""


async def test_a_known_person_signs_in_and_is_linked_by_their_verified_mail(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    client = await world.browser()
    page = await client.get("/sign-in?next=/tasks")
    assert 'href="/sign-in/with/corp?next=/tasks"' in page.text
    gone = await client.get("/sign-in/with/corp?next=/tasks")
    asked = dict(httpx.QueryParams(gone.headers["location"].partition("?")[2]))
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://127.0.0.1:8080/sign-in/oidc/corp/callback"
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    back = await client.get(f"/sign-in/oidc/corp/callback?{idp.agree(gone.headers['location'], 'ana')}")
    assert (back.status_code, back.headers["location"]) == (303, "/tasks")
    assert await who(client) == "Ana Ruiz"
    assert await world.scalar("SELECT groups->>0 FROM sso_links") == "Staff", "kept for the mapping"
    assert await world.scalar("SELECT count(*) FROM group_members") == 1
    assert len(await world.ledger("sign_on.linked")) == 1
    # From now on the subject counts: another mail address changes nothing.
    idp.people["ana"]["email"] = "ana.new@elsewhere.example"
    other = await world.browser()
    assert (await world.sign_in("ana", other)).status_code == 303
    assert await who(other) == "Ana Ruiz"
    assert len(await world.ledger("sign_on.linked")) == 1


async def test_the_secret_is_kept_sealed_and_never_shown(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up()
    page = (await owner.get("/sign-on/corp")).text
    assert "/sign-in/oidc/corp/callback" in page
    api = (await owner.get("/api/v1/sign-on")).text
    rows = str(await world.scalar("SELECT config::text || sealed FROM sso_providers"))
    entries = await world.ledger("sign_on.provider_added")
    assert entries
    assert idp.secret not in page + api + rows + str(entries)
    # Saving with an empty field keeps it.
    form = {"kind": "oidc", "title": "Corp 2", "issuer": idp.url, "client_id": idp.client, "joining": "provisioned",
            "domains": "aldermoor.example", "secret": ""}  # fmt: skip
    assert (await owner.post("/sign-on/corp", data=form)).status_code == 303
    assert (await world.sign_in("ana")).status_code == 303


def change(**claims: Any) -> Bend:
    return lambda given: {k: v for k, v in {**given, **claims}.items() if v is not None}


def shift(**seconds: int) -> Bend:
    return lambda given: {**given, **{k: given["iat"] + v for k, v in seconds.items()}}


REFUSED: list[tuple[str, Bend]] = [
    ("WrongIssuer", change(iss="https://evil.example")),
    ("WrongAudience", change(aud="another")),
    ("WrongAudience", change(aud=["another"])),
    ("WrongAudience", change(aud=["colleague", "another"])),
    ("WrongAudience", change(aud=["colleague", "another"], azp="another")),
    ("WrongAudience", change(azp="another")),
    ("WrongAudience", change(aud=None)),
    ("Expired", shift(iat=-900, exp=-61)),
    ("ClockSkew", shift(iat=90, exp=900)),
    ("ClockSkew", shift(nbf=90)),
    ("Malformed", change(exp=None)),
    ("Malformed", change(exp="tomorrow")),
    ("Malformed", change(iat=True)),
    ("NonceMismatch", change(nonce="another")),
    ("NonceMismatch", change(nonce=None)),
    ("NonceMismatch", change(nonce=["x"])),
    ("Malformed", change(sub=None)),
    ("Malformed", change(sub="x" * 300)),
    ("Malformed", change(at_hash="AAAAAAAAAAAAAAAAAAAAAA")),
    ("UnverifiedMail", change(email_verified=False)),
    ("UnverifiedMail", change(email_verified="false")),
    ("UnverifiedMail", change(email_verified="maybe")),
    ("UnverifiedMail", change(email="ana@elsewhere.example", email_verified=None)),
    ("ForeignDomain", change(email="ana@elsewhere.example")),
    ("NoMail", change(email="Ana")),
    ("NoMail", change(email="\u212ana@aldermoor.example")),
    ("NotProvisioned", change(email="nobody@aldermoor.example")),
    ("LinkItYourself", change(email="owner@aldermoor.example")),
]


async def test_a_wrong_claim_is_refused_with_its_reason(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    client = await world.browser()
    known = {kind.__name__: kind for kind in every(Failure)}
    for number, (code, bend) in enumerate(REFUSED):
        idp.bend = bend
        answer = await world.sign_in("ana", client)
        assert answer.status_code == 403, (number, code, answer.text)
        words = re.split("[«{(]", " ".join((known[code].__doc__ or "").split()))[0]
        assert words[:60] in answer.text, (number, code)
        entries = await world.ledger("sign_on.refused")
        assert len(entries) == number + 1
        assert json.loads(entries[-1])["data"]["reason"] == code, number
        assert "ana" not in entries[-1], "no personal data"
        assert "eyJ" not in entries[-1], "no token"
    assert await who(client) == ""
    assert await world.scalar("SELECT count(*) FROM sso_links") == 0


def every(kind: type[Failure]) -> set[type[Failure]]:
    return {kind}.union(*(every(k) for k in kind.__subclasses__()))


def none_signed(idp: FakeIdp, claims: dict[str, Any]) -> str:
    return f"{b64(json.dumps({'alg': 'none', 'kid': 'k1'}).encode())}.{b64(json.dumps(claims).encode())}."


def with_public_key(idp: FakeIdp, claims: dict[str, Any]) -> str:
    """HS256 with the published key as the secret: what a verifier that trusts the header falls for."""
    head = b64(json.dumps({"alg": "HS256", "kid": "k1"}).encode()) + "." + b64(json.dumps(claims).encode())
    return f"{head}.{b64(hmac.new(idp.keys[0].as_pem(private=False), head.encode(), hashlib.sha256).digest())}"


def stranger(idp: FakeIdp, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, RSAKey.generate_key(2048), algorithms=["RS256"])


def brought_along(idp: FakeIdp, claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "kid": "k1", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key, algorithms=["RS256"])


def unpinned(idp: FakeIdp, claims: dict[str, Any]) -> str:
    key = RSAKey.import_key({k: v for k, v in idp.keys[0].as_dict(private=True).items() if k != "alg"})
    return jwt.encode({"alg": "PS256", "kid": "k1"}, claims, key, algorithms=["PS256"])


def elliptic(idp: FakeIdp, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])


def changed(idp: FakeIdp, claims: dict[str, Any]) -> str:
    head, _, signature = idp.signed(claims).split(".")
    return f"{head}.{b64(json.dumps({**claims, 'sub': 'sub-ben'}).encode())}.{signature}"


def critical(idp: FakeIdp, claims: dict[str, Any]) -> str:
    head = b64(json.dumps({"alg": "RS256", "kid": "k1", "crit": ["x"], "x": 1}).encode())
    token = f"{head}.{b64(json.dumps(claims).encode())}"
    return f"{token}.{b64(b'0' * 256)}"


FORGED = [
    ("Unsigned", none_signed), ("WrongAlgorithm", with_public_key), ("BadSignature", stranger),
    ("BadSignature", brought_along), ("WrongAlgorithm", unpinned), ("WrongAlgorithm", elliptic),
    ("BadSignature", changed), ("Malformed", critical), ("Malformed", lambda idp, claims: "x" * 70_000),
    ("Malformed", lambda idp, claims: "a.b"), ("Malformed", lambda idp, claims: "....."),
    ("Malformed", lambda idp, claims: "!!.e30.e30"),
]  # fmt: skip


async def test_a_forged_token_is_refused(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    client = await world.browser()
    for number, (code, forge) in enumerate(FORGED):
        idp.sign = lambda claims, forge=forge: forge(idp, claims)  # type: ignore[misc]
        answer = await world.sign_in("ana", client)
        assert answer.status_code == 403, (number, code, answer.text)
        reason = json.loads((await world.ledger("sign_on.refused"))[-1])["data"]["reason"]
        assert reason == code, number
    assert await who(client) == ""


def test_the_control_falls_for_the_confusion() -> None:
    """A verifier that takes the algorithm from the header believes what an attacker made with the public key."""
    idp = FakeIdp(TestClock())
    token = with_public_key(idp, {"sub": "owner"})
    head, body, signature = token.split(".")
    alg = json.loads(base64.urlsafe_b64decode(head + "=="))["alg"]
    assert alg == "HS256"
    key = idp.keys[0].as_pem(private=False)
    proof = hmac.new(key, f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert b64(proof) == signature


async def test_state_is_good_once_and_in_one_browser(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    client, other = await world.browser(), await world.browser()
    back = await world.there(client, "ana")
    assert "another browser" in (await other.get(back)).text, "login CSRF"
    assert await who(other) == ""
    assert (await client.get(back)).status_code == 303, "the other one did not spoil it"
    again = await client.get(back)
    assert again.status_code == 403
    assert "used already" in again.text
    made_up = await client.get("/sign-in/oidc/corp/callback?state=made-up&code=x")
    assert made_up.status_code == 403
    late = await world.there(client, "ana")
    world.home.house.clock.advance(minutes=11)  # type: ignore[attr-defined]
    assert "expired" in (await client.get(late)).text


async def test_an_answer_of_another_server_is_refused(world: World, idp: FakeIdp) -> None:
    """RFC 9207: named wrongly, or not named by a server that says it names itself. And a state of another provider."""
    owner = await world.set_up()
    client = await world.browser()
    back = await world.there(client, "ana")
    assert "another issuer" in (await client.get(re.sub("iss=[^&]*", "iss=https://evil.example", back))).text
    back = await world.there(client, "ana")
    assert "another issuer" in (await client.get(re.sub("&iss=[^&]*", "", back))).text
    assert "/token" not in idp.calls, "its code was given to nobody"
    form = {"kind": "oidc", "key": "two", "title": "Two", "issuer": idp.url, "client_id": "two"}
    assert (await owner.post("/sign-on", data=form)).status_code == 303
    back = await world.there(client, "ana")
    assert (await client.get(back.replace("/corp/", "/two/"))).status_code == 403
    denied = await client.get(re.sub("code=[^&]*", "error=access_denied", back))
    assert denied.status_code == 403
    assert "access_denied" in denied.text


async def test_a_new_key_is_found_and_unknown_ones_do_not_make_us_call_at_will(
    world: World, idp: FakeIdp, clock: TestClock
) -> None:
    await world.set_up()
    assert (await world.sign_in("ana")).status_code == 303
    assert idp.fetched == 1
    idp.rotate("k2")
    assert (await world.sign_in("ana")).status_code == 303, "key rotation"
    assert idp.fetched == 2
    idp.sign = lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "made-up"}, claims, RSAKey.generate_key(2048), algorithms=["RS256"]
    )
    for _ in range(5):
        assert "does not publish" in (await world.sign_in("ana")).text
    assert idp.fetched == 2, "once a minute at most"
    clock.advance(seconds=61)
    await world.sign_in("ana")
    assert idp.fetched == 3


async def test_unknown_people_become_members_only_where_an_owner_said_so(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up()
    idp.person("nina", "nina@aldermoor.example", name="Nina New")
    assert "no account here" in (await world.sign_in("nina")).text
    form = {"kind": "oidc", "title": "Corp", "issuer": idp.url, "client_id": idp.client, "joining": "jit"}
    answer = await owner.post("/sign-on/corp", data=form)
    assert answer.status_code == 422
    assert "name the mail domains" in answer.text
    assert (await owner.post("/sign-on/corp", data={**form, "domains": "aldermoor.example"})).status_code == 303
    client = await world.browser()
    assert (await world.sign_in("nina", client)).status_code == 303
    me = (await client.get("/api/v1/me")).json()
    assert (me["name"], me["roles"]) == ("Nina New", ["member"])
    idp.person("eve", "eve@elsewhere.example")
    assert (await world.sign_in("eve")).status_code == 403, "only in the named domains"
    # Beyond the phase they are known, and wait.
    house = world.home.house
    async with house.database.transaction() as session:
        await set_limit(session, SYSTEM, Limit(1, "the pilot"), ledger=house.ledger, clock=house.clock)
    idp.person("zoe", "zoe@aldermoor.example", name="Zoe Late")
    for _ in range(2):
        answer = await world.sign_in("zoe")
        assert (answer.status_code, "waiting for a seat" in answer.text) == (409, True)
    waits = "SELECT waiting_since IS NOT NULL AND NOT active FROM people WHERE name = 'Zoe Late'"
    assert await world.scalar(waits)


async def test_claims_may_come_from_userinfo_but_only_of_the_same_subject(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    idp.bend = change(email=None, email_verified=None, groups=None)
    idp.userinfo = {"sub": "sub-ben", "email": "ana@aldermoor.example", "email_verified": True}
    assert (await world.sign_in("ana")).status_code == 403
    idp.userinfo = {"sub": "sub-ana", "email": "ana@aldermoor.example", "email_verified": True, "groups": ["A", 7, "B"]}
    assert (await world.sign_in("ana")).status_code == 303
    assert await world.scalar("SELECT groups::text FROM sso_links") == '["A", "B"]'


async def test_an_address_given_to_somebody_else_does_not_carry_the_account_along(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    assert (await world.sign_in("ana")).status_code == 303
    idp.person("newcomer", "ana@aldermoor.example")
    answer = await world.sign_in("newcomer")
    assert answer.status_code == 403
    assert "linked to another account" in answer.text


async def test_a_deactivated_person_stays_out(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up()
    client = await world.browser()
    assert (await world.sign_in("ana", client)).status_code == 303
    ana = world.home.people["ana"].id
    assert (await owner.post(f"/people/{ana}/active", data={"active": "false"})).status_code == 303
    assert await who(client) == ""
    assert "not active" in (await world.sign_in("ana", client)).text


async def test_owners_link_themselves_while_signed_in(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up()
    assert "connect the provider on the page «Me»" in (await world.sign_in("owner")).text
    await world.connect("owner", owner)
    assert "Corp, connected" in (await owner.get("/me")).text
    other = await world.browser()
    assert (await world.sign_in("owner", other)).status_code == 303
    assert await who(other) == "Olga Owner"
    # An account of the provider that is somebody's is nobody else's.
    ana = await world.browser("ana")
    back = await ana.get(await world.there(ana, "owner", "/me/sign-on/corp/connect"))
    assert back.status_code == 409
    # Begun by one, finished by another in the same browser: nothing is linked.
    ben = await world.browser("ben")
    back_url = await world.there(ben, "ben", "/me/sign-on/corp/connect")
    ben.cookies.set("colleague", ana.cookies["colleague"])
    assert (await ben.get(back_url)).status_code == 403
    assert (await owner.post("/me/sign-on/corp/remove")).status_code == 303
    assert await who(other) == "", "its sessions end with the link"


async def test_only_owners_set_providers_up(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up()
    ana = world.home.people["ana"].id
    assert (await owner.post(f"/people/{ana}/roles", data={"role": "administrator", "give": "true"})).status_code == 303
    admin = await world.browser("ana")
    assert (await admin.get("/sign-on/corp")).status_code == 200
    form = {"kind": "oidc", "key": "mine", "title": "Mine", "issuer": "https://evil.example", "client_id": "x"}
    for path, data in (
        ("/sign-on", form), ("/sign-on/corp", form), ("/sign-on/corp/switch", {"on": "false"}),
        ("/sign-on/corp/remove", {}), ("/sign-on/passwords", {"deed": "close"}),
    ):  # fmt: skip
        assert (await admin.post(path, data=data)).status_code == 403, path
    assert (await (await world.browser("ben")).get("/sign-on")).status_code == 403


BAD = [
    {"issuer": "ftp://x.example"}, {"issuer": ""}, {"issuer": "https://x.example/?a=b"}, {"algorithms": "none"},
    {"algorithms": "RS256 HS256"}, {"domains": "not a domain"}, {"key": "Ü"}, {"key": "passwords"}, {"title": ""},
    {"kind": "ldap"}, {"joining": "all"}, {"client_id": ""},
]  # fmt: skip


async def test_a_provider_that_cannot_work_is_refused(world: World, idp: FakeIdp) -> None:
    owner = await world.browser("owner")
    form = {
        "kind": "oidc",
        "key": "corp",
        "title": "Corp",
        "issuer": idp.url,
        "client_id": "x",
        "joining": "provisioned",
    }
    for bad in BAD:
        answer = await owner.post("/sign-on", data={**form, **bad})
        assert answer.status_code == 422, (bad, answer.text)
    assert await world.scalar("SELECT count(*) FROM sso_providers") == 0


async def test_with_another_issuer_nobody_is_who_they_were(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up()
    client = await world.browser()
    assert (await world.sign_in("ana", client)).status_code == 303
    form = {"kind": "oidc", "title": "Corp", "issuer": "https://other.example", "client_id": "x"}
    assert (await owner.post("/sign-on/corp", data=form)).status_code == 303
    assert await who(client) == ""
    assert await world.scalar("SELECT count(*) FROM sso_links") == 0
    assert await world.scalar("SELECT sealed FROM sso_providers") is None, "the secret was for the other issuer"


async def test_switched_off_it_signs_nobody_in_and_its_sessions_end(world: World, idp: FakeIdp) -> None:
    owner = await world.set_up()
    client = await world.browser()
    under_way = await world.there(await world.browser(), "ana")
    assert (await world.sign_in("ana", client)).status_code == 303
    assert (await owner.post("/sign-on/corp/switch", data={"on": "false"})).status_code == 303
    assert await who(client) == ""
    assert (await client.get("/sign-in/with/corp")).status_code == 404
    assert (await world.browsers[1].get(under_way)).status_code in (403, 404)
    assert "Sign in with Corp" not in (await client.get("/sign-in")).text
