"""Try a provider before people depend on it: what it publishes, both clocks, and a sign-in that signs nobody in."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from cryptography import x509

from colleague.audit.event import Event
from colleague.identity.actor import Actor
from colleague.identity.sso.arrive import settle
from colleague.identity.sso.discover import keys_of, metadata_of
from colleague.identity.sso.jose import LEEWAY
from colleague.identity.sso.model import Principal, Provider
from colleague.identity.sso.oidc import callback
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.providers import open_secret
from colleague.identity.sso.saml import library
from colleague.identity.sso.saml_flow import acs_of, entity_of
from colleague.identity.tables import ProviderRow
from colleague.kit.errors import Failure


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is well (None: cannot be said from here), and what helps."""

    title: str
    good: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test sign-in showed: the claims, who it would be here, or why it would be refused."""

    claims: Sequence[tuple[str, str]]
    person: str
    refusal: str
    counts: bool


async def examine(parts: SignOn, actor: Actor, provider: Provider) -> list[Check]:
    """Look at everything that can be looked at without a person. Calls out; raises nothing but PermissionMissing."""
    actor.require("org:settings:manage")
    checks = await _oidc(parts, provider) if provider.kind == "oidc" else _saml(parts, provider)
    async with parts.database.transaction() as session:
        facts = {"provider": provider.key, "well": all(c.good is not False for c in checks)}
        await parts.ledger.record(session, Event("sign_on.examined", actor.id, subject=provider.id, data=facts))
    return checks


async def _oidc(parts: SignOn, provider: Provider) -> list[Check]:
    try:
        about = await metadata_of(parts, provider, fresh=True)
    except Failure as failure:
        return [Check("Discovery", False, f"{failure.message} Address: {provider.oidc.issuer}.")]
    checks = [Check("Discovery", True, f"Issuer {about.issuer}; hosts {', '.join(sorted(about.hosts))}.")]
    try:
        keys = await keys_of(parts, provider, fresh=True)
        kinds = ", ".join(sorted({key.key_type for key in keys}))
        checks.append(Check("Keys", True, f"{len(keys)} that can verify signatures ({kinds})."))
    except Failure as failure:
        checks.append(Check("Keys", False, failure.message))
    wanted, offered = provider.oidc.algorithms, about.algorithms
    fits = not offered or bool(set(wanted) & set(offered))
    words = f"Accepted here: {', '.join(wanted)}. Offered there: {', '.join(offered) or 'not said'}."
    checks.append(Check("Signatures", fits, words if fits else words + " Name one that is offered."))
    checks.append(clocks(parts, about.date))
    secret = bool(open_secret(provider, parts.secrets))
    needed = "none" not in about.methods
    wanting = "The provider wants one: enter the client secret." if needed else "Not needed."
    words = "Kept, sealed." if secret else wanting
    checks.append(Check("Client secret", secret or not needed, words))
    words = f"Register exactly this address there: {callback(parts, provider)}. A test sign-in shows whether it is."
    checks.append(Check("Redirect URI", None, words))
    return checks


def _saml(parts: SignOn, provider: Provider) -> list[Check]:
    try:
        library()
    except Failure as failure:
        return [Check("Packages", False, failure.message)]
    checks, now = [Check("Packages", True, "python3-saml and xmlsec are here.")], parts.clock.now()
    for pem in provider.config["certificates"]:
        ends = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
        words = f"Valid until {ends:%Y-%m-%d}." + ("" if ends > now else " Enter the new one; both hold side by side.")
        checks.append(Check("Certificate", ends > now, words))
    words = f"Register there: entity id {entity_of(parts, provider)}, ACS {acs_of(parts, provider)}."
    checks.append(Check("Addresses", None, f"{words} A test sign-in shows whether they are, and the clocks."))
    return checks


def clocks(parts: SignOn, date: str) -> Check:
    """Compare the provider's clock (the Date header of its answer) with ours."""
    try:
        apart = abs((parsedate_to_datetime(date) - parts.clock.now()).total_seconds())
    except (ValueError, TypeError, IndexError):
        return Check("Clocks", None, "The provider does not say what time it has.")
    if apart > LEEWAY:
        return Check("Clocks", False, f"{apart:.0f} seconds apart; at most {LEEWAY:.0f} are allowed. Set them (NTP).")
    return Check("Clocks", True, f"{apart:.0f} seconds apart.")


async def try_out(parts: SignOn, actor: Actor, provider: Provider, principal: Principal) -> Tried:
    """Say what this principal would be here, without signing in or linking anybody.

    If it is the owner who tries, and they are linked, the provider counts as tried at its present settings.
    """
    actor.require("org:settings:manage")
    claims = [
        ("subject", principal.subject), ("mail", principal.mail or "(not sent)"),
        ("mail verified", {True: "yes", False: "no", None: "not said"}[principal.mail_verified]),
        ("name", principal.name or "(not sent)"), ("groups", ", ".join(principal.groups) or "(none sent)"),
    ]  # fmt: skip
    who, refusal, counts = "", "", False
    async with parts.database.transaction() as session:
        try:
            settled = await settle(session, provider, principal)
        except Failure as failure:
            refusal = failure.message
        else:
            person = settled.person
            who = f"{person.name} ({person.email})" if person else "a new member"
            who += ", linked now for the first time" if person and settled.first else ""
            counts = person is not None and person.id == actor.id and not settled.first and actor.may("org:roles:own")
        if counts:
            row = await session.get_one(ProviderRow, provider.id, with_for_update=True)
            if row.version == provider.version:
                row.tried_by, row.tried_version, row.tried_at = actor.id, row.version, parts.clock.now()
        facts = {"provider": provider.key, "counts": counts, "refused": bool(refusal)}
        await parts.ledger.record(session, Event("sign_on.tried", actor.id, subject=provider.id, data=facts))
    return Tried(claims, who, refusal, counts)
