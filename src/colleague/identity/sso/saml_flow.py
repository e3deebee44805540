"""Sign in at a SAML provider: our request goes there by redirect, its response comes back as a form, is kept, and is
finished in the browser that began it (SAML Profiles 4.1, HTTP Redirect and POST bindings)."""

import secrets as random
from dataclasses import asdict
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from colleague.identity.cookies import own_path
from colleague.identity.sso.flows import SIGN_IN, Flow, open_flow, remember, take_flow
from colleague.identity.sso.model import Principal, Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.refusals import FlowSpent, Unsolicited
from colleague.identity.sso.saml import asked_in, library, read, verify
from colleague.identity.sso.saml_wire import address, certificate_of, own_key
from colleague.kit.errors import Unavailable

PROTOCOL, ASSERTION = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
POST, REDIRECT = (f"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}" for binding in ("POST", "Redirect"))


class NotReadable(Unavailable):
    """The metadata cannot be used: {why}."""


def entity_of(parts: SignOn, provider: Provider) -> str:
    """Return our entity id for a provider: the address of our metadata."""
    return f"{parts.settings.url}/sign-in/saml/{provider.key}/metadata"


def acs_of(parts: SignOn, provider: Provider) -> str:
    """Return where a provider's responses are posted."""
    return f"{parts.settings.url}/sign-in/saml/{provider.key}/acs"


def slo_of(parts: SignOn, provider: Provider) -> str:
    """Return where a provider sends the browser to sign out."""
    return f"{parts.settings.url}/sign-in/saml/{provider.key}/slo"


async def our_metadata(parts: SignOn, provider: Provider) -> str:
    """Return what a provider must know of us."""
    certificate = certificate_of(await own_key(parts, provider))
    return (
        f'<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        f"entityID={quoteattr(entity_of(parts, provider))}>"
        f'<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" '
        f'protocolSupportEnumeration="{PROTOCOL}"><md:KeyDescriptor use="signing">'
        f'<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}'
        f"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        f'<md:SingleLogoutService Binding="{REDIRECT}" Location={quoteattr(slo_of(parts, provider))}/>'
        f'<md:SingleLogoutService Binding="{POST}" Location={quoteattr(slo_of(parts, provider))}/>'
        f"<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"
        f'<md:AssertionConsumerService Binding="{POST}" Location={quoteattr(acs_of(parts, provider))} index="0" '
        f'isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>'
    )


async def begin(
    parts: SignOn, provider: Provider, *, purpose: str, browser: str, person: str = "", then: str = "/"
) -> str:
    """Return where the browser goes with our request. Its id is kept here: no cookie comes back with a posted form."""
    handle = "_" + random.token_hex(20)
    await open_flow(
        parts, provider, purpose=purpose, browser=browser, person=person, data={"then": then}, handle=handle
    )
    place, now = str(provider.config["sso_url"]), parts.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    # To link or to try, the person shows themselves anew.
    force = ' ForceAuthn="true"' if purpose != SIGN_IN else ""
    request = (
        f'<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{handle}" Version="2.0" '
        f'IssueInstant="{now}" Destination={quoteattr(place)} ProtocolBinding="{POST}"{force} '
        f"AssertionConsumerServiceURL={quoteattr(acs_of(parts, provider))}>"
        f"<saml:Issuer>{escape(entity_of(parts, provider))}</saml:Issuer></samlp:AuthnRequest>"
    )
    return address(place, "SAMLRequest", request, await own_key(parts, provider))


async def take_response(parts: SignOn, provider: Provider, response: str, relay: str) -> tuple[str, Principal | None]:
    """Verify a posted response. Return (ticket, None) to be finished in the browser that began, or, where nobody asked
    and the provider may send it, (own path, principal).

    Raises SignOnRefused in its kinds. What was used once is refused until it ends by itself.
    """
    asked = asked_in(read(response))
    if not asked and not provider.config.get("unsolicited"):
        raise Unsolicited
    flow, binding = (await take_flow_of(parts, provider, asked)) if asked else (None, "")
    told = verify(
        response, asked, provider, acs=acs_of(parts, provider), entity=entity_of(parts, provider),
        now=parts.clock.now(),
    )  # fmt: skip
    async with parts.database.transaction() as session:
        await remember(session, "assertion", provider, told.assertion, told.until)
    if flow is None:
        # RelayState is not signed: only paths that an owner named are followed.
        allowed = provider.config.get("relay") or []
        return (own_path(relay) if relay in allowed else "/"), told.principal
    data = {"then": flow.data.get("then", "/"), "principal": asdict(told.principal)}
    ticket = await open_flow(
        parts, provider, purpose=flow.purpose, browser="", person=flow.person_id, data=data, binding=binding
    )
    return ticket, None


async def take_flow_of(parts: SignOn, provider: Provider, request_id: str) -> tuple[Flow, str]:
    """Use up the request that a response answers; return it and what binds it to its browser. FlowSpent."""
    flow = await take_flow(parts, provider, request_id, None)
    if "principal" in flow.data:
        raise FlowSpent
    return flow, flow.binding


async def finish(parts: SignOn, provider: Provider, ticket: str, browser: str) -> tuple[Flow, Principal]:
    """Take a verified response up again in the browser that began the sign-in. FlowSpent, OtherBrowser."""
    flow = await take_flow(parts, provider, ticket, browser)
    held: Any = flow.data.get("principal")
    if not isinstance(held, dict):
        raise FlowSpent
    return flow, Principal(**{**held, "groups": tuple(held["groups"])})


def read_metadata(text: str, entity_id: str = "") -> dict[str, Any]:
    """Return entity id, sign-on address and certificates of a provider's metadata; NotReadable.

    Their signature is not checked: metadata are believed because an owner brought them, or the address they gave is
    called by https.
    """
    library()
    from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

    if len(text) > 1_000_000 or "<!" in text.replace("<!--", ""):
        raise NotReadable(why="they are too large, or have a document type")
    try:
        found = OneLogin_Saml2_IdPMetadataParser.parse(text, entity_id=entity_id or None).get("idp") or {}
    except Exception:
        raise NotReadable(why="they are not SAML 2.0 metadata") from None
    certificates = (found.get("x509certMulti") or {}).get("signing") or [found.get("x509cert")]
    if not found.get("entityId") or not found.get("singleSignOnService") or not any(certificates):
        raise NotReadable(why="they name no sign-on address by redirect, or no certificate")
    return {
        "entity_id": found["entityId"], "sso_url": found["singleSignOnService"]["url"],
        "certificates": [c for c in certificates if c],
        "slo_url": (found.get("singleLogoutService") or {}).get("url", ""),
    }  # fmt: skip
