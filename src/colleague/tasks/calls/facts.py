"""From a call to the question that policy answers: who, which tier and place, what was read, where values come from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colleague.agent.context import ATTACHED
from colleague.agent.messages import Message, Outcome, Said, Turn
from colleague.connectors.connector import Grant
from colleague.connectors.grants import scopes_for
from colleague.connectors.registry import place_of
from colleague.connectors.screen import blocked_by
from colleague.files.classify import class_of_path
from colleague.identity.model import Person
from colleague.policy import addresses
from colleague.policy.model import Approval, Ask, DataClass, Governance, Integrity, Label, Role
from colleague.policy.provenance import Known, Voucher, doubts, own_words
from colleague.policy.standards.thresholds import measured
from colleague.policy.traces import folded
from colleague.tasks.model import START_SUBAGENT, Run
from colleague.tasks.toolbox import Bound


@dataclass(frozen=True, slots=True)
class Seen:
    """What the run has seen: the person's own words, results that vouch, and untrusted texts by source."""

    request: str
    trusted: tuple[Voucher, ...]
    untrusted: Mapping[str, str]


NOTHING = Seen("", (), {})
PART, REPORT = "what the agent told its sub-agent", "the report of a sub-agent"
TOLD, NAMES, CHOICE = "what the task was told at its start", "the name of an attached file", "a choice you were offered"


def seen(messages: Sequence[Message], labels: Mapping[str, Label]) -> Seen:
    """Sort what was said and read by who stands behind it; `labels` gives the label of each outcome by call id.

    A result without a label counts as untrusted: silence is not trust. So does one without a source: what a tool says
    about its own work («Written: …») repeats what the model chose, and must not vouch for it. Nor do the names of
    attached files, which others gave them, nor an answer that the model itself had put into the person's mouth. What a
    sub-agent was told, and what it reports, are words of a model: they vouch for nothing, whatever it has read.
    """
    calls = {call.id: call for m in messages if isinstance(m, Turn) for call in m.calls}
    request: list[str] = []
    trusted: list[Voucher] = []
    untrusted: dict[str, str] = {}
    told, names = "", ""
    for message in messages:
        match message:
            case Said(who="person"):
                text = message.words
                own, _, files = text.rpartition(ATTACHED) if ATTACHED in text else (text, "", "")
                request.append(own)
                names += files
            case Said(who="agent", text=text):
                untrusted[PART] = text
            case Said(text=text):
                told += text
            case Outcome(tool=tool, text=text) if tool == START_SUBAGENT:
                untrusted[REPORT] = f"{untrusted.get(REPORT, '')}\n{text}"
            case Outcome(tool="ask_person", ok=True, data=data):
                answer, asked = str(data.get("answer", "")), calls.get(message.call_id)
                if asked and folded(answer) in map(folded, map(str, asked.arguments.get("choices") or ())):
                    untrusted[CHOICE] = f"{untrusted.get(CHOICE, '')}\n{answer}"
                else:
                    request.append(answer)
            case Outcome():
                label = labels.get(message.call_id)
                if label is not None and label.sources and label.integrity <= Integrity.TRUSTED:
                    wish = calls.get(message.call_id)
                    trusted.append(Voucher(message.text, _said_in(wish.arguments) if wish else ""))
                else:
                    source = ", ".join(sorted(label.sources)) if label and label.sources else message.tool
                    untrusted[source] = untrusted.get(source, "") + "\n" + message.text
    untrusted |= {source: text for source, text in ((NAMES, names), (TOLD, told)) if text}
    return Seen("\n".join(request), tuple(trusted), untrusted)


@dataclass(frozen=True, slots=True)
class Denied:
    """What a person denied in this run since they last spoke: this very call, and how many questions."""

    this: bool = False
    often: int = 0


def denied_of(
    tool: str, arguments: Mapping[str, Any], messages: Sequence[Message], denied: Iterable[str],
    elsewhere: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> Denied:  # fmt: skip
    """Count what was denied since the person last spoke; `denied` are ids of calls as the model's turns name them.

    `elsewhere`: what was denied meanwhile in the task's other runs (sub-agents, the run they work for).
    """
    spoke = max((n for n, m in enumerate(messages) if isinstance(m, Said) and m.who == "person"), default=0)
    wanted, since = frozenset(denied), messages[spoke:]
    calls = [call for m in since if isinstance(m, Turn) for call in m.calls if call.id in wanted]
    refused = [*((c.tool, c.arguments) for c in calls), *elsewhere]
    return Denied((tool, arguments) in refused, len(refused))


def _said_in(arguments: Any) -> str:
    """Return every text and number in the arguments of a call, one after another."""
    match arguments:
        case Mapping():
            return " ".join(map(_said_in, arguments.values()))
        case list() | tuple():
            return " ".join(map(_said_in, arguments))
        case _:
            return str(arguments)


def named(arguments: Mapping[str, Any], roles: Mapping[str, Role], role: Role | None = None) -> list[str]:
    """Return the values of a call that name somebody or something (not CONTENT, not OPTION), or those of one role."""
    wanted = {role} if role else set(Role) - {Role.CONTENT, Role.OPTION}
    values: list[str] = []
    for argument, value in arguments.items():
        if roles.get(argument, Role.CONTENT) in wanted:
            values += [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
    return values


def external_of(recipients: Sequence[str], governance: Governance) -> tuple[str, ...]:
    """Return the recipients outside the organisation's mail domains."""
    return addresses.external_of(recipients, governance.internal_domains)


def ask_of(
    bound: Bound, arguments: Mapping[str, Any], run: Run, teams: frozenset[str], governance: Governance, known: Seen,
    people: Sequence[Person], *, review_missing: bool, denied: Denied, skill: str = "",
    workflows: frozenset[str] = frozenset(), called: frozenset[str] = frozenset(), approval: Approval | None = None,
) -> Ask:  # fmt: skip
    """Build the question for one call. Pure."""
    tool, connector = bound.tool, bound.connector
    place = "" if bound.builtin else place_of(connector, tool.name, arguments, bound.account)
    recipients = connector.recipients(tool.name, arguments)
    external = external_of(recipients, governance)
    scopes = () if bound.builtin else scopes_for(bound.grants, connector.kind, place, tool.name, bound.lapsed)
    covering = [g for g, s in zip(bound.grants, scopes, strict=False) if s.covers]
    found = doubts(
        arguments,
        tool.roles,
        request=known.request,
        directory=tuple(Known(p.name, p.email) for p in people),
        trusted=known.trusted,
        untrusted=known.untrusted,
    )
    amount, records = measured(arguments, tool.roles)
    state = bound.state
    if state == "approved" and run.tools.get(bound.name) != tool.hash:
        state = "changed"
    return Ask(
        person=run.person, teams=teams, scopes=scopes, connector=connector.kind, tool=bound.name, tier=tool.tier,
        builtin_connector=bound.builtin, egress=tool.egress, tool_state=state, resource=place, writes=tool.writes,
        deletes=tool.deletes, label=run.label,
        resource_class=max(_class_of(covering), tool.data_class, class_of_path(place, governance)[0]),
        channel=_channel(run.channel), mapped=run.cap, recipients=recipients,
amount=amount, records=records, external=external, doubts=found,
        output_review_missing=review_missing and bool(external), denied_before=denied.this, denials=denied.often,
        blocked_path=not bound.builtin and blocked_by(place, bound.blocked.paths) is not None,
        carries=not (tool.egress and own_words(arguments, known.request)), approval=approval,
        skill=skill, workflows=workflows, called=called,
    )  # fmt: skip


def _class_of(grants: Sequence[Grant]) -> DataClass:
    return max((g.place_class for g in grants), default=DataClass.PUBLIC)


def _channel(via: str) -> str:
    return via if via in ("dispatch", "schedule") else "desk"
