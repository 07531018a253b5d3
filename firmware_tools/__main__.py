"""The `foresight-firmware` command: from a bare card to a fleet.

Exit codes: 0 all is well; 1 something failed while it was done; 2 a file, an option or a name must be mended.
"""

import sys
from importlib import import_module
from typing import Annotated

import typer
from rich.console import Console

from edge import __version__
from edge.contracts.errors import ConfigError, EdgeError
from firmware_tools.errors import FirmwareError, MistakeError

# Each command, and where it is: a function that is the command, or a Typer that has commands of its own.
# Those modules import nothing heavy at their top, so that one missing package takes away one command only.
COMMANDS: dict[str, str] = {
    "boards": "firmware_tools.commands.boards:boards",
    "flash": "firmware_tools.commands.flash:flash",
    "image": "firmware_tools.commands.image:app",
    "provision": "firmware_tools.commands.provision:app",
    "release": "firmware_tools.commands.release:app",
    "rollout": "firmware_tools.commands.rollout:app",
}
EXIT_CODES: dict[type[EdgeError], int] = {MistakeError: 2, FirmwareError: 1, ConfigError: 2, EdgeError: 1}
EXTRA = "install what it needs: pip install 'foresight-edge[firmware]'"

app = typer.Typer(
    name="foresight-firmware",
    help="From a bare card to a fleet that updates and heals itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _add(name: str, place: str) -> None:
    module, attribute = place.split(":")
    command = getattr(import_module(module), attribute)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name)(command)


for _name, _place in COMMANDS.items():
    _add(_name, _place)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and exit")] = False) -> None:
    if version:
        print(f"foresight-firmware {__version__}")  # noqa: T201 - the answer itself
        raise typer.Exit


def main() -> None:
    """Run a command; what the user can mend is told in words, never as a traceback."""
    try:
        app()
    except EdgeError as error:
        _say(str(error))
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in {"edge", "firmware_tools"}:
            raise
        _say(f"this command needs the package {error.name}, which is not here; {EXTRA}")
        sys.exit(2)
    except OSError as error:  # of a path that nobody asked with care: of another owner, too long, on a dying disk
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}; correct that, or name another path")
        sys.exit(1)


def _say(text: str) -> None:
    Console(stderr=True, emoji=False).print(text, markup=False, highlight=False, style="red", soft_wrap=True)


if __name__ == "__main__":
    main()
