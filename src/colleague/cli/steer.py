"""`colleague task pause` and `resume`."""

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, with_house
from colleague.tasks.sight import view_task
from colleague.tasks.steer.pause import pause, unpause


def halt(task: str, as_person: As) -> None:
    """Pause a task: nothing new is begun; what was asked stays answerable."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await pause(session, actor, task, ledger=house.ledger, clock=house.clock)
            state = (await view_task(session, actor, task)).run.state
        line("Paused." if state == "paused" else "It is paused before its next step.")

    with_house(work)


def go_on(task: str, as_person: As) -> None:
    """Let a paused task go on exactly where it stands."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await unpause(session, actor, task, ledger=house.ledger, clock=house.clock)
        line("It goes on.")

    with_house(work)
