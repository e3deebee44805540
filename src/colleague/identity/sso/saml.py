"""Believe a SAML 2.0 response, or say why not: one function, `verify`. It opens nothing and calls nobody.

python3-saml and xmlsec (extra `saml`) check signature, schema and conditions; before them all is refused that has ever
let a reader take another element than the signed one (XSW, duplicate ids, comments, DTDs).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from colleague.identity.sso.jose import word
from colleague.identity.sso.model import Principal, Provider
from colleague.identity.sso.refusals import (
    BadSignature,
    ClockSkew,
    Expired,
    Malformed,
    ProviderSaysNo,
    SignOnRefused,
    Unsigned,
    Unsolicited,
    Wrapped,
    WrongAlgorithm,
    WrongAudience,
    WrongIssuer,
)
from colleague.kit.errors import Unavailable

LIMIT, LEEWAY, MOST_GROUPS = 500_000, timedelta(seconds=60), 1001
P, A, D = (
    "{urn:oasis:names:tc:SAML:2.0:protocol}", "{urn:oasis:names:tc:SAML:2.0:assertion}",
    "{http://www.w3.org/2000/09/xmldsig#}",
)  # fmt: skip
_MARKS = ("Format", "NameQualifier", "SPNameQualifier", "SPProvidedID")
TRANSIENT, BEARER = (
    "urn:oasis:names:tc:SAML:2.0:nameid-format:transient", "urn:oasis:names:tc:SAML:2.0:cm:bearer",
)  # fmt: skip
_MORE, _XENC, _EXC = (
    "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
)  # fmt: skip
SIGNATURES: Final = frozenset(f"{_MORE}{k}-sha{n}" for k in ("rsa", "ecdsa") for n in (256, 384, 512))
DIGESTS: Final = frozenset({f"{_XENC}sha256", f"{_XENC}sha512", f"{_MORE}sha384"})
TRANSFORMS: Final = frozenset({"http://www.w3.org/2000/09/xmldsig#enveloped-signature", _EXC})


class SamlMissing(Unavailable):
    """SAML needs two more packages on this server: pip install 'colleague[saml]'."""


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a verified response says: whom, under which id, and until when that id must be remembered."""

    principal: Principal
    assertion: str
    until: datetime


def library() -> tuple[Any, Any]:
    """Return python3-saml's response and utilities; SamlMissing if they are not installed."""
    try:
        from onelogin.saml2.response import OneLogin_Saml2_Response
        from onelogin.saml2.settings import OneLogin_Saml2_Settings
    except ImportError as error:
        raise SamlMissing from error
    return OneLogin_Saml2_Response, OneLogin_Saml2_Settings


def read(response: str) -> Any:
    """Return the root of a response as it was posted; Malformed, Wrapped, Unsigned, WrongAlgorithm.

    What it refuses has no place in an honest response: comments and processing instructions (they split a text for one
    reader and not for another), document types, other encodings, and any second thing that could be read.
    """
    root = posted_xml(response)
    _shape(root)
    return root


def posted_xml(message: str) -> Any:
    """Return the root of a message as a form carries it; Malformed, Wrapped where an id stands twice."""
    if len(message) > LIMIT:
        raise Malformed(what="a reasonable size")
    try:
        raw = base64.b64decode("".join(message.split()), validate=True)
        root = plain_xml(raw.decode("utf-8"))
    except (binascii.Error, ValueError):
        raise Malformed(what="base64 and UTF-8") from None
    elements = list(root.iter())
    if len(elements) > 5000:
        raise Malformed(what="a reasonable size")
    ids = [e.get(name) for e in elements for name in e.attrib if name.rpartition("}")[2].casefold() == "id"]
    if len(ids) != len(set(ids)) or "" in ids:
        raise Wrapped
    return root


def only_the_root_is_signed(root: Any) -> None:
    """Refuse a message that is not signed once, as a whole: Unsigned, Wrapped, WrongAlgorithm."""
    signatures = list(root.iter(f"{D}Signature"))
    if not signatures:
        raise Unsigned
    odd = any(True for name in ("Object", "Manifest") for _ in root.iter(f"{D}{name}"))
    if len(signatures) > 1 or signatures[0].getparent() is not root or odd:
        raise Wrapped
    _signature(signatures[0])


def plain_xml(text: str) -> Any:
    """Return the root of a text; Malformed for anything but plain XML."""
    plain = re.sub(r"\A\ufeff?\s*<\?xml [^>]{0,100}\?>", "", text, count=1)
    if any(mark in plain for mark in ("<!", "<?", "\x00")) or re.search(
        r"encoding\s*=\s*['\"](?!utf-8)", text[:120], re.I
    ):
        raise Malformed(what="plain XML without comments or a document type")
    _, _ = library()
    from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

    try:
        return OneLogin_Saml2_XML.to_etree(plain.encode())
    except Exception:
        # Whatever made-up XML breaks in the parser is a refusal.
        raise Malformed(what="XML that can be read") from None


def _shape(root: Any) -> None:
    """Refuse a document in which what is signed and what is read could be two things."""
    elements = list(root.iter())
    if root.tag != f"{P}Response":
        raise Malformed(what="a response")
    if any(e.tag == f"{A}EncryptedAssertion" for e in elements):
        raise Malformed(what="an assertion that is not encrypted")
    assertions = [e for e in elements if e.tag == f"{A}Assertion"]
    responses = [e for e in elements if e.tag == f"{P}Response"]
    if len(assertions) > 1 or len(responses) > 1 or any(e.getparent() is not root for e in assertions):
        raise Wrapped
    signatures = [e for e in elements if e.tag == f"{D}Signature"]
    if any(e.getparent() not in (root, *assertions) for e in signatures) or any(
        e.tag in (f"{D}Object", f"{D}Manifest") for e in elements
    ):
        raise Wrapped
    if not assertions:
        return
    if not any(s.getparent() is assertions[0] for s in signatures):
        raise Unsigned
    for parent in {s.getparent() for s in signatures}:
        if sum(s.getparent() is parent for s in signatures) > 1:
            raise Wrapped
    for signature in signatures:
        _signature(signature)


def _signature(signature: Any) -> None:
    """Refuse a signature that is not exactly over its own parent, made with algorithms of today."""
    infos = signature.findall(f"{D}SignedInfo")
    references = signature.findall(f".//{D}Reference")
    if len(infos) != 1 or len(references) != 1 or references[0].getparent() is not infos[0]:
        raise Wrapped
    if references[0].get("URI") != f"#{signature.getparent().get('ID')}":
        raise Wrapped
    named = {
        "SignatureMethod": SIGNATURES, "DigestMethod": DIGESTS, "Transform": TRANSFORMS,
        "CanonicalizationMethod": frozenset({_EXC}),
    }  # fmt: skip
    for name, allowed in named.items():
        found = infos[0].findall(f".//{D}{name}")
        if not found or any(e.get("Algorithm") not in allowed for e in found):
            raise WrongAlgorithm
    if len(infos[0].findall(f".//{D}Transform")) > 2:
        raise WrongAlgorithm


def asked_in(root: Any) -> str:
    """Return the id of the request that a response says it answers; "" if it says none."""
    return str(root.get("InResponseTo") or "")


def verify(
    response: str, request_id: str, provider: Provider, *, acs: str, entity: str, now: datetime
) -> Asserted:  # fmt: skip
    """Return what a posted response asserts, verified. `request_id` is "" for one that nobody asked for.

    `acs` is where it was posted, `entity` who we are. Raises SignOnRefused in its kinds, SamlMissing.
    """
    root = read(response)
    _status(root)
    assertion = root.find(f"{A}Assertion")
    if assertion is None:
        raise Malformed(what="an assertion")
    # By our own clock and stricter than the library; nothing is believed before it has looked at the signature.
    until = _conditions(assertion, entity=entity, now=now)
    _subject(root, assertion, request_id, acs, now)
    told = _validated(response, request_id, provider, acs, entity)
    return Asserted(_principal(told, assertion, provider), str(assertion.get("ID")), until)


def _status(root: Any) -> None:
    code = root.find(f"{P}Status/{P}StatusCode")
    value = code.get("Value", "") if code is not None else ""
    if value != "urn:oasis:names:tc:SAML:2.0:status:Success":
        inner = code.find(f"{P}StatusCode") if code is not None else None
        said = (inner.get("Value", "") if inner is not None else value).rpartition(":")[2]
        raise ProviderSaysNo(word=word(said, 60) or "no status")


_WHY: Final[tuple[tuple[str, type[SignOnRefused]], ...]] = (
    ("audience", WrongAudience), ("issuer", WrongIssuer), ("future", ClockSkew), ("not yet valid", ClockSkew),
    ("expired", Expired), ("deprecated", WrongAlgorithm), ("signature validation", BadSignature),
    ("not signed", Unsigned), ("no signature", Unsigned), ("does not match the id of the authnrequest", Unsolicited),
    ("received at", WrongAudience), ("sign", Wrapped), ("duplicated", Wrapped),
)  # fmt: skip


def _validated(response: str, request_id: str, provider: Provider, acs: str, entity: str) -> Any:
    """Let python3-saml check it, strictly; return its view. SignOnRefused in its kinds."""
    reader, settings_of = library()
    config, place = provider.config, acs.partition("://")
    settings = {
        "strict": True, "debug": False,
        "sp": {"entityId": entity, "assertionConsumerService": {"url": acs}},
        "idp": {"entityId": config["entity_id"], "singleSignOnService": {"url": config["sso_url"]},
                "x509certMulti": {"signing": list(config["certificates"])}},
        "security": {"wantAssertionsSigned": True, "rejectDeprecatedAlgorithm": True, "wantAttributeStatement": False,
                     "requestedAuthnContext": False},
    }  # fmt: skip
    host, _, path = place[2].partition("/")
    request = {"https": "on" if place[0] == "https" else "off", "http_host": host, "script_name": f"/{path}"}
    try:
        told = reader(settings_of(settings, sp_validation_only=False), response)
        told.is_valid(request, request_id or None, raise_exceptions=True)
    except Exception as error:
        words = str(error).casefold()
        raise next((kind for mark, kind in _WHY if mark in words), Malformed)(
            **({"what": "what the SAML schema demands"} if not any(mark in words for mark, _ in _WHY) else {})
        ) from None
    return told


def time_of(text: str | None) -> datetime | None:
    """Return a time as SAML writes it, aware; None for none. Malformed."""
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Malformed(what="times") from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _window(element: Any, now: datetime) -> datetime:
    """Return when the element ends; Expired, ClockSkew, Malformed if it does not say."""
    start, end = time_of(element.get("NotBefore")), time_of(element.get("NotOnOrAfter"))
    if end is None:
        raise Malformed(what="an end")
    if start is not None and start > now + LEEWAY:
        raise ClockSkew
    if end <= now - LEEWAY:
        raise Expired
    return end


def _conditions(assertion: Any, *, entity: str, now: datetime) -> datetime:
    conditions = assertion.findall(f"{A}Conditions")
    if len(conditions) != 1:
        raise Malformed(what="conditions")
    end = _window(conditions[0], now)
    issued = time_of(assertion.get("IssueInstant"))
    if issued is None or issued > now + LEEWAY:
        raise ClockSkew
    restrictions = conditions[0].findall(f"{A}AudienceRestriction")
    # SAML Core 2.5.1.4: every restriction must hold; one without our name shuts us out.
    if not restrictions or any(entity not in [a.text for a in r.findall(f"{A}Audience")] for r in restrictions):
        raise WrongAudience
    return end + LEEWAY


def _subject(root: Any, assertion: Any, request_id: str, acs: str, now: datetime) -> None:
    """Check where it was sent and what it answers, by what is signed (SAML Profiles 4.1.4.3)."""
    if root.get("Destination") is not None and root.get("Destination") != acs:
        raise WrongAudience
    fault: SignOnRefused = Malformed(what="a bearer confirmation")
    for one in assertion.findall(f"{A}Subject/{A}SubjectConfirmation"):
        data = one.find(f"{A}SubjectConfirmationData")
        if one.get("Method") != BEARER or data is None:
            continue
        try:
            _window(data, now)
            if data.get("Recipient") != acs:
                raise WrongAudience
            if (data.get("InResponseTo") or "") != request_id or asked_in(root) != request_id:
                raise Unsolicited
        except SignOnRefused as refusal:
            fault = refusal
            continue
        return
    raise fault


def _principal(told: Any, assertion: Any, provider: Provider) -> Principal:
    name = assertion.find(f"{A}Subject/{A}NameID")
    if name is None or name.get("Format") == TRANSIENT or len(name):
        raise Malformed(what="a lasting name id")
    subject = word(name.text)
    if not subject:
        raise Malformed(what="a name id")
    values: Mapping[str, list[Any]] = told.get_attributes()
    config = provider.config

    def first(claim: str) -> str:
        return next((word(v) for v in values.get(config.get(claim) or "", []) if word(v)), "")

    mail = first("mail_claim") or (subject if "@" in subject else "")
    marks = {k: name.get(k) for k in _MARKS if name.get(k)}
    groups = [word(g) for g in values.get(config.get("groups_claim") or "", [])][:MOST_GROUPS]
    return Principal(
        subject, mail, None, first("name_claim")[:120], tuple(g for g in groups if g),
        word(told.get_session_index()), json.dumps({"value": name.text, "marks": marks}),
    )  # fmt: skip
