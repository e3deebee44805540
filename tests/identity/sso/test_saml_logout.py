"""SAML single logout: a provider's signed request ends the sessions it names and nothing else does; ours is signed."""

import base64
import json
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import httpx
import lxml.etree as ET
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.identity.sso.conftest import World
from tests.identity.sso.saml_idp import ENTITY, SamlIdp, posted
from tests.identity.sso.test_saml_flow import OUR, begin, post, set_up

from colleague.identity.sso.model import Provider
from colleague.identity.sso.saml_wire import hear
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio
SLO = "http://127.0.0.1:8080/sign-in/saml/corp/slo"
MESSAGE = (
    '<samlp:{kind} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:'
    'assertion" ID="{id}" Version="2.0" IssueInstant="{at}" Destination="{to}"{more}><saml:Issuer>{entity}'
    "</saml:Issuer>{inside}</samlp:{kind}>"
)
WORKED = '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'


@pytest.fixture
def clock() -> TestClock:
    return TestClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def saml(world: World) -> SamlIdp:
    return await set_up(world)


def message(now: datetime, kind: str = "LogoutRequest", **changes: str) -> str:
    """Return a message of the provider."""
    subject, index = changes.pop("subject", "sub-ana"), changes.pop("index", "_session")
    inside = f"<saml:NameID>{subject}</saml:NameID>" + (
        f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    )
    given = {"id": "_out", "at": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "to": SLO, "more": "", "entity": ENTITY}
    return MESSAGE.format(**{"kind": kind, "inside": inside, **given, **changes})


async def inside(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).status_code == 200


async def sign_in(world: World, saml: SamlIdp, clock: TestClock, who: str = "ana") -> httpx.AsyncClient:
    client = await world.browser()
    response = saml.body(
        clock.now(), answers=await begin(client), audience=OUR, subject=f"sub-{who}", mail=f"{who}@aldermoor.example"
    )
    for element in response.iter():
        if element.get("ID"):
            element.set("ID", f"{element.get('ID')}_{who}")
    saml.sign(response.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"))
    await client.get((await post(world, posted(response))).headers["location"])
    assert await inside(client)
    return client


def opened(url: str) -> tuple[str, str]:
    """Return the kind and the text of a message in an address."""
    query = parse_qs(urlsplit(url).query)
    kind = "SAMLRequest" if "SAMLRequest" in query else "SAMLResponse"
    return kind, zlib.decompress(base64.b64decode(query[kind][0]), -15).decode()


async def check_signature(client: httpx.AsyncClient, url: str) -> None:
    """Verify as a provider does: by the certificate in our metadata, over the characters of the address."""
    text = (await client.get("/sign-in/saml/corp/metadata")).text
    (bare,) = re.findall(r"<ds:X509Certificate>([^<]+)<", text)
    key: Any = x509.load_der_x509_certificate(base64.b64decode(bare)).public_key()
    signed, _, signature = urlsplit(url).query.partition("&Signature=")
    key.verify(base64.b64decode(unquote(signature)), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_we_ask_the_provider_to_end_its_session_too(world: World, saml: SamlIdp, clock: TestClock) -> None:
    client = await sign_in(world, saml, clock)
    page = await client.post("/sign-out")
    (url,) = re.findall(r'href="(https://idp.example/slo[^"]+)"', page.text)
    url = url.replace("&amp;", "&")
    kind, text = opened(url)
    assert kind == "SAMLRequest"
    assert 'Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">sub-ana</saml:NameID>' in text
    assert "<samlp:SessionIndex>_session</samlp:SessionIndex>" in text
    await check_signature(client, url)
    assert not await inside(client)
    (asked,) = re.findall(r' ID="(_[0-9a-f]{40})"', text)
    answer = message(clock.now(), "LogoutResponse", inside=WORKED, more=f' InResponseTo="{asked}"')
    query = saml.go("SAMLResponse", answer)
    back = await client.get(f"{SLO}?{query}")
    assert (back.status_code, back.headers["location"]) == (303, "/signed-out")
    assert (await client.get(f"{SLO}?{query}")).status_code == 403, "good once"


async def test_sign_in_requests_are_signed(world: World, saml: SamlIdp) -> None:
    client = await world.browser()
    gone = await client.get("/sign-in/with/corp")
    await check_signature(client, gone.headers["location"])
    assert 'AuthnRequestsSigned="true"' in (await client.get("/sign-in/saml/corp/metadata")).text


async def test_the_provider_ends_the_sessions_it_names_and_no_others(
    world: World, saml: SamlIdp, clock: TestClock
) -> None:
    ana, ben = await sign_in(world, saml, clock), await sign_in(world, saml, clock, "ben")
    other = saml.go("SAMLRequest", message(clock.now(), index="_another", id="_o1"))
    stranger = await world.browser()
    assert (await stranger.get(f"{SLO}?{other}")).status_code == 303
    assert await inside(ana), "another session of hers"
    done = await stranger.get(f"{SLO}?{saml.go('SAMLRequest', message(clock.now()), relay='a b&c')}")
    assert done.status_code == 303
    assert not await inside(ana)
    assert await inside(ben)
    url = done.headers["location"]
    assert url.startswith("https://idp.example/slo?")
    kind, text = opened(url)
    assert (kind, 'InResponseTo="_out"' in text, WORKED in text) == ("SAMLResponse", True, True)
    assert parse_qs(urlsplit(url).query)["RelayState"] == ["a b&c"]
    await check_signature(ben, url)
    told = [json.loads(e)["data"] for e in await world.ledger("sign_on.sessions_ended")]
    assert [t["sessions"] for t in told] == [0, 1]


async def test_without_a_session_index_all_sessions_of_the_person_end(
    world: World, saml: SamlIdp, clock: TestClock
) -> None:
    ana = await sign_in(world, saml, clock)
    await ana.get(f"{SLO}?{saml.go('SAMLRequest', message(clock.now(), index=''))}")
    assert not await inside(ana)


def _flip(query: str) -> str:
    return query.replace("RelayState=x", "RelayState=y")


def _own_key(_: str) -> str:
    return SamlIdp().go("SAMLRequest", message(datetime.now(UTC)))


BENT: dict[str, tuple[Callable[[str], str], str]] = {
    "another relay state than the signed one": (_flip, "BadSignature"),
    "another key": (_own_key, "BadSignature"),
    "not signed": (lambda q: q.partition("&SigAlg")[0], "Unsigned"),
    "an algorithm of yesterday": (lambda q: q.replace("rsa-sha256", "rsa-sha1"), "WrongAlgorithm"),
    "another algorithm than it was signed with": (lambda q: q.replace("rsa-sha256", "rsa-sha512"), "BadSignature"),
    "two messages": (lambda q: q + "&SAMLRequest=eA%3D%3D", "Malformed"),
    "both kinds": (lambda q: q + "&SAMLResponse=eA%3D%3D", "Malformed"),
    "no message": (lambda q: q.partition("&")[2], "Malformed"),
    "no base64": (lambda q: q.rpartition("=")[0] + "=***", "Malformed"),
}


@pytest.mark.parametrize("case", BENT)
async def test_what_is_not_exactly_signed_ends_nothing(
    world: World, saml: SamlIdp, clock: TestClock, case: str
) -> None:
    ana = await sign_in(world, saml, clock)
    bend, reason = BENT[case]
    query = bend(saml.go("SAMLRequest", message(clock.now()), relay="x"))
    refused = await (await world.browser()).get(f"{SLO}?{query}")
    assert refused.status_code == 403, refused.text
    assert await inside(ana)
    assert [json.loads(e)["data"]["reason"] for e in await world.ledger("sign_on.refused")] == [reason]


@pytest.mark.parametrize(
    ("changes", "late", "reason"),
    [
        ({"entity": "https://evil.example"}, 0, "WrongIssuer"),
        ({"to": "https://elsewhere.example/slo"}, 0, "WrongAudience"),
        ({}, 700, "Expired"),
        ({}, -300, "ClockSkew"),
        ({"more": ' NotOnOrAfter="2020-01-01T00:00:00Z"'}, 0, "Expired"),
        ({"kind": "Response"}, 0, "Malformed"),
        ({"subject": "<!-- a -->sub-ana"}, 0, "Malformed"),
        ({"subject": "<b>sub-ana</b>"}, 0, "Malformed"),
    ],
)
async def test_signed_but_not_for_this(
    world: World, saml: SamlIdp, clock: TestClock, changes: dict[str, str], late: int, reason: str
) -> None:
    ana = await sign_in(world, saml, clock)
    query = saml.go("SAMLRequest", message(clock.now() - timedelta(seconds=late), **changes))
    assert (await ana.get(f"{SLO}?{query}")).status_code == 403
    assert await inside(ana)
    assert [json.loads(e)["data"]["reason"] for e in await world.ledger("sign_on.refused")] == [reason]


async def test_a_request_is_good_once(world: World, saml: SamlIdp, clock: TestClock) -> None:
    await sign_in(world, saml, clock)
    query = saml.go("SAMLRequest", message(clock.now()))
    stranger = await world.browser()
    assert (await stranger.get(f"{SLO}?{query}")).status_code == 303
    refused = await stranger.get(f"{SLO}?{query}")
    assert refused.status_code == 403
    assert "used already" in refused.text


def _provider(cert: str) -> Provider:
    return Provider("p", "corp", "saml", "Corp", True, "provisioned", {"certificates": [cert]}, 1)


def test_a_message_that_blows_up_is_refused_before_it_is_whole() -> None:
    saml = SamlIdp()
    with pytest.raises(Exception, match="size"):
        hear(saml.go("SAMLRequest", "<a>" + "x" * 50_000_000 + "</a>"), _provider(saml.cert))


def test_an_elliptic_curve_signs_too() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    cert = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    query, _, _ = SamlIdp().go("SAMLRequest", message(now), algorithm="ecdsa-sha256").partition("&Signature=")
    r, s = decode_dss_signature(key.sign(query.encode(), ec.ECDSA(hashes.SHA256())))
    signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
    heard = hear(f"{query}&Signature={quote(signature, safe='')}", _provider(cert))
    assert heard.root.get("ID") == "_out"


async def test_a_form_does_it_too(world: World, saml: SamlIdp, clock: TestClock) -> None:
    ana = await sign_in(world, saml, clock)
    signed = saml.sign(ET.fromstring(message(clock.now()).encode()))
    done = await sent(world, SAMLRequest=posted(signed))
    assert done.status_code == 303, done.text
    assert not await inside(ana)
    assert opened(done.headers["location"])[0] == "SAMLResponse"


async def sent(world: World, **form: str) -> httpx.Response:
    """Send a form from the provider's page: no cookie, a foreign origin."""
    transport = httpx.ASGITransport(world.app, client=("127.0.0.1", 7), raise_app_exceptions=False)
    headers = {"Origin": "https://idp.example", "Sec-Fetch-Site": "cross-site"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as foreign:
        return await foreign.post(urlsplit(SLO).path, data=form)


def _unsigned(saml: SamlIdp, now: datetime) -> Any:
    return ET.fromstring(message(now).encode())


def _changed(saml: SamlIdp, now: datetime) -> Any:
    root = saml.sign(ET.fromstring(message(now, subject="sub-ben").encode()))
    root.find("{urn:oasis:names:tc:SAML:2.0:assertion}NameID").text = "sub-ana"
    return root


def _around(saml: SamlIdp, now: datetime) -> Any:
    """A signed request for Ben, wrapped into an unsigned one for Ana."""
    outer = ET.fromstring(message(now, id="_outer").encode())
    outer.append(saml.sign(ET.fromstring(message(now, subject="sub-ben").encode())))
    return outer


def _moved(saml: SamlIdp, now: datetime) -> Any:
    """The signature of another message, put on this one."""
    signed = saml.sign(ET.fromstring(message(now, subject="sub-ben", id="_inner").encode()))
    outer = ET.fromstring(message(now).encode())
    outer.insert(1, signed.find("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    return outer


def _foreign_key(saml: SamlIdp, now: datetime) -> Any:
    return SamlIdp().sign(ET.fromstring(message(now).encode()))


@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        (_unsigned, "Unsigned"), (_changed, "BadSignature"), (_around, "Wrapped"), (_moved, "Wrapped"),
        (_foreign_key, "BadSignature"),
    ],
)  # fmt: skip
async def test_a_form_that_is_not_exactly_signed_ends_nothing(
    world: World, saml: SamlIdp, clock: TestClock, bend: Callable[[SamlIdp, datetime], Any], reason: str
) -> None:
    ana = await sign_in(world, saml, clock)
    assert (await sent(world, SAMLRequest=posted(bend(saml, clock.now())))).status_code == 403
    assert (await sent(world)).status_code == 403
    assert await inside(ana)
    reasons = [json.loads(e)["data"]["reason"] for e in await world.ledger("sign_on.refused")]
    assert reasons == [reason, "Malformed"]
