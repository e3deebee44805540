"""From a call to the question that policy answers: who, which tier and place, what was read, where values come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colleague.agent.messages import Message, Outcome, Said
from colleague.connectors.connector import Grant
from colleague.connectors.grants import scopes_for
from colleague.identity.model import Person
from colleague.policy import addresses
from colleague.policy.model import Approval, Ask, DataClass, Governance, Integrity, Label, Role
from colleague.policy.provenance import Known, doubts
from colleague.tasks.model import Run
from colleague.tasks.toolbox import Bound


@dataclass(frozen=True, slots=True)
class Seen:
    """What the run has seen: the person's own words, trusted results, and untrusted texts by source."""

    request: str
    trusted: tuple[str, ...]
    untrusted: Mapping[str, str]


def seen(messages: Sequence[Message], labels: Mapping[str, Label]) -> Seen:
    """Sort what was said and read by who stands behind it; `labels` gives the label of each outcome by call id.

    A result without a label counts as untrusted: silence is not trust. So does one without a source: what a tool says
    about its own work («Written: …») repeats what the model chose, and must not vouch for it.
    """
    request: list[str] = []
    trusted: list[str] = []
    untrusted: dict[str, str] = {}
    for message in messages:
        match message:
            case Said(who="person", text=text):
                request.append(text)
            case Outcome(tool="ask_person", ok=True, data=data):
                request.append(str(data.get("answer", "")))
            case Outcome():
                label = labels.get(message.call_id)
                if label is not None and label.sources and label.integrity <= Integrity.TRUSTED:
                    trusted.append(message.text)
                else:
                    source = ", ".join(sorted(label.sources)) if label and label.sources else message.tool
                    untrusted[source] = untrusted.get(source, "") + "\n" + message.text
    return Seen("\n".join(request), tuple(trusted), untrusted)


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
    people: Sequence[Person], *, review_missing: bool, approval: Approval | None = None,
) -> Ask:  # fmt: skip
    """Build the question for one call. Pure."""
    tool, connector = bound.tool, bound.connector
    place = "" if bound.builtin else connector.place(tool.name, arguments)
    recipients = connector.recipients(tool.name, arguments)
    external = external_of(recipients, governance)
    scopes = () if bound.builtin else scopes_for(bound.grants, connector.kind, place)
    covering = [g for g, s in zip(bound.grants, scopes, strict=True) if s.covers] if scopes else []
    found = doubts(
        arguments,
        tool.roles,
        request=known.request,
        directory=tuple(Known(p.name, p.email) for p in people),
        trusted=known.trusted,
        untrusted=known.untrusted,
    )
    state = bound.state
    if state == "approved" and run.tools.get(bound.name) != tool.hash:
        state = "changed"
    return Ask(
        person=run.person, teams=teams, scopes=scopes, connector=connector.kind, tool=bound.name, tier=tool.tier,
        builtin_connector=bound.builtin, egress=tool.egress, tool_state=state, resource=place, writes=tool.writes,
        deletes=tool.deletes, label=run.label, resource_class=max(_class_of(covering), tool.data_class),
        channel=_channel(run.channel), recipients=recipients, external=external, doubts=found,
        output_review_missing=review_missing and bool(external), approval=approval,
    )  # fmt: skip


def _class_of(grants: Sequence[Grant]) -> DataClass:
    return max((g.place_class for g in grants), default=DataClass.PUBLIC)


def _channel(via: str) -> str:
    return via if via in ("dispatch", "schedule") else "desk"
