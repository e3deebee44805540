"""A SAML identity provider that signs what a test wants, honest or not, and a naive reader that believes it."""

import base64
import copy
import hashlib
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import lxml.etree as ET
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

A, P, D = (
    "{urn:oasis:names:tc:SAML:2.0:assertion}", "{urn:oasis:names:tc:SAML:2.0:protocol}",
    "{http://www.w3.org/2000/09/xmldsig#}",
)  # fmt: skip
ENTITY, EVIL = "https://idp.example/saml", "sub-owner"
OWN, ACS, REQUEST = "http://127.0.0.1:8080/saml", "http://127.0.0.1:8080/sign-in/saml/corp/acs", "_request"
BODY = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
 ID="_response" Version="2.0" IssueInstant="{now}" Destination="{acs}"{answers}><saml:Issuer>{entity}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="_assertion" Version="2.0" IssueInstant="{now}"><saml:Issuer>{entity}</saml:Issuer>
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{recipient}"{answers}/>
</saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience>
</saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="_session"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>{mail}</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="groups"><saml:AttributeValue>Staff</saml:AttributeValue></saml:Attribute>
</saml:AttributeStatement>
</saml:Assertion></samlp:Response>"""


class SamlIdp:
    """A key, its certificate, and responses."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        self.cert = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        self.key = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def body(self, now: datetime, **changes: str) -> Any:
        """Return an unsigned response."""

        def at(seconds: int) -> str:
            return (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

        answers = changes.pop("answers", REQUEST)
        given = {
            "now": at(0), "start": at(-30), "end": at(3600), "entity": ENTITY, "subject": "sub-ana", "acs": ACS,
            "recipient": ACS, "audience": OWN, "mail": "ana@aldermoor.example",
            "answers": f' InResponseTo="{answers}"' if answers else "", **changes,
        }  # fmt: skip
        return ET.fromstring(BODY.format(**given).replace(">\n", ">").replace("\n", " ").encode())

    def sign(
        self, element: Any, method: Any = xmlsec.Transform.RSA_SHA256, digest: Any = xmlsec.Transform.SHA256,
        canon: Any = xmlsec.Transform.EXCL_C14N, key_info: bool = True,
    ) -> Any:  # fmt: skip
        """Sign an element in place (the signature stands after its issuer) and return it."""
        template = xmlsec.template.create(element, canon, method, ns="ds")
        element.insert(1, template)
        reference = xmlsec.template.add_reference(template, digest, uri=f"#{element.get('ID')}")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, canon)
        if key_info:
            xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
        xmlsec.tree.add_ids(element, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.key, xmlsec.KeyFormat.PEM)
        context.key.load_cert_from_memory(self.cert.encode(), xmlsec.KeyFormat.CERT_PEM)
        context.sign(template)
        return element

    def go(self, kind: str, message: str, *, relay: str = "", algorithm: str = "rsa-sha256") -> str:
        """Return the query of an address with a signed message (HTTP Redirect binding)."""
        packer = zlib.compressobj(wbits=-15)
        packed = base64.b64encode(packer.compress(message.encode()) + packer.flush()).decode()
        pairs = [(kind, packed), *([("RelayState", relay)] if relay else [])]
        pairs.append(("SigAlg", f"http://www.w3.org/2001/04/xmldsig-more#{algorithm}"))
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        key: Any = serialization.load_pem_private_key(self.key, None)
        made = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{query}&Signature={quote(base64.b64encode(made).decode(), safe='')}"

    def response(self, now: datetime, *, whole: bool = False, **changes: str) -> Any:
        """Return a response whose assertion (and, if `whole`, itself too) is signed."""
        root = self.body(now, **changes)
        self.sign(root.find(f"{A}Assertion"))
        return self.sign(root) if whole else root


def posted(root: Any) -> str:
    """Return a response as a browser posts it."""
    return base64.b64encode(root if isinstance(root, bytes) else ET.tostring(root)).decode()


def evil_of(assertion: Any, identifier: str = "_evil") -> Any:
    """Return a copy of an assertion that speaks of somebody else, without a signature."""
    evil = copy.deepcopy(assertion)
    evil.set("ID", identifier)
    for signature in evil.findall(f"{D}Signature"):
        evil.remove(signature)
    evil.find(f".//{A}NameID").text = EVIL
    return evil


def wrapped(idp: SamlIdp, number: int, now: datetime) -> Any:
    """Return a response wrapped as XSW1 to XSW8 (Somorovsky et al., «On Breaking SAML», 2012)."""
    root = idp.response(now) if number > 2 else idp.sign(idp.body(now))
    assertion = root.find(f"{A}Assertion")
    if number <= 2:
        signature = root.find(f"{D}Signature")
        original = copy.deepcopy(root)
        original.remove(original.find(f"{D}Signature"))
        root.set("ID", "_evil")
        root.find(f".//{A}NameID").text = EVIL
        if number == 1:
            ET.SubElement(signature, f"{D}Object").append(original)
        else:
            root.remove(signature)
            extensions = ET.Element(f"{P}Extensions")
            extensions.append(original)
            root.append(extensions)
            root.append(signature)
        return root
    signature, evil = assertion.find(f"{D}Signature"), evil_of(assertion)
    place = root.index(assertion)
    if number == 3:
        root.insert(place, evil)
    elif number == 4:
        root.replace(assertion, evil)
        evil.append(assertion)
    elif number == 5:
        original = copy.deepcopy(assertion)
        original.remove(original.find(f"{D}Signature"))
        root.replace(assertion, evil)
        evil.insert(1, signature)
        root.append(original)
    elif number == 6:
        original = copy.deepcopy(assertion)
        original.remove(original.find(f"{D}Signature"))
        root.replace(assertion, evil)
        evil.insert(1, signature)
        signature.append(original)
    elif number == 7:
        extensions = ET.Element(f"{P}Extensions")
        extensions.append(evil)
        root.insert(1, extensions)
    else:
        original = copy.deepcopy(assertion)
        original.remove(original.find(f"{D}Signature"))
        root.replace(assertion, evil)
        evil.insert(1, signature)
        ET.SubElement(signature, f"{D}Object").append(original)
    return root


def naive(response: str, cert: str | None) -> set[str]:
    """Believe a response as many readers did: each signature holds for what it refers to; then read an assertion.

    `cert` None: the key that the signature brings along is believed too. Raises if a signature does not hold.
    """
    root = ET.fromstring(base64.b64decode(response), ET.XMLParser(resolve_entities=True))
    for signature in root.iter(f"{D}Signature"):
        info = signature.find(f"{D}SignedInfo")
        wanted = info.find(f"{D}Reference").get("URI")[1:]
        element = copy.deepcopy(next(e for e in root.iter() if e.get("ID") == wanted))
        for inner in element.findall(f"{D}Signature"):
            element.remove(inner)
        digest = hashlib.new("sha1" if "sha1" in ET.tostring(info.find(f".//{D}DigestMethod")).decode() else "sha256")
        digest.update(ET.tostring(element, method="c14n", exclusive=True, with_comments=False))
        assert base64.b64encode(digest.digest()).decode() == info.findtext(f".//{D}DigestValue").strip()
        brought = signature.findtext(f".//{D}X509Certificate", "").strip()
        pem = cert or f"-----BEGIN CERTIFICATE-----\n{brought}\n-----END CERTIFICATE-----\n"
        method = hashes.SHA1() if "rsa-sha1" in ET.tostring(info).decode() else hashes.SHA256()
        x509.load_pem_x509_certificate(pem.encode()).public_key().verify(
            base64.b64decode(signature.findtext(f"{D}SignatureValue")),
            ET.tostring(info, method="c14n", exclusive=True), padding.PKCS1v15(), method,
        )  # fmt: skip
    # Two habits: the first assertion anywhere, or the one right below the response.
    first, outer = next(root.iter(f"{A}Assertion")), root.find(f"{A}Assertion")
    return {str(one.find(f"{A}Subject/{A}NameID").text) for one in (first, outer) if one is not None}
