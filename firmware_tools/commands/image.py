"""`foresight-firmware image ...`: images that boot into the running daemon."""

import typer

app = typer.Typer(help="Images that boot into the running daemon.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _image() -> None:
    """Keep the names of its commands, however few they are."""
