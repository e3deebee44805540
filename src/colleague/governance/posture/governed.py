"""Looks at what people decided: settings, the document, owners, grants, tools, model providers, proposals."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from colleague.connectors.grants import list_grants
from colleague.connectors.overview import Shown, holder_names, state_of
from colleague.connectors.registry import Registry
from colleague.connectors.review.findings import findings_of
from colleague.connectors.tiers import tool_states
from colleague.governance.document.drift import drift
from colleague.governance.document.store import in_force
from colleague.governance.posture.model import Finding
from colleague.identity.directory import list_teams
from colleague.identity.local_routes import current_mode
from colleague.identity.people import active_owners
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.models.minds import Minds
from colleague.models.model import DATA_KINDS, DEPLOYMENT, NoSuchProvider, Paper
from colleague.models.store import list_providers
from colleague.policy.governance import current_governance, read_settings, stored_form, versions
from colleague.policy.model import Governance
from colleague.policy.second_person.propose import list_proposals
from colleague.policy.second_person.words import TITLES, setting_words
from colleague.policy.standards.retention import longer
from colleague.policy.stricter import weaker

SOON = timedelta(days=30)
# Which finding of the connectors' review belongs to which check; the others end by themselves.
OF_REVIEW = {
    "full access": "full-access", "above policy": "scopes-needed", "wider than needed": "scopes-needed",
    "no end": "scopes-needed", "no exception": "scopes-needed", "unused": "scopes-used",
}  # fmt: skip


async def of_settings(session: Session) -> Sequence[Finding]:
    """Return which settings are weaker than those that ship, since when and by whom, from their versions."""
    now, shipped = await current_governance(session), Governance()
    rows = await versions(session)
    found: list[Finding] = []
    for name in weaker(shipped, now):
        if name == "retention" and not longer(shipped.retention, now.retention):
            continue
        began = None
        for row in reversed(rows):
            if name not in weaker(shipped, _with(shipped, name, row.settings)):
                break
            began = row
        value, teams = stored_form(now)[name], {t.id: t.name for t in await list_teams(session)}
        words = f"{setting_words(name, value, teams)}; as shipped: {setting_words(name, stored_form(shipped)[name])}"
        since, by = (began.changed_at, began.changed_by) if began else (None, "")
        found.append(Finding("settings-strict", TITLES[name], words, since, by))
    if not now.internal_domains:
        found.append(Finding("mail-domains", "domains", "None is named.", state="to do"))
    return found


def _with(shipped: Governance, name: str, settings: object) -> Governance:
    """Return the shipped settings with one of a stored version."""
    stored = settings if isinstance(settings, dict) else {}
    return read_settings({name: stored[name]}, 0) if name in stored else shipped


async def of_people(session: Session) -> Sequence[Finding]:
    """Return whether there are two owners."""
    owners = await active_owners(session) - {(await current_mode(session)).break_glass}
    words = "There is one." if owners else "There is none."
    return [] if len(owners) > 1 else [Finding("two-owners", "owners", words, state="to do")]


async def of_document(session: Session, clock: Clock) -> Sequence[Finding]:
    """Return whether a signed document is in force, and what holds otherwise than it says."""
    document = await in_force(session)
    if document is None:
        return [
            Finding("document-signed", "document", "None has been published.", state="to do"),
            Finding("document-holds", "document", "None has been published.", state="not applicable"),
        ]
    return [
        Finding("document-holds", f.what, f"{f.actual}; the document says: {f.document}", f.since, f.by)
        for f in await drift(session, document, clock=clock)
    ]


async def of_grants(session: Session, now: datetime, clock: Clock) -> Sequence[Finding]:
    """Return what the connectors' review finds of grants (CN-8, CN-9), with who gave them and when."""
    names = await holder_names(session)
    opened = {o.id: o for o in await list_grants(session, ended=True, clock=clock)}
    shown = [Shown(o, names.get(o.grant.holder, o.grant.holder), state_of(o, now)) for o in opened.values()]
    found: list[Finding] = []
    for f in findings_of(shown, await current_governance(session), now):
        if f.kind in OF_REVIEW:
            reason = f" Reason on record: {f.explanation}" if f.explanation else " No reason is on record."
            one, what = opened[f.grant], f"{f.connector} for {f.holder}, {f.grant}"
            found.append(Finding(OF_REVIEW[f.kind], what, f.words + reason, one.granted_at, one.granted_by))
    if not opened:
        found += [
            Finding(check, "grants", "Nothing is open to anybody.", state="not applicable")
            for check in ("full-access", "scopes-needed", "scopes-used")
        ]
    return found


async def of_tools(session: Session, registry: Registry) -> Sequence[Finding]:
    """Return the tools that were approved and are another one now."""
    states = await tool_states(session)
    return [
        Finding("tools-as-approved", name, f"The tool «{tool.title}» of {connector.title} has another definition now.")
        for name, (connector, tool) in (await registry.now(session)).tools().items()
        if states.decided.get(name, ("", "pending"))[1] == "approved" and states.get(name, tool.hash) == "pending"
    ]


async def of_models(session: Session, minds: Minds, today: date) -> Sequence[Finding]:
    """Return what providers lack in proof that they do not train on the organisation's data (DA-4, DA-5)."""
    outside = [p for p in await list_providers(session) if p.enabled and not p.own]
    found = [f for p in outside for f in _of_papers(p.name, p.name, p.lasting("no-training", today), today)]
    elsewhere = bool(outside)
    if not minds.is_built_in(minds.deployed):
        try:
            own = (await minds.find(session, DEPLOYMENT, "")).thought.own
        except NoSuchProvider:
            own = True
        if not own:
            held = [minds.paper] if minds.paper and minds.paper.holds(today) else []
            found += _of_papers(DEPLOYMENT, f"the deployment's model ({minds.deployed})", held, today)
            elsewhere = True
    if not found and not elsewhere:
        found += [
            Finding(check, "providers", "Nothing leaves for a model elsewhere.", state="not applicable")
            for check in ("attested", "attestation-lasts", "attestation-whole")
        ]
    return found


def _of_papers(key: str, name: str, held: Sequence[Paper], today: date) -> Iterable[Finding]:
    """Say what is wanting in the attestations of a provider that hold today."""
    if not held:
        yield Finding("attested", key, f"No attestation of {name} holds today; the rules refuse it.")
        return
    last = max((paper.expires_on for paper in held if paper.expires_on), default=None)
    if last is not None and last - today <= SOON:
        yield Finding("attestation-lasts", key, f"The last attestation of {name} ends on {last.isoformat()}.")
    if not any(paper.whole for paper in held):
        best = max(held, key=lambda paper: len(set(paper.covers)))
        missing = ", ".join(kind for kind in DATA_KINDS if kind not in best.covers)
        by = best.stored_by or "the operator of the server"
        yield Finding("attestation-whole", key, f"That of {name} does not name: {missing}.", best.stored_at, by)


async def of_proposals(session: Session, clock: Clock) -> Sequence[Finding]:
    """Return the changes that wait for a second person."""
    return [
        Finding("nothing-waits", p.id, "; ".join(p.words), p.proposed_at, p.proposed_by)
        for p in await list_proposals(session, clock=clock)
    ]
