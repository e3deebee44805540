"""Values of sign-on: a provider as it is set up, and whom it says it has signed in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
DISCOVERY: Final = "/.well-known/openid-configuration"
Kind = Literal["oidc", "saml"]
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class Common(BaseModel):
    """What every provider has: the mail domains it speaks for, and where the groups stand."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=2000)

    domains: list[str] = Field(default_factory=list, max_length=50, description="Mail domains it speaks for.")
    groups_claim: str = Field("groups", max_length=200, description="Claim or attribute that lists groups.")

    @field_validator("domains", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        words = re.split(r"[\s,]+", value) if isinstance(value, str) else value
        return [str(w).casefold() for w in words if w] if isinstance(words, list) else words

    @field_validator("domains")
    @classmethod
    def _proper(cls, value: list[str]) -> list[str]:
        if not all(_DOMAIN.fullmatch(domain) for domain in value):
            raise ValueError("a mail domain looks like example.com")
        return value


class OidcConfig(Common):
    """An OpenID Connect provider."""

    issuer: str = Field(min_length=8, max_length=500, description="Issuer, or the address of its discovery document.")
    client_id: str = Field(min_length=1, max_length=300, description="What the provider calls this application.")
    scopes: str = Field("openid email profile", max_length=300, description="Scopes that are asked for.")
    algorithms: list[str] = Field(["RS256"], min_length=1, max_length=9, description="Signatures that are accepted.")

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        value = value.removesuffix(DISCOVERY)
        if not value.startswith(("https://", "http://")) or any(c in value for c in "?# "):
            raise ValueError("an issuer is an https address without a query")
        return value

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        words = value.split()
        return " ".join(words if "openid" in words else ["openid", *words])

    @field_validator("algorithms", mode="before")
    @classmethod
    def _algorithms(cls, value: object) -> object:
        # INVARIANT: no «none» and nothing symmetric: a public key must never serve as a shared secret.
        words = value.split() if isinstance(value, str) else value
        if not isinstance(words, list) or not words or not set(map(str, words)) <= set(ALGORITHMS):
            raise ValueError(f"choose among {', '.join(ALGORITHMS)}")
        return words


class SamlConfig(Common):
    """A SAML 2.0 provider."""

    entity_id: str = Field(min_length=1, max_length=500, description="The provider's entity id.")
    sso_url: str = Field(min_length=8, max_length=1000, description="Where sign-in requests go (HTTP Redirect).")
    slo_url: str = Field("", max_length=1000, description="Where sign-outs go (HTTP Redirect); empty: nowhere.")
    certificates: list[str] = Field(min_length=1, max_length=5, description="Its signing certificates.")
    mail_claim: str = Field("email", max_length=200, description="Attribute with the mail address.")
    name_claim: str = Field("name", max_length=200, description="Attribute with the name.")
    unsolicited: bool = Field(False, description="Take responses that nobody here asked for.")
    relay: list[str] = Field(default_factory=list, max_length=20, description="Own paths it may lead to then.")

    @field_validator("sso_url", "slo_url")
    @classmethod
    def _place(cls, value: str) -> str:
        if (value and not value.startswith(("https://", "http://"))) or any(c in value for c in '# "<'):
            raise ValueError("this must be an https address")
        return value

    @field_validator("certificates", mode="before")
    @classmethod
    def _certificates(cls, value: object) -> object:
        if isinstance(value, str):
            value = re.split(r"(?<=-----END CERTIFICATE-----)", value) if "-----END" in value else value.split("\n\n")
        return [c for c in map(_pem, value) if c] if isinstance(value, list) else value

    @field_validator("relay", mode="before")
    @classmethod
    def _relay(cls, value: object) -> object:
        return value.split() if isinstance(value, str) else value


def _pem(text: object) -> str:
    """Return a certificate as PEM; "" for nothing. ValueError unless it is one with a key of today."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding

    bare = re.sub(r"-----(BEGIN|END) CERTIFICATE-----|\s", "", str(text))
    if not bare:
        return ""
    pem = f"-----BEGIN CERTIFICATE-----\n{bare}\n-----END CERTIFICATE-----\n"
    try:
        made = x509.load_pem_x509_certificate(pem.encode())
        key = made.public_key()
    except Exception:
        raise ValueError("that is no certificate") from None
    if not (isinstance(key, ec.EllipticCurvePublicKey) or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048)):
        raise ValueError("a certificate needs an RSA key of at least 2048 bits, or an EC key")
    return made.public_bytes(Encoding.PEM).decode()


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider as it is set up. `joining`: jit (unknown people become members) or provisioned."""

    id: str
    key: str
    kind: str
    title: str
    enabled: bool
    joining: str
    config: Mapping[str, Any]
    version: int
    has_secret: bool = False
    tried: bool = False
    sealed: str = field(default="", repr=False)

    @property
    def oidc(self) -> OidcConfig:
        """Return its configuration as an OIDC provider."""
        return OidcConfig.model_validate(dict(self.config))

    @property
    def domains(self) -> tuple[str, ...]:
        """Return the mail domains it speaks for."""
        return tuple(self.config.get("domains", ()))


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a provider has signed in, verified. `mail_verified` is None where it does not say. Made by verifiers only.

    `hint` is what a sign-out at the provider needs (an ID token, or a name id), `sid` what it calls its session.
    """

    subject: str
    mail: str = ""
    mail_verified: bool | None = None
    name: str = ""
    groups: tuple[str, ...] = ()
    sid: str = ""
    hint: str = field(default="", repr=False)


class ProviderGiven(BaseModel):
    """A provider as an owner describes it. `secret` is kept sealed; empty keeps the present one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: Kind
    title: str = Field(min_length=1, max_length=60)
    joining: Literal["jit", "provisioned"] = "provisioned"
    config: dict[str, Any]
    secret: str = Field("", max_length=1000, repr=False)

    @model_validator(mode="after")
    def _whose(self) -> "ProviderGiven":
        if self.kind == "saml" and self.secret:
            raise ValueError("a SAML provider has no client secret")
        if self.joining == "jit" and not self.config.get("domains"):
            # Whoever has an account at a public provider would become a member.
            raise ValueError("to make unknown people members, name the mail domains that the provider speaks for")
        return self
