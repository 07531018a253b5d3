"""MOT-style sequences: reading them, cutting the scored halves, and scoring tracks by TrackEval.

A sequence folder holds `seqinfo.ini` and `gt/gt.txt`; its detections lie in `yolox_x_ablation/NAME-SDP.txt`
(`frame, n, left, top, width, height, score` in pixels, frames from 1). Scored are the 1-based frames
`L // 2 + 2 .. L` of each sequence ("half-val"), renumbered, every one or every n-th of them.
"""

import configparser
import contextlib
import io
import tempfile
from collections.abc import Sequence as Several
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import trackeval
from numpy.typing import NDArray

from edge.contracts.types import F32, Detections, I64

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Output:
    """What a tracker said of one frame: boxes in frame fractions."""

    id: I64  # (T,)
    box: F32  # (T, 4)


@dataclass(frozen=True, eq=False)
class Sequence:
    """The scored frames of one sequence."""

    name: str
    fps: float
    width: int
    height: int
    detections: Several[Detections]  # one per kept frame
    truth: Several[Rows]  # per kept frame the rows of gt.txt, (n, 9)

    @property
    def aspect(self) -> float:
        return self.width / self.height

    @property
    def size(self) -> F32:
        return np.array([self.width, self.height, self.width, self.height], np.float32)

    def every(self, stride: int) -> "Sequence":
        """The 1st, (1 + stride)-th, ... frame, at the rate that this leaves."""
        kept = self.detections[::stride], self.truth[::stride]
        return Sequence(self.name, self.fps / stride, self.width, self.height, *kept)

    @cached_property
    def scorer(self) -> "Scorer":
        return Scorer(self)


def read(folder: Path) -> list[Sequence]:
    """The scored halves of all sequences of a folder such as `mot17`, by name."""
    names = sorted(path.parent.name for path in folder.glob("*/seqinfo.ini"))
    if not names:
        raise SystemExit(f"{folder} holds no sequence (NAME/seqinfo.ini); name the data folder with --data")
    return [read_one(folder, name) for name in names]


def read_one(folder: Path, name: str) -> Sequence:
    """The scored half of one sequence."""
    ini = configparser.ConfigParser()
    ini.read(folder / name / "seqinfo.ini")
    info = ini["Sequence"]
    width, height, length = (int(info[key]) for key in ("imWidth", "imHeight", "seqLength"))
    rows = np.loadtxt(folder / "yolox_x_ablation" / f"{name}-SDP.txt", delimiter=",", ndmin=2)
    truth = np.loadtxt(folder / name / "gt" / "gt.txt", delimiter=",", ndmin=2)
    frames = range(length // 2 + 2, length + 1)
    size = np.array([width, height, width, height], np.float32)
    detections = [_detections(of, size) for of in _by_frame(rows, frames)]
    return Sequence(name, float(info["frameRate"]), width, height, detections, _by_frame(truth, frames))


def _by_frame(rows: Rows, frames: range) -> list[Rows]:
    """The rows of each frame."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    first = np.searchsorted(rows[:, 0], np.arange(frames.start, frames.stop + 1))
    return [rows[a:b] for a, b in zip(first[:-1], first[1:], strict=True)]


def _detections(rows: Rows, size: F32) -> Detections:
    box = rows[:, 2:6].copy()
    box[:, 2:] += box[:, :2]
    return Detections(np.float32(box) / size, rows[:, 6].astype(np.float32), np.zeros(len(rows), np.int64))


class Scorer:
    """TrackEval's MotChallenge2DBox, with its full preprocessing, over one sequence whose truth is read once."""

    def __init__(self, sequence: Sequence) -> None:
        self._sequence = sequence
        self._metrics = (
            trackeval.metrics.HOTA(),
            trackeval.metrics.CLEAR({"PRINT_CONFIG": False}),
            trackeval.metrics.Identity({"PRINT_CONFIG": False}),
        )
        name, frames = sequence.name, len(sequence.truth)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name / "gt"
            path.mkdir(parents=True)
            numbered = [
                np.column_stack([np.full(len(rows), n + 1), rows[:, 1:]]) for n, rows in enumerate(sequence.truth)
            ]
            np.savetxt(path / "gt.txt", np.concatenate(numbered), delimiter=",", fmt="%.10g")
            config = {
                "GT_FOLDER": folder,
                "TRACKERS_FOLDER": folder,
                "TRACKERS_TO_EVAL": [],
                "PRINT_CONFIG": False,
                "SEQ_INFO": {name: frames},
                "SKIP_SPLIT_FOL": True,
            }
            self._dataset = trackeval.datasets.MotChallenge2DBox(config)
            self._truth = self._dataset._load_raw_file("", name, is_gt=True)

    def score(self, outputs: Several[Output], hota=True) -> dict[str, dict[str, object]]:
        """The metrics' own result of each family, to be combined by `combine`."""
        size = self._sequence.size.astype(float)
        boxes = [np.asarray(output.box, float).reshape(-1, 4) * size for output in outputs]
        boxes = [np.concatenate([box[:, :2], box[:, 2:] - box[:, :2]], axis=1) for box in boxes]
        raw = dict(self._truth)
        raw["tracker_ids"] = [output.id.astype(int) for output in outputs]
        raw["tracker_dets"] = boxes
        raw["tracker_classes"] = [np.ones(len(box), int) for box in boxes]
        raw["tracker_confidences"] = [np.ones(len(box)) for box in boxes]
        similarity = self._dataset._calculate_similarities
        raw["similarity_scores"] = [similarity(truth, box) for truth, box in zip(raw["gt_dets"], boxes, strict=True)]
        data = self._dataset.get_preprocessed_seq_data(raw, "pedestrian")
        return {
            metric.get_name(): metric.eval_sequence(data)
            for metric in self._metrics
            if hota or metric.get_name() != "HOTA"
        }


def combine(results: Several[dict[str, dict[str, object]]]) -> dict[str, float]:
    """MOTA, IDF1 and HOTA in percent and the identity switches, over several sequences."""
    clear, identity = (
        trackeval.metrics.CLEAR({"PRINT_CONFIG": False}),
        trackeval.metrics.Identity({"PRINT_CONFIG": False}),
    )
    named = {str(n): result for n, result in enumerate(results)}
    total = {
        metric.get_name(): metric.combine_sequences({k: v[metric.get_name()] for k, v in named.items()})
        for metric in (clear, identity)
    }
    out = {
        "mota": 100 * float(total["CLEAR"]["MOTA"]),
        "idf1": 100 * float(total["Identity"]["IDF1"]),
        "hota": 0.0,
        "idsw": float(total["CLEAR"]["IDSW"]),
    }
    if "HOTA" in results[0]:
        out["hota"] = 100 * float(
            np.mean(trackeval.metrics.HOTA().combine_sequences({k: v["HOTA"] for k, v in named.items()})["HOTA"])
        )
    return out
