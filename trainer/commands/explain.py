"""`foresight-train explain`: what a trained network looks at."""

from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[Path, typer.Argument(help="folder of a training run (network.keras, network.json)")]
Pictures = Annotated[Path, typer.Option(help="folder of pictures to look for patches in", exists=True, file_okay=False)]
Picture = Annotated[
    list[Path] | None, typer.Option(help="a picture whose verdicts are to be explained; may be given more than once")
]
Out = Annotated[Path, typer.Option(help="folder for the page and its pictures")]
Level = Annotated[str, typer.Option(help="the layer to read evidence from; without it, the deepest few")]
Most = Annotated[int, typer.Option(help="pictures of the folder at most", min=1)]
Dreams = Annotated[bool, typer.Option(help="show what channels would like best")]


def explain(
    run: Run,
    pictures: Pictures,
    picture: Picture = None,
    out: Out = Path("explained"),
    level: Level = "",
    most: Most = 120,
    dreams: Dreams = True,
) -> None:
    """Show what each level of a network responds to, and what its verdicts on a picture rest upon."""
    from trainer.explain.explanation import Asked  # noqa: PLC0415 - commands load only what they need
    from trainer.explain.explanation import explain as explained  # noqa: PLC0415
    from trainer.explain.page import write_explanation  # noqa: PLC0415
    from trainer.trained import read_trained  # noqa: PLC0415

    asked = Asked(pictures, tuple(picture or ()), level, most, dreams)
    written = write_explanation(explained(read_trained(run), asked, lambda text: typer.echo(f"{text} ...")), out)
    typer.echo(f"the page is {written[0]}, its {len(written) - 1} pictures are beside it")
