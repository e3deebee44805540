"""Who is meant by a name in a command: exactly one colleague, or a question back."""

from dataclasses import replace

from colleague.dispatch.triggers.match import goal_for
from colleague.dispatch.triggers.model import Plan
from colleague.dispatch.triggers.pattern import read_pattern
from colleague.dispatch.triggers.store import get_trigger
from colleague.identity.directory import find_by_name
from colleague.kit.db import Session
from colleague.kit.errors import Invalid

SHOWN = 4


class Unclear(Invalid):
    """{why}"""


async def with_people(session: Session, plan: Plan) -> Plan:
    """Return the plan with each colleague's full name and address in place of what they were called; Unclear if a name
    fits nobody, or several.
    """
    wording = (await get_trigger(session, plan.trigger)).wording
    named = {field.name for field in read_pattern(wording.pattern).fields if field.type == "person"}
    fields = []
    for name, value in plan.fields:
        fields.append((name, await _one(session, value) if name in named and value else value))
    return replace(plan, fields=tuple(fields), goal=goal_for(wording.goal, dict(fields), plan.delivery))


async def _one(session: Session, text: str) -> str:
    people = await find_by_name(session, text)
    if not people:
        raise Unclear(why=f"I know no colleague called «{text[:60]}». Write the full name or the address.")
    if len(people) > 1:
        names = ", ".join(f"{p.name} <{p.email}>" for p in people[:SHOWN])
        raise Unclear(why=f"«{text[:60]}» could be {names}. Write the address, please.")
    return f"{people[0].name} <{people[0].email}>"
