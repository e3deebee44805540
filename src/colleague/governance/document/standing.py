"""How the document stands, for pages, API and terminal: the version in force, its drift, the draft and its effect."""

from collections.abc import Mapping
from dataclasses import dataclass

from colleague.governance.document.compile import Compiled, compile_document
from colleague.governance.document.draft import see_draft
from colleague.governance.document.drift import Finding, drift
from colleague.governance.document.effect import Difference, difference, effect
from colleague.governance.document.model import Document
from colleague.governance.document.store import acknowledgements, has_acknowledged, in_force
from colleague.identity.actor import Actor
from colleague.identity.directory import list_active, list_teams, names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.engine import Engine
from colleague.policy.governance import current_governance


@dataclass(frozen=True, slots=True)
class Standing:
    """The version in force, if any; names by id. `findings` and counts are empty for who may not see the rules."""

    document: Document | None
    names: Mapping[str, str]
    mine: bool
    findings: tuple[Finding, ...] = ()
    acknowledged: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft beside what is in force, what it compiles to, and whom it affects."""

    document: Document
    last: Document | None
    compiled: Compiled
    difference: Difference
    effect: tuple[str, ...]
    names: Mapping[str, str]


async def standing(session: Session, actor: Actor, *, clock: Clock) -> Standing:
    """Return how the version in force stands. Everybody who is here may read it."""
    document = await in_force(session)
    if document is None:
        return Standing(None, {}, mine=False)
    names = await names_of(session, people_in(document))
    mine = await has_acknowledged(session, document.number, actor.id)
    if not actor.may("org:policy:read"):
        return Standing(document, names, mine)
    active = {p.id for p in await list_active(session)}
    done = active & (await acknowledgements(session, document.number)).keys()
    found = tuple(await drift(session, document, clock=clock))
    return Standing(document, names, mine, found, len(done), len(active))


async def drafted(session: Session, actor: Actor, engine: Engine, *, clock: Clock) -> Draft:
    """Return the draft with its difference and effect. Raises NoDraft, DraftNotYours, BadSentence."""
    document, last = await see_draft(session, actor), await in_force(session)
    before = await current_governance(session)
    compiled = compile_document(document.sentences, before, engine)
    teams = {t.id: t.name for t in await list_teams(session)}
    shown = difference(last, document, before, compiled.governance, teams)
    lines = await effect(session, before, compiled, clock=clock)
    return Draft(document, last, compiled, shown, tuple(lines), await names_of(session, people_in(document)))


def people_in(document: Document) -> set[str]:
    """Return the ids of everybody the document names."""
    return {
        *document.owners.values(), *(s.person for s in document.signatures), document.changed_by, document.published_by
    }  # fmt: skip
