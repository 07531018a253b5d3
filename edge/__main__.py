"""The `foresight` command: `run`, `check`, `replay`, `bench`, `demo`, `doctor`, `archive`, `federate`, `models`.

Exit codes: 0 all is well; 1 something failed while running; 2 the configuration, a file or an option must be mended.
"""

import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge import __version__
from edge.contracts.errors import BrokerError, ConfigError, EdgeError, ModelError, SourceError
from edge.ending import end

RECORDINGS = frozenset({".csv", ".tsv", ".parquet"})  # of readings
EXIT_CODES: dict[type[EdgeError], int] = {ConfigError: 2, ModelError: 2, SourceError: 2, BrokerError: 1, EdgeError: 1}

ConfigFile = Annotated[Path, typer.Argument(help="The configuration, YAML", show_default=True)]
ModelFile = Annotated[Path | None, typer.Option("--model", help="A .tflite detector; none = the motion detector")]
LabelFile = Annotated[Path | None, typer.Option("--labels", help="Its labels, where the file itself has none")]

app = typer.Typer(
    name="foresight",
    help="Sees things on cameras and sensors, says where they will be next, and tells it over MQTT.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and exit")] = False) -> None:
    if version:
        print(f"foresight {__version__}")  # noqa: T201 - the answer itself
        raise typer.Exit


@app.command()
def run(config: ConfigFile = Path("foresight.yaml")) -> None:
    """Run the daemon until it is told to stop (SIGTERM, Ctrl-C); SIGHUP reloads."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it can be obeyed
    from edge.run import run_daemon  # noqa: PLC0415 - commands load only what they need

    run_daemon(config)


@app.command()
def check(
    config: ConfigFile = Path("foresight.yaml"),
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the configuration")] = False,
    migrate: Annotated[bool, typer.Option("--migrate", help="Print the configuration in its present form")] = False,
    write: Annotated[bool, typer.Option("--write", help="With --migrate: rewrite the file, keep a copy")] = False,
) -> None:
    """Check a configuration against itself and against its models; say what it would run."""
    from edge.check import show_check, show_migrated, show_schema  # noqa: PLC0415

    if schema:
        show_schema()
    elif migrate or write:
        show_migrated(config, write, Console(stderr=True))
    else:
        raise typer.Exit(show_check(config, Console()))


@app.command()
def replay(
    source: Annotated[str, typer.Argument(help="A clip, a folder of images, `street`, wav, or readings: CSV, Parquet")],
    config: Annotated[
        Path | None, typer.Option("--config", help="Take the settings of its first camera or sensor")
    ] = None,
    model: ModelFile = None,
    labels: LabelFile = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for annotated.mp4, events.jsonl and tracks.jsonl")] = Path(
        "out"
    ),
    classifier: Annotated[
        Path | None, typer.Option("--classifier", help="For a wav file: the model that names what is heard")
    ] = None,
    sensor: Annotated[str, typer.Option("--sensor", help="For readings: which of the configuration's sensors")] = "",
) -> None:
    """Run a clip or a recording of readings through the chain; write an annotated video, or a plot, and JSON lines."""
    if Path(source).suffix.lower() in RECORDINGS:
        from edge.sensing.replay import replay_readings  # noqa: PLC0415

        replay_readings(Path(source), config, sensor, out, Console())
        return
    if Path(source).suffix.lower() == ".wav":
        from edge.hearing.replay import replay_sound  # noqa: PLC0415

        replay_sound(Path(source), config, classifier, out, Console())
        return
    from edge.replay import replay_clip  # noqa: PLC0415

    replay_clip(source, config, model, labels, out, Console())


@app.command()
def bench(
    source: Annotated[str, typer.Argument(help="Your camera, stream or clip")],
    model: ModelFile = None,
    labels: LabelFile = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Inference threads")] = 2,
    frames: Annotated[int, typer.Option(min=10, help="Frames to measure, after a warm-up")] = 250,
) -> None:
    """Measure your own model and camera on this board; the last line is JSON."""
    from edge.benchmark import measure  # noqa: PLC0415

    measure(source, model, labels, threads, frames)


@app.command()
def demo(
    source: Annotated[
        str | None, typer.Option(help="A clip, camera or stream; `street` renders one, `clip` is one of it")
    ] = None,
    model: Annotated[Path | None, typer.Option("--model", help="A .tflite detector; `none` = whatever moves")] = None,
    broker: Annotated[str | None, typer.Option(help="host[:port] of a broker; `none` = in this process")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the annotated clip and the contact sheet")] = Path(
        "out/demo"
    ),
    seconds: Annotated[float, typer.Option(min=1, help="Stop after so many seconds of pictures")] = 30,
) -> None:
    """See it work: boxes, tracks, predicted paths and MQTT events, live in the terminal."""
    from edge.demo.show import show  # noqa: PLC0415

    show(source, model, broker, out, seconds)


@app.command()
def doctor(
    config: Annotated[Path | None, typer.Argument(help="The configuration; without one only the machine")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list instead of a table")] = False,
) -> None:
    """Say what is wrong with this device and what to do: cameras, models, accelerator, broker, clock, disk, power."""
    from edge.doctor.examine import show  # noqa: PLC0415

    raise typer.Exit(show(config, as_json, Console()))


@app.command()
def archive(
    config: ConfigFile = Path("foresight.yaml"),
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write; else only the device's key is shown")
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Delete from the device what was packed")] = False,
) -> None:
    """Pack what the device was unsure of into a signed file for the workstation; nothing is sent."""
    from edge.archiving import archive, show_key  # noqa: PLC0415

    if out is None:
        show_key(config, Console())
    else:
        archive(config, out, forget_packed=forget, console=Console())


@app.command()
def federate(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    superlink: Annotated[str, typer.Option(help="The host, as name:port")],
    ca: Annotated[Path, typer.Option(help="Certificate of the authority that signed the host's, PEM")],
    model: Annotated[Path, typer.Option(help="The model that learns, .tflite; the same file as on the host")],
    learning: Annotated[Path, typer.Option(help="The daemon's folder of learning")],
    home: Annotated[Path, typer.Option(help="Folder for what this process keeps")] = Path("federated"),
    key: Annotated[Path | None, typer.Option(help="The device's private key, where the host asks for one")] = None,
    rate: Annotated[float, typer.Option(help="Learning rate", min=1e-6, max=1)] = 1e-3,
    epochs: Annotated[int, typer.Option(help="Turns over the samples in a round", min=1, max=1000)] = 4,
    margin: Annotated[float, typer.Option(help="Share by which what comes back must be better here", min=0)] = 0.03,
    cpu_percent: Annotated[float, typer.Option(help="Of one core that a round may take", min=1, max=100)] = 50.0,
) -> None:
    """Learn together with other devices, beside the daemon: only weights travel; needs Flower."""
    from edge.federated.node import federate as run  # noqa: PLC0415
    from edge.federated.settings import FederatedSettings  # noqa: PLC0415

    settings = FederatedSettings(
        superlink=superlink,
        ca=ca,
        model=model,
        learning=learning,
        home=home,
        key=key,
        rate=rate,
        epochs=epochs,
        margin=margin,
        cpu_percent=cpu_percent,
    )
    run(settings)


models = typer.Typer(name="models", help="Models of others that run here.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(models)


@models.command("list")
def models_list() -> None:
    """Show the catalogue: public models under a permissive licence."""
    from edge.modelling import show_list  # noqa: PLC0415

    show_list(Console())


@models.command("pull")
def models_pull(
    name: Annotated[str, typer.Argument(help="A name of the catalogue, or a file of this machine")],
    to: Annotated[Path | None, typer.Option("--to", help="Folder; else where the daemon keeps its state")] = None,
) -> None:
    """Fetch a model and check that it is the one that was meant; goes on where it broke off."""
    from edge.modelling import pull  # noqa: PLC0415

    pull(name, to, Console())


@models.command("inspect")
def models_inspect(
    file: Annotated[Path, typer.Argument(help="A .tflite file")],
    labels: LabelFile = None,
) -> None:
    """Say what a model file is, without running it."""
    from edge.modelling import show_model  # noqa: PLC0415

    show_model(file, labels, Console())


def main() -> None:
    """Run a command; what the user can mend is told in words, never as a traceback."""
    try:
        app()
    except SystemExit as done:
        if not isinstance(done.code, int):
            raise
        end(done.code)
    except EdgeError as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, style="red", soft_wrap=True)
        end(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))


if __name__ == "__main__":
    main()
