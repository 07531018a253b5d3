"""The `foresight-train` command: `data`, `detector`, `export`, `adapt`, `evaluate`, `explain`, `federated`, and more.

Exit codes: 0 all is well; 1 something failed, or errors were found; 2 a file or an option must be mended.
"""

import sys
from typing import Annotated

import typer
from rich.console import Console

from edge import __version__
from edge.contracts.errors import ConfigError, EdgeError, ModelError
from trainer.commands import data
from trainer.commands.adapt import adapt
from trainer.commands.classifier import classifier
from trainer.commands.detector import detector
from trainer.commands.evaluate import evaluate
from trainer.commands.explain import explain
from trainer.commands.export import export
from trainer.commands.federated import federated
from trainer.commands.forecaster import forecaster
from trainer.commands.series import app as series
from trainer.commands.street import street
from trainer.errors import TrainError
from trainer.quiet import quieten

EXIT_CODES: dict[type[EdgeError], int] = {ConfigError: 2, ModelError: 2, TrainError: 2, EdgeError: 1}

app = typer.Typer(
    name="foresight-train",
    help="From labelled pictures to one .tflite that runs in the daemon and has proved itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data.app.command()(street)
app.add_typer(data.app)
app.add_typer(series)
app.command()(detector)
app.command()(classifier)
app.command()(forecaster)
app.command()(export)
app.command()(adapt)
app.command()(evaluate)
app.command()(explain)
app.command()(federated)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and exit")] = False) -> None:
    if version:
        print(f"foresight-train {__version__}")  # noqa: T201 - the answer itself
        raise typer.Exit


def main() -> None:
    """Run a command; what the user can mend is told in words, never as a traceback."""
    quieten()
    try:
        app()
    except EdgeError as error:
        Console(stderr=True, emoji=False).print(str(error), markup=False, highlight=False, style="red", soft_wrap=True)
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))


if __name__ == "__main__":
    main()
