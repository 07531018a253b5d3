"""`foresight-firmware rollout`: what is released comes to a fleet, a few devices first."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from firmware_tools.errors import MistakeError

if TYPE_CHECKING:
    from firmware_tools.rollout.folder import Folder, Order

UNFINISHED = 3
EXIT_CODES = {"done": 0, "aborted": 1}
app = typer.Typer(
    help="What is released comes to a fleet, a few devices first. Exit codes: 0 done, 1 aborted, 3 it is not over.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="Of the roll-out")]
Home = Annotated[Path, typer.Option(help="Folder of all roll-outs; one for each fleet")]
Fleet = Annotated[Path, typer.Option(help="The fleet's folder, as provision made it")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Lines for a journal, no picture")]
Once = Annotated[bool, typer.Option("--once", help="Hear, decide, ask, and end: for a timer")]
HOME, FLEET, RELEASES = Path("rollouts"), Path("fleet"), Path("releases")


@app.command()
def start(  # noqa: PLR0913 - a command has as many options as its users need
    name: Name,
    wish: Annotated[list[str], typer.Argument(help="A name of release status, or NAME@VERSION; several")],
    *,
    home: Home = HOME,
    releases: Annotated[Path, typer.Option(help="Folder of the releases")] = RELEASES,
    fleet: Fleet = FLEET,
    group: Annotated[list[str] | None, typer.Option(help="A group of the fleet; none and no device: all")] = None,
    device: Annotated[list[str] | None, typer.Option(help="A device")] = None,
    devices: Annotated[Path | None, typer.Option(help="Text file of devices, one a line")] = None,
    canaries: Annotated[int, typer.Option(help="How many are asked first", min=1)] = 2,
    canary: Annotated[list[str] | None, typer.Option(help="One that is asked first, by name")] = None,
    factor: Annotated[float, typer.Option(help="Devices of a wave for each good one of the wave before", min=1)] = 2.0,
    most: Annotated[int, typer.Option(help="Devices of a wave at most", min=1)] = 100,
    soak: Annotated[float, typer.Option(help="Seconds that a wave must be good before the next", min=0)] = 600.0,
    threshold: Annotated[float, typer.Option(help="Stop when more than this percentage fails", min=0, max=99)] = 5.0,
    least: Annotated[
        int, typer.Option(help="Before so many are judged, chance is allowed for; 0: 20 divided by the threshold")
    ] = 0,
    gone: Annotated[float, typer.Option(help="Seconds offline until a device counts as gone", min=1)] = 900.0,
    deadline: Annotated[float, typer.Option(help="Seconds that the roll-out waits for a device", min=1)] = 7200.0,
    host: Annotated[str, typer.Option(help="Whose certificate of the fleet is shown: `provision host`")] = "",
    broker: Annotated[str, typer.Option(help="host:port; else with --host the fleet's own, or localhost:1883")] = "",
    username: Annotated[str, typer.Option(help="Empty for a broker that asks for none")] = "",
    password_file: Annotated[Path | None, typer.Option(help="File that holds the password")] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Encrypt; authority of the broker's certificate, PEM")] = None,
    prefix: Annotated[str, typer.Option(help="First level of all topics")] = "foresight",
    quiet: Quiet = False,
    once: Once = False,
) -> None:
    """Begin a roll-out, or go on with it; it runs here until it is over."""
    from datetime import UTC, datetime  # noqa: PLC0415 - commands load only what they need

    from firmware_tools.broker import Credentials, access_by, endpoint  # noqa: PLC0415
    from firmware_tools.identity.records import checked  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.rollout.folder import begin  # noqa: PLC0415
    from firmware_tools.rollout.plan import Pace  # noqa: PLC0415
    from firmware_tools.rollout.planning import Canaries, Request, Selection, plan  # noqa: PLC0415
    from firmware_tools.rollout.threshold import enough  # noqa: PLC0415

    fields = {"factor": factor, "most": most, "soak_s": soak, "threshold": threshold / 100}
    pace = checked(
        Pace, {**fields, "least": least or enough(threshold / 100), "gone_s": gone, "deadline_s": deadline}, "the pace"
    )
    selection = Selection(fleet, tuple(group or ()), tuple(device or ()), devices)
    access = access_by(Credentials(fleet, host, username, password_file, ca_file), broker, prefix)
    endpoint(access)  # what cannot be read is told before anything begins
    request = Request(name, tuple(wish), selection, Canaries(canaries, tuple(canary or ())), pace, access)
    _end(_run(begin(home, plan(request, Repository(releases), datetime.now(UTC))), quiet, once))


@app.command()
def resume(name: Name, *, home: Home = HOME, quiet: Quiet = False, once: Once = False) -> None:
    """Go on: end a pause, and run it here if nothing else does."""
    from firmware_tools.rollout.folder import Order  # noqa: PLC0415

    _end(_order(name, home, Order.RUN, quiet, once))


@app.command()
def pause(name: Name, *, home: Home = HOME) -> None:
    """Let no new wave begin; devices that were asked go on. Whatever runs the roll-out obeys."""
    from firmware_tools.rollout.folder import Order  # noqa: PLC0415

    _folder(name, home).want(Order.PAUSE)
    _say(f"{name} pauses; `rollout resume {name}` ends that")


@app.command()
def abort(name: Name, *, home: Home = HOME, quiet: Quiet = False) -> None:
    """Ask nobody any more, and take back what was asked of devices that are not good yet."""
    from firmware_tools.rollout.folder import Order  # noqa: PLC0415

    state = _order(name, home, Order.ABORT, quiet, once=False)
    _end("" if state == "aborted" else state)


@app.command()
def status(
    name: Annotated[str, typer.Argument(help="Of a roll-out; none: a line for each")] = "",
    *,
    home: Home = HOME,
    json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
    names: Annotated[str, typer.Option(help="Only the devices that stand so: good, failed, pending, ...")] = "",
) -> None:
    """Show how roll-outs stand, as far as was written down; no broker is needed."""
    from firmware_tools.rollout.folder import Folder, courses_in  # noqa: PLC0415
    from firmware_tools.rollout.picture import names as standing_so  # noqa: PLC0415
    from firmware_tools.rollout.picture import picture  # noqa: PLC0415
    from firmware_tools.rollout.shown import as_json, show, summary  # noqa: PLC0415
    from firmware_tools.rollout.standing import State  # noqa: PLC0415

    courses, faults = ([Folder(home / name).course()], []) if name else courses_in(home)
    if names and (not name or names not in set(State)):
        raise MistakeError(f"--names needs the name of a roll-out, and one of {', '.join(State)}")
    pictures = [picture(course) for course in courses]
    if names:
        lines = standing_so(courses[0], names)
    elif json:
        lines = [as_json(pictures[0])] if name else [f"[{', '.join(map(as_json, pictures))}]"]
    else:
        lines = [] if name else list(map(summary, pictures)) or ([] if faults else [f"no roll-outs in {home}"])
    for line in lines:
        print(line)  # noqa: T201 - the answer itself
    if name and not lines and not names:
        show(pictures[0], _console())
    if faults:
        raise MistakeError("\n".join(faults))


def _order(name: str, home: Path, order: "Order", quiet: bool, once: bool) -> str:
    """What has become of the roll-out; whoever runs it obeys."""
    from firmware_tools.rollout.folder import BusyError  # noqa: PLC0415

    folder = _folder(name, home)
    folder.want(order)
    try:
        return _run(folder, quiet, once)
    except BusyError:
        _say(f"{name} is run by another process, which has been told; see `rollout status {name}`")
        return ""


def _run(folder: "Folder", quiet: bool, once: bool) -> str:
    from edge.contracts.errors import BrokerError  # noqa: PLC0415
    from firmware_tools.rollout.picture import state  # noqa: PLC0415
    from firmware_tools.rollout.session import run  # noqa: PLC0415

    left = f"it is not over: `rollout resume {folder.path.name}` goes on, `rollout abort {folder.path.name}` ends it"
    try:
        now = state(run(folder, _console(), quiet, once))
    except BrokerError as error:
        raise BrokerError(f"{error}; {left}; until then no other roll-out has its devices") from error
    if now not in EXIT_CODES:
        _say(left)
    return now


def _end(state: str) -> None:
    """With the exit code of a state; "" for a roll-out that others run."""
    if code := EXIT_CODES.get(state, UNFINISHED if state else 0):
        raise typer.Exit(code)


def _folder(name: str, home: Path) -> "Folder":
    """Of a roll-out that there is, and can be read. Raises MistakeError, StateError."""
    from firmware_tools.rollout.folder import Folder  # noqa: PLC0415

    folder = Folder(home / name)
    folder.course()
    return folder


def _console() -> Console:
    return Console(emoji=False, markup=False, highlight=False)


def _say(text: str) -> None:
    _console().print(text, soft_wrap=True)
