"""`foresight-train series`: models of sensor series, one command for each task."""

import typer

from trainer.commands.series_autoencode import autoencode
from trainer.commands.series_classify import classify
from trainer.commands.series_forecast import forecast

app = typer.Typer(
    name="series",
    help="From readings of sensors to one .tflite: forecasts, classes of windows, what is out of the ordinary.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command()(forecast)
app.command()(classify)
app.command()(autoencode)
