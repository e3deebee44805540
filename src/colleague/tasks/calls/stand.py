"""When a person's approval that was given beforehand may stand in for asking them. Pure; nothing here gives one.

INVARIANT: it stands in for the one rule that asks before something is sent inside, and for no other: not for what goes
outside, not for a plugin or a registered server, not with a doubt, not for what changes anything.
"""

from colleague.connectors.registry import is_shipped
from colleague.policy.model import Effect, Tier
from colleague.tasks.calls.weigh import Weighed

RULE = "communicate-internal"


def may_be_stood_for(weighed: Weighed, goal: str) -> bool:
    """Say whether this question is one that an approval given beforehand may answer.

    `goal`: the words the task was started with. Once a person has said more to it, it is no longer what was agreed to.
    """
    ask, decision, tool = weighed.question, weighed.decision, weighed.bound.tool
    return (
        decision.effect is Effect.ASK
        and decision.approver == "user"
        and {ruling.rule for ruling in decision.rulings} == {RULE}
        and ask.channel == "schedule"
        and ask.tier is Tier.COMMUNICATE
        and tool.tier is Tier.COMMUNICATE
        and not (tool.writes or tool.deletes or tool.egress)
        and bool(ask.recipients)
        and not ask.external
        and not ask.doubts
        # A skill is a plugin: what a run sends while it follows one is asked each time (PL-6).
        and not ask.workflows
        and ask.origin == "builtin"
        and is_shipped(weighed.bound.connector)
        and ask.approval is None
        and weighed.known.request == goal
    )
