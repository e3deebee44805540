"""`colleague programme readiness`: show how it stands, or answer the questions."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.kit.errors import Invalid
from colleague.rollout.readiness.answer import answer_readiness, read_answers
from colleague.rollout.readiness.answer import readiness as standing
from colleague.rollout.readiness.model import QUESTIONS, WORDS, Result


class NoAnswer(Invalid):
    """Answers are written like sponsor=yes or seats=300."""


def readiness(
    as_person: As,
    answers: Annotated[
        list[str] | None, typer.Option("--answer", help="An answer, like sponsor=yes or seats=300; once for each.")
    ] = None,
) -> None:
    """Say whether you can roll out by yourselves and what is missing; with --answer, keep answers as a new version."""
    given = {}
    for one in answers or []:
        name, sep, value = one.partition("=")
        if not sep:
            raise NoAnswer
        given[name.strip()] = value.strip()

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            stands = await standing(session, actor, registry=house.registry, reach=house.reach)
            if given:
                before = stands.answers.to_json()
                made = await answer_readiness(
                    session, actor, read_answers(before | given), after=stands.newest.version if stands.newest else 0,
                    registry=house.registry, reach=house.reach, ledger=house.ledger, clock=house.clock,
                )  # fmt: skip
                _say(made.result)
                return
        if stands.newest:
            _say(stands.newest.result)
        else:
            line("Nobody has answered yet.")
        now = stands.answers.to_json()
        rows(
            ("question", "means", "answer", "because"),
            [(n, q, _answer(now[n]), stands.why.get(n, "")) for n, q in QUESTIONS.items()],
        )

    with_house(work)


def _answer(given: bool | int | None) -> str:
    return "" if given is None else ("yes" if given else "no") if isinstance(given, bool) else str(given)


def _say(result: Result) -> None:
    line(f"{result.verdict}: {WORDS[result.verdict]}", "bold")
    for reason in result.reasons:
        line(f"  {reason.speaks}: {reason.text} ({reason.requirement})")
    for one in result.missing:
        line(f"  missing, {one.requirement}: {one.what} {one.step} ({one.link})")
