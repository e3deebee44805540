"""`colleague dispatch`: from a phone, a message, a clock."""

import typer

from colleague.cli.dispatch import address, message, result, schedule, trigger, voice

app = typer.Typer(help="Bound phones and accounts, triggers, messages, schedules.", no_args_is_help=True)
app.add_typer(address.app, name="address")
app.add_typer(trigger.app, name="trigger")
app.add_typer(schedule.app, name="schedule")
app.command()(message.say)
app.command()(message.bench)
app.command()(message.messages)
app.command()(result.results)
app.command()(voice.hear)
