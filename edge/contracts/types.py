"""The values that flow through the chain.

Inside the frame loop: structures of arrays, one row per object. At the borders (events, the wire): plain records.
Letters in shapes: N detections, T tracks, H history samples, K forecast horizons, M ways that
one object may go.

Boxes are `(x1, y1, x2, y2)`, float32, fractions of the full frame, origin top left, never rounded before the wire.
Instances are frozen, and no step writes into an array that it was given.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from edge.contracts.sensors import SensorHealth
from edge.contracts.windows import Window

if TYPE_CHECKING:  # it is told in these very types
    from edge.contracts.trainable import Trainable

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One picture of one camera.

    `seq` counts the pictures that the source delivered, so a gap means dropped frames. `t_s` is monotonic and only
    good for differences; `utc_ns` is the wall clock. For a clip both follow the clip's own time.
    """

    camera: str
    seq: int
    t_s: float
    utc_ns: int
    pixels: U8  # (height, width, 3), BGR as every capture library gives it, read-only


@dataclass(frozen=True, eq=False, slots=True)
class Detections:
    """What a detector saw in one frame. `label` indexes the label table of the chain that made it."""

    box: F32  # (N, 4)
    score: F32  # (N,) 0..1
    label: I64  # (N,)

    def __post_init__(self) -> None:
        n = len(self.box)
        if self.box.shape != (n, 4) or self.score.shape != (n,) or self.label.shape != (n,):
            raise ValueError(
                f"columns must be box (N, 4), score (N,), label (N,); "
                f"got {self.box.shape}, {self.score.shape}, {self.label.shape}"
            )

    def __len__(self) -> int:
        return len(self.box)

    def __getitem__(self, rows: Mask | I64 | slice) -> Self:
        """The same columns with only the chosen rows."""
        return type(self)(self.box[rows], self.score[rows], self.label[rows])

    @classmethod
    def empty(cls) -> Self:
        """Nothing seen."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False, slots=True)
class Opinion:
    """What one model of several found, and the labels that it knows. Labels index the table of all models together."""

    found: Detections
    knows: I64  # labels


@dataclass(frozen=True, eq=False, slots=True)
class Tracks:
    """The objects that a tracker holds to be there now, seen in this frame (`lost_s == 0`) or not.

    `history` holds H boxes at which the object was seen: the last one, newest last, and others spread over some seconds
    before it; `history_age_s` says how long before now each was, NaN (in both) where the object is younger than that.
    `sigma` and `velocity_sigma` are one standard deviation of the box centre along either axis and of its velocity.
    """

    id: I64  # (T,) unique within one camera, never reused
    box: F32  # (T, 4)
    velocity: F32  # (T, 4) of the box's edges, frame fractions per second
    score: F32  # (T,) of the newest detection
    label: I64  # (T,)
    seen_s: F32  # (T,) seconds since the object was first seen
    lost_s: F32  # (T,) seconds since it was last seen, 0 when seen now
    sigma: F32  # (T,) frame fractions
    velocity_sigma: F32  # (T,) frame fractions per second
    history: F32  # (T, H, 4)
    history_age_s: F32  # (T, H)

    def __post_init__(self) -> None:
        t = len(self.id)
        columns = (self.score, self.label, self.seen_s, self.lost_s, self.sigma, self.velocity_sigma)
        if any(column.shape != (t,) for column in columns):
            raise ValueError(f"every column must have {t} rows; got {[column.shape for column in columns]}")
        if self.box.shape != (t, 4) or self.velocity.shape != (t, 4):
            raise ValueError(f"box and velocity must be ({t}, 4); got {self.box.shape}, {self.velocity.shape}")
        h = self.history.shape[1] if self.history.ndim == 3 else -1
        if self.history.shape != (t, h, 4) or self.history_age_s.shape != (t, h):
            raise ValueError(f"history must be ({t}, H, 4) and ({t}, H); got {self.history.shape}")

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, rows: Mask | I64 | slice) -> Self:
        """The same columns with only the chosen rows."""
        return type(self)(*(getattr(self, name)[rows] for name in self.__slots__))

    @classmethod
    def empty(cls, history: int = 0) -> Self:
        """Nothing there."""
        row, box = np.zeros(0, np.float32), np.zeros((0, 4), np.float32)
        ids = np.zeros(0, np.int64)
        past, age = np.zeros((0, history, 4), np.float32), np.zeros((0, history), np.float32)
        return cls(ids, box, box, row, ids, row, row, row, row, past, age)


@dataclass(frozen=True, eq=False, slots=True)
class Forecasts:
    """Where the tracked objects will be, `horizon_s` seconds from now. Rows are those of the tracks.

    An object may go one of M ways (left or right, say). `box` and `sigma` sum them up: their mean, and how
    far to either side of it 68 % of what may come lies along an axis (see `edge.contracts.told_sigma`). M is 1 for
    forecasters that know one way only: it is then the centre of the box, and `sigma` its standard deviation.
    """

    id: I64  # (T,)
    horizon_s: F32  # (K,) ascending
    box: F32  # (T, K, 4)
    sigma: F32  # (T, K) of the centre along either axis, all ways together, frame fractions
    mode_weight: F32  # (T, M) how likely each way is; a row adds up to 1
    mode_centre: F32  # (T, M, K, 2) of the box on each way, frame fractions
    mode_sigma: F32  # (T, M, K) one standard deviation of the centre about each way, frame fractions

    def __post_init__(self) -> None:
        t, k, m = len(self.id), len(self.horizon_s), self.mode_weight.shape[-1]
        if self.box.shape != (t, k, 4) or self.sigma.shape != (t, k):
            raise ValueError(f"box must be ({t}, {k}, 4), sigma ({t}, {k}); got {self.box.shape}, {self.sigma.shape}")
        shapes = (self.mode_weight.shape, self.mode_centre.shape, self.mode_sigma.shape)
        if shapes != ((t, m), (t, m, k, 2), (t, m, k)):
            raise ValueError(f"modes must be ({t}, {m}), ({t}, {m}, {k}, 2), ({t}, {m}, {k}); got {shapes}")

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def single(cls, ids: I64, horizon_s: F32, box: F32, sigma: F32) -> Self:
        """Each object goes one way."""
        centre = (box[..., :2] + box[..., 2:]) * np.float32(0.5)
        return cls(ids, horizon_s, box, sigma, np.ones((len(ids), 1), np.float32), centre[:, None], sigma[:, None])

    @classmethod
    def empty(cls) -> Self:
        """Nothing there, and no horizon."""
        box, sigma = np.zeros((0, 0, 4), np.float32), np.zeros((0, 0), np.float32)
        return cls.single(np.zeros(0, np.int64), np.zeros(0, np.float32), box, sigma)


@dataclass(frozen=True, slots=True)
class SubLabel:
    """What the second-stage classifier says a tracked object is."""

    name: str
    score: float  # median over its looks, 0..1


@dataclass(frozen=True, eq=False, slots=True)
class Activity:
    """What the pixels say before any model looks: where something moves, R regions."""

    region: F32  # (R, 4) frame fractions, merged, largest first
    calibrating: bool  # too early to tell: no regions yet, and only the heartbeat is due
    due: bool  # something moves, or the heartbeat is due: the detector should look


class EventKind(StrEnum):
    """What happened. `new`, `update` and `end` frame an object's life; the others happen in a zone or on a line."""

    NEW = "new"
    UPDATE = "update"
    END = "end"
    ENTERED = "entered"
    LEFT = "left"
    LOITERING = "loitering"
    CROSSED = "crossed"
    EXPECTED = "expected"  # a forecast says that the object will enter the zone
    NEAR_MISS = "near_miss"  # forecasts say that two objects will come too near to each other
    RESOLVED = "resolved"  # whether it did, whether they did


class Outcome(StrEnum):
    """What became of an expectation."""

    OPEN = "open"
    KEPT = "kept"
    MISSED = "missed"  # the object was seen elsewhere when the time was up
    UNDECIDED = "undecided"  # the object was gone before the time was up: nobody knows


@dataclass(frozen=True, slots=True)
class Expectation:
    """A forecast that something will happen: `number` pairs its `expected` or `near_miss` with its `resolved` event."""

    number: int
    probability: float  # 0..1
    eta_s: float  # seconds from the event to the entry (the closest approach); on a resolved one, what it really took
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Near:
    """The other object of a near miss."""

    track: int
    label: str
    distance: float  # at the closest approach, in mean box sizes: expected, or on a resolved one, seen


@dataclass(frozen=True, slots=True)
class PathPoint:
    """One horizon of a forecast, as it goes out with an event."""

    horizon_s: float
    box: tuple[float, float, float, float]
    sigma: float


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth telling, as it leaves the chain for the outbox."""

    kind: EventKind
    camera: str
    track: int
    label: str
    sub_label: str  # of the second-stage classifier, "" without one
    score: float  # median of the object's scores so far
    box: tuple[float, float, float, float]
    utc_ns: int
    zone: str  # zone or line name, "" where the event belongs to none
    direction: str  # of a crossing: "forward" or "backward" as the line is drawn, else ""
    forecast: tuple[PathPoint, ...]
    expectation: Expectation | None
    near: Near | None  # of a near miss, expected or resolved


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of a sensor."""

    sensor: str
    utc_ns: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SeriesForecast:
    """What a sensor will read next, and how odd its newest reading was (`anomaly`, 0..1)."""

    sensor: str
    utc_ns: int
    horizon_s: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]  # one tuple of values per horizon
    sigma: tuple[tuple[float, ...], ...]
    anomaly: float


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape, type and quantisation of one tensor: `real = scale * (stored - zero_point)`; scale 0 = not quantised."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # a NumPy name: "uint8", "int8", "float32"
    scale: float
    zero_point: int


class Resize(StrEnum):
    """How a picture is brought to a model's input size."""

    STRETCH = "stretch"
    LETTERBOX = "letterbox"  # aspect kept, the rest filled with grey


class ColourOrder(StrEnum):
    """The order of the channels that a model was trained on."""

    RGB = "rgb"
    BGR = "bgr"


class Head(StrEnum):
    """What a model's outputs mean: the key of the table of decoders."""

    SSD = "ssd"
    YOLOX = "yolox"
    YOLOV5 = "yolov5"
    YOLOV8 = "yolov8"
    CLASSIFIER = "classifier"
    EMBEDDING = "embedding"
    TRAJECTORY = "trajectory"  # tracks in, paths out; this and the following take no picture, see `windows`
    SERIES = "series"  # values in, values out
    SEQUENCE = "sequence"  # values or a sound in, classes out
    AUTOENCODER = "autoencoder"  # values in, the same values out, as far as they are known


@dataclass(frozen=True, slots=True)
class InputRecipe:
    """How pixels become a model's input tensor: resize, channel order, `(x - mean) / std`, quantisation."""

    tensor: TensorSpec  # shape (1, height, width, 3); any other where the model takes no picture
    resize: Resize
    order: ColourOrder
    mean: tuple[float, float, float]  # in 0..255 units, in the model's channel order
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """All that is known of a model file before it is run. Reading it does not run it."""

    path: Path
    sha256: str
    size_bytes: int
    name: str
    version: str
    head: Head
    input: InputRecipe
    window: Window | None  # of sequences; None: pictures, or nothing is known of what it takes
    outputs: tuple[TensorSpec, ...]  # in the order of the file; `name` is the signature's name where there is one
    labels: tuple[str, ...]  # by class index, "" in the holes of a label file
    edgetpu: bool  # compiled for the Edge TPU
    trainable: "Trainable | None" = None  # how it learns where it runs; None: it does not


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon's life, as `stats` publishes it each minute.

    Rates are per second over that minute, times are milliseconds; what is counted is counted since the start.
    """

    uptime_s: float
    rss_bytes: int
    cpu_percent: float
    temperature_c: float  # NaN where the board tells none
    throttled: tuple[str, ...]  # what the board says of power and heat
    runtime: str  # "ai_edge_litert", ...
    delegate: str  # "xnnpack", "edgetpu", or "none"
    accelerator: str  # "none" where no model needs one, "ok", or "degraded": the CPU serves meanwhile
    accelerator_reason: str  # why it is degraded, else ""
    accelerator_lost: int
    cameras: tuple["CameraHealth", ...]
    sensors: tuple[SensorHealth, ...]
    outbox_rows: int
    outbox_dropped: int
    outbox_trouble: str  # why the disk takes no events, else ""
    link_sessions: int  # connections to the broker
    link_dropped: int  # messages that may be lost, and were
    learner_rss_bytes: int  # of the process that learns, 0 while there is none
    learner_cpu_percent: float
    learner_restarts: int
    learner_dropped: int  # looks and readings that it was too slow for


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """The same for one camera."""

    camera: str
    online: bool
    reason: str  # why it is not, or what is odd about its pictures, else ""
    lost: int
    captured_fps: float
    detected_fps: float
    dropped: int  # pictures that newer ones replaced
    skipped: int  # frames that the gate or the forecasts made it unnecessary to look at
    failed: int  # frames that could not be followed
    detect_ms: float
    latency_ms: float  # picture in hand -> messages handed over, median of the minute
