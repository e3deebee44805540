"""SAML messages besides responses, in an address or a form (SAML Bindings 3.4, 3.5): ours are signed, theirs must be.

Our key: one for each provider, made when it is first needed, kept sealed; its certificate stands in our metadata.
"""

import asyncio
import base64
import binascii
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, unquote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from sqlalchemy import select

from colleague.identity.sso.model import Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.refusals import BadSignature, Malformed, NoSuchProvider, Unsigned, WrongAlgorithm
from colleague.identity.sso.saml import LIMIT, SIGNATURES, only_the_root_is_signed, plain_xml, posted_xml
from colleague.identity.tables import ProviderRow

RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
LASTS = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Heard:
    """A signed message: `SAMLRequest` or `SAMLResponse`, its root, and the relay state."""

    kind: str
    root: Any
    relay: str


async def own_key(parts: SignOn, provider: Provider) -> str:
    """Return our private key for a provider and its certificate, as PEM; made and sealed if there is none yet."""
    context = f"sso_providers.sealed:{provider.id}"
    if provider.sealed:
        return parts.secrets.open(provider.sealed, context=context)
    made = await asyncio.to_thread(_make, parts, provider)
    async with parts.database.transaction() as session:
        row = await session.scalar(select(ProviderRow).where(ProviderRow.id == provider.id).with_for_update())
        if row is None:
            raise NoSuchProvider
        if row.sealed is None:
            row.sealed = parts.secrets.seal(made, context=context)
        return parts.secrets.open(row.sealed, context=context)  # Another may have been quicker.


def _make(parts: SignOn, provider: Provider) -> str:
    key = rsa.generate_private_key(65537, 3072)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Colleague, for {provider.key}")])
    now = parts.clock.now()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    certificate = made.not_valid_after(now + LASTS).sign(key, hashes.SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (secret + certificate.public_bytes(Encoding.PEM)).decode()


def certificate_of(pem: str) -> str:
    """Return the certificate of our key as it stands in metadata: base64 without lines."""
    loaded = x509.load_pem_x509_certificate(pem[pem.index("-----BEGIN CERTIFICATE") :].encode())
    return base64.b64encode(loaded.public_bytes(Encoding.DER)).decode()


def address(place: str, kind: str, message: str, pem: str, relay: str = "") -> str:
    """Return where the browser goes with a message of ours, signed (SAML Bindings 3.4.4.1)."""
    packer = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(packer.compress(message.encode()) + packer.flush()).decode()
    pairs = [(kind, packed), *([("RelayState", relay)] if relay else []), ("SigAlg", RSA_SHA256)]
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
    key = load_pem_private_key(pem[: pem.index("-----BEGIN CERTIFICATE")].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = base64.b64encode(key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    return f"{place}{'&' if '?' in place else '?'}{query}&Signature={quote(signature, safe='')}"


def hear(query: str, provider: Provider) -> Heard:
    """Return the message in the raw query string of an address, verified against the provider's certificates.

    The signature is over the very characters that came. Raises Malformed, Unsigned, WrongAlgorithm, BadSignature.
    """
    if len(query) > LIMIT:
        raise Malformed(what="a reasonable size")
    given: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in given:
            raise Malformed(what="each parameter once")
        given[name] = value
    kinds = [name for name in ("SAMLRequest", "SAMLResponse") if name in given]
    if len(kinds) != 1:
        raise Malformed(what="one message")
    if not given.get("Signature") or not given.get("SigAlg"):
        raise Unsigned
    signed = "&".join(f"{n}={given[n]}" for n in (kinds[0], "RelayState", "SigAlg") if n in given)
    _check(signed.encode(), _decoded(given["Signature"]), unquote(given["SigAlg"]), provider)
    return Heard(kinds[0], plain_xml(_inflated(_decoded(given[kinds[0]]))), unquote(given.get("RelayState", "")))


def hear_form(kind: str, message: str, relay: str, provider: Provider) -> Heard:
    """Return a message that a form carries (HTTP POST binding, 3.5), whose signature stands in it.

    Raises Malformed, Unsigned, Wrapped, WrongAlgorithm, BadSignature.
    """
    root = posted_xml(message)
    only_the_root_is_signed(root)
    from onelogin.saml2.utils import OneLogin_Saml2_Utils

    place = f"/samlp:{root.tag.rpartition('}')[2]}/ds:Signature"
    certificates = list(provider.config["certificates"])
    if not OneLogin_Saml2_Utils.validate_sign(root, xpath=place, multicerts=certificates):
        raise BadSignature
    return Heard(kind, root, relay)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(unquote(value), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(what="base64") from None


def _inflated(packed: bytes) -> str:
    opener = zlib.decompressobj(-15)
    try:
        text = opener.decompress(packed, LIMIT).decode("utf-8")
    except (zlib.error, UnicodeDecodeError):
        raise Malformed(what="compressed UTF-8") from None
    if opener.unconsumed_tail or not opener.eof:
        raise Malformed(what="a reasonable size")
    return text


def _check(signed: bytes, signature: bytes, algorithm: str, provider: Provider) -> None:
    """Raise unless one of the provider's certificates made the signature."""
    if algorithm not in SIGNATURES:
        raise WrongAlgorithm
    kind, _, digest = algorithm.rpartition("#")[2].partition("-")
    for pem in provider.config["certificates"]:
        key = x509.load_pem_x509_certificate(str(pem).encode()).public_key()
        try:
            if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, signed, padding.PKCS1v15(), _HASHES[digest])
                return
            if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
                half = len(signature) // 2  # r ‖ s, as XML signatures write them (RFC 4050, 3.3)
                pair = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
                key.verify(encode_dss_signature(*pair), signed, ec.ECDSA(_HASHES[digest]))
                return
        except (InvalidSignature, ValueError):
            continue
    raise BadSignature
