"""What becomes of a message of a known person: a plan that may run, a question back, or a refusal in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from colleague.dispatch.triggers.match import Said, plans_of
from colleague.dispatch.triggers.model import Plan, Trigger
from colleague.policy.model import Governance, Tier

FILLERS = frozenset(
    ("a", "about", "an", "and", "can", "could", "for", "i", "it", "me", "my", "need", "of", "on", "our", "please",
     "regarding", "some", "the", "to", "us", "want", "will", "with", "would", "you", "your")
)  # fmt: skip
# A close word that is this like the trigger's own is meant as it.
ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class Run:
    """The plan runs."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Confirm:
    """The sender is asked whether this plan is meant; it runs after a yes."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing happens; `why` is what the sender is told."""

    why: str


Verdict = Run | Confirm | Refuse


def decide(
    message: Said, triggers: Sequence[Trigger], governance: Governance, *, today: date, holders: frozenset[str],
    spoken: bool = False,
) -> Verdict:  # fmt: skip
    """Say what becomes of a message.

    `triggers` are the active ones, `holders` what the sender has (teams, roles). A `spoken` message was understood from
    a voice: it always waits for a yes (DI-1). Words that fit no trigger may be read as one, where the organisation
    allows it, and then wait for a yes as well (R52); they never reach a tier that the trigger is not mapped to.
    """
    if not message.words:
        return Refuse("There was nothing in your message. Write «help» for what I understand.")
    open_ones = [t for t in triggers if t.open_to(holders)]
    plans = plans_of(message, open_ones, today=today)
    guessed = False
    if not plans and governance.dispatch_free_text:
        plans = _guess(message, open_ones, today)
        guessed = True
    if len(plans) > 1:
        return Refuse(f"That could be {_or([p.words for p in plans])}. Write it as one of them, please.")
    if not plans:
        return Refuse(_not_understood(message, triggers, open_ones, today))
    plan = plans[0]
    trigger = next(t for t in open_ones if t.id == plan.trigger)
    if not trigger.allowed_by(governance):
        return Refuse(_above(plan.tier, trigger, governance))
    return Confirm(plan) if guessed or spoken else Run(plan)


def _above(tier: Tier, trigger: Trigger, governance: Governance) -> str:
    may = {Tier.READ: "read", Tier.COMMUNICATE: "send", Tier.MODIFY: "change things"}
    phase = trigger.phase.name.lower()
    if trigger.phase > governance.phase:
        return f"«{trigger.wording.name}» opens with the phase «{phase}» of the rollout. Do it at your desk until then."
    return (
        f"«{trigger.wording.name}» may {may[tier]}, and away from the desk the organisation allows no more than to "
        f"{may[governance.away]}. Do it at your desk."
    )


def _guess(message: Said, triggers: Sequence[Trigger], today: date) -> tuple[Plan, ...]:
    """Return the plans of triggers whose own word stands in the message, with the words after it, fillers left out."""
    found: dict[str, Plan] = {}
    for trigger in triggers:
        literal = trigger.wording.pattern.split()[0].casefold()
        for place, word in enumerate(message.words):
            plain = word.casefold().strip(".,;:!?")
            if plain != literal and not get_close_matches(plain, [literal], n=1, cutoff=ALIKE):
                continue
            rest = list(message.words[place + 1 :])
            while rest and rest[0].casefold().strip(",:") in FILLERS:
                rest.pop(0)
            for plan in plans_of(Said((literal, *rest), message.delivery), [trigger], today=today):
                found.setdefault(trigger.id, plan)
            break
    return tuple(found.values())


def _not_understood(message: Said, all_of: Sequence[Trigger], mine: Sequence[Trigger], today: date) -> str:
    if plans_of(message, all_of, today=today):
        return "This command is not open to you. Write «help» for those that are."
    first = message.words[0].casefold()
    names = {t.wording.pattern.split()[0].casefold(): t for t in mine}
    close = names.get(first) or next((names[n] for n in get_close_matches(first, names, n=1, cutoff=0.6)), None)
    if close is not None:
        return f"I did not understand that. It looks like this: {close.wording.example}"
    return "I did not understand that, and nothing was done. Write «help» for what I understand."


def _or(words: Sequence[str]) -> str:
    quoted = [f"«{word}»" for word in words[:4]]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
