"""`foresight-firmware release`: signed releases of models, configurations and root file systems (TUF)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from firmware_tools.errors import MistakeError

app = typer.Typer(
    name="release",
    help="Signed releases: init, add, remove, sign, publish, rotate-keys, renew, status, serve.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Home = Annotated[Path, typer.Argument(help="Folder of the releases")]
Keys = Annotated[list[Path], typer.Option("--key", help="File of a private key; several may be given")]


@app.command()
def init(  # noqa: PLR0913 - a command has as many options as its users need
    home: Home,
    keys: Annotated[Path, typer.Option(help="New folder for the keys; those of root belong on another medium")],
    *,
    root_keys: Annotated[int, typer.Option(help="How many keys root has")] = 3,
    root_threshold: Annotated[int, typer.Option(help="How many of them must sign a new root")] = 2,
    targets_keys: Annotated[int, typer.Option(help="How many keys the list of files has")] = 1,
    targets_threshold: Annotated[int, typer.Option(help="How many of them must sign it")] = 1,
    timestamp_days: Annotated[int, typer.Option(help="How long old releases can be passed off as new; 1 to 3650")] = 7,
    plain_keys: Annotated[bool, typer.Option("--plain-keys", help="Do not encrypt the key files (mode 0600)")] = False,
) -> None:
    """Make the keys and an empty, signed list of releases."""
    from firmware_tools.release.lifetimes import Lifetimes, wall_clock  # noqa: PLC0415 - commands load what they need
    from firmware_tools.release.passphrases import chosen  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.release.starting import Holders, KeyPlan, start  # noqa: PLC0415

    root, targets = Holders(root_keys, root_threshold), Holders(targets_keys, targets_threshold)
    plan, repository = KeyPlan(keys, chosen(plain_keys), root, targets), Repository(home)
    made = start(repository, plan, Lifetimes(timestamp=timestamp_days), wall_clock())
    _say(f"{len(made)} keys in {keys}: move those of root and targets to media of their own")
    _say(f"give devices {repository.trust_root}; serve {repository.public} by any web server, or with release serve")


@app.command()
def add(  # noqa: PLR0913 - a command has as many options as its users need
    home: Home,
    file: Annotated[Path, typer.Argument(help="A model (.tflite), a configuration (YAML) or a RAUC bundle")],
    *,
    name: Annotated[
        str, typer.Option(help="Its name for devices, models/street.tflite; else by kind and file name")
    ] = "",
    kind: Annotated[str, typer.Option(help="model, configuration or system; else by the file's ending")] = "",
    version: Annotated[str, typer.Option(help="Its version, 1.4.0; of our models in the file")] = "",
    task: Annotated[str, typer.Option(help="What a model is for; of our models in the file")] = "",
    board: Annotated[list[str] | None, typer.Option(help="A board that it is for; none = every")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group that it is for; none = every")] = None,
    minimum_daemon: Annotated[str, typer.Option(help="The oldest foresight-edge that can use it")] = "",
) -> None:
    """Put a file into the next release; sign and publish come after."""
    from edge.contracts.release import Purpose  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.release.adding import add as put  # noqa: PLC0415
    from firmware_tools.release.lifetimes import wall_clock  # noqa: PLC0415
    from firmware_tools.release.naming import kind_of, name_of  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.release.shown import audience  # noqa: PLC0415

    is_a = kind_of(file, kind)
    asked = Purpose(is_a, task, version, minimum_daemon, tuple(board or ()), tuple(group or ()))
    known_as = name or name_of(file, is_a)
    purpose = put(Repository(home), file, known_as, asked, wall_clock())
    _say(f"{known_as}: {purpose.kind.value} version {purpose.version}, for {audience(purpose)}; now sign and publish")


@app.command()
def remove(home: Home, name: Annotated[str, typer.Argument(help="A name of release status")]) -> None:
    """Leave a file out of the next release; devices that have it keep it."""
    from firmware_tools.release.adding import remove as leave_out  # noqa: PLC0415 - commands load what they need
    from firmware_tools.release.lifetimes import wall_clock  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415

    leave_out(Repository(home), name, wall_clock())
    _say(f"{name} is not in the next release; now sign and publish")


@app.command()
def sign(home: Home, key: Keys) -> None:
    """Sign what waits, with each key at hand; others sign later, elsewhere."""
    from firmware_tools.release.keys import load_key  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.release.passphrases import asked  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.release.signing import sign as put  # noqa: PLC0415

    for role, standing in put(Repository(home), [load_key(path, asked) for path in key]).items():
        _say(f"{role}: {len(standing.signed)} signature(s), {standing.missing} missing")


@app.command()
def publish(home: Home, key: Keys) -> None:
    """Serve what is signed, as a whole."""
    from firmware_tools.release.keys import load_key  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.release.lifetimes import wall_clock  # noqa: PLC0415
    from firmware_tools.release.passphrases import asked  # noqa: PLC0415
    from firmware_tools.release.publishing import publish as serve_it  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415

    now = serve_it(Repository(home), [load_key(path, asked) for path in key], wall_clock())
    _say(f"served: root {now.root}, targets {now.targets}, snapshot {now.snapshot}, timestamp {now.timestamp}")


@app.command("rotate-keys")
def rotate_keys(
    home: Home,
    role: Annotated[str, typer.Argument(help="root, targets, snapshot or timestamp")],
    *,
    new: Annotated[list[Path] | None, typer.Option(help="File for a new key to be made")] = None,
    public: Annotated[list[Path] | None, typer.Option(help="Public key of somebody else, PEM")] = None,
    remove_: Annotated[list[str] | None, typer.Option("--remove", help="Id of a key, of release status")] = None,
    threshold: Annotated[int, typer.Option(help="How many must sign; 0 = as now", min=0)] = 0,
    plain_keys: Annotated[bool, typer.Option("--plain-keys", help="Do not encrypt the key files (mode 0600)")] = False,
) -> None:
    """Give a role other keys: a new root, which enough old and new root keys must sign."""
    from firmware_tools.release.keys import load_public, new_key  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.release.lifetimes import wall_clock  # noqa: PLC0415
    from firmware_tools.release.passphrases import chosen  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.release.rotating import Rotation, rotate  # noqa: PLC0415

    others = [load_public(path) for path in public or ()]
    passphrase = chosen(plain_keys) if new else ""
    made: list[Path] = []
    try:
        for path in new or ():
            others.append(new_key(path, passphrase).public_key)
            made.append(path)
        root = rotate(Repository(home), Rotation(role, others, remove_ or [], threshold), wall_clock())
    except MistakeError:  # nothing is staged, and a new key would only be in the way of the next attempt
        for path in made:
            path.unlink(missing_ok=True)
        raise
    _say(f"root {root.version} waits for signatures of old and new root keys; then publish")


@app.command()
def renew(
    home: Home,
    role: Annotated[str, typer.Argument(help="root, targets or timestamp")],
    *,
    key: Annotated[list[Path] | None, typer.Option(help="Of timestamp: its key, and that of snapshot")] = None,
) -> None:
    """Have a list that is about to expire signed anew as it is.

    The timestamp (daily, by a timer) is served at once, and the snapshot with it when it is due; what waits goes on
    waiting. Root and targets wait for signatures; sign and publish come after.
    """
    from firmware_tools.release.keys import load_key  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.release.lifetimes import wall_clock  # noqa: PLC0415
    from firmware_tools.release.passphrases import asked  # noqa: PLC0415
    from firmware_tools.release.publishing import renew_timestamp  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.release.rotating import renew as restage  # noqa: PLC0415
    from firmware_tools.release.status import status as stands  # noqa: PLC0415

    repository, now = Repository(home), wall_clock()
    if role == "timestamp":
        served = renew_timestamp(repository, [load_key(path, asked) for path in key or ()], now)
        _say(f"served: snapshot {served.snapshot}, timestamp {served.timestamp}")
        if expired := [one.role for one in stands(repository, now).lists if one.expired]:
            raise MistakeError(f"devices refuse it all the same: {', '.join(expired)} has expired; see release status")
        return
    if key:
        raise MistakeError("--key is for timestamp only; renew the others without it, then release sign")
    restage(repository, role, now)
    _say(f"{role} waits for signatures; then publish")


@app.command()
def status(home: Home, *, json: Annotated[bool, typer.Option("--json", help="For programs")] = False) -> None:
    """Show what is served and until when, what waits, and who is to sign; exit code 1 if anything has expired."""
    from firmware_tools.release.lifetimes import wall_clock  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.release.shown import as_json, show  # noqa: PLC0415
    from firmware_tools.release.status import status as stands  # noqa: PLC0415

    told = stands(Repository(home), wall_clock())
    if json:
        print(as_json(told))  # noqa: T201 - the answer itself
    else:
        show(told, Console(emoji=False, markup=False, highlight=False))
    if any(one.expired for one in told.lists):
        raise typer.Exit(1)


@app.command()
def serve(  # noqa: PLR0913 - a command has as many options as its users need
    home: Home,
    *,
    fleet: Annotated[Path, typer.Option(help="The fleet's folder, as provision made it")] = Path("fleet"),
    host: Annotated[str, typer.Option(help="Whose certificate of the fleet is shown: `provision host`")] = "",
    broker: Annotated[str, typer.Option(help="host:port; else with --host the fleet's own, or localhost:1883")] = "",
    username: Annotated[str, typer.Option(help="Empty for a broker that asks for none")] = "",
    password_file: Annotated[Path | None, typer.Option(help="File that holds the password")] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Encrypt; authority of the broker's certificate, PEM")] = None,
    prefix: Annotated[str, typer.Option(help="First level of all topics")] = "foresight",
) -> None:
    """Answer devices that ask for releases over MQTT, until Ctrl-C; a web server does as well."""
    import signal  # noqa: PLC0415 - commands load only what they need
    import threading  # noqa: PLC0415

    from firmware_tools.broker import Credentials, access_by, endpoint  # noqa: PLC0415
    from firmware_tools.release.repository import Repository  # noqa: PLC0415
    from firmware_tools.release.serving import serve as answer  # noqa: PLC0415

    at = endpoint(access_by(Credentials(fleet, host, username, password_file, ca_file), broker, prefix))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    answer(Repository(home), at, stop, lambda: _say(f"answering devices below {prefix}/ at {at.address}"))


def _say(text: str) -> None:
    Console(emoji=False).print(text, markup=False, highlight=False, soft_wrap=True)
