"""From an ended task to the words and files that go out: as much of it as was decided, and who it is from."""

from collections.abc import Sequence

from colleague.channels.channel import Message
from colleague.dispatch.deliver.model import LONGER, SHORTEST, Form, Verdict, decide, joined, shortened
from colleague.dispatch.deliver.tables import ResultRow
from colleague.files.categories import standard
from colleague.files.outputs import list_outputs, output_content
from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.kit.db import Session
from colleague.kit.mail import Part
from colleague.policy.model import Label
from colleague.tasks.model import State
from colleague.tasks.subagents.family import read_together
from colleague.tasks.tables import RunRow

MOST_BYTES = 15_000_000
STATES = {
    State.COMPLETED: "Your task is completed.", State.FAILED: "Your task has failed.",
    State.STOPPED: "Your task was stopped.",
}  # fmt: skip
DRAFT = "What an agent made is a draft until you have looked at it."
Outputs = Sequence[tuple[OutputRow, OutputVersionRow]]


async def weigh(session: Session, row: ResultRow, run: RunRow) -> Verdict:
    """Return how much of a result may go: by what the run and its outputs rest on, and by their reviews as of now."""
    outputs = await list_outputs(session, row.task_id)
    labels = [await read_together(session, run), *[Label.from_json(version.label) for _, version in outputs]]
    waits = [await _waits(session, output, version) for output, version in outputs]
    return decide(row.target, joined(labels), unreviewed=any(waits))


async def _waits(session: Session, output: OutputRow, version: OutputVersionRow) -> bool:
    """Say whether an output still lacks the review that its category demands, or was rejected in it."""
    strict = (await standard(session, output.category)).high_stakes
    return version.review == "rejected" or (strict and (version.review != "reviewed" or version.self_reviewed))


async def compose(
    session: Session, row: ResultRow, run: RunRow, verdict: Verdict, *, to: str, name: str, url: str
) -> Message:
    """Return the message. It says what became of the task, where to see it, and that an agent sent it for `name`."""
    link = f"{url}/tasks/{row.task_id}"
    said = STATES.get(State(run.state), "Your task has ended.")
    signed = f"Sent by an AI agent on behalf of {name}."
    words = run.answer or run.why
    parts: tuple[Part, ...] = ()
    match verdict.form:
        case Form.SUMMARY if row.target == "sms":
            text = f"{shortened(words, SHORTEST)}\n{link}\n{signed}"
        case Form.SUMMARY:
            text = f"{said}\n\n{words[:LONGER]}{'…' if len(words) > LONGER else ''}\n\n{link}\n{signed}"
        case Form.WHOLE:
            parts = await _parts(session, await list_outputs(session, row.task_id))
            note = f"{DRAFT}\n" if parts else ""
            text = f"{said}\n\n{words[:20_000]}\n\n{link}\n{note}\n-- \n{signed}\n"
        case _:
            why = f" {verdict.why}" if verdict.why and row.target != "sms" else ""
            text = f"{said}{why}\n{link}\n{signed}"
    return Message(to, said.rstrip("."), text, f"result:{row.id}", parts, row.reply_to)


async def _parts(session: Session, outputs: Outputs) -> tuple[Part, ...]:
    """Return the newest version of each output as a file, as long as there is room; the page has the others."""
    parts, room = [], MOST_BYTES
    for output, version in outputs:
        if version.size <= room:
            room -= version.size
            parts.append(Part(output.name, version.media_type, await output_content(session, version)))
    return tuple(parts)
