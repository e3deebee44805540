"""The page of effective policy: what the agent may do for a person, and the answer to one question about it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from colleague.connectors.registry import Registry
from colleague.governance.effective.may import Wish, may, overview
from colleague.governance.effective.since import grant_words
from colleague.identity.current import Current
from colleague.identity.directory import PersonNotFound, find_by_email, list_teams, names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.engine import Engine
from colleague.policy.model import DataClass

router = APIRouter(include_in_schema=False)
TheEngine = Annotated[Engine, Depends(part(Engine))]
TheRegistry = Annotated[Registry, Depends(part(Registry))]
CLASSES = {c.name.lower(): c for c in DataClass}
CHANNELS = (("desk", "at the desk"), ("dispatch", "from a phone"), ("schedule", "by schedule"))


@router.get("/policies/effective")
async def effective(
    request: Request, page: Page, db: Db, actor: Current, engine: TheEngine, registry: TheRegistry, clock: Time,
    person: Annotated[str, Query(max_length=200)] = "", tool: Annotated[str, Query(max_length=100)] = "",
    place: Annotated[str, Query(max_length=1000)] = "", to: Annotated[str, Query(max_length=1000)] = "",
    channel: str = "desk", data_class: str = "public", doubtful: bool = False,
) -> HTMLResponse:  # fmt: skip
    """Show what the agent may do for a person (by mail address; oneself if none is given); with a tool, one answer."""
    parts: dict[str, Any] = {"registry": registry, "engine": engine, "clock": clock}
    async with db.transaction() as session:
        found = await find_by_email(session, person.strip()) if person.strip() else None
        if person.strip() and found is None:
            raise PersonNotFound
        about = found.id if found else actor.id
        now, tools = await overview(session, actor, about, **parts)
        answer = None
        if tool:
            recipients, read = tuple(to.replace(",", " ").split()[:20]), CLASSES.get(data_class, DataClass.PUBLIC)
            wish = Wish(tool, place, recipients, channel, read, untrusted=doubtful, doubtful=doubtful)
            answer = await may(session, actor, about, wish, **parts)
        teams = {team.id: team.name for team in await list_teams(session)}
        people = await names_of(session, {s.by for s in answer.sources} if answer else ())
    asked = {"tool": tool, "place": place, "to": to, "channel": channel, "data_class": data_class, "doubtful": doubtful}
    return page.show(
        request, "governance/effective.html", now=now, tools=tools, answer=answer, asked=asked, people=people,
        given=[grant_words(o, teams) for o in now.opened], mine=about == actor.id, mail=found.email if found else "",
        classes=list(CLASSES), channels=CHANNELS,
    )  # fmt: skip
