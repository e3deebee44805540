"""A SAML response is believed only if exactly what is read was signed for us, now, for this request, by this provider
(ID-2). A naive reader beside it shows that the battery bites."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import lxml.etree as ET
import pytest
import xmlsec
from tests.identity.sso.saml_idp import (
    ACS,
    ENTITY,
    EVIL,
    OWN,
    REQUEST,
    A,
    D,
    SamlIdp,
    evil_of,
    naive,
    posted,
    wrapped,
)

from colleague.identity.sso import refusals as no
from colleague.identity.sso.model import Provider
from colleague.identity.sso.saml import Asserted, verify

NOW = datetime.now(UTC).replace(microsecond=0)
IDP, STRANGER = SamlIdp(), SamlIdp()


def provider(**changes: Any) -> Provider:
    config = {
        "entity_id": ENTITY, "sso_url": "https://idp.example/sso", "certificates": [IDP.cert], "mail_claim": "email",
        "name_claim": "name", "groups_claim": "groups", **changes,
    }  # fmt: skip
    return Provider("provider_1", "corp", "saml", "Corp", True, "provisioned", config, 1)


def check(response: str, request: str = REQUEST, now: datetime = NOW, **changes: Any) -> Asserted:
    return verify(response, request, provider(**changes), acs=ACS, entity=OWN, now=now)


@pytest.mark.parametrize("whole", [False, True])
def test_an_honest_response_is_believed(whole: bool) -> None:
    told = check(posted(IDP.response(NOW, whole=whole)))
    assert (told.principal.subject, told.principal.mail) == ("sub-ana", "ana@aldermoor.example")
    assert (told.principal.groups, told.principal.sid) == (("Staff",), "_session")
    assert told.principal.mail_verified is None
    assert told.assertion == "_assertion"
    assert told.until >= NOW + timedelta(seconds=300)


@pytest.mark.parametrize("number", range(1, 9))
def test_signature_wrapping(number: int) -> None:
    response = posted(wrapped(IDP, number, NOW))
    assert EVIL in naive(response, IDP.cert), "the control falls for it"
    with pytest.raises((no.Wrapped, no.Unsigned)):
        check(response)


def duplicate() -> tuple[Any, str | None]:
    root = IDP.response(NOW)
    root.append(evil_of(root.find(f"{A}Assertion"), "_assertion"))
    return root, "skip"


def comment() -> tuple[Any, str | None]:
    """«ana@x<!---->.evil»: the signature holds, some readers stop at the comment."""
    root = IDP.response(NOW, subject="sub-owner.evil")
    text = ET.tostring(root).replace(b"sub-owner.evil", b"sub-owner<!---->.evil")
    return text, IDP.cert


def document_type() -> tuple[Any, str | None]:
    root = IDP.response(NOW, subject="sub-owner")
    text = ET.tostring(root).replace(b">sub-owner<", b">&who;<")
    return b'<!DOCTYPE r [<!ENTITY who "sub-owner">]>' + text, IDP.cert


def own_key() -> tuple[Any, str | None]:
    return STRANGER.response(NOW, subject=EVIL), None


def sha1() -> tuple[Any, str | None]:
    root = IDP.body(NOW, subject=EVIL)
    IDP.sign(root.find(f"{A}Assertion"), xmlsec.Transform.RSA_SHA1, xmlsec.Transform.SHA1)
    return root, IDP.cert


def sha1_digest() -> tuple[Any, str | None]:
    root = IDP.body(NOW, subject=EVIL)
    IDP.sign(root.find(f"{A}Assertion"), digest=xmlsec.Transform.SHA1)
    return root, IDP.cert


def unsigned() -> tuple[Any, str | None]:
    return IDP.body(NOW, subject=EVIL), IDP.cert


def only_response_signed() -> tuple[Any, str | None]:
    return IDP.sign(IDP.body(NOW, subject=EVIL)), IDP.cert


def nothing_referenced() -> tuple[Any, str | None]:
    """A signature with an empty reference moved into an assertion of another document."""
    root = IDP.response(NOW, subject=EVIL)
    root.find(f".//{D}Reference").set("URI", "")
    return root, "skip"


def second_reference() -> tuple[Any, str | None]:
    root = IDP.response(NOW, subject=EVIL)
    reference = root.find(f".//{D}Reference")
    reference.getparent().append(copy.deepcopy(reference))
    return root, "skip"


BENT: list[tuple[Callable[[], tuple[Any, str | None]], type[Exception]]] = [
    (duplicate, no.Wrapped), (comment, no.Malformed), (document_type, no.Malformed), (own_key, no.BadSignature),
    (sha1, no.WrongAlgorithm), (sha1_digest, no.WrongAlgorithm), (unsigned, no.Unsigned),
    (only_response_signed, no.Unsigned), (nothing_referenced, no.Wrapped), (second_reference, no.Wrapped),
]  # fmt: skip


@pytest.mark.parametrize(("made", "kind"), BENT, ids=lambda v: getattr(v, "__name__", ""))
def test_what_naive_readers_believe_is_refused(made: Any, kind: type[Exception]) -> None:
    document, cert = made()
    response = posted(document)
    if cert != "skip":
        assert EVIL in naive(response, cert), "the control falls for it"
    with pytest.raises(kind):
        check(response)


LATER = NOW + timedelta(seconds=5000)
WRONG: list[tuple[dict[str, Any], dict[str, Any], type[Exception]]] = [
    ({"audience": "https://other.example"}, {}, no.WrongAudience),
    ({"entity": "https://other.example"}, {}, no.WrongIssuer),
    ({"recipient": "https://other.example/acs"}, {}, no.WrongAudience),
    ({"acs": "https://other.example/acs"}, {}, no.WrongAudience),
    ({"acs": ACS + "/longer"}, {}, no.WrongAudience),
    ({"answers": "_another"}, {}, no.Unsolicited),
    ({"answers": ""}, {}, no.Unsolicited),
    ({}, {"request": ""}, no.Unsolicited),
    ({}, {"now": LATER}, no.Expired),
    ({}, {"now": NOW - timedelta(seconds=200)}, no.ClockSkew),
    ({"subject": ""}, {}, no.Malformed),
    ({"subject": "x" * 300}, {}, no.Malformed),
]


# Named without the times in them: workers collect in different seconds.
@pytest.mark.parametrize(
    ("bent", "given", "kind"), WRONG, ids=[f"{k.__name__}-{n}" for n, (_, _, k) in enumerate(WRONG)]
)
def test_signed_but_not_for_this(bent: dict[str, Any], given: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        check(posted(IDP.response(NOW, **bent)), **given)


def test_an_old_response_is_refused_by_its_own_dates() -> None:
    with pytest.raises(no.Expired):
        check(posted(IDP.response(NOW - timedelta(seconds=9000))))


def test_nobody_asked_for_it_but_the_provider_may_send_it() -> None:
    assert check(posted(IDP.response(NOW, answers="")), request="").principal.subject == "sub-ana"


def test_both_certificates_hold_while_a_provider_changes_its_own() -> None:
    told = check(posted(STRANGER.response(NOW)), certificates=[IDP.cert, STRANGER.cert])
    assert told.principal.subject == "sub-ana"


def test_a_changed_word_is_found() -> None:
    text = ET.tostring(IDP.response(NOW)).replace(b"sub-ana", b"sub-ben")
    with pytest.raises(no.BadSignature):
        check(posted(text))


def test_a_provider_that_refused_says_why() -> None:
    root = IDP.response(NOW)
    code = root.find(".//{*}StatusCode")
    code.set("Value", "urn:oasis:names:tc:SAML:2.0:status:Requester")
    with pytest.raises(no.ProviderSaysNo):
        check(posted(root))


JUNK = ["", "x", "AAAA", "PA==", posted(b"<a/>"), posted(b"\xff\xfe<\x00"), "A" * 600_000, posted(b"<a" * 1000),
        posted(b'<?xml version="1.0" encoding="utf-16"?><a/>'), posted(b"<?php x?><a/>"),
        posted(b'<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/>')]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK, ids=lambda j: j[:12])
def test_junk_is_refused(junk: str) -> None:
    with pytest.raises(no.SignOnRefused):
        check(junk)
