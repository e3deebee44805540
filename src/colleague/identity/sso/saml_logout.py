"""SAML single logout (SAML Profiles 4.4): the provider ends our sessions, or we ask it to end its own."""

import json
import secrets as random
from datetime import timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from colleague.audit.event import Event
from colleague.identity.sso.flows import LOGOUT, open_flow, remember, take_flow
from colleague.identity.sso.jose import word
from colleague.identity.sso.model import Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.providers import end_sessions
from colleague.identity.sso.refusals import ClockSkew, Expired, Malformed, ProviderSaysNo, WrongAudience, WrongIssuer
from colleague.identity.sso.saml import LEEWAY, A, P, time_of
from colleague.identity.sso.saml_flow import ASSERTION, PROTOCOL, entity_of, slo_of
from colleague.identity.sso.saml_wire import Heard, address, own_key

FRESH = timedelta(minutes=10)
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
MOST = 50


async def ask(parts: SignOn, provider: Provider, hint: str, sid: str) -> str:
    """Return where the browser goes to end its session at the provider; "" if it has no such place."""
    place = str(provider.config.get("slo_url") or "")
    if not place or not hint:
        return ""
    handle = "_" + random.token_hex(20)
    await open_flow(parts, provider, purpose=LOGOUT, browser="", person="", data={}, handle=handle)
    name = json.loads(hint)
    marks = "".join(f" {key}={quoteattr(value)}" for key, value in name["marks"].items())
    index = f"<samlp:SessionIndex>{escape(sid)}</samlp:SessionIndex>" if sid else ""
    message = (
        f"{_head('LogoutRequest', handle, parts, provider, place)}"
        f"<saml:NameID{marks}>{escape(name['value'])}</saml:NameID>{index}</samlp:LogoutRequest>"
    )
    return address(place, "SAMLRequest", message, await own_key(parts, provider))


def _head(kind: str, handle: str, parts: SignOn, provider: Provider, place: str, answers: str = "") -> str:
    now = parts.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    to = f" InResponseTo={quoteattr(answers)}" if answers else ""
    return (
        f'<samlp:{kind} xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{handle}" Version="2.0" '
        f'IssueInstant="{now}" Destination={quoteattr(place)}{to}>'
        f"<saml:Issuer>{escape(entity_of(parts, provider))}</saml:Issuer>"
    )


async def take(parts: SignOn, provider: Provider, heard: Heard) -> str:
    """Take what the provider sent (see saml_wire). Return where the browser goes with our answer; "" if it was one.

    A request ends the sessions it names at once. Raises SignOnRefused in its kinds: then nothing has ended.
    """
    _envelope(heard, parts, provider)
    if heard.kind == "SAMLResponse":
        await _confirmed(heard.root, parts, provider)
        return ""
    root = heard.root
    name = root.findall(f"{A}NameID")
    subject = word(name[0].text) if len(name) == 1 and not len(name[0]) else ""
    if not subject:
        raise Malformed(what="a name id that is not encrypted")
    ends = time_of(root.get("NotOnOrAfter"))
    if ends is not None and ends <= parts.clock.now() - LEEWAY:
        raise Expired
    indexes = [word(e.text) for e in root.findall(f"{P}SessionIndex")][:MOST]
    async with parts.database.transaction() as session:
        await remember(session, "logout", provider, str(root.get("ID")), parts.clock.now() + 2 * FRESH)
        ended = 0
        for index in indexes or [""]:
            ended += await end_sessions(session, provider.id, subject=subject, sid=index)
        facts = {"provider": provider.key, "sessions": ended, "how": "saml-logout"}
        await parts.ledger.record(session, Event("sign_on.sessions_ended", "system", subject=provider.id, data=facts))
    place = str(provider.config.get("slo_url") or "")
    if not place:
        return "/signed-out"
    message = (
        f"{_head('LogoutResponse', '_' + random.token_hex(20), parts, provider, place, str(root.get('ID')))}"
        f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:LogoutResponse>'
    )
    return address(place, "SAMLResponse", message, await own_key(parts, provider), heard.relay)


def _envelope(heard: Heard, parts: SignOn, provider: Provider) -> None:
    """Check who sent it, to whom and when (SAML Profiles 4.4.4)."""
    root, wanted = heard.root, {"SAMLRequest": "LogoutRequest", "SAMLResponse": "LogoutResponse"}[heard.kind]
    if root.tag != f"{P}{wanted}" or root.get("Version") != "2.0" or not root.get("ID"):
        raise Malformed(what=f"a {wanted}")
    issuers = root.findall(f"{A}Issuer")
    if len(issuers) != 1 or word(issuers[0].text, 500) != provider.config["entity_id"]:
        raise WrongIssuer
    if root.get("Destination") != slo_of(parts, provider):
        raise WrongAudience
    issued, now = time_of(root.get("IssueInstant")), parts.clock.now()
    if issued is None or issued > now + LEEWAY:
        raise ClockSkew
    if issued < now - FRESH - LEEWAY:
        raise Expired


async def _confirmed(root: Any, parts: SignOn, provider: Provider) -> None:
    """Check an answer to a request of ours: FlowSpent if there was none, ProviderSaysNo if it did not work."""
    await take_flow(parts, provider, str(root.get("InResponseTo") or ""), None)
    code = root.find(f"{P}Status/{P}StatusCode")
    value = code.get("Value", "") if code is not None else ""
    if value != SUCCESS:
        raise ProviderSaysNo(word=word(value.rpartition(":")[2], 60) or "no status")
