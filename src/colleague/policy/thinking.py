"""May this model provider see what the task has read? The question as a value, and its form for Cedar. Pure."""

from dataclasses import dataclass, field
from typing import Any

from colleague.policy.facts import Request, quoted
from colleague.policy.inputs import permitted_input
from colleague.policy.model import DataClass, Governance, Label, Zone

THINK = 'Action::"think"'


@dataclass(frozen=True, slots=True)
class Thought:
    """Everything the answer may rest on. `own`: it runs on the organisation's own machines (the built-in model does).

    `attested`: a no-training attestation holds
    today (DA-4); `attested_fully`: it names every kind of data (DA-5). `baa`: a signed agreement holds today (RG-5).
    `ceiling`: the highest class this provider may see. `label`: what the run has read and been told so far.
    `teams`, `workflows`: the person's teams (ids), the skills that the run follows.
    """

    person: str
    provider: str
    kind: str
    zone: Zone
    enabled: bool
    own: bool = False
    attested: bool = False
    attested_fully: bool = False
    baa: bool = False
    ceiling: DataClass = DataClass.PUBLIC
    label: Label = field(default_factory=Label)
    teams: frozenset[str] = frozenset()
    workflows: frozenset[str] = frozenset()


def request_of_thought(thought: Thought, governance: Governance) -> Request:
    """Return the Cedar request for `thought` under `governance`."""
    categories = thought.label.categories
    person: dict[str, Any] = {"read_scopes": [], "write_scopes": []}
    entities: list[dict[str, Any]] = [
        {"uid": {"type": "Person", "id": thought.person}, "attrs": person, "parents": []},
        {"uid": {"type": "Provider", "id": thought.provider}, "attrs": {}, "parents": []},
    ]
    context = {
        "kind": thought.kind, "enabled": thought.enabled, "own": thought.own,
        "zone_bound": governance.zone is not Zone.ANY, "in_zone": thought.zone is governance.zone,
        "attested": thought.attested, "attested_fully": thought.attested_fully, "baa": thought.baa,
        "health": "health" in categories, "privileged": "privileged" in categories,
        "data_class": int(thought.label.data_class), "ceiling": int(thought.ceiling),
        "highest_input": int(governance.highest_input),
        "permitted_input": int(permitted_input(governance, thought.teams, thought.workflows)),
    }  # fmt: skip
    return Request(quoted("Person", thought.person), quoted("Provider", thought.provider), entities, context, THINK)
