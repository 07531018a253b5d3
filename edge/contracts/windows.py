"""What a model of sequences takes: the part of `foresight.json` that says how its one input tensor is filled.

Letters: B tracks of one call, S samples, C channels, K horizons, M modes of a mixture. The newest sample is the last.
`window_rules` says which tensors go with which head.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, count, counts, member, real, reals, text, texts

MOST_TRACKS, MOST_SAMPLES, MOST_COLUMNS, MOST_HORIZONS, MOST_MODES = 256, 8192, 4096, 256, 16
LONGEST_S = 1e6
Shape = tuple[int, ...]


class Scaling(StrEnum):
    """How the values of a series are brought to the scale that a model knows."""

    WINDOW = "window"  # by the mean and the standard deviation of the window itself
    FIXED = "fixed"  # by those of the data that the model was trained on


@dataclass(frozen=True, slots=True)
class TrackWindow:
    """Tracks of objects. Their histories are resampled to a grid; nodes before a track's first sample are masked."""

    tracks: int  # B rows of one call; those that are not used are zero
    samples: int  # S
    step_s: float  # of the grid
    horizons_s: tuple[float, ...]  # K, ascending
    modes: int  # M, 1 = a single Gaussian
    labels: tuple[str, ...]  # classes that it tells apart, none where it does not look at them
    neighbours: int  # how many of the nearest others it looks at

    @property
    def shape(self) -> Shape:
        """Extents of the input, 0 where a window leaves them open."""
        return (self.tracks, self.samples, 0)


@dataclass(frozen=True, slots=True)
class SeriesWindow:
    """Values of a sensor on a regular grid."""

    channels: tuple[str, ...]  # C names, in the order of a reading's values
    samples: int  # S
    step_s: float  # of the grid
    scaling: Scaling
    mean: tuple[float, ...]  # (C,) of the training data
    std: tuple[float, ...]  # (C,)
    horizons: tuple[int, ...]  # K steps ahead, ascending; none where nothing is forecast

    @property
    def shape(self) -> Shape:
        """Extents of the input."""
        return (1, self.samples, len(self.channels))


@dataclass(frozen=True, slots=True)
class SoundWindow:
    """The logarithmic mel spectrum of a sound, as `edge.contracts.sound` computes it."""

    rate_hz: int
    frame_s: float  # length of the pieces of which spectra are taken
    hop_s: float  # from the begin of one to the begin of the next
    bands: int
    low_hz: float
    high_hz: float
    frames: int
    mean: tuple[float, ...]  # (bands,) of the training data
    std: tuple[float, ...]  # (bands,)

    @property
    def shape(self) -> Shape:
        """Extents of the input."""
        return (1, self.frames, self.bands)


Window = TrackWindow | SeriesWindow | SoundWindow


def parse_window(entry: Object) -> Window:
    """Read one from JSON; `kind` says which.

    Raises:
        MalformedError: a key is missing or of the wrong type, or a number makes no sense.
    """
    kind = text(entry, "kind")
    if kind not in KINDS:
        raise MalformedError(f"its input is of the kind {kind!r:.60}; known are {', '.join(KINDS)}")
    return KINDS[kind](entry)


def kind_of(window: Window) -> str:
    """What `kind` says in JSON."""
    return {TrackWindow: "tracks", SeriesWindow: "series", SoundWindow: "sound"}[type(window)]


def _tracks(entry: Object) -> TrackWindow:
    horizons_s = reals(entry, "horizons_s")
    if not _ascend((0.0, *horizons_s)) or not 1 <= len(horizons_s) <= MOST_HORIZONS or horizons_s[-1] > LONGEST_S:
        raise MalformedError(f"its horizons_s {list(horizons_s)!r:.60} must be above 0 and ascend")
    return TrackWindow(
        tracks=_within(entry, "tracks", 1, MOST_TRACKS),
        samples=_within(entry, "samples", 1, MOST_SAMPLES),
        step_s=_positive(entry, "step_s"),
        horizons_s=horizons_s,
        modes=_within(entry, "modes", 1, MOST_MODES),
        labels=texts(entry, "labels"),
        neighbours=_within(entry, "neighbours", 0, MOST_TRACKS),
    )


def _series(entry: Object) -> SeriesWindow:
    channels, horizons = texts(entry, "channels"), counts(entry, "horizons")
    if not 1 <= len(channels) <= MOST_COLUMNS:
        raise MalformedError(f"it has {len(channels)} channels; 1 to {MOST_COLUMNS} are possible")
    if not _ascend((0, *horizons)) or len(horizons) > MOST_HORIZONS:
        raise MalformedError(f"its horizons {list(horizons)!r:.60} must be above 0 and ascend")
    mean, std = _scales(entry, len(channels))
    return SeriesWindow(
        channels=channels,
        samples=_within(entry, "samples", 1, MOST_SAMPLES),
        step_s=_positive(entry, "step_s"),
        scaling=member(Scaling, entry, "scaling"),
        mean=mean,
        std=std,
        horizons=horizons,
    )


def _sound(entry: Object) -> SoundWindow:
    rate_hz, bands = _within(entry, "rate_hz", 1000, 192_000), _within(entry, "bands", 1, MOST_COLUMNS)
    low_hz, high_hz = real(entry, "low_hz"), real(entry, "high_hz")
    frame_s, hop_s = _positive(entry, "frame_s"), _positive(entry, "hop_s")
    if not 0 <= low_hz < high_hz <= rate_hz / 2:
        raise MalformedError(f"its bands reach from {low_hz:g} to {high_hz:g} Hz, with {rate_hz} samples per second")
    if not 1 / rate_hz <= hop_s <= frame_s <= 1:
        raise MalformedError(f"its pieces of {frame_s:g} s every {hop_s:g} s make no sense")
    mean, std = _scales(entry, bands)
    frames = _within(entry, "frames", 1, MOST_SAMPLES)
    return SoundWindow(rate_hz, frame_s, hop_s, bands, low_hz, high_hz, frames, mean, std)


def _scales(entry: Object, columns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    mean, std = reals(entry, "mean"), reals(entry, "std")
    if not len(mean) == len(std) == columns or min(std) <= 0:
        raise MalformedError(f"its mean and std must be {columns} numbers each, std above 0")
    return mean, std


def _within(entry: Object, key: str, least: int, most: int) -> int:
    value = count(entry, key)
    if not least <= value <= most:
        raise MalformedError(f"its {key} is {value}; {least} to {most} are possible")
    return value


def _positive(entry: Object, key: str) -> float:
    value = real(entry, key)
    if not 0 < value <= LONGEST_S:
        raise MalformedError(f"its {key} is {value:g}; it must be above 0")
    return value


def _ascend(values: tuple[float, ...]) -> bool:
    return all(before < after for before, after in pairwise(values))


KINDS: Mapping[str, Callable[[Object], Window]] = {"tracks": _tracks, "series": _series, "sound": _sound}
