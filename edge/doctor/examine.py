"""All checks, side by side, each with a deadline; and what they found, for people and for programs."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.check import check_loaded
from edge.config.loader import load_with_places
from edge.config.problems import InvalidConfig
from edge.config.secrets import secrets_of
from edge.config.settings import Settings, state_folder
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.redact import redact
from edge.doctor.accelerator import LIBRARY, accelerator
from edge.doctor.broker import broker
from edge.doctor.cameras import camera
from edge.doctor.findings import Finding, Level, ok, trouble
from edge.doctor.learning import learning
from edge.doctor.machine import clock, disk, heat_and_power, memory
from edge.doctor.models import library, models
from edge.doctor.sounds import recorder, sound

LIMIT_S = 60.0
NARROW = 90  # columns: below, what is to be done stands under what was found
STYLE = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}
Check = tuple[str, Callable[[], Iterable[Finding]]]


def show(config: Path | None, as_json: bool, console: Console) -> int:
    """Examine, print, and return the exit code.

    Args:
        config: the daemon's configuration; None: only the machine is looked at.
        as_json: a JSON list instead of a table.
        console: for the table.
    """
    found = examine(config)
    if as_json:
        told = [{**one._asdict(), "level": one.level.name.lower()} for one in found]
        sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    else:
        console.print(_table(found, console.width < NARROW))
    return max((one.level for one in found), default=Level.OK)


def examine(config: Path | None, root: Path = Path("/")) -> list[Finding]:
    """Everything that was found, in the order of the checks; nothing that is said holds a password."""
    findings: list[Finding] = []
    checks, secrets = machine_checks(root), frozenset[str]()
    if config is None:
        checks += [
            ("disk", partial(disk, root, state_folder())),
            ("accelerator", partial(accelerator, root, False, LIBRARY)),
        ]
    else:
        settings, said = _configuration(config)
        findings += said
        checks += configured_checks(settings, root) if settings else []
        secrets = secrets_of(settings)
    findings += _run(checks)
    return [one._replace(what=redact(one.what, secrets), todo=redact(one.todo, secrets)) for one in findings]


def machine_checks(root: Path) -> list[Check]:
    """What needs no configuration."""
    return [
        ("runtime", partial(library, root)),
        ("clock", partial(clock, root)),
        ("memory", partial(memory, root)),
        ("board", partial(heat_and_power, root)),
        ("sound", recorder),
    ]


def configured_checks(settings: Settings, root: Path) -> list[Check]:
    """What a configuration names."""
    return [
        ("disk", partial(disk, root, settings.device.state_dir)),
        ("broker", partial(broker, settings.mqtt)),
        ("accelerator", partial(accelerator, root, _wants_accelerator(settings), settings.runtime.edgetpu_library)),
        ("models", partial(models, settings)),
        ("learning", partial(learning, settings, root)),
        *((f"camera {name}", partial(camera, name, one.source)) for name, one in settings.cameras.items()),
        *((f"sound {name}", partial(sound, name, one)) for name, one in settings.sounds.items()),
    ]


def _configuration(path: Path) -> tuple[Settings | None, list[Finding]]:
    try:
        loaded = load_with_places(path, Settings)
        problems: Sequence[object] = check_loaded(loaded).problems
    except InvalidConfig as error:
        return None, [trouble("configuration", str(one), "mend the file") for one in error.problems]
    if problems:
        return loaded.settings, [trouble("configuration", str(one), "mend the file") for one in problems]
    return loaded.settings, [ok("configuration", str(path))]


def _wants_accelerator(settings: Settings) -> bool:
    try:
        return any(read_bundle(one.path, overrides=one.overrides).edgetpu for one in settings.models.values())
    except ModelError:  # which the models' own check tells
        return False


def _run(checks: Sequence[Check]) -> list[Finding]:
    """Side by side: a camera that does not answer takes its time."""
    found: list[Finding] = []
    deadline_s = time.monotonic() + LIMIT_S
    for name, done in [(name, _begun(name, check)) for name, check in checks]:
        try:
            found += done.result(max(0.0, deadline_s - time.monotonic()))
        except TooLate:
            found.append(
                trouble(name, f"gave no answer within {LIMIT_S:g} s", "look at it by hand; restart the device")
            )
        except Exception as error:  # noqa: BLE001 - one check that fails must not hide the others
            found.append(trouble(name, f"could not be checked: {error!r}", "please report this"))
    return found


def _begun(name: str, check: Callable[[], Iterable[Finding]]) -> "Future[list[Finding]]":
    """The check on a thread of its own, which the end of the command does not wait for."""
    done: Future[list[Finding]] = Future()

    def run() -> None:
        try:
            done.set_result(list(check()))
        except Exception as error:  # noqa: BLE001 - told where the result is asked for
            done.set_exception(error)

    threading.Thread(target=run, name=f"doctor-{name}", daemon=True).start()
    return done


def _table(found: Sequence[Finding], narrow: bool) -> Table:
    table = Table(show_lines=narrow)
    for heading in ("what", "", "found, and what to do") if narrow else ("what", "", "found", "to do"):
        table.add_column(heading, overflow="fold", no_wrap=not heading)
    for one in found:
        level = f"[{STYLE[one.level]}]{one.level.name.lower()}[/]"
        texts = [escape(one.what), escape(one.todo)]
        if narrow:
            texts = ["\n→ ".join(filter(None, texts))]
        table.add_row(escape(one.subject), level, *texts)
    return table
