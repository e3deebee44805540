"""Everything one decision about a call rests on, read at one moment; the decision; what a person will be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from colleague.agent.interrupts import Interrupt
from colleague.agent.messages import Message
from colleague.connectors.connector import Access, Preview
from colleague.files.attach import Attached, attach
from colleague.identity.directory import addresses_known, holders_of, teams_of
from colleague.kit.canonical import digest
from colleague.kit.db import Session
from colleague.kit.errors import Failure, Forbidden, Invalid, NotFound, Unavailable
from colleague.kit.log import get_log
from colleague.plugins.allowed import called_last, followed, forbidding
from colleague.plugins.slash import full_name
from colleague.plugins.store import usable_skills
from colleague.policy.addresses import bare
from colleague.policy.borrowed import Passage, borrowed
from colleague.policy.governance import current_governance
from colleague.policy.model import Approval, Ask, Decision, Governance, Label, Role, Tier
from colleague.policy.provenance import own_words
from colleague.tasks.calls.arguments import fault_in
from colleague.tasks.calls.facts import NOTHING, Denied, Seen, ask_of, denied_of, named, seen
from colleague.tasks.model import START_SUBAGENT, Run
from colleague.tasks.parts import Parts
from colleague.tasks.store import denied_calls, labels_of, lock_run
from colleague.tasks.subagents.begin import NoSubSubagents
from colleague.tasks.subagents.family import denied_elsewhere, followed_elsewhere
from colleague.tasks.tables import CallRow
from colleague.tasks.toolbox import Bound, Toolbox, open_toolbox
from colleague.tasks.workspace import Workspace

log = get_log("weigh")


class NoSuchTool(NotFound):
    """There is no tool «{tool}» for you in this task."""


class TakenAway(Forbidden):
    """«{tool}» could be used when this task began and cannot any more: the person's groups, teams or grants changed, or
    the connector was switched off. Go on without it and say so, or let the person ask an administrator."""


class NotGiven(Forbidden):
    """This sub-agent was not given «{tool}»: go on without it and say in your report what is missing."""


class DoesNotFit(Invalid):
    """The arguments do not fit: {fault}"""


class NotJudged(Unavailable):
    """This was not done, because it could not be checked whether it may be. An administrator must look at the logs."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A call with its tool, its attachments, the question that policy was asked, and the answer."""

    bound: Bound
    attached: Attached
    question: Ask
    decision: Decision
    known: Seen = NOTHING


class Scales:
    """Weighs the calls of one run."""

    def __init__(self, run: Run, parts: Parts) -> None:
        """Take the run (with the fence of this worker) and the parts."""
        self.run, self._parts = run, parts
        self._workspace = Workspace(
            run,
            database=parts.database,
            ledger=parts.ledger,
            clock=parts.clock,
            sandbox=parts.sandbox,
            library=parts.library,
        )

    async def toolbox(self, session: Session, only: str = "") -> Toolbox:
        """Return the tools of this run's person at this moment (`only`: what is needed for that tool)."""
        holders = await holders_of(session, self.run.person)
        await self._workspace.look(session)
        toolbox = await open_toolbox(
            session, self.run.person, holders, self._workspace, registry=self._parts.registry,
            secrets=self._parts.secrets, clock=self._parts.clock, only=only, places=self.run.places,
        )  # fmt: skip
        # INVARIANT: a sub-agent has what it was given of its run's tools, and what of that the person has now.
        return toolbox.only(self.run.tools) if self.run.parent else toolbox

    async def find(self, session: Session, tool: str, arguments: Mapping[str, Any]) -> tuple[Bound, Attached]:
        """Return the tool and what goes along. Raises NoSuchTool, TakenAway, DoesNotFit, or what `attach` raises."""
        bound = (await self.toolbox(session, tool)).tools.get(tool)
        if bound is None and self.run.parent and tool == START_SUBAGENT:
            raise NoSubSubagents
        if bound is None and self.run.parent and tool not in self.run.tools:
            raise NotGiven(tool=tool)
        if bound is None:
            raise TakenAway(tool=tool) if tool in self.run.tools else NoSuchTool(tool=tool)
        if fault := fault_in(bound.tool.parameters, arguments):
            raise DoesNotFit(fault=fault)
        return bound, await attach(session, self.run.task, bound.tool, arguments)

    async def weigh(
        self, tool: str, arguments: Mapping[str, Any], messages: Sequence[Message], approval: Approval | None = None
    ) -> Weighed:
        """Read what the decision rests on and decide. Raises a Failure if the call cannot be judged: a refusal."""
        try:
            async with self._parts.database.transaction() as session:
                bound, attached = await self.find(session, tool, arguments)
                question, governance, known = await self._question(
                    session, bound, arguments, messages, attached, approval
                )
            return Weighed(bound, attached, question, self._parts.engine.decide(question, governance), known)
        except (Failure, Interrupt, SQLAlchemyError):
            raise
        except Exception as error:
            log.error("not judged", tool=tool, error=type(error).__name__, run=self.run.id)
            raise NotJudged from error

    async def _question(
        self, session: Session, bound: Bound, arguments: Mapping[str, Any], messages: Sequence[Message],
        attached: Attached, approval: Approval | None,
    ) -> tuple[Ask, Governance, Seen]:  # fmt: skip
        """Return the question at this moment. What was said and read is looked through only if the call names
        somebody or something (5,000 people are never loaded for one address)."""
        governance = await current_governance(session)
        teams = await teams_of(session, self.run.person)
        row = await lock_run(session, self.run.id, self.run.fence)
        label = Label.from_json(row.label).join(attached.label)
        known, people, denied = NOTHING, [], Denied()
        if bound.tool.tier > Tier.READ or bound.tool.writes or bound.tool.deletes or bound.tool.egress:
            elsewhere = await denied_elsewhere(session, self.run)
            denied = denied_of(bound.name, arguments, messages, await denied_calls(session, self.run.id), elsewhere)
        last = called_last(messages)
        called, skill = frozenset({last} if last else ()) | followed((), bound.name, arguments), ""
        if called:
            usable = await usable_skills(session, self.run.person, teams)
            skill = forbidding(last, bound.name, usable)
            called = frozenset(full_name(name, usable) for name in called)
        if bound.tool.egress or bound.tool.tier > Tier.READ or named(arguments, bound.tool.roles):
            known = seen(messages, await labels_of(session, self.run.id))
            people = await addresses_known(session, map(bare, named(arguments, bound.tool.roles, Role.RECIPIENT)))
        if attached.lowered and _only_carries(arguments, known):
            label = replace(label, data_class=attached.label.data_class)
        question = ask_of(
            bound, arguments, replace(self.run, label=label), teams, governance, known, people,
            review_missing=attached.review_missing, denied=denied, skill=skill,
            workflows=followed(messages, bound.name, arguments) | await followed_elsewhere(session, self.run),
            called=called, approval=approval,
        )  # fmt: skip
        return question, governance, known

    def card(self, row: CallRow, weighed: Weighed) -> Preview:
        """Return what a person will be shown; any fault in making it is a refusal."""
        bound = weighed.bound
        try:
            card = bound.connector.preview(bound.tool.name, row.arguments, self.access(row, bound, weighed.attached))
            # The person's own mailbox is no foreign address, whatever else has named it.
            own = str(bound.account.config.get("address", ""))
            return replace(card, borrowed=_borrowed(card, f"{weighed.known.request}\n{own}", weighed.known.untrusted))
        except Failure:
            raise
        except Exception as error:
            log.error("no preview", tool=bound.name, error=type(error).__name__, run=self.run.id)
            raise NotJudged from error

    def access(self, row: CallRow, bound: Bound, attached: Attached) -> Access:
        """Return with what the call is made. The key is of this attempt: made twice with it, it happens once."""
        key = f"{row.id}:{max(row.attempt, 1)}"
        return Access(bound.account, bound.grants, key, self.run.person_name, attached.files, bound.blocked)

    def digest(self, row: CallRow, weighed: Weighed) -> str:
        """Return what an approval is bound to: everything that says what will happen."""
        bound = weighed.bound
        return digest(
            {"tool": bound.name, "tool_hash": bound.tool.hash, "arguments": row.arguments,
             "resource": weighed.question.resource, "run": self.run.id, "attempt": row.attempt,
             "policy_hash": row.decision.get("policy_hash", ""), "attachments": weighed.attached.hashes}
        )  # fmt: skip


def _only_carries(arguments: Mapping[str, Any], known: Seen) -> bool:
    """Say whether a call carries its attachments and the person's own words, and nothing else of what was read.

    Only then does the class that somebody gave to an attachment hold for the call: a model's own words may hold more.
    """
    rest = {k: v for k, v in arguments.items() if k not in ("attachments", "output")}
    return own_words(rest, known.request)


def _borrowed(card: Preview, request: str, untrusted: Mapping[str, str]) -> tuple[Passage, ...]:
    """Return the passages of a card that come from texts nobody vouches for; `where` is a field's name, or body."""
    texts = [(name, value) for name, value in card.fields if isinstance(value, str)] + [("body", card.body)]
    return tuple(p for where, text in texts for p in borrowed(where, text, request, untrusted))
