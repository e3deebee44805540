"""`colleague programme`: the verbs of the rollout, gathered from their files."""

import typer

from colleague.cli.programme import advance
from colleague.cli.programme.cohort import app as cohort
from colleague.cli.programme.first_month import app as first_month
from colleague.cli.programme.readiness import readiness
from colleague.cli.programme.readout import cost, leader, readout
from colleague.cli.programme.simulate import simulate
from colleague.cli.programme.template import plan, template

app = typer.Typer(help="The programme: phases, gates, readiness, plan and templates, readout.", no_args_is_help=True)
app.command("readiness")(readiness)
for verb in (
    advance.status, advance.name, advance.start, advance.gate, advance.skip, advance.seats, advance.surface,
    advance.exception, advance.confirm, advance.withdraw, advance.attest,
):  # fmt: skip
    app.command(verb.__name__)(verb)
app.command("confirm-sponsor")(advance.confirm_the_sponsor)
app.add_typer(cohort, name="cohort")
app.add_typer(first_month, name="first-month")
app.command("plan")(plan)
app.command("simulate")(simulate)
app.command("template")(template)
app.command("readout")(readout)
app.command("cost")(cost)
app.command("leader")(leader)


@app.callback()
def programme() -> None:
    """The programme: phases, gates, readiness, plan and templates, readout."""
