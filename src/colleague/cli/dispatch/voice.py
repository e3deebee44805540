"""`colleague dispatch hear`: try what the service that writes voice notes down makes of a recording."""

from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, with_house
from colleague.dispatch.voice.notes import transcribe

Recording = Annotated[Path, typer.Argument(help="A recording: WebM, Ogg, MP4, MP3, WAV or AMR.", exists=True)]


def hear(file: Recording, as_person: As) -> None:
    """Have a recording written down, under the rules for models, and show the words; nothing is done with them."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        line(await transcribe(actor, file.read_bytes(), ears=house.ears))

    with_house(work)
