"""From words and files at a door to a queued task: reads the files first, then stores everything at once."""

from collections.abc import Awaitable, Callable, Sequence

from colleague.agent.budget import Budget
from colleague.agent.messages import Said
from colleague.connectors.choose import Choice, choose
from colleague.files.uploads import MAX_FILES, TooManyFiles, admit
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.once import Once
from colleague.kit.settings import Settings
from colleague.library.sets import get_set
from colleague.library.tools import LIBRARY_TOOLS
from colleague.models.need import characters_of, need_of
from colleague.plugins.allowed import followed
from colleague.plugins.model import Usable
from colleague.plugins.offer import offer
from colleague.plugins.slash import chosen_by
from colleague.plugins.store import usable_skills
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance, Label, Tier
from colleague.policy.standards.entries import check_entry, phase_of
from colleague.projects.propose import told
from colleague.projects.store import see_project
from colleague.projects.tools import PROJECT_TOOLS
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.delegate import delegate
from colleague.tasks.parts import Parts
from colleague.tasks.store import newest_run
from colleague.tasks.toolbox import open_toolbox
from colleague.tasks.workspace_tools import WORKSPACE_TOOLS

# Done in the transaction that creates a task, with its id.
Also = Callable[[Session, str], Awaitable[None]]


class SetOrFiles(Invalid):
    """Limit a task to chosen files, or let it work on a document set: not both."""


async def start(
    actor: Actor, goal: str, files: Sequence[tuple[str, bytes]], *, parts: Parts, settings: Settings,
    budget: Budget | None = None, project: str = "", library_set: str = "", reads: Sequence[str] = (),
    writes: Sequence[str] = (), cap: Tier = Tier.MODIFY, once: Once | None = None, also: Also | None = None,
) -> str:  # fmt: skip
    """Check and read `files` (name, content), create the task and enqueue its run; returns the task's id.

    Nothing is stored unless every file passes: the refusal names the file. A goal that begins with a slash calls a
    skill; UnknownCommand if there is none of that name. In a `project` its members work (OnlyLook for viewers); with a
    `library_set` the task looks there first (SetNotFound). `reads` and `writes` limit the task to files and folders of
    connectors, and say which of them it may change (PlaceNotOpen); `cap` is the highest tier it ever reaches. Where the
    organisation asks for it, nobody starts a task who has not acknowledged its governance document (AcknowledgeFirst).
    Words and files above the class that may reach the agent are refused (WordsTooHigh, ClassTooHigh). Sent again under
    the same key (`once`), the task that was made the first time is returned.
    `also` is done with the task's id in the transaction that creates it: where it raises, there is no task.
    """
    actor.require("own:tasks:use")
    # A file's name counts with its content: they go together.
    once = (once or Once(actor.id)).of("start", goal, project, library_set, list(reads), list(writes), list(files))
    if len(files) > MAX_FILES:
        raise TooManyFiles
    if library_set and (reads or writes):
        raise SetOrFiles
    async with parts.database.transaction() as session:
        if before := await once.found(session):
            return str(before["task"])
        governance = await current_governance(session)
        if governance.require_acknowledgement:
            await parts.acknowledged(session, actor)
    workflows = followed([Said("person", goal)])
    await admit_words(actor, goal, workflows=workflows, parts=parts)
    uploads = await admit(
        actor, files, workflows=workflows, database=parts.database, ledger=parts.ledger, limit=settings.upload_limit
    )
    async with parts.database.transaction() as session:
        if before := await once.found(session):
            return str(before["task"])
        toolbox = await open_toolbox(
            session, actor.id, actor.holders, None, registry=parts.registry, secrets=parts.secrets, clock=parts.clock
        )
        tools = {t.name: t.hash for t in (*WORKSPACE_TOOLS, *LIBRARY_TOOLS, *PROJECT_TOOLS)} | toolbox.hashes()
        about, words_label = await _about(session, actor, project, library_set, parts)
        await admit_words(actor, about, label=words_label, workflows=workflows, parts=parts)
        places = await choose(session, actor.holders, parts.registry, reads, writes, clock=parts.clock)
        skills = await usable_skills(session, actor.id, actor.teams)
        extra = "\n\n".join(filter(None, (_offered(goal, skills, governance), about, _limits(places))))
        task = await delegate(
            session, actor, goal, uploads, model=settings.model, tools=tools, ledger=parts.ledger, clock=parts.clock,
            budget=budget, extra=extra, label=words_label,
            project=project, library_set=library_set, places=places, cap=cap,
        )  # fmt: skip
        run = await newest_run(session, task)
        need = await need_of(session, run.id, actor.id, goal, settings.model, words_label, workflows=workflows)
        run.model = (await parts.models.chain(session, need))[0]
        await parts.models.expect(session, need, [len(goal), *(characters_of(u.document) for u in uploads)])
        await once.keep(session, {"task": task}, clock=parts.clock)
        if also is not None:
            await also(session, task)
        return task


def _offered(goal: str, skills: Sequence[Usable], governance: Governance) -> str:
    """Return what the model is told of skills: those of the present phase, and the one that `goal` calls. Raises
    UnknownCommand, MeantForLater."""
    chosen, words = chosen_by(goal, skills) or (None, "")
    if chosen is not None:
        check_entry(governance, "skill", chosen.name)
    now = [one for one in skills if phase_of(governance, "skill", one.name) <= governance.phase]
    return offer(now, chosen, words)


def _limits(places: Sequence[Choice]) -> str:
    """Return what the model is told of the files and folders the task is limited to."""
    lines = [f"- {p.connector}: {p.place} ({'read and change' if p.write else 'read only'})" for p in places]
    return "\n".join(["Of these connectors this task reaches only:", *lines]) if lines else ""


async def _about(session: Session, actor: Actor, project: str, library_set: str, parts: Parts) -> tuple[str, Label]:
    """Return what the model is told of the project and of the set, and the label of those words."""
    lines, label = [], Label()
    if project:
        await see_project(session, actor, project, need="member")
        words = await told(session, project, actor.id)
        lines.append(words.text)
        label = words.label
    if library_set:
        chosen = await get_set(session, actor, library_set, parts.library)
        lines.append(
            f"This task is about the document set «{chosen.name}»: use search_library and read_library. Answer from it "
            "alone, each statement with its place. If it is not there, say «This is not in the documents you may read» "
            "and answer nothing from elsewhere."
        )
    return "\n\n".join(lines), label
