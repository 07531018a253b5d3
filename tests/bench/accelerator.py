"""An accelerator stalls, vanishes, aborts, is absent or hangs at start: how soon the CPU serves, and it serves again.

The accelerator is a stand-in (a delegate of our own that misbehaves on demand): this proves plumbing, no accuracy and
no speed of any real one. The daemon, the broker and the CPU's model (SSD 300) are real.

- `cpu_takeover_s_max`: from the fault to the next frame's result; where it is absent or hangs at the start, from the
  start of the daemon's process to the first frame's result.
- `back_s_max`: from the fault's end to the first frame that the accelerator serves again.
- `deaths`: how often the daemon ended.
"""

import contextlib
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.report import parser, show
from tests.rigs.accelerator.device import StandIn, compiled_ssd
from tests.rigs.broker import Broker
from tests.rigs.daemon import Daemon
from tests.rigs.listener import Heard, Listener

CLIP, MODEL, LABELS = "videos/car-detection.mp4", "models/ssd_mobilenet_v1_coco_quant.tflite", "models/coco_labels.txt"
RUNNING = ("stall", "vanish", "abort")
STARTING = {"absent at start": "absent", "hung at start": "stall"}
DEVICE = "bench"
LIMIT_S = 60.0


class Case:
    """A running daemon, and what is heard of it."""

    def __init__(self, device: StandIn, daemon: Daemon, listener: Listener) -> None:
        self.device, self.daemon, self.listener = device, daemon, listener

    def fault(self, word: str) -> tuple[float, float]:
        """Seconds until the CPU serves, and from the fault's end until the accelerator does."""
        self.listener.forget()
        begin_s = time.monotonic()
        self.device.behave(word)
        degraded = self.listener.wait_for(state("degraded"), LIMIT_S, begin_s)
        served = self.listener.wait_for(result, LIMIT_S, degraded.at_s)
        return served.at_s - begin_s, self.recover()

    def at_start(self, word: str) -> tuple[float, float]:
        """The same for a start with it absent, or hanging: from the start of the process, its imports included."""
        self.daemon.stop()
        self.device.behave(word)
        self.listener.forget()
        self.daemon.start()
        served = self.listener.wait_for(result, LIMIT_S)
        return served.at_s - self.daemon.started_s, self.recover()

    def recover(self) -> float:
        """The fault ends; seconds until the accelerator serves."""
        healed_s = time.monotonic()
        self.device.behave("ok")
        back = self.listener.wait_for(state("ok"), LIMIT_S, healed_s)
        return self.listener.wait_for(result, LIMIT_S, back.at_s).at_s - healed_s


def state(word: str) -> Callable[[Heard], bool]:
    """Whether a message says that the accelerator fares so."""
    return lambda heard: (heard.topic, heard.payload) == ("accelerator", word.encode())


def result(heard: Heard) -> bool:
    """Whether it is what came of a frame."""
    return heard.topic == "road/tracks"


@contextlib.contextmanager
def running(folder: Path, data: Path) -> Iterator[Case]:
    """A daemon that looks at every frame with a model that only the stand-in has, and the real one for the CPU."""
    device = StandIn(folder)
    cpu = folder / "ssd.tflite"
    shutil.copy(data / MODEL, cpu)
    compiled_ssd(folder / "ssd_edgetpu.tflite")
    with Broker() as broker, Listener(broker.port, DEVICE) as listener:
        model = {"path": str(folder / "ssd_edgetpu.tflite"), "labels": str(data / LABELS), "head": "ssd"}
        config = {
            "device": {"state_dir": str(folder / "state")},
            "mqtt": {"host": "127.0.0.1", "port": broker.port, "device": DEVICE},
            "runtime": {"edgetpu_library": str(device.library)},
            "look": {"every_frame": True},
            "detection": {"max_crops": 0},
            "publish": {"tracks_fps": 240},
            "model": model,
            "cameras": {"road": {"source": {"path": str(data / CLIP), "loop": True}}},
        }
        path = folder / "foresight.yaml"
        path.write_text(json.dumps(config))  # which is YAML too
        with Daemon(path) as daemon:
            listener.wait_for(state("ok"), LIMIT_S)
            listener.wait_for(result, LIMIT_S)
            yield Case(device, daemon, listener)
            daemon.stop()


def main(argv: list[str]) -> None:
    """Run it."""
    options = parser("accelerator", (__doc__ or "").splitlines()[0])
    options.add_argument("--each", type=int, default=12, help="cases of each kind (%(default)s)")
    chosen = options.parse_args(argv)
    order = [*RUNNING, *STARTING] * chosen.each
    random.Random(1).shuffle(order)
    takeover: dict[str, list[float]] = {word: [] for word in (*RUNNING, *STARTING)}
    back: dict[str, list[float]] = {word: [] for word in takeover}
    deaths = 0
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), chosen.data) as case:
        for word in order:
            seconds = case.at_start(STARTING[word]) if word in STARTING else case.fault(word)
            takeover[word].append(seconds[0])
            back[word].append(seconds[1])
            if case.daemon.process.poll() is not None:
                deaths += 1
                case.daemon.start()
    rows: list[list[object]] = [[word, len(back[word]), max(takeover[word]), max(back[word])] for word in takeover]
    figures = {
        "cases": len(order),
        "deaths": deaths,
        "cpu_takeover_s_max": round(max(max(some) for some in takeover.values()), 2),
        "back_s_max": round(max(max(some) for some in back.values()), 2),
    }
    show(
        "A stand-in for an accelerator, misbehaving",
        ["fault", "cases", "CPU serves after s", "back after s"],
        rows,
        figures,
    )
