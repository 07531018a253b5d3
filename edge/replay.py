"""`foresight replay`: a clip through the chain, every frame of it, into an annotated video and lines of JSON."""

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import cv2
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from edge.adhoc import STREET, adhoc_settings, from_file, with_clip
from edge.assembly import Models, build_camera
from edge.cameras.length import clip_length
from edge.cameras.source import Paint, Source
from edge.capture import Camera
from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.contracts.redact import redact
from edge.contracts.types import Event
from edge.demo.rendered import STREET_FPS, rendered
from edge.engine import Engine
from edge.health import StageClock
from edge.observer import Observer
from edge.once import Trouble, once, run_once
from edge.outputs import refuse_own_input, writable_folder
from edge.pipeline import Followed
from edge.recording import Annotator, Clip, JsonLines
from edge.scores import say_standing
from edge.scoresheet import ScoreSheet
from edge.stopping import stopped_by_signals

STREET_S = 20.0  # of a clip that has no end of its own
EVERY_FRAME = {"look": {"every_frame": True}}


class _Count(Observer):
    """An observer that moves a progress bar, and lets no error pass."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task
        self.frames = self.events = 0
        self.tracks: set[int] = set()

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Count one frame."""
        self.frames += 1
        self.events += len(followed.events)
        self.tracks.update(followed.tracks.id.tolist())
        self._bar.advance(self._task)

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """The clip has ended."""
        self.events += len(events)

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """A replay is for finding out: stop at the first error."""
        raise error


def replay_clip(
    source: str, config: Path | None, model: Path | None, labels: Path | None, out: Path, console: Console
) -> None:
    """Write `annotated.mp4`, `contact.png`, `events.jsonl`, `tracks.jsonl` and `scores.jsonl` into `out`.

    Raises:
        EdgeError: the clip, the model or the configuration cannot be used; says why.
    """
    cv2.setNumThreads(1)
    settings = with_clip(_settings(source, config, model, labels), source)
    name, camera = next(iter(settings.cameras.items()))
    street = _street(name) if source == STREET else None
    frames, fps = (round(STREET_S * STREET_FPS), STREET_FPS) if street else clip_length(camera.source)
    zones = {zone.name: zone.points for zone in camera.zones}
    lines = {line.name: line.points for line in camera.lines}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    run = secrets.token_hex(4)
    start_s, trouble = time.monotonic(), Trouble()
    writable_folder(out, "--out")
    refuse_own_input(source, [out / "annotated.mp4"])
    with ExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        models = stack.enter_context(Models(settings.runtime, settings.device.state_dir))
        opened = once(name, camera, trouble, street)
        followed = build_camera(settings, name, models, StageClock(), opened)
        bar = stack.enter_context(Progress(*columns, console=console))
        count = _Count(bar, bar.add_task(escape(redact(source)), total=frames or None))
        clip = stack.enter_context(Clip(Annotator(zones, lines), out / "annotated.mp4", out / "contact.png", fps))
        log = stack.enter_context(JsonLines(out / "events.jsonl", out / "tracks.jsonl", run))
        sheet = ScoreSheet(out / "scores.jsonl")
        run_once(stack.enter_context(Engine([followed], [count, clip, log, sheet], stop)), trouble)
    trouble.check()
    _say(settings, count, time.monotonic() - start_s, out, console)
    if sheet.scores:
        console.print(str(sheet), soft_wrap=True, markup=False, highlight=False)
    console.print(say_standing(followed.chain.scores.standing), soft_wrap=True, markup=False, highlight=False)


def _settings(source: str, config: Path | None, model: Path | None, labels: Path | None) -> Settings:
    """The file's where there is one, with the model of the command line in place of its own; else made up."""
    made = adhoc_settings(source, model, labels, EVERY_FRAME)
    if config is None:
        return made
    read = from_file(config)
    thorough = {
        name: camera.model_copy(update={"look": camera.look.model_copy(update={"every_frame": True})})
        for name, camera in read.cameras.items()
    }
    replaced: dict[str, object] = {"model": made.model, "more_models": {}} if model else {}
    return read.model_copy(update={"cameras": thorough, **replaced})


def _say(settings: Settings, count: _Count, took_s: float, out: Path, console: Console) -> None:
    found_by = ", ".join(settings.models) or "the motion detector (no neural model)"
    console.print(
        f"{count.frames} frames in {took_s:.1f} s, found by {found_by}: {len(count.tracks)} tracks, "
        f"{count.events} events -> {out}/annotated.mp4, contact.png, events.jsonl, tracks.jsonl, scores.jsonl",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


def _street(camera: str) -> Callable[[Paint], Source]:
    return lambda _paint: rendered(camera, STREET_S)
