"""What waits for a person's look: reviews of others' outputs, second looks, and what the agent made for them."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import or_, select

from colleague.files.reviews.look import PERMISSION, look_for
from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import Category, standard_of
from colleague.tasks.tables import HandOverRow, TaskRow

MOST = 200
Why = Literal["review", "second look", "yours"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One version that waits. `why`: a review by somebody else, a second look, or one's own look at a light one."""

    output: OutputRow
    version: OutputVersionRow
    task: TaskRow
    kind: Category
    why: Why
    owner: str

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "output": self.output.id, "version": self.version.version, "name": self.output.name, "why": self.why,
            "category": self.kind.id, "high_stakes": self.kind.high_stakes, "task": self.task.id, "owner": self.owner,
            "written_at": self.version.created_at, "page": f"/reviews/{self.output.id}",
        }  # fmt: skip


async def waiting_for(session: Session, actor: Actor) -> list[Waiting]:
    """Return what waits for `actor`, the oldest first, at most 200 of each; what nobody may do for them is left out."""
    governance = await current_governance(session)
    newest = OutputVersionRow.version == OutputRow.versions
    drafts = (OutputVersionRow.review == "draft") & newest
    open_ = drafts if not actor.may(PERMISSION) else or_(drafts, OutputVersionRow.second_look == "wanted")
    query = (
        select(OutputRow, OutputVersionRow, TaskRow)
        .join(OutputVersionRow, OutputVersionRow.output_id == OutputRow.id)
        .join(TaskRow, TaskRow.id == OutputRow.task_id)
        .where(open_)
        .order_by(OutputVersionRow.created_at, OutputRow.id)
    )
    if not actor.may(PERMISSION):
        query = query.where(TaskRow.person_id == actor.id)
    rows = [(o, v, t) for o, v, t in await session.execute(query)]
    before = await _in_charge_before(session, {t.id for _, _, t in rows})
    found: list[tuple[Any, Why]] = []
    for output, version, task in rows:
        kind = standard_of(governance, output.category)
        if why := _why(actor, version, task.person_id, kind, before.get(task.id, set())):
            found.append(((output, version, task, kind), why))
    names = await names_of(session, {task.person_id for (_, _, task, _), _ in found})
    kept: list[Waiting] = []
    for (output, version, task, kind), why in found:
        if sum(w.why == why for w in kept) < MOST:
            kept.append(Waiting(output, version, task, kind, why, names.get(task.person_id, "somebody")))
    return kept


def _why(actor: Actor, version: OutputVersionRow, owner: str, kind: Category, before: set[str]) -> Why | None:
    match look_for(actor, version, kind, owner, before):
        case "review" if kind.high_stakes:
            return "review"
        case "review" if actor.id == owner:
            return "yours"
        case "second look":
            return "second look"
        case _:
            return None


async def _in_charge_before(session: Session, tasks: set[str]) -> dict[str, set[str]]:
    query = select(HandOverRow.task_id, HandOverRow.from_id).where(
        HandOverRow.task_id.in_(tasks), HandOverRow.state == "done"
    )
    found: dict[str, set[str]] = {}
    for task, person in await session.execute(query):
        found.setdefault(task, set()).add(person)
    return found


async def count_waiting(session: Session, actor: Actor) -> int:
    """Return how many wait for `actor` as another person: what stands beside «Reviews» in the navigation."""
    return sum(w.why != "yours" for w in await waiting_for(session, actor)) if actor.may(PERMISSION) else 0
