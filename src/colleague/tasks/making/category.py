"""Which category an output is of: what the agent says, never less than the skills it follows say (OH-4)."""

from sqlalchemy import select

from colleague.agent.messages import Said, from_json
from colleague.kit.db import Session
from colleague.plugins.allowed import TAKES_UP, followed
from colleague.plugins.model import Usable
from colleague.plugins.store import usable_skills
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import stricter_of
from colleague.tasks.model import CallState
from colleague.tasks.tables import CallRow, RunRow, StepRow


async def category_for(session: Session, task: str, person: str, teams: frozenset[str], asked: str) -> str:
    """Return the category for an output of `task`: `asked`, or that of a skill the task follows if that is stricter.

    What nobody says counts as an internal summary; what nobody has described stays as it is and is held strictly.
    """
    names = await _followed(session, task)
    skills = [one for one in await usable_skills(session, person, teams) if _is(one, names)] if names else []
    return stricter_of(await current_governance(session), [asked.strip(), *(s.skill.category for s in skills)])


def _is(one: Usable, names: frozenset[str]) -> bool:
    return one.name.casefold() in names or one.skill.name.casefold() in names


async def _followed(session: Session, task: str) -> frozenset[str]:
    """Return the names of the skills that any run of the task was told to follow, or took up."""
    runs = select(RunRow.id).where(RunRow.task_id == task)
    said = await session.scalars(
        select(StepRow.body).where(StepRow.run_id.in_(runs), StepRow.kind == "said").order_by(StepRow.seq)
    )
    words = [message for body in said if isinstance(message := from_json(body), Said)]
    done = CallRow.tool.in_(TAKES_UP) & (CallRow.state == CallState.DONE)
    used = await session.scalars(select(CallRow.arguments["name"].astext).where(CallRow.run_id.in_(runs), done))
    return followed(words) | {name.strip().removeprefix("/").casefold() for name in used if name}
