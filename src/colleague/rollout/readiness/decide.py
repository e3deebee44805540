"""From answers to «by yourselves» or «with help», with every reason and every gap (PN-1, PN-2, PN-3). Pure.

By yourselves only if all three hold: own IT with SaaS rollouts, a business sponsor, no regulated data at the beginning.
Help if any holds: regulated data, 500 seats or more in year one, MCP servers of one's own, an earlier rollout that
stalled. Where both sets hold, help wins. A question nobody has answered speaks for neither.
"""

from collections.abc import Iterator

from colleague.rollout.readiness.model import MANY_SEATS, QUESTIONS, Answers, Known, Missing, Reason, Result, Verdict

_PAGE = "/programme/readiness"


def decide(answers: Answers, known: Known) -> Result:
    """Return the verdict with its reasons (every answer is one) and what is missing."""
    reasons = tuple(_reasons(answers))
    helped = any(one.speaks == "help" for one in reasons)
    alone = (answers.saas_rollouts, answers.sponsor, answers.regulated) == (True, True, False)
    verdict: Verdict = "help" if helped else "self-serve" if alone and not answers.open else "not yet"
    return Result(verdict, reasons, (*_missing(answers), *_missing_here(known)))


def _reasons(answers: Answers) -> Iterator[Reason]:
    a = answers
    if a.saas_rollouts:
        yield Reason("saas_rollouts", "alone", "Your IT has rolled out software as a service before.", "PN-1")
    elif a.saas_rollouts is False:
        yield Reason("saas_rollouts", "open", "Your IT has not rolled out software as a service before.", "PN-1")
    if a.sponsor:
        yield Reason("sponsor", "alone", "Somebody in the business owns the change.", "PN-1")
    elif a.sponsor is False:
        yield Reason("sponsor", "open", "Nobody in the business owns the change yet.", "PN-1")
    if a.regulated:
        yield Reason("regulated", "help", "Regulated or restricted data are used at the beginning.", "PN-2")
    elif a.regulated is False:
        yield Reason("regulated", "alone", "No regulated data are used at the beginning.", "PN-1")
    if a.seats is not None:
        many = a.seats >= MANY_SEATS
        yield Reason(
            "seats", "help" if many else "alone",
            f"{a.seats:,} seats in the first year, {'which is' if many else 'fewer than'} {MANY_SEATS}"
            f"{' or more' if many else ''}.", "PN-2",
        )  # fmt: skip
    if a.custom_mcp is not None:
        text = "You connect systems through MCP servers of your own." if a.custom_mcp else "No MCP servers of your own."
        yield Reason("custom_mcp", "help" if a.custom_mcp else "alone", text, "PN-2")
    if a.stalled is not None:
        text = "An earlier rollout stalled." if a.stalled else "No earlier rollout has stalled."
        yield Reason("stalled", "help" if a.stalled else "alone", text, "PN-2")
    for name in a.open:
        yield Reason(name, "open", f"Not answered: {QUESTIONS[name]}", _rule_of(name))


def _rule_of(question: str) -> str:
    return "PN-2" if question in ("seats", "custom_mcp", "stalled") else "PN-1"


def _missing(answers: Answers) -> Iterator[Missing]:
    """Yield what the answers themselves say is missing."""
    for name in answers.open:
        yield Missing(_rule_of(name), f"An answer to «{QUESTIONS[name]}»", "Ask those who know, and answer it.", _PAGE)
    if answers.saas_rollouts is False:
        yield Missing(
            "PN-1", "People in IT who have rolled out software as a service",
            "Name who in IT sets up sign-on and provisioning, and give them the pilot to learn on.", "/set-up",
        )  # fmt: skip
    if answers.sponsor is False:
        yield Missing(
            "MI-2", "A sponsor outside IT who owns the change", "Name one before the programme starts.", "/programme"
        )
    if answers.regulated:
        yield Missing(
            "GP-5", "Signed rules for regulated data, also in the pilot",
            "Have all four parts of the governance document signed before anybody works with such data.", "/governance",
        )  # fmt: skip
    if answers.seats is not None and answers.seats >= MANY_SEATS:
        yield Missing(
            "PH-9", "A plan by phases: nobody reaches so many seats in one step",
            "Make the rollout plan with a gate before each phase.", "/programme/templates",
        )  # fmt: skip
    if answers.custom_mcp:
        yield Missing(
            "CN-3", "A review of every tool of your MCP servers",
            "Register them early: each tool arrives unapproved, and somebody gives it a tier.", "/connectors",
        )  # fmt: skip
    if answers.stalled:
        yield Missing(
            "AD-1", "What stopped the earlier rollout, and what is done otherwise this time",
            "Plan the first month week by week, and watch week three.", "/programme/templates",
        )  # fmt: skip


def _missing_here(known: Known) -> Iterator[Missing]:
    """Yield what the installation shows to be missing."""
    if known.unsigned:
        yield Missing(
            "GP-1", f"A signature below {_listed(known.unsigned)}", "Draft, sign and publish the governance document.",
            "/governance",
        )  # fmt: skip
    for text in known.unready:
        yield Missing("PP-5", text, "Write and approve three to five use cases.", "/use-cases")
    for text in known.unmeasured:
        yield Missing("AD-6", f"A baseline. {text}", "Measure before it goes live.", "/use-cases")


def _listed(names: tuple[str, ...]) -> str:
    plain = [f"«{name}»" for name in names]
    return plain[0] if len(plain) == 1 else f"{', '.join(plain[:-1])} and {plain[-1]}"
