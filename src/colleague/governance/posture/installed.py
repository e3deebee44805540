"""Looks at what the operator set: demo, addresses, sandbox, witness, SIEM, and what the ledger says of itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from colleague.audit.read import newest
from colleague.governance.posture.checks import Severity
from colleague.governance.posture.model import Finding
from colleague.identity.local_routes import current_mode
from colleague.identity.sso.providers import list_providers
from colleague.kit.db import Session
from colleague.kit.sandbox.model import Report
from colleague.kit.settings import Settings

OPERATOR = "the operator of the server"
VERIFY_EVERY = timedelta(days=31)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def of_settings(settings: Settings, sandbox: Report | None) -> Iterable[Finding]:
    """Return what the deployment settings say. Pure."""
    if settings.demo:
        yield Finding("demo-off", "demo", "COLLEAGUE_DEMO is on.", by=OPERATOR)
    if settings.egress_private:
        yield Finding("egress-private-off", "egress", "COLLEAGUE_EGRESS_PRIVATE is on.", by=OPERATOR)
    address = urlsplit(settings.url)
    if address.scheme != "https":
        near = address.hostname in _LOOPBACK and settings.host in _LOOPBACK
        words = "Only this machine reaches it." if near else f"It is reached at {settings.url}."
        yield Finding("address-https", "address", words, by=OPERATOR, state="not applicable" if near else "deviation")
    if not settings.checkpoint_sink:
        yield Finding("checkpoint-sink", "sink", "COLLEAGUE_CHECKPOINT_SINK is not set.", state="to do")
        yield Finding("witness-answers", "sink", "There is no witness yet.", state="not applicable")
    if not settings.siem:
        yield Finding("siem", "siem", "COLLEAGUE_SIEM is not set.", state="to do")
    if sandbox is None or sandbox.tier is None:
        words = sandbox.sentence if sandbox else "Code is refused."
        yield Finding("code-confined", "sandbox", words, state="not applicable")


async def of_record(session: Session, now: datetime) -> Sequence[Finding]:
    """Return what the ledger and the ways to sign in say."""
    found: list[Finding] = []
    verified = await newest(session, "ledger.verified")
    if verified is None:
        words = "It has not been verified yet."
        found.append(Finding("ledger-verifies", "verified", words, state="to do", severity=Severity.MEDIUM))
    elif not verified.data.get("ok"):
        found.append(Finding("ledger-verifies", "broken", "It did not verify.", verified.at, verified.actor))
    elif now - verified.at > VERIFY_EVERY:
        words, late = f"It was verified last on {verified.at:%Y-%m-%d}.", verified.at + VERIFY_EVERY
        found.append(Finding("ledger-verifies", "verified", words, late, severity=Severity.MEDIUM))
    witness = await newest(session, "ledger.witness_lost", "ledger.witness_reached")
    if witness is not None and witness.verb == "ledger.witness_lost":
        found.append(Finding("witness-answers", "witness", "The witness does not answer.", witness.at))
    mode = await current_mode(session)
    if mode.broken_at is not None:
        words = "The sealed account was used."
        found.append(Finding("break-glass-unused", "used", words, mode.broken_at, mode.break_glass))
    elif not mode.closed:
        found.append(Finding("break-glass-unused", "none", "There is no sealed account.", state="not applicable"))
    if not mode.closed:
        there = bool(await list_providers(session, enabled=True))
        words = "Passwords work beside the identity provider." if there else "No identity provider is connected."
        found.append(Finding("sign-on", "passwords", words, state="to do"))
    return found
