"""What may be done, in words: `scope:resource:action`, and the roles that hold them."""

from typing import Final

PERMISSIONS: Final[dict[str, str]] = {
    "own:tasks:use": "Hand tasks to the agent and see one's own.",
    "own:approvals:answer": "Answer the questions that are put to oneself.",
    "own:accounts:manage": "Connect one's own mailbox and other accounts.",
    "own:tokens:manage": "Make and revoke API tokens for oneself.",
    "own:dispatch:use": "Start and answer tasks from one's own phone and accounts, and by schedule.",
    "org:tasks:read": "See every task, its steps and outputs.",
    "org:people:read": "See people, teams and roles.",
    "org:people:manage": "Invite, deactivate and assign people, teams and roles.",
    "org:people:erase": "Export what is held about a person, and erase one together with somebody else.",
    "org:connectors:read": "See connectors and who may use them.",
    "org:connectors:manage": "Enable connectors and grant them to teams.",
    "org:models:read": "See model providers, routes, prices and what everybody used.",
    "org:models:manage": "Set up model providers, their papers, routes, prices and ceilings.",
    "org:policy:read": "See the rules and explain decisions.",
    "org:policy:manage": "Change the rules within the baseline.",
    "org:outputs:review": "Review outputs of the high-stakes categories, and take second looks at light ones.",
    "org:outputs:declassify": "Lower the class of an output, with a reason.",
    "org:ledger:read": "Read the ledger and verify it.",
    "org:ledger:export": "Export the ledger.",
    "org:skills:manage": "Approve skills for the organisation and switch them off.",
    "org:adoption:read": "See how the agent is used: numbers, and who does not come back.",
    "org:dispatch:read": "See every trigger, schedule, and message that came in from away.",
    "org:dispatch:manage": "Make triggers and switch them on, and end the access of a lost phone.",
    "org:usecases:read": "See use cases, their baselines and what keeps them from being specific.",
    "org:usecases:manage": "Write, approve, launch and retire use cases, and see every measured time.",
    "org:programme:read": "See the programme: phases, gates, cohorts, readouts.",
    "org:programme:manage": "Run the programme: cohorts, playbook, champions, evidence for gates.",
    "org:support:manage": "Read and answer support tickets, and import them.",
    "org:records:read": "See what is kept how long, legal holds, and the certificates of deletion.",
    "org:records:manage": "Place and release legal holds, and run what retention deletes.",
    "org:settings:manage": "Change the organisation's settings.",
    "org:roles:own": "Make and unmake owners.",
}

_MEMBER = frozenset({
    "own:tasks:use", "own:approvals:answer", "own:accounts:manage", "own:tokens:manage", "own:dispatch:use",
    "org:usecases:read",
})  # fmt: skip
_LEAD = frozenset({
    "org:adoption:read", "org:people:read", "org:connectors:read", "org:policy:read", "org:usecases:manage",
    "org:programme:read", "org:programme:manage", "org:support:manage",
})  # fmt: skip
_SEE_ALL = frozenset(p for p in PERMISSIONS if p.endswith(":read"))

ROLES: Final[dict[str, frozenset[str]]] = {
    "owner": frozenset(PERMISSIONS),
    "administrator": frozenset(PERMISSIONS) - {"org:roles:own"},
    "security_reviewer": _MEMBER | _SEE_ALL | {"org:outputs:review", "org:outputs:declassify", "org:ledger:export"},
    "auditor": _SEE_ALL | {"org:ledger:export", "own:tokens:manage"},
    "programme_lead": _MEMBER | _LEAD,
    "champion": _MEMBER | {"org:people:read"},
    "reviewer": _MEMBER | {"org:outputs:review"},
    "member": _MEMBER,
}
# Given and taken by a decision with its reason (CH-2), never by hand or by a group: where that decision is made.
BY_DECISION: Final[dict[str, str]] = {"champion": "Programme, Champions"}
