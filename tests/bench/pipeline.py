"""The whole chain, file to broker, against the bare loop decode + resize + invoke on the same machine.

Every figure is a ratio of runs that take turns, each in a process of its own; the median of the rounds counts. The
chain looks at every frame exactly once, publishes tracks and forecasts of every frame (QoS 0) and its events through
the outbox to a real mosquitto; a subscriber counts what arrives. Processor time is that of our process. Cores that
share caches, or are two halves of one, slow each other down; so the bare work is also measured with its decoding on a
second core: the chain can cost no less than that unless it gives the second core up.
"""

import json
import math
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.pipeline_run import Job, sensor_topic
from tests.bench.report import parser, show
from tests.rigs.broker import Broker

CLIPS = ("car-detection.mp4", "plaza_walkers.avi")
MODEL = "ssd_mobilenet_v1_coco_quant.tflite"
PACE = 0.6  # of the frame rate reached, for the latency run
Figures = dict[str, Any]


class Subscriber:
    """Counts tracks messages; notes when each event arrives. Use as a context manager."""

    def __init__(self, port: int) -> None:
        self.tracks = 0
        self.events: list[tuple[int, float]] = []  # utc_ns of the frame, arrival on the monotonic clock
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._heard
        self._ready = threading.Event()
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([("foresight/bench/view/tracks", 0), ("foresight/bench/events", 1)])

    def __enter__(self) -> "Subscriber":
        self._client.loop_start()
        if not self._ready.wait(10):
            raise RuntimeError("the broker did not answer")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_events(self, count: int) -> None:
        """Wait until so many have arrived, at most 5 s."""
        deadline_s = time.monotonic() + 5
        while len(self.events) < count and time.monotonic() < deadline_s:
            time.sleep(0.02)

    def _heard(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        now_s = time.monotonic()
        if message.topic.endswith("/tracks"):
            self.tracks += 1
        else:
            self.events.append((json.loads(message.payload)["utc_ns"], now_s))


def main(argv: list[str]) -> None:
    """Measure both clips with one and with two inference threads, then the latency."""
    options = parser("pipeline", __doc__.split("\n")[0])
    options.add_argument("--frames", type=int, default=150, help="frames a run (%(default)s)")
    options.add_argument("--rounds", type=int, default=9, help="bare and chain take turns so often (%(default)s)")
    options.add_argument(
        "--sensors", type=int, default=0, help="sensors at 10 Hz beside, in further runs (%(default)s)"
    )
    chosen = options.parse_args(argv)
    model = chosen.data / "models" / MODEL
    rows, by_setting = [], {}
    for clip in CLIPS:
        for threads in (1, 2):
            job = Job(str(chosen.data / "videos" / clip), str(model), threads, chosen.frames, 0.0, 0, chosen.sensors)
            figures = compare(job, chosen.rounds)
            by_setting[clip, threads] = figures
            rows.append([f"{clip}, {threads} threads", *(figures[key] for key in COLUMNS)])
    slow = [latency(clip, by_setting[clip, 1], chosen.data, chosen.frames) for clip in CLIPS]
    rows = [[*row, ""] for row in rows]
    rows += [[f"{clip}, paced", *[""] * len(COLUMNS), late] for clip, late in zip(CLIPS, slow, strict=True)]
    one = [by_setting[clip, 1] for clip in CLIPS]
    show(
        "The chain against decode + resize + invoke",
        ["clip", *HEADINGS, "p95 - invoke ms"],
        rows,
        {
            "ratio": min(figures["ratio"] for figures in one),
            "ratio_two_threads": min(by_setting[clip, 2]["ratio"] for clip in CLIPS),
            "cpu_ratio": max(figures["cpu_ratio"] for figures in one),
            "overlap_ratio": [figures["overlap_ratio"] for figures in one],
            "overlap_cpu_ratio": [figures["overlap_cpu_ratio"] for figures in one],
            "frames": sum(figures["frames"] for figures in one),
            "invocations": sum(figures["invocations"] for figures in one),
            "tracks_messages": sum(figures["messages"] for figures in one),
            "events": sum(figures["events"] for figures in one),
            "p95_over_invoke_ms": max(slow),
            "stage_ms": {clip: by_setting[clip, 1]["stage_ms"] for clip in CLIPS},
            **(beside(list(by_setting.values())) if chosen.sensors else {}),
        },
    )


COLUMNS = ("bare_fps", "fps", "ratio", "bare_cpu_ms", "cpu_ms", "cpu_ratio", *("overlap_ratio", "overlap_cpu_ratio"))
HEADINGS = ("bare fps", "fps", "ratio", "bare CPU ms", "CPU ms", "CPU ratio", "bare 2 cores", "its CPU ratio")
KINDS = ("bare", "overlapped", "chain")
SENSED, PERIOD_S = "sensed", 0.1


class Feeder:
    """Publishes the readings of sensors, ten a second each. Use as a context manager."""

    def __init__(self, port: int, sensors: int) -> None:
        self._topics = [sensor_topic(k) for k in range(sensors)]
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Feeder":
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        dice, due_s, k = random.Random(1), time.monotonic(), 0
        while not self._stop.wait(max(0.0, due_s - time.monotonic())):
            due_s, k = due_s + PERIOD_S, k + 1
            for phase, topic in enumerate(self._topics):
                self._client.publish(topic, f"{20 + math.sin(k / 30 + phase) + dice.gauss(0, 0.05):.3f}")


def beside(settings: list[Figures]) -> Figures:
    """What the sensors cost: the ratio with them, and how much less that is, medians over the rounds; the worst."""
    return {
        "ratio_sensors": min(figures["ratio_sensors"] for figures in settings),
        "sensors_cost": max(figures["sensors_cost"] for figures in settings),
        "sensors_cpu_percent": max(figures["sensors_cpu_percent"] for figures in settings),
        "sensor_readings": sum(figures["sensor_readings"] for figures in settings),
    }


def compare(job: Job, rounds: int) -> Figures:
    """Median ratios of the chain, and of the bare work on two cores, to the bare loop, over rounds of turns."""
    kinds = (*KINDS, SENSED) if job.sensors else KINDS
    runs: dict[str, list[Figures]] = {kind: [] for kind in kinds}
    for turn in range(rounds):
        for kind in kinds if turn % 2 == 0 else reversed(kinds):
            runs[kind].append(measured(kind, job))
    limits, chains, both = runs["bare"], runs["chain"], runs["overlapped"]
    return {
        "bare_fps": statistics.median(one["fps"] for one in limits),
        "fps": statistics.median(one["fps"] for one in chains),
        "ratio": ratio(chains, limits, "fps"),
        "bare_cpu_ms": statistics.median(one["cpu_ms"] for one in limits),
        "cpu_ms": statistics.median(one["cpu_ms"] for one in chains),
        "cpu_ratio": ratio(chains, limits, "cpu_ms"),
        "overlap_ratio": ratio(both, limits, "fps"),
        "overlap_cpu_ratio": ratio(both, limits, "cpu_ms"),
        "invoke_ms": statistics.median(one["invoke_ms"] for one in limits),
        **(cost(limits, chains, runs[SENSED]) if job.sensors else {}),
        **{key: chains[-1][key] for key in ("frames", "invocations", "messages", "events", "stage_ms")},
    }


def cost(limits: list[Figures], chains: list[Figures], sensed: list[Figures]) -> Figures:
    """Of the sensors: wall clock against the bare loop, and processor time of our process, per cent of one core."""
    per_s = [one["fps"] * (one["cpu_ms"] - other["cpu_ms"]) / 10 for one, other in zip(sensed, chains, strict=True)]
    return {
        "ratio_sensors": ratio(sensed, limits, "fps"),
        "sensors_cost": ratio(chains, limits, "fps") - ratio(sensed, limits, "fps"),
        "sensors_cpu_percent": statistics.median(per_s),
        "sensor_readings": sum(one["readings"] for one in sensed),
    }


def ratio(ones: list[Figures], others: list[Figures], key: str) -> float:
    """Median over the rounds of one figure to another."""
    return statistics.median(one[key] / other[key] for one, other in zip(ones, others, strict=True))


def measured(kind: str, job: Job) -> Figures:
    """One run; the chain's with a broker and a subscriber of its own."""
    if kind not in ("chain", SENSED):
        return run(kind, job)
    with Broker() as broker, Subscriber(broker.port) as subscriber:
        sensors = job.sensors if kind == SENSED else 0
        with Feeder(broker.port, sensors):
            figures = run("chain", Job(**{**asdict(job), "port": broker.port, "sensors": sensors}))
        subscriber.wait_events(figures["events"])
        figures["messages"], figures["arrivals"] = subscriber.tracks, subscriber.events
    if figures["invocations"] != figures["frames"] or figures["messages"] != figures["frames"]:
        raise RuntimeError(
            f"{figures['frames']} frames, but {figures['invocations']} looks and {figures['messages']} messages"
        )
    return figures


def run(kind: str, job: Job) -> Figures:
    """The figures of a process of its own."""
    command = [sys.executable, "-m", "tests.bench.pipeline_run", kind, json.dumps(asdict(job))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def latency(clip: str, reached: Figures, data: Path, frames: int) -> float:
    """95th percentile, over event frames, of frame in hand to seen by a subscriber, less the bare invoke; ms."""
    path = data / "videos" / clip
    speed = PACE * reached["fps"] / clip_fps(path)
    job = Job(str(path), str(data / "models" / MODEL), 1, frames, speed, 0)
    figures = measured("chain", job)
    late = [1e3 * (arrived_s - figures["taken"][str(utc_ns)]) for utc_ns, arrived_s in figures["arrivals"]]
    return percentile(late, 0.95) - float(reached["invoke_ms"])


def clip_fps(path: Path) -> float:
    """The frame rate that a clip states."""
    return float(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")
