"""People sign in through a SAML provider: the posted form is kept, and finished only in the browser that began it."""

import json
import re
import zlib
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.identity.sso.conftest import World
from tests.identity.sso.saml_idp import ENTITY, SamlIdp, posted

from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio
OUR, HERE = "http://127.0.0.1:8080/sign-in/saml/corp/metadata", "/sign-in/saml/corp/acs"
METADATA = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
<md:IDPSSODescriptor
 protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{cert}</ds:X509Certificate>
</ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Location="https://idp.example/sso"
 Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/><md:SingleLogoutService
 Location="https://idp.example/slo" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""


@pytest.fixture
def clock() -> TestClock:
    return TestClock(datetime.now(UTC).replace(microsecond=0))


async def set_up(world: World) -> SamlIdp:
    """Let the owner set a provider up by its metadata, and open it."""
    saml, owner = SamlIdp(), await world.browser("owner")
    cert = re.sub(r"-----\w+ CERTIFICATE-----|\s", "", saml.cert)
    form = {"kind": "saml", "key": "corp", "title": "Corp", "domains": "aldermoor.example",
            "metadata": METADATA.format(entity=ENTITY, cert=cert)}  # fmt: skip
    answer = await owner.post("/sign-on", data=form)
    assert answer.status_code == 303, answer.text
    assert (await owner.post("/sign-on/corp/switch", data={"on": "true"})).status_code == 303
    return saml


@pytest.fixture
async def saml(world: World) -> SamlIdp:
    return await set_up(world)


async def begin(client: httpx.AsyncClient, path: str = "/sign-in/with/corp?next=/tasks") -> str:
    """Go to the provider; return the id of the request."""
    gone = await client.get(path)
    assert gone.status_code == 303, gone.text
    asked = parse_qs(urlsplit(gone.headers["location"]).query)
    text = zlib.decompress(b64decode(asked["SAMLRequest"][0]), -15).decode()
    assert f"<saml:Issuer>{OUR}</saml:Issuer>" in text
    return str(re.search(r' ID="(_[0-9a-f]{40})"', text)[1])  # type: ignore[index]


async def post(world: World, response: str, **more: str) -> httpx.Response:
    """Post as a browser does that another site sends: no cookie, a foreign origin."""
    transport = httpx.ASGITransport(world.app, client=("127.0.0.1", 7), raise_app_exceptions=False)
    headers = {"Origin": "https://idp.example", "Sec-Fetch-Site": "cross-site"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as foreign:
        return await foreign.post(HERE, data={"SAMLResponse": response, **more})


def answer_to(saml: SamlIdp, clock: TestClock, request: str, **changes: str) -> str:
    return posted(saml.response(clock.now(), answers=request, audience=OUR, **changes))


async def test_there_and_back(world: World, saml: SamlIdp, clock: TestClock) -> None:
    client, other = await world.browser(), await world.browser()
    response = answer_to(saml, clock, await begin(client))
    back = await post(world, response)
    assert back.status_code == 303, back.text
    ticket = back.headers["location"]
    assert "another browser" in (await other.get(ticket)).text, "login CSRF"
    done = await client.get(ticket)
    assert (done.status_code, done.headers["location"]) == (303, "/tasks")
    assert (await client.get("/api/v1/me")).json()["name"] == "Ana Ruiz"
    assert (await client.get(ticket)).status_code == 403, "good once"
    assert await world.scalar("SELECT subject FROM sso_links") == "sub-ana"
    replay = await post(world, response)
    assert "used already" in replay.text
    # The same assertion for another request of ours does not fit; one with the same id was seen.
    again = await post(world, answer_to(saml, clock, await begin(client)))
    assert "used already" in again.text, "replay cache"
    reasons = [json.loads(e)["data"]["reason"] for e in await world.ledger("sign_on.refused")]
    assert reasons == ["OtherBrowser", "FlowSpent", "FlowSpent", "Replayed"]
    assert "sub-ana" not in str(await world.ledger("sign_on.refused"))


async def test_unasked_for_it_is_refused_unless_switched_on(world: World, saml: SamlIdp, clock: TestClock) -> None:
    response = answer_to(saml, clock, "")
    refused = await post(world, response, RelayState="/tasks")
    assert refused.status_code == 403
    assert "unsolicited" in refused.text
    owner = await world.browser("owner")
    config = (await owner.get("/api/v1/sign-on")).json()["providers"][0]["config"]
    form: dict[str, Any] = {**{k: v for k, v in config.items() if k != "certificates"}, "kind": "saml", "title": "Corp",
                            "certificates": saml.cert, "domains": "aldermoor.example", "unsolicited": "true",
                            "relay": "/tasks /skills"}  # fmt: skip
    answer = await owner.post("/sign-on/corp", data=form)
    assert answer.status_code == 303, answer.text
    good = await post(world, response, RelayState="/tasks")
    assert (good.status_code, good.headers["location"]) == (303, "/tasks")
    assert "colleague=" in good.headers["set-cookie"]
    second = saml.body(clock.now(), answers="", audience=OUR)
    assertion = second.find("{*}Assertion")
    assertion.set("ID", "_second")
    saml.sign(assertion)
    elsewhere = await post(world, posted(second), RelayState="https://evil.example/")
    assert elsewhere.headers["location"] == "/", "RelayState is held to the list"
    assert (await post(world, response)).status_code == 403, "good once"


async def test_a_response_of_another_key_or_provider_is_refused(world: World, saml: SamlIdp, clock: TestClock) -> None:
    client = await world.browser()
    for response, words in (
        (answer_to(SamlIdp(), clock, await begin(client)), "signature of the answer does not hold"),
        (answer_to(saml, clock, await begin(client), entity="https://evil.example"), "another issuer"),
        (answer_to(saml, clock, await begin(client), mail="ana@elsewhere.example"), ""),
        (answer_to(saml, clock, "_" + "0" * 40), "used already"),
    ):
        answer = await post(world, response)
        if not words:
            assert "not verified" in (await client.get(answer.headers["location"])).text
            continue
        assert answer.status_code == 403
        assert words in answer.text
    late = answer_to(saml, clock, await begin(client))
    clock.advance(minutes=11)
    assert (await post(world, late)).status_code == 403
    assert await world.scalar("SELECT count(*) FROM sso_sessions") == 0


async def test_metadata_that_cannot_be_used_and_ours(world: World, saml: SamlIdp, tmp_path: Path) -> None:
    owner = await world.browser("owner")
    for text in ("<a/>", "not xml", '<!DOCTYPE x [<!ENTITY a "b">]><x/>', "<" * 2000):
        form = {"kind": "saml", "key": "two", "title": "Two", "metadata": text}
        assert (await owner.post("/sign-on", data=form)).status_code in (422, 503), text[:20]
    ours = await owner.get("/sign-in/saml/corp/metadata")
    assert f'entityID="{OUR}"' in ours.text
    assert 'WantAssertionsSigned="true"' in ours.text
    assert HERE in (await owner.get("/sign-on/corp")).text
    checks = {c["title"]: c["good"] for c in (await owner.post("/api/v1/sign-on/corp/check")).json()}
    assert checks["Packages"]
    assert checks["Certificate"]
