"""`colleague demo`: the first job of the demo organisation, from one sentence to a mail and a verified ledger."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.status import Status

from colleague.approvals.inbox import get_card
from colleague.audit.jobs import keep_sealing
from colleague.audit.read import standing, verify
from colleague.bootstrap import House, build
from colleague.cli.aldermoor.house import AUDITOR, FIRST_TASK, MEMBER, prepare_demo, request_document, start_mail_sink
from colleague.cli.aldermoor.mail import demo_folder, mail_folder, mails
from colleague.cli.approval import decide, show_card
from colleague.cli.operate import act_as, console, line, read_line
from colleague.files.outputs import output_content
from colleague.identity.actor import Actor
from colleague.kit import log
from colleague.kit.errors import Conflict, Unavailable
from colleague.kit.settings import Settings
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.delegate import answer_question
from colleague.tasks.model import ENDED, PARKED, State
from colleague.tasks.sight import View, view_task
from colleague.tasks.start import start

LONGEST, LOOK = 900.0, 0.2


class NotFinished(Unavailable):
    """The task did not end: it is {state}. {why}"""


class WaitsForYou(Conflict):
    """It waits for an answer. Give it with: colleague approval approve {approval} --as {who} (or start with --yes)."""


class Unanswered(Conflict):
    """It waits for an answer. Give it with: colleague task answer {task} «your answer» --as {who}"""


class LedgerBroken(Conflict):
    """The ledger is broken: {why}"""


def demo(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the mail without asking.")] = False,
) -> None:
    """Do the first job of the demo organisation in this terminal: read an RFP, write, ask, send one mail, verify."""
    settings = Settings(demo=True)
    log.setup(level="ERROR")
    started = asyncio.run(_demo(settings, yes=yes))
    line(f"\nDone in {started:.0f} s.")


async def _demo(settings: Settings, *, yes: bool) -> float:
    with console.status("Starting the database and the demo organisation …"):
        house = await asyncio.to_thread(build, settings)
        sink = start_mail_sink(settings, show=False)
        await prepare_demo(house)
    try:
        async with _working(house):
            begun = house.clock.now()
            await _job(house, yes=yes)
            return (house.clock.now() - begun).total_seconds()
    finally:
        sink.stop()
        await house.close()


async def _job(house: House, *, yes: bool) -> None:
    actor = await act_as(house, MEMBER)
    line(f"{actor.name} asks: «{FIRST_TASK}»", "bold")
    line(f"Attached: {request_document(house.settings)}\n")
    before = set(mails(mail_folder(house.settings)))
    document = request_document(house.settings)
    files = [(document.name, await asyncio.to_thread(document.read_bytes))]
    task = await start(actor, FIRST_TASK, files, parts=house.parts, settings=house.settings)
    watch = Watch(house, actor, task)
    while (view := await watch.run()).run.state in (State.NEEDS_APPROVAL, State.WAITING):
        if view.run.state == State.WAITING:
            await _answer(house, actor, view)
        else:
            await _ask(house, actor, view.run.waiting_for, yes=yes)
        watch.answered.add(view.run.waiting_for)
    if view.run.state != State.COMPLETED:
        raise NotFinished(state=view.run.state, why=f"{view.run.why} Look at it: colleague task show {task}")
    line(f"\n{view.run.answer}\n")
    for path in await _save(house, view):
        line(f"Result     {path}")
    for path in _sent(house.settings, before):
        line(f"Mail       {path}")
    await _verify(house)


@contextlib.asynccontextmanager
async def _working(house: House) -> AsyncIterator[None]:
    """Work in this process until left: alone, or beside the workers of a running server, which share the queue."""

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                keep_sealing(house.database, signer=house.signer, sink=house.sink, clock=house.clock, every=0.3)
            )
            group.create_task(house.queue.run(concurrency=4, signals=False))

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


class Watch:
    """Prints what happens in a task, each thing once, however often it is looked at."""

    def __init__(self, house: House, actor: Actor, task: str) -> None:
        """Take the task and who may see it."""
        self._house, self._actor, self._task = house, actor, task
        self._planned: tuple[str, ...] = ()
        self._shown: set[tuple[str, str]] = set()
        self.answered: set[str] = set()

    async def run(self) -> View:
        """Look until the task ends, or waits for something not answered yet; NotFinished after a quarter of an hour."""
        waited = 0.0
        with console.status("Queued …") as status:
            while True:
                async with self._house.database.transaction() as session:
                    view = await view_task(session, self._actor, self._task)
                self._say_plan(view, status)
                self._say_calls(view)
                state = State(view.run.state)
                if state in ENDED or (state in PARKED and view.run.waiting_for not in self.answered):
                    return view
                if waited > LONGEST:
                    raise NotFinished(state=state, why=f"Look at it: colleague task show {self._task}")
                await asyncio.sleep(LOOK)
                waited += LOOK

    def _say_plan(self, view: View, status: Status) -> None:
        """Print the plan when it is new, and show the step it is at."""
        steps, current = tuple(view.run.plan["steps"]), view.run.plan["current"]
        if steps and steps != self._planned:
            self._planned = steps
            line("Plan")
            for number, step in enumerate(steps, 1):
                line(f"  {number}. {step}")
            line("")
        if steps and current <= len(steps):
            status.update(f"Step {current} of {len(steps)}: {steps[current - 1]}")

    def _say_calls(self, view: View) -> None:
        for call in view.calls:
            if call.state == "intended" or (call.id, call.state) in self._shown:
                continue
            self._shown.add((call.id, call.state))
            effect = call.decision.get("effect", "")
            why = " ".join(r["why"] for r in call.decision.get("rulings", ()))
            colour = {"allow": "green", "ask": "yellow"}.get(effect, "red")
            line(f"  {call.decided_at:%H:%M:%S}  {call.tool:<15} {effect:<6} {call.state:<8} {why}", colour)


async def _ask(house: House, actor: Actor, approval: str, *, yes: bool) -> None:
    async with house.database.transaction() as session:
        card = await get_card(session, actor, approval)
    line("\nBefore it acts, the agent asks:")
    show_card(card)
    if yes:
        line("Approved, as --yes says.\n", "green")
        await decide(house, actor, card, "approved")
        return
    if not sys.stdin.isatty():
        raise WaitsForYou(approval=card.id, who=MEMBER)
    # The worker goes on while the person reads.
    said = (await read_line("Approve this? [y/n]")).casefold()
    if said not in ("y", "yes", "n", "no"):
        raise WaitsForYou(approval=card.id, who=MEMBER)
    wanted = said.startswith("y")
    await decide(house, actor, card, "approved" if wanted else "denied")
    line("Approved.\n" if wanted else "Denied.\n", "green" if wanted else "yellow")


async def _answer(house: House, actor: Actor, view: View) -> None:
    """Put the agent's own question to the person at the terminal."""
    call = next(c for c in view.calls if c.id == view.run.waiting_for)
    line(f"\nThe agent asks: {call.arguments.get('question', '')}", "bold")
    for choice in call.arguments.get("choices") or ():
        line(f"  {choice}")
    said = await read_line("Your answer:") if sys.stdin.isatty() else ""
    if not said:
        raise Unanswered(task=view.task.id, who=MEMBER)
    await admit_words(actor, said, parts=house.parts)
    async with house.database.transaction() as session:
        await answer_question(
            session, actor, view.task.id, call.id, said, ledger=house.ledger, clock=house.clock
        )  # fmt: skip


async def _save(house: House, view: View) -> list[Path]:
    """Write the outputs beside the demo's documents and return their paths."""
    folder = demo_folder(house.settings) / "results" / view.task.id
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    paths = []
    async with house.database.transaction() as session:
        for output, version in view.outputs:
            path = folder / Path(output.name).name
            await asyncio.to_thread(path.write_bytes, await output_content(session, version))
            paths.append(path)
    return paths


def _sent(settings: Settings, before: set[Path]) -> list[Path]:
    """Return the mails that arrived since."""
    return [path for path in mails(mail_folder(settings)) if path not in before]


async def _verify(house: House) -> None:
    """Wait until everything is sealed, verify as the auditor would, and print the result."""
    for _ in range(60):
        async with house.database.transaction() as session:
            if (await standing(session))[1] == 0:
                break
        await asyncio.sleep(0.25)
    auditor = await act_as(house, AUDITOR)
    report = await verify(
        house.database, auditor.id, public=house.signer.public, sink=house.sink, ledger=house.ledger
    )  # fmt: skip
    if not report.ok:
        raise LedgerBroken(why=" ".join(report.findings))
    line(f"Ledger     {report.sentence}", "green")
