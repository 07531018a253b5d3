"""One measured run of the `pipeline` benchmark, in a process of its own; prints its figures as one JSON object.

`bare` is the limit: decode, resize, invoke, one after the other, with nothing around them. `overlapped` is the same
work with the decoding in a second thread and nothing else: what it costs more than `bare` is what two busy cores of
this machine cost each other. `chain` is what the daemon runs, from the file to the broker, with a look at every frame.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from edge.adhoc import CAMERA, adhoc_settings, whole
from edge.assembly import Models, build_camera
from edge.capture import Camera
from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.contracts.topics import Topics
from edge.contracts.types import U8, Event
from edge.engine import Engine
from edge.health import StageClock
from edge.mqtt.link import MqttLink
from edge.observer import Observer
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.pipeline import Followed
from edge.publisher import Publisher
from edge.sensing.build import build_sensing
from edge.sensing.hub import Sensing
from edge.sensing.memory import SensorMemory
from edge.sensing.publisher import SensorPublisher
from edge.sensors.settings import SensorSettings

WARM_UP = 25  # frames before the clock starts, in both runs


@dataclass(frozen=True, slots=True)
class Job:
    """What to run. `speed` 0: as fast as possible; else clip seconds per second."""

    clip: str
    model: str
    threads: int
    frames: int
    speed: float
    port: int
    sensors: int = 0  # that are read and forecast beside


class Stopwatch:
    """Wall clock and processor time (all threads of this process) from the end of the warm-up to the last frame."""

    def __init__(self) -> None:
        self.frames = 0
        self._start = self._end = (0.0, 0.0)

    def tick(self) -> None:
        """A frame is done."""
        self.frames += 1
        self._end = (time.perf_counter(), time.process_time())
        if self.frames == WARM_UP:
            self._start = self._end

    def figures(self) -> dict[str, float]:
        """Frames per second, and processor milliseconds per frame."""
        count = self.frames - WARM_UP
        wall_s, cpu_s = (end - start for start, end in zip(self._start, self._end, strict=True))
        return {"fps": count / wall_s, "cpu_ms": 1e3 * cpu_s / count}


def bare(job: Job) -> dict[str, object]:
    """Decode, resize, invoke."""
    with ExitStack() as stack:
        return limit(job, decoded(job, stack))


def overlapped(job: Job) -> dict[str, object]:
    """The next frame is decoded while one is worked on."""
    with ExitStack() as stack:
        pictures = decoded(job, stack)
        ahead = stack.enter_context(ThreadPoolExecutor(1))
        return limit(job, read_ahead(pictures, ahead))


def decoded(job: Job, stack: ExitStack) -> Iterator[U8]:
    """The pictures of the clip."""
    capture = cv2.VideoCapture(job.clip, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    stack.callback(capture.release)
    for _ in range(job.frames):
        there, pixels = capture.read()
        if not there:
            return
        yield pixels.astype(np.uint8, copy=False)


def read_ahead(pictures: Iterator[U8], ahead: Executor) -> Iterator[U8]:
    """The same pictures, each fetched on another thread while the one before is in use."""
    coming = ahead.submit(next, pictures, None)
    while (pixels := coming.result(30)) is not None:
        coming = ahead.submit(next, pictures, None)
        yield pixels


def limit(job: Job, pictures: Iterator[U8]) -> dict[str, object]:
    """Resize and invoke, with nothing around them."""
    interpreter = Interpreter(job.model, num_threads=job.threads)
    interpreter.allocate_tensors()
    feed = interpreter.get_input_details()[0]
    outputs = [detail["index"] for detail in interpreter.get_output_details()]
    size = (int(feed["shape"][2]), int(feed["shape"][1]))
    watch, invoke_s = Stopwatch(), []
    for pixels in pictures:
        small = cv2.cvtColor(cv2.resize(pixels, size), cv2.COLOR_BGR2RGB)
        start_s = time.perf_counter()
        interpreter.set_tensor(feed["index"], small[None])
        interpreter.invoke()
        for index in outputs:
            interpreter.get_tensor(index)
        invoke_s.append(time.perf_counter() - start_s)
        watch.tick()
    return {**watch.figures(), "frames": watch.frames, "invoke_ms": 1e3 * float(np.median(invoke_s))}


@dataclass(slots=True)
class Probe(Observer):
    """An observer that stands last: what it sees has been published."""

    frames: int
    watch: Stopwatch = field(default_factory=Stopwatch)
    taken: dict[int, float] = field(default_factory=dict)
    events: int = 0
    invocations: int = 0
    engine: Engine | None = None

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Count a frame whose look is finished; stop after the last one that is wanted."""
        self.invocations += followed.looked
        self.watch.tick()
        self.events += len(followed.events)
        self.taken[followed.sensed.frame.utc_ns] = followed.sensed.taken_s
        if self.watch.frames >= self.frames and self.engine:
            self.engine.stop()

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """The clip has ended, or enough was seen."""
        self.events += len(events)

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """No frame may fail."""
        raise error


def settings_of(job: Job, state_dir: str) -> Settings:
    """A daemon that looks at every frame once, with a zone and a line so that things happen."""
    middle = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]
    made = adhoc_settings(
        job.clip,
        Path(job.model),
        None,
        {
            "device": {"state_dir": state_dir},
            "mqtt": {"port": job.port, "device": "bench"},
            "runtime": {"threads": job.threads},
            "look": {"every_frame": True},
            "detection": {"max_crops": 0},
            "publish": {"tracks_fps": 240},
            "zones": [{"name": "middle", "points": middle}],
            "lines": [{"name": "half", "points": [[0, 0.5], [1, 0.5]]}],
        },
    )
    camera = made.cameras[CAMERA]
    source = whole(camera.source).model_copy(update={"speed": job.speed})
    changed = camera.model_copy(update={"source": source})
    return made.model_copy(update={"cameras": {CAMERA: changed}})


def chain(job: Job) -> dict[str, object]:
    """The daemon's own parts, put together as `foresight run` does."""
    cv2.setNumThreads(1)
    clock = StageClock()
    with ExitStack() as stack:
        settings = settings_of(job, stack.enter_context(tempfile.TemporaryDirectory()))
        topics = Topics(settings.mqtt.device, settings.mqtt.prefix)
        models = stack.enter_context(Models(settings.runtime, settings.device.state_dir))
        camera = build_camera(settings, CAMERA, models, clock)
        link = stack.enter_context(MqttLink(settings.mqtt))
        outbox = stack.enter_context(Outbox(settings.device.state_dir / "outbox.db", settings.outbox))
        sender = stack.enter_context(Sender(outbox, link, topics.ack, settings.outbox))
        if not link.wait_connected(10):
            raise RuntimeError("the broker did not answer")
        probe = Probe(job.frames)
        engine = Engine([camera], [Publisher(link, outbox, topics, "bench", settings.publish), probe])
        probe.engine = engine
        sensing = stack.enter_context(sensed(job, link, outbox, topics, settings))
        with engine:
            engine.run()
        deadline_s = time.monotonic() + 10
        while outbox.stats().rows + outbox.stats().waiting and time.monotonic() < deadline_s:
            time.sleep(0.05)
        stages = {name: times.p50_ms for name, times in clock.times().items()}
        return {
            **probe.watch.figures(),
            "frames": probe.watch.frames,
            "invocations": probe.invocations,
            "events": probe.events,
            "sent": sender.stats().sent,
            "dropped": link.stats().dropped,
            "readings": sum(one.readings for one in sensing.health()),
            "stage_ms": stages,
            "taken": {str(utc_ns): taken_s for utc_ns, taken_s in probe.taken.items()},
        }


def sensed(job: Job, link: MqttLink, outbox: Outbox, topics: Topics, settings: Settings) -> Sensing:
    """As many sensors as are asked for, each as it is by default."""
    sensors = {f"s{k}": SensorSettings.model_validate({"source": sensor_topic(k)}) for k in range(job.sensors)}
    told = SensorPublisher(link, outbox, topics, "bench", dict.fromkeys(sensors, 1.0))
    memory = SensorMemory(settings.device.state_dir)
    return build_sensing(sensors, [told], memory, link, lambda: link.connected)


def sensor_topic(k: int) -> str:
    """Where a sensor's readings come from."""
    return f"bench/sensors/{k}"


KINDS = {"bare": bare, "overlapped": overlapped, "chain": chain}

if __name__ == "__main__":
    print(json.dumps(KINDS[sys.argv[1]](Job(**json.loads(sys.argv[2])))))
