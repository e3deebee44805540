"""The deeds of reviews, with what they need of the task: its owner, who had it before, who is told."""

from collections.abc import Sequence

from colleague.files.reviews.category import raise_category
from colleague.files.reviews.decide import look_again, review_output
from colleague.files.reviews.declassify import declassify
from colleague.identity.actor import Actor
from colleague.policy.model import DataClass
from colleague.tasks.parts import Parts
from colleague.tasks.reviews.sheet import read_version
from colleague.tasks.sight import see_output
from colleague.tasks.together.hand_over import had_before


async def decide(
    actor: Actor, output_id: str, version: int, *, accept: bool, note: str, checklist: Sequence[str], parts: Parts
) -> None:
    """Accept or reject one version; a person whose output it is hears of somebody else's word. Raises TaskNotFound and
    what `review_output` raises."""
    async with parts.database.transaction() as session:
        task, output, _ = await see_output(session, actor, output_id, version)
        await review_output(
            session, actor, task.person_id, output_id, version, accept=accept, note=note, checklist=checklist,
            ledger=parts.ledger, clock=parts.clock, before=await had_before(session, task.id),
        )  # fmt: skip
        if actor.id != task.person_id:
            word = "accepted" if accept else "rejected"
            text = f"{actor.name} {word} «{output.name}», version {version}."
            await parts.tell(session, task.person_id, f"An output was {word}", text, f"/outputs/{output_id}")


async def second_look(actor: Actor, output_id: str, version: int, *, agree: bool, note: str, parts: Parts) -> None:
    """Agree or disagree with what the owner accepted; they hear of it if somebody disagrees. Raises TaskNotFound and
    what `look_again` raises."""
    async with parts.database.transaction() as session:
        task, output, _ = await see_output(session, actor, output_id, version)
        await look_again(
            session, actor, task.person_id, output_id, version, agree=agree, note=note, ledger=parts.ledger,
            clock=parts.clock, before=await had_before(session, task.id),
        )  # fmt: skip
        if not agree:
            text = f"{actor.name} looked at «{output.name}», version {version}, which you had accepted, and disagrees."
            await parts.tell(session, task.person_id, "A second look disagrees", text, f"/outputs/{output_id}")


async def put_into(actor: Actor, output_id: str, category: str, *, parts: Parts) -> None:
    """Put an output into a category that is not lighter. Raises TaskNotFound and what `raise_category` raises."""
    async with parts.database.transaction() as session:
        task, _, _ = await see_output(session, actor, output_id)
        await raise_category(session, actor, task.person_id, output_id, category, ledger=parts.ledger)


async def lower_class(
    actor: Actor, output_id: str, version: int, to: DataClass, why: str, *, seen: str, parts: Parts
) -> None:  # fmt: skip
    """Lower the class of one version. Raises TaskNotFound and what `declassify` raises."""
    document = await read_version(parts.database, actor, output_id, version)
    async with parts.database.transaction() as session:
        task, _, _ = await see_output(session, actor, output_id, version)
        await declassify(
            session, actor, task.person_id, output_id, version, to, why, seen=seen, document=document,
            ledger=parts.ledger, clock=parts.clock, before=await had_before(session, task.id),
        )  # fmt: skip
