"""`foresight bench`: what the user's own model and camera cost on this board, stage by stage."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import cv2
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from edge.adhoc import CAMERA, STREET, adhoc_settings, whole
from edge.assembly import build_camera
from edge.cameras.opening import open_source
from edge.cameras.settings import FileSettings, ImagesSettings
from edge.cameras.source import Paint, Source
from edge.capture import Camera
from edge.config.settings import Settings
from edge.contracts.errors import EdgeError, SourceError
from edge.contracts.messages import Stamp, encode_event, encode_tracks
from edge.contracts.redact import redact
from edge.demo.rendered import rendered
from edge.engine import Engine
from edge.figures import STAGES, Figures, show_figures
from edge.health import StageTimes, cpu_seconds, rss_bytes, temperature_c, throttle_flags
from edge.observer import Observer
from edge.once import Trouble, once, run_once
from edge.pipeline import Followed
from edge.stopwatch import SplitClock, TimedModels, TimedSource

WARM_UP = 25  # frames before the clock starts: caches fill, the gate calibrates, the governor wakes


class Meter(Observer):
    """An observer that stands for the daemon's publisher, counts frames, and ends the run when there are enough."""

    def __init__(self, clock: SplitClock, frames: int, moved: Callable[[int], None]) -> None:
        self.clock, self._frames, self._moved = clock, frames, moved
        self._start = (0.0, 0.0)  # wall clock and processor, when the warm-up was over
        self.engine: Engine | None = None
        self.counted = -WARM_UP
        self.size, self.live = (0, 0), False
        self.wall_s = self.cpu_s = 0.0

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Encode what would be published, and count."""
        frame = followed.sensed.frame
        with self.clock.stage("encode"):
            stamp = Stamp(camera.name, "bench", frame.seq, frame.utc_ns)
            encode_tracks(stamp, followed.tracks, followed.forecasts, camera.chain.labels, followed.sub_labels)
            for event in followed.events:
                encode_event(event, "bench", "bench")
        self.clock.add("age", time.monotonic() - followed.sensed.taken_s)
        self.live, self.size = camera.live, (frame.pixels.shape[1], frame.pixels.shape[0])
        self._count()

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """A benchmark of failures says nothing."""
        raise error

    def _count(self) -> None:
        self.counted += 1
        now = (time.perf_counter(), cpu_seconds())
        if self.counted <= 0:
            self._start = now
            self.clock.restart()
        self.wall_s, self.cpu_s = now[0] - self._start[0], now[1] - self._start[1]
        self._moved(self.counted)
        if self.counted >= self._frames and self.engine:
            self.engine.stop()


def measure(source: str, model: Path | None, labels: Path | None, threads: int, frames: int) -> None:
    """Print a table and, as the last line of standard output, one JSON object with the fields of `Figures`.

    Raises:
        EdgeError: the source or the model cannot be used; says why.
    """
    cv2.setNumThreads(1)
    figures = figures_of(source, _settings(source, model, labels, threads), frames)
    show_figures(replace(figures, source=escape(figures.source)), Console())
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")


def figures_of(source: str, settings: Settings, frames: int) -> Figures:
    """Run the chain over so many frames after a warm-up.

    Raises:
        EdgeError: the source or the model cannot be used; says why.
    """
    clock, trouble = SplitClock(kept=frames), Trouble()
    with ExitStack() as stack:
        models = stack.enter_context(TimedModels(settings.runtime, settings.device.state_dir, clock))
        camera = build_camera(
            settings,
            CAMERA,
            models,
            clock,
            once(CAMERA, settings.cameras[CAMERA], trouble, _timed(source, settings, clock)),
        )
        bar = stack.enter_context(_bar())
        task = bar.add_task(redact(source), total=frames)
        meter = Meter(clock, frames, lambda counted: bar.update(task, completed=max(counted, 0)))
        engine = stack.enter_context(Engine([camera], [meter]))
        meter.engine = engine
        run_once(engine, trouble)
        trouble.check()
        if meter.counted < 1:
            raise SourceError(
                f"{redact(source)} gave {meter.counted + WARM_UP} pictures; more than {WARM_UP} are needed to measure"
            )
        return _figures(redact(source), meter, engine, models)


def _figures(source: str, meter: Meter, engine: Engine, models: TimedModels) -> Figures:
    # Those of sequences have a window; the detector's comes first of the others.
    runtime = next((one for one in models.runtimes if one.bundle.window is None), None)
    return Figures(
        source=source,
        model=runtime.bundle.name if runtime else "none",
        runtime=runtime.name if runtime else "none",
        delegate=runtime.delegate if runtime else "none",
        threads=models.threads,
        frames=meter.counted,
        width=meter.size[0],
        height=meter.size[1],
        fps=round(meter.counted / meter.wall_s, 2),
        live=meter.live,
        dropped=engine.counts()[CAMERA][1],
        stage_ms={name: _milliseconds(times) for name, times in meter.clock.times().items() if name in STAGES},
        rss_mb=round(rss_bytes() / 1e6, 1),
        cpu_percent=round(100 * meter.cpu_s / meter.wall_s, 1),
        temperature_c=temperature_c(),
        throttled=throttle_flags(),
    )


def _settings(source: str, model: Path | None, labels: Path | None, threads: int) -> Settings:
    """One look at every frame, and no closer ones: each is one more `invoke`, and how many depends on the scene."""
    sections: dict[str, dict[str, object]] = {
        "runtime": {"threads": threads},
        "look": {"every_frame": True},
        "detection": {"max_crops": 0},
    }
    settings = adhoc_settings(source, model, labels, sections)
    camera = settings.cameras[CAMERA]
    clip = whole(camera.source)
    if isinstance(clip, FileSettings | ImagesSettings):
        clip = clip.model_copy(update={"loop": True})
    return settings.model_copy(update={"cameras": {CAMERA: camera.model_copy(update={"source": clip})}})


def _timed(source: str, settings: Settings, clock: SplitClock) -> Callable[[Paint], Source]:
    if source == STREET:
        return lambda _paint: TimedSource(rendered(CAMERA, float("inf")), clock)
    return lambda paint: TimedSource(open_source(CAMERA, settings.cameras[CAMERA].source, paint), clock)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _milliseconds(times: StageTimes) -> dict[str, float]:
    return {"p50": round(times.p50_ms, 3), "p95": round(times.p95_ms, 3), "p99": round(times.p99_ms, 3)}
