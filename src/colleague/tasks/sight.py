"""Who may look at a task, and what they see: the reading side for pages, API and CLI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from colleague.agent.budget import Spent
from colleague.approvals.partners import Partner, part_of, partners_of
from colleague.files.outputs import get_output, list_outputs
from colleague.files.tables import FileRow, OutputRow, OutputVersionRow
from colleague.files.uploads import list_files
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import SystemClock
from colleague.kit.db import Session
from colleague.library.parts import Library
from colleague.library.sets import list_sets
from colleague.models.model import Estimate
from colleague.models.spoken import heard
from colleague.models.store import find_estimate
from colleague.models.usage import Line, cost_of_run
from colleague.policy.model import Label
from colleague.projects.reach import reaches
from colleague.projects.store import role_in, see_project
from colleague.tasks.model import ENDED, SUBAGENTS, State, Step, Summary
from colleague.tasks.store import (
    TaskNotFound,
    calls_of,
    get_task,
    list_tasks,
    newest_run,
    runs_of,
    shown_state,
    steps_after,
)
from colleague.tasks.subagents.family import read_together, spent_together
from colleague.tasks.subagents.seen import Subagent, list_subagents
from colleague.tasks.tables import CallRow, RunRow, TaskRow
from colleague.tasks.timeline import author


@dataclass(frozen=True, slots=True)
class View:
    """A task with one of its runs: everything a page shows. `people`: the names of its owner and of who spoke in it.

    `state` is the run's as people see it: one whose sub-agent waits for them waits for them too. `spent` and `read`
    are of both.
    """

    task: TaskRow
    run: RunRow
    steps: Sequence[Step]
    calls: Sequence[CallRow]
    files: Sequence[FileRow]
    outputs: Sequence[tuple[OutputRow, OutputVersionRow]]
    expected: Estimate | None = None
    used: Line | None = None
    saying: str = ""
    part: str = ""
    partners: Sequence[Partner] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    runs: Sequence[RunRow] = ()
    state: State = State.QUEUED
    subagents: Sequence[Subagent] = ()
    spent: Spent = field(default_factory=Spent)
    read: Label = field(default_factory=Label)

    @property
    def newest(self) -> bool:
        """Say whether this is the newest run; an older one is only looked at."""
        return self.run.id == self.runs[-1].id

    @property
    def steers(self) -> bool:
        """Say whether the reader may steer: the owner, or a co-driver."""
        return self.part in ("owner", "driver") and self.newest

    @property
    def waiting_for(self) -> str:
        """Return what a person is asked: of the run, or else of the first of its sub-agents that asks."""
        asked = [s.run.waiting_for for s in self.subagents if s.run.waiting_for and s.run.state not in ENDED]
        return asked[0] if asked and self.run.waiting_for == SUBAGENTS else self.run.waiting_for

    @property
    def why(self) -> str:
        """Return why it is in its state: of the run, or else of its first sub-agent that is blocked."""
        blocked = [s.run.why for s in self.subagents if s.run.state == State.BLOCKED]
        return self.run.why or (blocked[0] if blocked and self.run.state not in ENDED else "")

    @property
    def label(self) -> dict[str, Any]:
        """Return the label of what the run and its sub-agents have read."""
        return self.read.to_json()

    @property
    def all_calls(self) -> list[CallRow]:
        """Return the calls of the run and of its sub-agents."""
        return [*self.calls, *(c for s in self.subagents for c in s.calls)]

    @property
    def said(self) -> list[Step]:
        """Return what people said in this run, oldest first."""
        return [s for s in self.steps if s.kind == "said" and s.body["who"] == "person"]

    @property
    def calls_by_model_id(self) -> dict[str, CallRow]:
        """Return the calls by the id the model's turn gives them."""
        return {c.model_call_id: c for c in self.calls}


def people_of(plan: Mapping[str, Any]) -> list[str]:
    """Return who put steps into a plan, or took out what the agent put back."""
    return [*plan.get("authors", ()), *(o["by"] for o in plan.get("overrides", ()))]


async def part_in(session: Session, actor: Actor, task: TaskRow) -> str:
    """Return what `actor` is on the task: owner, driver, approver, viewer, or "" (then only org:tasks:read helps)."""
    if task.person_id == actor.id and actor.may("own:tasks:use"):
        return "owner"
    return await part_of(session, actor, task.id) or await _part_through_project(session, actor, task)


async def _part_through_project(session: Session, actor: Actor, task: TaskRow) -> str:
    """Return «viewer» for a member of the task's project whose own teams reach all that the task has read, else ""."""
    if task.project_id is None or not actor.may("own:tasks:use"):
        return ""
    if not await role_in(session, actor.id, task.project_id):
        return ""
    read = await read_together(session, await newest_run(session, task.id))
    own = {f.name for f in await list_files(session, task.id)}
    open_ = await reaches(session, actor.holders, read, own=own, clock=SystemClock())
    return "viewer" if open_ else ""


async def may_see(session: Session, actor: Actor, task: TaskRow) -> bool:
    """Say whether `actor` may see the task: their own, one that is shared with them, or any with org:tasks:read."""
    return actor.may("org:tasks:read") or await part_in(session, actor, task) != ""


async def is_seen(session: Session, actor: Actor, task_id: str) -> bool:
    """Say whether there is such a task and `actor` may see it."""
    task = await session.get(TaskRow, task_id)
    return task is not None and await may_see(session, actor, task)


async def tasks_in(session: Session, actor: Actor, project: str) -> list[Summary]:
    """Return the newest tasks of a project that `actor` may see: their own, and those whose sources they reach."""
    found = await list_tasks(session, project=project, limit=60)
    return [task for task in found if await is_seen(session, actor, task.id)][:30]


async def belongs(session: Session, actor: Actor, task: TaskRow, library: Library) -> list[tuple[str, str]]:
    """Return (words, address) of the project and the document set of a task, if `actor` may see them."""
    found = []
    if task.project_id and await role_in(session, actor.id, task.project_id):
        project, _ = await see_project(session, actor, task.project_id)
        found.append((f"project {project.name}", f"/projects/{project.id}"))
    if task.set_id and (sets := await list_sets(session, actor, library, only=task.set_id)):
        found.append((f"about {sets[0].name}", f"/document-sets/{sets[0].id}"))
    return found


async def see_task(session: Session, actor: Actor, task_id: str) -> TaskRow:
    """Return the task if `actor` may see it; TaskNotFound otherwise (what one may not see does not exist)."""
    task = await get_task(session, task_id)
    if not await may_see(session, actor, task):
        raise TaskNotFound
    return task


async def view_task(session: Session, actor: Actor, task_id: str, run_id: str = "") -> View:
    """Return everything of a task that a page shows, of one run (the newest); TaskNotFound if it is not for `actor`."""
    task = await see_task(session, actor, task_id)
    runs = await runs_of(session, task_id)
    run = next((r for r in reversed(runs) if run_id in ("", r.id)), None)
    if run is None:
        raise TaskNotFound
    steps = await steps_after(session, run.id)
    return View(
        task,
        run,
        steps,
        await calls_of(session, run.id),
        await list_files(session, task_id),
        await list_outputs(session, task_id),
        await find_estimate(session, run.id),
        await cost_of_run(session, run.id),
        await heard(session, run.id) if run.state == State.RUNNING else "",
        await part_in(session, actor, task),
        await partners_of(session, task_id),
        await names_of(
            session,
            {task.person_id, *filter(None, map(author, steps)), *filter(None, [run.paused_by, *people_of(run.plan)])},
        ),
        runs,
        await shown_state(session, run.id),
        await list_subagents(session, run, steps),
        await spent_together(session, run),
        await read_together(session, run),
    )


async def see_output(
    session: Session, actor: Actor, output_id: str, number: int | None = None
) -> tuple[TaskRow, OutputRow, OutputVersionRow]:
    """Return an output with its task. Reviewers see what waits for review, others what their tasks made."""
    output, version = await get_output(session, output_id, number)
    task = await get_task(session, output.task_id)
    if not await may_see(session, actor, task) and not actor.may("org:outputs:review"):
        raise TaskNotFound
    return task, output, version
