"""What a trajectory model costs: one step on 32 tracks beside the detector's invoke, and a whole camera's chain.

`ask` is everything from tracks to forecasts: the window encoded, the network, its answer read and merged. A camera asks
five times a second while the model serves (`again` in between), and twice a second while it is only compared. Processor
time, the least of many rounds: other work on the machine only ever adds.

The second part, `learning_guard`, is about models that learn on the device: thirty runs in which things go wrong.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import numpy as np

from edge.adhoc import CAMERA, adhoc_settings, whole
from edge.assembly import Models, build_camera
from edge.cameras.opening import open_source
from edge.cameras.source import leave
from edge.config.settings import ModelFile, Settings
from edge.contracts.bundle import read_bundle
from edge.contracts.forecast_scores import Serving
from edge.contracts.runtime import Runtime
from edge.contracts.stored import Json
from edge.contracts.track_windows import encode, input_shape
from edge.contracts.types import Tracks
from edge.forecast.fitting import reach_s, window_of
from edge.forecast.learned import LearnedForecaster
from edge.forecast.past import past_of
from edge.forecast.scoreboard import Scoreboard
from edge.forecast.settings import ForecastSettings
from edge.forecast.shipped import shipped_model
from edge.forecast.straight import ConstantVelocity
from edge.health import StageClock
from edge.runtime.settings import RuntimeSettings
from edge.tracking import Tracker, TrackingSettings
from tests.bench.learning_guard import HEADER, SEEDS, figures, measured, rows
from tests.bench.report import parser, print_table, show
from tests.rigs.trajectories import write_rearranger
from tests.rigs.walks import ASPECT, roundabout

CLIPS = ("car-detection.mp4", "plaza_walkers.avi")
DETECTOR = "ssd_mobilenet_v1_coco_quant.tflite"
TRACKS, CALLS = 32, 40
KINDS = ("none", "shadow", "serving")


def main(argv: list[str]) -> None:
    """Measure the step, then the chains."""
    options = parser("guard", __doc__.split("\n")[0])
    options.add_argument("--model", type=Path, default=shipped_model(), help="trajectory model (the shipped one)")
    options.add_argument("--frames", type=int, default=120, help="frames a run (%(default)s)")
    options.add_argument("--rounds", type=int, default=5, help="rounds of turns (%(default)s)")
    options.add_argument("--seeds", type=int, default=SEEDS, help="of each attack on learning (%(default)s)")
    chosen = options.parse_args(argv)
    attacked = measured(chosen.seeds)
    print_table("Learning under attack", HEADER, rows(attacked))
    with tempfile.TemporaryDirectory() as folder:
        model = chosen.model or write_rearranger(Path(folder) / "rearranger.tflite")
        with Models(RuntimeSettings(threads=1), Path(folder)) as models:
            detector = models.load(ModelFile(path=chosen.data / "models" / DETECTOR))
            step = step_costs(models.light(ModelFile(path=model)), detector, 4 * chosen.rounds)
        each = [(f"{name}, {TRACKS} tracks", cost, step["detector"]) for name, cost in step.items()]
        chains = {}
        for clip in CLIPS:
            horizons_s = window_of(read_bundle(model)).horizons_s
            forecast = {kind: {"model": "none" if kind == "none" else str(model)} for kind in KINDS}
            settings = {
                kind: chain_settings(chosen.data, clip, Path(folder), {**one, "horizons_s": horizons_s})
                for kind, one in forecast.items()
            }
            frame, costs = chains[clip] = frame_costs(settings, chosen.frames, chosen.rounds)
            each += [(f"{clip}, a frame", frame, frame)]
            each += [(f"{clip}, its forecasts, {kind}", cost, frame) for kind, cost in costs.items()]
    show(
        f"Cost of {model.name}",
        ["what", "CPU ms", "ratio"],
        [[name, cost, cost / of] for name, cost, of in each],
        {
            "model": model.name,
            "ask_ms": step["ask"],
            "again_ms": step["again"],
            "network_ms": step["network"],
            "ask_ratio": step["ask"] / step["detector"],
            "network_ratio": step["network"] / step["detector"],
            "shadow_fall": max(fall(frame, of, "shadow") for frame, of in chains.values()),
            "serving_fall": max(fall(frame, of, "serving") for frame, of in chains.values()),
            **figures(attacked),
        },
    )


def fall(frame_ms: float, forecast_ms: Mapping[str, float], kind: str) -> float:
    """Share of the frame rate that is lost to the model where the chain's processor time is the limit."""
    return 1 - frame_ms / (frame_ms + forecast_ms[kind] - forecast_ms["none"])


def step_costs(runtime: Runtime, detector: Runtime, rounds: int) -> dict[str, float]:
    """Milliseconds of each part."""
    settings = ForecastSettings(horizons_s=window_of(runtime.bundle).horizons_s)
    window, straight = window_of(runtime.bundle), ConstantVelocity(settings)
    learned = LearnedForecaster(runtime, settings, straight, ASPECT, ("person",))
    tracks = walked(reach_s(window))
    plain, past = straight.forecast(tracks), past_of(tracks, ASPECT, np.zeros(1, np.int64))
    taught = np.ones(len(window.horizons_s))
    tensor = np.zeros(input_shape(window), runtime.bundle.input.tensor.dtype)
    picture = np.zeros(detector.bundle.input.tensor.shape, detector.bundle.input.tensor.dtype)
    assert learned.speak(tracks, plain, taught).own.sum() == TRACKS
    parts: dict[str, Callable[[], object]] = {
        "detector": lambda: detector.invoke(picture),
        "straight": lambda: straight.forecast(tracks),
        "encode": lambda: encode(past, window),
        "network": lambda: runtime.invoke(tensor),
        "ask": lambda: learned.speak(tracks, plain, taught),
        "again": lambda: learned.again(tracks, plain),
    }
    return {name: least_ms(part, rounds, 1 if name == "detector" else CALLS) for name, part in parts.items()}


def least_ms(part: Callable[[], object], rounds: int, calls: int) -> float:
    """Processor milliseconds of one call, the least mean over rounds of so many."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(calls):
            part()
        took.append((time.process_time() - start) / calls)
    return 1e3 * min(took)


def walked(history_s: float) -> Tracks:
    """Tracks with whole histories."""
    tracker = Tracker(TrackingSettings(), ASPECT, history_s)
    for t_s, seen in roundabout(history_s + 2, count=TRACKS):
        tracks = tracker.step(seen, t_s)
    return tracks[np.arange(TRACKS)]


def chain_settings(data: Path, clip: str, folder: Path, forecast: Mapping[str, object]) -> Settings:
    """A look at every frame."""
    sections = {
        "device": {"state_dir": str(folder)},
        "runtime": {"threads": 1},
        "look": {"every_frame": True},
        "detection": {"max_crops": 0},
        "forecast": dict(forecast),
    }
    return adhoc_settings(str(data / "videos" / clip), data / "models" / DETECTOR, None, sections)


class ForecastClock(StageClock):
    """A clock that adds up the processor time of the forecast stage, the thread's own."""

    def __init__(self) -> None:
        super().__init__()
        self.spent_s = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start_s = time.thread_time()
        yield
        if name == "forecast":
            self.spent_s += time.thread_time() - start_s


def frame_costs(settings: Mapping[str, Settings], frames: int, rounds: int) -> tuple[float, dict[str, float]]:
    """Processor milliseconds of a frame without a model, and of its forecast stage by kind; the least of the rounds."""
    whole_ms, took = [], {kind: list[float]() for kind in settings}
    cv2.setNumThreads(1)
    for turn in range(rounds):
        for kind in settings if turn % 2 == 0 else reversed(list(settings)):
            frame, forecast = frame_ms(settings[kind], frames, serving=kind == "serving")
            took[kind].append(forecast)
            whole_ms += [frame] if kind == "none" else []
    return min(whole_ms), {kind: min(each) for kind, each in took.items()}


def frame_ms(settings: Settings, frames: int, *, serving: bool) -> tuple[float, float]:
    """Processor milliseconds of a frame, decoding included, and of its forecast stage."""
    clock = ForecastClock()
    with ExitStack() as stack:
        models = stack.enter_context(Models(settings.runtime, settings.device.state_dir))
        camera = build_camera(settings, CAMERA, models, clock)
        if serving:
            proven(camera.chain.scores, len(settings.cameras[CAMERA].forecast.horizons_s))
        source = stack.enter_context(open_source(CAMERA, whole(settings.cameras[CAMERA].source), leave))
        start_s = time.process_time()
        for _ in range(frames):
            frame = source.read(time.monotonic() + 60)
            assert frame is not None
            camera.chain.step(camera.intake.step(frame))
        return 1e3 * (time.process_time() - start_s) / frames, 1e3 * clock.spent_s / frames


def proven(scores: Scoreboard, horizons: int) -> None:
    """Make the model serve, by so much that nothing on a clip can change it."""
    worse, better, ratio = ([[1000.0] * horizons, [error] * horizons, [0.7] * horizons] for error in (1e3, 0.0, -9.0))
    kept = scores.kept()
    assert isinstance(kept, Mapping)
    much: dict[str, Json] = {"straight": worse, "learned": better, "ratio": ratio, "serving": Serving.LEARNED.value}
    scores.restore({**kept, **much})
    assert scores.serving is Serving.LEARNED
