"""What the installation itself shows of readiness, and the answers that follow from it."""

from dataclasses import replace

from colleague.connectors.connector import Connector
from colleague.connectors.registry import Registry, is_shipped
from colleague.governance.document.model import PARTS
from colleague.governance.document.store import in_force
from colleague.identity.directory import names_of
from colleague.identity.seats.hold import seats_held
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass
from colleague.rollout.readiness.model import Answers, Known
from colleague.rollout.store import current_programme
from colleague.usecases.around import Reach
from colleague.usecases.ready import ready

# Output categories that only regulated work has (RG): the law asks something of them in a pilot too.
REGULATED = frozenset({"clinical_note", "regulatory_filing", "legal_advice"})


async def look(session: Session, *, registry: Registry, reach: Reach) -> Known:
    """Return what is known without asking anybody."""
    governance, document = await current_governance(session), await in_force(session)
    stands = await ready(session, reach=reach)
    restricted = []
    if governance.highest_input >= DataClass.RESTRICTED:
        restricted.append("The rules let restricted data reach the agent.")
    for one in stands.approved:
        if one.card.data_class >= DataClass.RESTRICTED or one.card.category in REGULATED:
            restricted.append(f"The use case «{one.card.name}» works with them.")
    now, programme = await registry.now(session), await current_programme(session)
    names = await names_of(session, [programme.sponsor])
    return Known(
        servers=tuple(one.title for one in now if _is_own(one)), restricted=tuple(restricted),
        people=await seats_held(session),
        unsigned=tuple(PARTS[part] for part in (document.unsigned if document else PARTS)),
        unready=stands.reasons, unmeasured=stands.unmeasured,
        sponsor=names.get(programme.sponsor, ""),
    )  # fmt: skip


def prefill(known: Known, before: Answers) -> tuple[Answers, dict[str, str]]:
    """Return the answers to begin with, and by question why: what is known outweighs what was answered. Pure.

    Nothing is answered for anybody that cannot be seen: that no server is registered does not say that none will be.
    """
    answers, why = before, {}
    if known.servers:
        answers = replace(answers, custom_mcp=True)
        why["custom_mcp"] = f"Registered already: {', '.join(known.servers[:10])}."
    if known.restricted:
        answers = replace(answers, regulated=True)
        why["regulated"] = " ".join(known.restricted[:10])
    if known.sponsor:
        answers = replace(answers, sponsor=True)
        why["sponsor"] = f"{known.sponsor} is named as the programme's sponsor, from outside IT."
    if known.people > (answers.seats or 0):
        answers = replace(answers, seats=known.people)
        why["seats"] = f"{known.people} people are active here now; more if more will come."
    return answers, why


def _is_own(connector: Connector) -> bool:
    return not is_shipped(connector)
