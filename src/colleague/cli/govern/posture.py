"""`colleague governance posture`: how this installation stands to the published hardening checks (CT-2)."""

import json
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, with_house
from colleague.governance.posture.look import posture_of
from colleague.governance.posture.model import Posture

app = typer.Typer()
_COLOURS = {"ok": "green", "to do": "", "deviation": "red", "not applicable": ""}


@app.command("posture")
def show(as_person: As, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show every hardening check: what deviates, since when and by whom. Exit code 1 if a deviation is critical."""

    async def work(house: House) -> Posture:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            return await posture_of(session, actor, house.looking)

    posture = with_house(work)
    if as_json:
        typer.echo(json.dumps(posture.to_json(), ensure_ascii=False, indent=1))
    else:
        _print(posture)
    if posture.critical:
        raise typer.Exit(1)


def _print(posture: Posture) -> None:
    line(posture.sentence, "bold")
    for result in posture.results:
        word = result.severity.name.lower() if result.state == "deviation" else result.state
        line(f"{word:<15} {result.check.id:<20} {result.check.title}", _COLOURS[result.state])
        if result.state in ("deviation", "to do"):
            for f in result.findings:
                since = f" Since {f.since:%Y-%m-%d %H:%M}" if f.since else ""
                line(f"{'':<16}{f.words}{since}{f', by {f.by}' if f.by else ''}")
            line(f"{'':<16}{result.check.remedy}")
