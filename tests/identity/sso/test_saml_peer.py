"""A SAML provider of npm (saml-idp) signs people in here, and out on both sides (ID-2)."""

import asyncio
import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from tests.identity.sso.saml_idp import SamlIdp
from tests.identity.sso.test_oidc_peer import go, inside, listener, served  # noqa: F401

from colleague.identity.sessions import open_session
from colleague.testing.house import TestHouse
from colleague.testing.serving import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.peer("saml")]
HOME = Path(__file__).parents[3] / ".peers" / "saml"


def _form(page: str) -> dict[str, str]:
    """Return the fields of the form on a page of the provider."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r"""value=["']([^"']*)["']""", tag)
        fields |= {name[1]: unescape(value[1])} if name and value else {}
    return fields


def _from(there: str) -> dict[str, str]:
    """Return what a browser sends along with a form from the provider's page."""
    return {"Origin": there, "Sec-Fetch-Site": "cross-site"}


async def _in(ana: httpx.AsyncClient, base: str, there: str) -> str:
    """Sign in at the provider and come back; return the response."""
    page = await go(ana, f"{base}/sign-in/with/corp?next=/me")
    fields = _form(page.text) | {
        "userName": "sub-ana", "email": "ana@aldermoor.example",
        "nameIdFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    }  # fmt: skip
    sent = await ana.post(urljoin(str(page.url), "/signin"), data=fields)
    response = _form(sent.text)["SAMLResponse"]
    back = await ana.post(f"{base}/sign-in/saml/corp/acs", data={"SAMLResponse": response}, headers=_from(there))
    assert back.status_code == 303, back.text
    page = await go(ana, urljoin(base, back.headers["location"]))
    assert str(page.url) == f"{base}/me", page.text
    assert await inside(ana, base) == "Ana Ruiz"
    return response


async def _out_here_ends_it_there(ana: httpx.AsyncClient, base: str, there: str) -> None:
    """Sign out here, follow the offered link to the provider, and bring its answer back."""
    page = await ana.post(f"{base}/sign-out", headers={"Origin": base})
    (link,) = re.findall(r'href="([^"]*SAMLRequest[^"]*)"', page.text)
    ended = await ana.get(unescape(link))
    answer = _form(ended.text)
    assert "SAMLResponse" in answer, ended.text
    back = await ana.post(f"{base}/sign-in/saml/corp/slo", data=answer, headers=_from(there))
    assert (back.status_code, back.headers["location"]) == (303, "/signed-out"), back.text


async def _out_there_ends_it_here(ana: httpx.AsyncClient, base: str, there: str) -> None:
    """Sign out at the provider: the request that its page sends ends the session here."""
    page = await ana.get(f"{there}/signout", follow_redirects=True)
    asked = _form(page.text)
    assert "SAMLRequest" in asked, page.text
    async with httpx.AsyncClient(timeout=60) as foreign:
        answered = await foreign.post(f"{base}/sign-in/saml/corp/slo", data=asked, headers=_from(there))
    assert answered.status_code == 303, answered.text
    assert answered.headers["location"].startswith(f"{there}/saml/slo?SAMLResponse=")
    assert (await ana.get(f"{base}/api/v1/me")).status_code == 401


async def test_sign_in_and_out(served: tuple[TestHouse, str], tmp_path: Path) -> None:  # noqa: F811
    home, base = served
    house, keys = home.house, SamlIdp()
    (tmp_path / "idp.crt").write_text(keys.cert)
    (tmp_path / "idp.pem").write_bytes(keys.key)
    port = free_port()
    acs, ours = f"{base}/sign-in/saml/corp/acs", f"{base}/sign-in/saml/corp/metadata"
    process = await asyncio.create_subprocess_exec(
        "node", "node_modules/saml-idp/bin/run.js", "--host", "127.0.0.1", "-p", str(port), "--cert",
        str(tmp_path / "idp.crt"), "--key", str(tmp_path / "idp.pem"), "--iss", "urn:test:idp", "--acsUrl", acs,
        "--audience", ours, "--sloUrl", f"{base}/sign-in/saml/corp/slo", cwd=HOME,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with house.database.transaction() as session:
            cookie = await open_session(
                session, home.people["owner"].id, how="password", device="t", ledger=house.ledger, clock=house.clock
            )
        there = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(timeout=60) as probe:
            for _ in range(1500):
                try:
                    metadata = (await probe.get(f"{there}/metadata")).text
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.2)
        form = {"kind": "saml", "key": "corp", "title": "Corp", "metadata": metadata, "domains": "aldermoor.example"}
        async with httpx.AsyncClient(timeout=60, headers={"Origin": base}, cookies={"colleague": cookie}) as owner:
            made = await owner.post(f"{base}/sign-on", data=form)
            assert made.status_code == 303, made.text
            assert (await owner.post(f"{base}/sign-on/corp/switch", data={"on": "true"})).status_code == 303
        async with httpx.AsyncClient(timeout=60) as ana:
            response = await _in(ana, base, there)
            assert (await ana.post(acs, data={"SAMLResponse": response}, headers=_from(there))).status_code == 403
            await _out_here_ends_it_there(ana, base, there)
            await _in(ana, base, there)
            await _out_there_ends_it_here(ana, base, there)
    finally:
        process.kill()
        await process.wait()
