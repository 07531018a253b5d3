"""The activity gate: what it costs, whether it keeps quiet, and what it misses.

An object *moves* where its centre goes more than half its height over its track. Such an object counts as recalled
when, in at least half of the pictures in which it is moving (more than 2 % of its height since half a second ago),
the gate said "look" with a region that covers at least a quarter of its box. On the clips the pictures of the
calibration count too; on the street the truth counts from two seconds on. The clips' tracks come from the full
detector at every picture, linked by overlap; the street's from its exact truth. Settings were chosen on
the even street seeds from 104 to 114.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from edge.activity.gate import ActivityGate
from edge.activity.settings import ActivitySettings
from edge.contracts.boxes import area, centre, intersection, iou
from edge.contracts.types import F32, U8
from edge.demo.street import Street, Weather
from tests.bench.report import parser, show

CLIPS = ("videos/car-detection.mp4", "videos/plaza_walkers.avi")
MODEL = "models/ssd_mobilenet_v1_coco_quant.tflite"
STREET_SEEDS = (1, 2, 3, 11, 12, 13)
STREET_S = 30.0
WARM_S = 2.0  # the street's truth counts from here on: who left during calibration cannot be recalled
EDGE_FPS = 5.0
LEAST_SCORE, LEAST_LINK, LEAST_SIGHTINGS, LOST = 0.5, 0.3, 5, 5
COVER, SHARE, MOVING, SINCE_S = 0.25, 0.5, 0.02, 0.5


@dataclass
class Trail:
    """Boxes of one object, and what the gate made of them."""

    t_s: list[float] = field(default_factory=list)
    box: list[F32] = field(default_factory=list)
    last: int = 0


@dataclass(frozen=True)
class Looks:
    """What the gate said, picture by picture."""

    at_s: list[float]
    region: list[F32]


class Ssd:
    """The full detector, straight on the interpreter."""

    def __init__(self, path: Path) -> None:
        self._model = Interpreter(model_path=str(path), num_threads=1)
        self._model.allocate_tensors()
        self._input = self._model.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._model.get_output_details()]

    def detect(self, pixels: U8) -> F32:
        """Boxes (N, 4) of enough score."""
        small = cv2.cvtColor(cv2.resize(pixels, (300, 300)), cv2.COLOR_BGR2RGB)
        self._model.set_tensor(self._input, small[None])
        self._model.invoke()
        box, _, score, count = (self._model.get_tensor(index)[0] for index in self._outputs)
        kept = score[: int(count)] >= LEAST_SCORE
        return np.clip(box[: int(count)][kept][:, [1, 0, 3, 2]], 0, 1).astype(np.float32)


def clip(path: Path) -> Iterator[tuple[U8, float]]:
    """Pictures and times of a clip."""
    capture = cv2.VideoCapture(str(path))
    fps = capture.get(cv2.CAP_PROP_FPS) or 25.0
    count = 0
    while True:
        there, pixels = capture.read()
        if not there:
            return
        yield pixels, count / fps
        count += 1


def linked(found: list[tuple[float, F32]]) -> list[Trail]:
    """Trails of detections, best overlap first."""
    trails: list[Trail] = []
    for number, (t_s, box) in enumerate(found):
        open_ = [trail for trail in trails if number - trail.last <= LOST]
        overlap = iou(np.array([trail.box[-1] for trail in open_], np.float32).reshape(-1, 4), box)
        free = set(range(len(box)))
        while overlap.size and overlap.max() >= LEAST_LINK:
            row, column = (int(x) for x in np.unravel_index(int(overlap.argmax()), overlap.shape))
            _extend(open_[row], t_s, box[column], number)
            free.discard(column)
            overlap[row], overlap[:, column] = -1, -1
        for column in sorted(free):
            trails.append(Trail())
            _extend(trails[-1], t_s, box[column], number)
    return [trail for trail in trails if len(trail.t_s) >= LEAST_SIGHTINGS]


def _extend(trail: Trail, t_s: float, box: F32, number: int) -> None:
    trail.t_s.append(t_s)
    trail.box.append(box)
    trail.last = number


def recalled(trails: list[Trail], looks: Looks) -> tuple[int, int]:
    """How many of the moving objects the gate recalled, and how many there are."""
    hits = moving = 0
    at = np.array(looks.at_s)
    for trail in trails:
        middle, height = centre(np.array(trail.box)), float(np.median([b[3] - b[1] for b in trail.box]))
        if np.linalg.norm(middle - middle[0], axis=1).max() <= 0.5 * height:
            continue
        covered = []
        for k, (t_s, box) in enumerate(zip(trail.t_s, trail.box, strict=True)):
            earlier = int(np.searchsorted(trail.t_s, t_s - SINCE_S))
            row = int(np.searchsorted(at, t_s - 1e-6))
            if row >= len(at) or abs(at[row] - t_s) > 1e-3:
                continue  # the gate did not get this picture
            if k > 0 and np.linalg.norm(middle[k] - middle[min(earlier, k - 1)]) > MOVING * height:
                region = looks.region[row]
                covered.append(float(intersection(box[None], region).sum()) >= COVER * float(area(box)))
        if covered:
            moving += 1
            hits += int(np.mean(covered) >= SHARE)
    return int(hits), moving


def every(t_s: float, fps: float, last_s: float) -> bool:
    """Whether a picture is due at this rate."""
    return fps <= 0 or t_s - last_s >= 1 / fps - 1e-3


def looks_of(frames: Iterator[tuple[U8, float]], fps: float) -> Looks:
    """Run a fresh gate over pictures, at most `fps` a second (0 = all)."""
    gate, looks = ActivityGate(ActivitySettings(), None), Looks([], [])
    last_s = -1e9
    for pixels, t_s in frames:
        if every(t_s, fps, last_s):
            last_s = t_s
            looks.at_s.append(t_s)
            looks.region.append(gate.step(pixels, t_s).region)
    return looks


def clip_recall(path: Path, ssd: Ssd) -> list[tuple[str, int, int]]:
    """Recall at full rate and at 5 pictures a second."""
    trails = linked([(t_s, ssd.detect(pixels)) for pixels, t_s in clip(path)])
    return [
        (f"{path.name}, {label}", *recalled(trails, looks_of(clip(path), fps)))
        for label, fps in (("every frame", 0.0), ("5 fps", EDGE_FPS))
    ]


def street_recall(seed: int, fps: float) -> tuple[str, int, int]:
    """Recall against exact truth, of objects of which at least half can be seen."""
    trails: dict[int, Trail] = {}
    gate, looks = ActivityGate(ActivitySettings(), None), Looks([], [])
    for pixels, t_s, truth in Street(seed).frames(fps):
        if t_s > STREET_S:
            break
        looks.at_s.append(t_s)
        looks.region.append(gate.step(pixels, t_s).region)
        for row in np.flatnonzero((truth.visible >= 0.5) & (t_s >= WARM_S)):
            _extend(trails.setdefault(int(truth.id[row]), Trail()), t_s, truth.box[row], 0)
    kept = [trail for trail in trails.values() if len(trail.t_s) >= LEAST_SIGHTINGS]
    return (f"street {seed}, {fps:.0f} fps", *recalled(kept, looks))


def still_pictures(seed: int, noise: float) -> list[U8]:
    """One moment of the street, under fresh noise each time."""
    rng = np.random.default_rng(seed)
    still, _ = Street(seed, weather=Weather(noise=0.0, drift=0.0)).at(0.0)
    return [np.clip(still + rng.normal(0, noise, still.shape), 0, 255).astype(np.uint8) for _ in range(24)]


def still_calls(noise: float, fps: float, seconds: float) -> int:
    """Detector calls on a still noisy scene, beyond the heartbeat."""
    settings = ActivitySettings()
    pictures, rng = still_pictures(11, noise), np.random.default_rng(5)
    gate = ActivityGate(settings, None)
    beats = calls = 0
    due_s = 0.0
    for number in range(int(seconds * fps)):
        t_s = number / fps
        if t_s >= due_s:
            beats, due_s = beats + 1, t_s + settings.heartbeat_s
        calls += gate.step(pictures[rng.integers(len(pictures))], t_s).due
    return max(calls - beats, 0)


def cost_ms(pictures: list[tuple[U8, float]], rounds: int) -> float:
    """Median CPU of one step over whole rounds, without the calibration, which names no regions and is cheaper."""
    spent = []
    for _ in range(rounds):
        gate = ActivityGate(ActivitySettings(), None)
        for pixels, t_s in pictures:
            begin = time.process_time_ns()
            said = gate.step(pixels, t_s)
            took_ms = (time.process_time_ns() - begin) / 1e6
            if not said.calibrating:
                spent.append(took_ms)
    return float(np.median(spent))


def per_core(path: Path, ssd: Ssd, gate_ms: float, looks_per_s: float) -> float:
    """Cameras that one core carries at 5 pictures a second: decoding, gate, and the detector where it is due."""
    capture, decode, invoke = cv2.VideoCapture(str(path)), [], []
    for _ in range(60):
        begin = time.process_time_ns()
        there, pixels = capture.read()
        if not there:
            break
        between = time.process_time_ns()
        ssd.detect(pixels)
        decode.append(between - begin)
        invoke.append(time.process_time_ns() - between)
    ms = EDGE_FPS * (float(np.median(decode)) / 1e6 + gate_ms) + looks_per_s * float(np.median(invoke)) / 1e6
    return 1000 / ms


def main(argv: list[str]) -> None:
    """Measure and print."""
    options = parser("activity", __doc__ or "").parse_args(argv)
    cv2.setNumThreads(1)
    ssd = Ssd(options.data / MODEL)
    rows = [row for name in CLIPS for row in clip_recall(options.data / name, ssd)]
    rows += [street_recall(seed, fps) for seed in STREET_SEEDS for fps in (EDGE_FPS, 15.0)]
    calls = sum(still_calls(noise, fps, 60.0) for noise in (0.0, 2.0, 5.0, 10.0) for fps in (2.0, 5.0, 25.0))
    still = [(pixels, number / 25) for number, pixels in enumerate(still_pictures(12, 3.0) * 3)]
    moving = [(pixels, t_s) for (pixels, t_s, _), _ in zip(Street(4).frames(25.0), range(75), strict=False)]
    ms_still, ms_moving = cost_ms(still, 5), cost_ms(moving, 5)
    heartbeat = 1 / ActivitySettings().heartbeat_s
    figures = {
        "ms_still": ms_still, "ms_moving": ms_moving, "still_calls": calls,
        "recall": min(hits / objects for _, hits, objects in rows if objects),
        "cameras_per_core_still": per_core(options.data / CLIPS[1], ssd, ms_still, heartbeat),
        "cameras_per_core_busy": per_core(options.data / CLIPS[1], ssd, ms_moving, EDGE_FPS),
        "recall_by_clip": {name: hits / objects for name, hits, objects in rows if objects},
    }  # fmt: skip
    table: list[list[object]] = [[name, hits, objects, hits / max(objects, 1)] for name, hits, objects in rows]
    show("activity gate: recall of moving objects", ["clip", "recalled", "moving", "share"], table, figures)
