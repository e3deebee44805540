"""A decision in words that a person understands. Pure."""

from colleague.policy.model import Decision, Effect

_HEAD = {
    Effect.ALLOW: "This may happen.",
    Effect.ASK: "This may happen once {who} has approved it.",
    Effect.DENY: "This may not happen.",
}
_WHO = {
    "user": "the person who asked for it",
    "other": "somebody other than the person who asked for it",
    "reviewer": "a reviewer",
    "administrator": "an administrator",
}


def explain(decision: Decision) -> list[str]:
    """Return sentences: what is decided, by which rule and why, and what would help."""
    lines = [_HEAD[decision.effect].format(who=_WHO.get(decision.approver, decision.approver))]
    for ruling in decision.rulings:
        lines.append(f"{ruling.why} (rule {ruling.rule})")
        if ruling.remedy:
            lines.append(ruling.remedy)
    return lines
