"""The task's own workspace as a connector: plan, files, outputs, colleagues, questions. Governed like every other.

Made for one run; its tools change nothing outside the task.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from colleague.agent.interrupts import NeedsAnswer, NeedsSubagents
from colleague.agent.plan import Plan
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Access, Account, Effected, Preview, Result, Tool
from colleague.files.outputs import read_blocks, write_output
from colleague.files.read_text import as_text, pages_of, search_in
from colleague.files.tables import OutputVersionRow
from colleague.files.templates import find_template
from colleague.files.uploads import get_file, label_of, list_files
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_name, teams_of
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.documents.model import Document, Draft
from colleague.kit.documents.write.formats import remarks
from colleague.kit.errors import Conflict
from colleague.kit.sandbox.box import Sandbox
from colleague.library.parts import Library
from colleague.library.sets import list_sets, may_ask
from colleague.library.tools import LIBRARY_TOOLS
from colleague.library.tools import use as use_library
from colleague.plugins.use import read_skill_file, use_skill
from colleague.policy.model import DataClass, Integrity, Label
from colleague.projects.tools import NAMES as PROPOSE
from colleague.projects.tools import PROJECT_TOOLS, was_proposed
from colleague.projects.tools import use as propose_change
from colleague.tasks.making.category import category_for
from colleague.tasks.making.run_code import run_python
from colleague.tasks.model import Run
from colleague.tasks.store import lock_run, touch
from colleague.tasks.subagents.begin import NOT_FOR_SUBAGENTS, subagent
from colleague.tasks.tables import CallRow
from colleague.tasks.workspace_tools import WORKSPACE_TOOLS

KIND = "workspace"
PAGES_AT_ONCE = 40
_UNDONE = {"left out": "put in", "put back": "taken out"}


class PlanIsTheirs(Conflict):
    """The person has changed the plan meanwhile, so this was not noted: go on by their plan."""


class Workspace:
    """The built-in connector of one run."""

    kind = KIND
    title = "This task"

    def __init__(
        self, run: Run, *, database: Database, ledger: Ledger, clock: Clock, sandbox: Sandbox, library: Library
    ) -> None:
        """Take the run it belongs to."""
        self._library, self.reads_sets = library, False
        self._run, self._database, self._ledger, self._clock = run, database, ledger, clock
        self._sandbox = sandbox

    def tools(self) -> Sequence[Tool]:
        """Return the workspace tools: those of document sets where there are any, those of a project inside one.

        The plan and the person's ear belong to the task's own run, and only it starts sub-agents.
        """
        sets = LIBRARY_TOOLS if self.reads_sets else ()
        tools = (*WORKSPACE_TOOLS, *sets, *(PROJECT_TOOLS if self._run.project else ()))
        return tuple(t for t in tools if t.name not in NOT_FOR_SUBAGENTS) if self._run.parent else tools

    async def look(self, session: Session) -> None:
        """See whether there are document sets that this task may ask, before `tools` is asked for.

        One that is limited to chosen files may not: sets hold others.
        """
        self.reads_sets = not self._run.places and await may_ask(session, self._run.person, self._library)

    def place(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """The workspace is no granted place."""
        return ""

    def recipients(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """Nothing here reaches anybody."""
        return ()

    def preview(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Preview:
        """Show the arguments."""
        return Preview(tool, tuple((k, str(v)[:2000]) for k, v in arguments.items()))

    async def call(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Result:
        """Do what the tool says, inside this task."""
        match tool:
            case "set_plan":
                return await self._set_plan(arguments, access.idempotency_key.partition(":")[0])
            case "list_files":
                return await self._list_files()
            case "read_document":
                return await self._read(arguments)
            case "search_documents":
                return await self._search(str(arguments["query"]))
            case "write_document":
                return await self._write(arguments, access.idempotency_key.partition(":")[0])
            case "run_python":
                async with self._database.transaction() as session:
                    kind = await self._category(session, arguments)
                return await run_python(
                    self._run, {**arguments, "category": kind}, access.idempotency_key.partition(":")[0],
                    sandbox=self._sandbox, database=self._database, ledger=self._ledger, clock=self._clock,
                )  # fmt: skip
            case "use_skill" | "read_skill_file":
                return await self._skill(tool, arguments)
            case "search_library" | "read_library":
                return await use_library(
                    tool, arguments, person=self._run.person, sets=await self._sets(), library=self._library
                )  # fmt: skip
            case "propose_note" | "propose_instruction":
                return await self._propose(tool, arguments, access.idempotency_key.partition(":")[0])
            case "find_colleague":
                return await self._find(str(arguments["name"]))
            case "start_subagent":
                return await self._subagent(arguments, access.idempotency_key.partition(":")[0])
            case _:
                # The only one left is ask_person: the run parks until the person has answered.
                raise NeedsAnswer

    async def effected(self, tool: str, arguments: Mapping[str, Any], access: Access) -> Effected:
        """Say whether an output was written by this call; everything else here can simply be repeated.

        A program too: it changes nothing outside its own folder, and what the same call has kept is not kept twice.
        """
        call = access.idempotency_key.partition(":")[0]
        if tool in PROPOSE:
            async with self._database.transaction() as session:
                return Effected.YES if await was_proposed(session, call) else Effected.NO
        if tool != "write_document":
            return Effected.NO
        async with self._database.transaction() as session:
            found = await session.scalar(select(OutputVersionRow.version).where(OutputVersionRow.call_id == call))
        return Effected.YES if found else Effected.NO

    async def check(self, account: Account) -> str:
        """The workspace is always there."""
        return "Always available."

    async def _set_plan(self, arguments: Mapping[str, Any], call: str) -> Result:
        async with self._database.transaction() as session:
            run = await lock_run(session, self._run.id, self._run.fence)
            before = Plan.from_json(run.plan)
            row = await session.get(CallRow, call)
            if row is not None and row.turn_seq < before.seq:  # Said before the agent heard of the person's plan.
                raise PlanIsTheirs
            plan = before.updated(list(arguments["steps"]), int(arguments["current"]))
            run.plan = plan.to_json()
            fresh = [o for o in plan.overrides if o not in before.overrides]
            if fresh:
                facts = {how: sum(o.how == how for o in fresh) for how in ("left out", "put back")}
                event = Event("plan.overridden", "agent", subject=self._run.task, run=self._run.id, data=facts)
                await self._ledger.record(session, event)
            await touch(session, run, self._clock.now())
        here = "all done" if plan.done else f"step {plan.current} of {len(plan.steps)}"
        words = "".join(f" You {o.how} what the person had {_UNDONE[o.how]}: «{o.text}». Say why." for o in fresh)
        return Result(f"Plan noted: {here}.{words}", {"plan": plan.to_json()})

    async def _list_files(self) -> Result:
        async with self._database.transaction() as session:
            files = await list_files(session, self._run.task)
        rows = [
            {"id": f.id, "name": f.name, "media_type": f.media_type, "pages": f.pages,
             "class": DataClass(f.data_class).name.lower(), "source": "upload" if f.task_id else "project"}
            for f in files
        ]  # fmt: skip
        text = "\n".join(f"{r['id']}  {r['name']}  ({r['pages']} pages, {r['class']})" for r in rows)
        return Result(text or "No files were given to this task.", {"files": rows})

    async def _read(self, arguments: Mapping[str, Any]) -> Result:
        async with self._database.transaction() as session:
            file = await get_file(session, self._run.task, str(arguments["file"]))
        whole = Document.from_json(file.document)
        first = int(arguments.get("first") or 1)
        last = min(int(arguments.get("last") or whole.pages or 1), first + PAGES_AT_ONCE - 1)
        part = pages_of(whole, first, last)
        following = last + 1 if last < whole.pages else None
        data = {"document": part.to_json(), "file": file.id, "name": file.name, "next": following}
        more = f"\n[page {following} and after: call read_document again with first={following}]" if following else ""
        return Result(as_text(part) + more, data, label_of(file))

    async def _search(self, query: str) -> Result:
        async with self._database.transaction() as session:
            files = await list_files(session, self._run.task)
        hits, label = [], Label()
        for file in files:
            found = search_in(Document.from_json(file.document), query)
            if found:
                label = label.join(label_of(file))
            hits += [{"file": file.id, "name": file.name, "where": w, "excerpt": e} for w, e in found]
        hits = hits[:40]
        text = "\n".join(f"{h['name']}, {h['where']}: {h['excerpt']}" for h in hits)
        return Result(text or "Nothing was found in the files of this task.", {"hits": hits}, label)

    async def _sets(self) -> tuple[str, ...]:
        """Return where this task searches unless it says otherwise: its set, its project's sets, or everywhere."""
        if self._run.library_set:
            return (self._run.library_set,)
        if not self._run.project:
            return ()
        async with self._database.transaction() as session:
            teams = await teams_of(session, self._run.person)
            actor = Actor(self._run.person, self._run.person_name, teams=teams)
            return tuple(s.id for s in await list_sets(session, actor, self._library, project=self._run.project))

    async def _propose(self, tool: str, arguments: Mapping[str, Any], call: str) -> Result:
        async with self._database.transaction() as session:
            label = Label.from_json((await lock_run(session, self._run.id, self._run.fence)).label)
            return await propose_change(
                session, tool, arguments, project=self._run.project, person=self._run.person, task=self._run.task,
                call=call, label=label, ledger=self._ledger, clock=self._clock,
            )  # fmt: skip

    async def _skill(self, tool: str, arguments: Mapping[str, Any]) -> Result:
        person, name = self._run.person, str(arguments["name"])
        async with self._database.transaction() as session:
            teams = await teams_of(session, person)
            if tool == "read_skill_file":
                return await read_skill_file(session, person, teams, name, str(arguments["file"]))
            words = str(arguments.get("arguments") or "")
            return await use_skill(session, person, teams, name, words, run=self._run.id, ledger=self._ledger)

    async def _subagent(self, arguments: Mapping[str, Any], call: str) -> Result:
        async with self._database.transaction() as session:
            report = await subagent(session, self._run, call, arguments, ledger=self._ledger, clock=self._clock)
        if report is None:
            raise NeedsSubagents
        return report

    async def _find(self, name: str) -> Result:
        async with self._database.transaction() as session:
            people = await find_by_name(session, name)
        rows = [{"id": p.id, "name": p.name, "email": p.email, "team": ", ".join(p.teams)} for p in people[:10]]
        text = "\n".join(f"{r['name']} <{r['email']}> {r['team']}".strip() for r in rows)
        label = Label(Integrity.TRUSTED, DataClass.INTERNAL, sources=frozenset({"the people list"}))
        return Result(text or f"No colleague is called «{name}».", {"people": rows}, label)

    async def _category(self, session: Session, arguments: Mapping[str, Any]) -> str:
        """Return the category of what a call writes; the skills that are followed may ask for more (OH-4)."""
        teams, asked = await teams_of(session, self._run.person), str(arguments.get("category") or "")
        return await category_for(session, self._run.task, self._run.person, teams, asked)

    async def _write(self, arguments: Mapping[str, Any], call: str) -> Result:
        blocks = read_blocks(arguments["blocks"])
        media = str(arguments["format"])
        name = str(arguments["name"])
        if not name.lower().endswith(f".{media}"):
            name = f"{name}.{media}"
        draft = Draft(str(arguments["title"]), blocks, formulas=bool(arguments.get("formulas")))
        if arguments.get("extractive"):
            draft = replace(draft, mark="Extractive draft, no model used: not reviewed")
        async with self._database.transaction() as session:
            run = await lock_run(session, self._run.id, self._run.fence)
            files = [f.name for f in await list_files(session, self._run.task)]
            label = Label.from_json(run.label)
            kind = await self._category(session, arguments)
            sources = sorted({*label.sources, *files} - {"the people list"})
            template = await find_template(session, media, str(arguments.get("template") or ""))
            facts = {"made-from": "; ".join(sources), "class": label.data_class.name.lower()}
            if template is not None:
                facts = {"template": f"{template.name} version {template.version}", **facts}
            draft = replace(draft, metadata=facts)
            version = await write_output(
                session, self._run.id, self._run.task, call, draft, name=name[:150], media=media, kind=kind,
                label=label, made_from=sources, ledger=self._ledger, clock=self._clock, template=template,
            )  # fmt: skip
            await touch(session, run, self._clock.now())
        data = {"output": version.output_id, "name": name, "version": version.version, "format": media}
        noted = await asyncio.to_thread(remarks, draft, media)
        if noted:
            data["remarks"] = list(noted)
        shaped = f" on the template {template.name}" if template else ""
        text = f"Written: {name}, version {version.version} (output id {version.output_id}){shaped}."
        return Result("\n".join([text, *(f"To put right: {n}" for n in noted)]), data)
