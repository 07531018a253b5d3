"""From the start of the process to the first published detection, and what memory the daemon takes and keeps.

- `model_load_s`: the interpreter alone, in a fresh process: made, tensors allocated, first run. Imports do not count.
- `first_detection_s`: from starting `foresight run` on the plaza clip, paced as a camera, until a subscriber at a
  real mosquitto sees the first tracks message with an object in it, less `model_load_s`. The model has passed its
  trial before, as at every start but the first; `first_ever_s` is the same with the trial of an unknown model.
- `rss_mb`: resident memory of the daemon with that one 1280x720 camera, `--warm` seconds after the start.
- `growth_mb`: what it grows by over `--frames` frames, each looked at once, as fast as they can be followed, after a
  warm-up; medians over 5 s at either end.

Times are medians of `--starts` starts.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.report import parser, show
from tests.rigs.broker import Broker
from tests.rigs.daemon import Daemon
from tests.rigs.listener import Heard, Listener

CLIP = "videos/plaza_walkers.avi"
MODEL = "models/ssd_mobilenet_v1_coco_quant.tflite"
DEVICE, CAMERA = "bench", "plaza"
THREADS = 2
SETTLE_S = 5.0
LOAD = """
import sys, time
import numpy as np
from ai_edge_litert.interpreter import Interpreter
start = time.perf_counter()
model = Interpreter(model_path=sys.argv[1], num_threads=int(sys.argv[2]))
model.allocate_tensors()
detail = model.get_input_details()[0]
model.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
model.invoke()
print(time.perf_counter() - start)
"""


def model_load_s(model: Path) -> float:
    """Seconds until a fresh interpreter has run for the first time."""
    command = [sys.executable, "-c", LOAD, str(model), str(THREADS)]
    return float(subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout)


@contextmanager
def daemon(folder: Path, data: Path, port: int, **sections: object) -> Iterator[tuple[Daemon, Listener]]:
    """A running daemon on the plaza clip, and a subscriber that was there before it."""
    camera = {"source": {"path": str(data / CLIP), "loop": True}}
    config = {
        "device": {"state_dir": str(folder / "state")},
        "mqtt": {"host": "127.0.0.1", "port": port, "device": DEVICE},
        "runtime": {"threads": THREADS},
        "model": str(data / MODEL),
        "cameras": {CAMERA: camera},
        **sections,
    }
    path = folder / "foresight.yaml"
    path.write_text(json.dumps(config))  # which is YAML too
    with Listener(port, DEVICE) as listener, Daemon(path) as running:
        yield running, listener


def has_object(message: Heard) -> bool:
    """Whether it is a tracks message that is not empty."""
    return message.topic == f"{CAMERA}/tracks" and bool(message.json["tracks"])


def seq_of(message: Heard) -> int:
    """The number of the frame that a tracks message is about, -1 for any other message."""
    return int(message.json["seq"]) if message.topic == f"{CAMERA}/tracks" else -1


def detection_s(folder: Path, data: Path, port: int) -> float:
    """Seconds from the start of the process to the first object that a subscriber sees."""
    with daemon(folder, data, port) as (running, listener):
        seen = listener.wait_for(has_object, 60)
        running.stop()
        return seen.at_s - running.started_s


def rss_mb(folder: Path, data: Path, port: int, warm_s: float) -> float:
    """Resident memory after a while with one paced camera, the median over the last seconds."""
    with daemon(folder, data, port) as (running, _listener):
        time.sleep(warm_s)
        return _steady_mb(running)


def growth_mb(folder: Path, data: Path, port: int, frames: int) -> tuple[float, float]:
    """What resident memory grows by over so many frames, and how many frames per second that was."""
    fast = {"source": {"path": str(data / CLIP), "loop": True, "speed": 0, "blocking": True}}
    sections = {
        "cameras": {CAMERA: fast},
        "look": {"every_frame": True},
        "detection": {"max_crops": 0},
        "publish": {"tracks_fps": 240},
    }
    warm = max(frames // 10, 500)
    with daemon(folder, data, port, **sections) as (running, listener):
        begin = listener.wait_for(lambda message: seq_of(message) >= warm, 300)
        before_mb = _steady_mb(running)
        listener.forget()
        first = listener.wait_for(lambda message: seq_of(message) >= 0)
        last = _wait_seq(listener, seq_of(first) + frames)
        after_mb = _steady_mb(running)
        return after_mb - before_mb, (seq_of(last) - seq_of(begin)) / (last.at_s - begin.at_s)


def _wait_seq(listener: Listener, seq: int, stalled_s: float = 60.0) -> Heard:
    """Wait for a frame, and do not keep what comes before it."""
    while True:
        message = listener.wait_for(lambda heard: seq_of(heard) >= 0, stalled_s)
        if seq_of(message) >= seq:
            return message
        listener.forget()
        time.sleep(0.05)


def _steady_mb(running: Daemon) -> float:
    samples = []
    deadline_s = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline_s:
        samples.append(running.rss_mb())
        time.sleep(0.1)
    return statistics.median(samples)


def main(argv: list[str]) -> None:
    """Run it."""
    options = parser("startup", (__doc__ or "").splitlines()[0])
    options.add_argument("--starts", type=int, default=5, help="starts to take the median of (%(default)s)")
    options.add_argument("--warm", type=float, default=20.0, help="seconds before memory is measured (%(default)s)")
    options.add_argument("--frames", type=int, default=10_000, help="frames to watch memory over (%(default)s)")
    chosen = options.parse_args(argv)
    with ExitStack() as stack:
        broker = stack.enter_context(Broker())
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(chosen.starts)]
        load_s = statistics.median(model_load_s(chosen.data / MODEL) for _ in folders)
        first_ever_s = statistics.median(detection_s(folder, chosen.data, broker.port) for folder in folders)
        first_s = statistics.median(detection_s(folder, chosen.data, broker.port) for folder in folders)
        memory_mb = rss_mb(folders[0], chosen.data, broker.port, chosen.warm)
        grown_mb, fps = growth_mb(folders[0], chosen.data, broker.port, chosen.frames)
    figures = {
        "first_detection_s": round(first_s - load_s, 3),
        "model_load_s": round(load_s, 3),
        "rss_mb": round(memory_mb, 1),
        "growth_mb": round(grown_mb, 2),
        "first_ever_s": round(first_ever_s - load_s, 3),
        "frames": chosen.frames,
        "frames_per_s": round(fps, 1),
    }
    rows: list[list[object]] = [[key, value] for key, value in figures.items()]
    show("startup: one 1280x720 camera, SSD 300", ["figure", "value"], rows, figures)
