"""MOT-style sequences: reading them, cutting the scored halves, and scoring tracks by TrackEval.

A sequence folder holds `seqinfo.ini` and `gt/gt.txt`; its detections lie in `yolox_x_ablation/NAME-SDP.txt`
(`frame, n, left, top, width, height, score` in pixels, frames from 1). Scored are the 1-based frames
`L // 2 + 2 .. L` of each sequence ("half-val"), renumbered, every one or every n-th of them.
"""

import configparser
import tempfile
from collections.abc import Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import trackeval
from numpy.typing import NDArray

from edge.contracts.types import F32, I64, Detections, Tracks

Rows = NDArray[np.float64]
Result = Mapping[str, Mapping[str, object]]  # by family of metrics and name
Score = dict[str, float]  # mota, idf1, hota in percent; idsw


@dataclass(frozen=True, eq=False)
class Output:
    """What a tracker said of one frame: boxes in frame fractions."""

    id: I64  # (T,)
    box: F32  # (T, 4)

    @classmethod
    def of(cls, tracks: Tracks) -> "Output":
        """What counts of the tracks: those seen at the newest look."""
        held = tracks.lost_s == 0
        return cls(tracks.id[held], tracks.box[held])


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

    def every(self, stride: int) -> "Sequence":
        """The 1st, (1 + stride)-th, ... frame, at the rate that this leaves."""
        detections, truth = self.detections[::stride], self.truth[::stride]
        return replace(self, fps=self.fps / stride, detections=detections, truth=truth)

    @cached_property
    def scorer(self) -> "Scorer":
        return Scorer(self)


def read(folder: Path) -> list[Sequence]:
    """The scored halves of all sequences of a folder such as `mot17`, by name."""
    names = sorted(path.parent.name for path in folder.glob("*/seqinfo.ini"))
    if not names:
        raise SystemExit(f"{folder} holds no sequence (NAME/seqinfo.ini); name the folder above it with --data")
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
    detections = [_detections(of, width, height) for of in _by_frame(rows, frames)]
    return Sequence(name, float(info["frameRate"]), width, height, detections, _by_frame(truth, frames))


def _by_frame(rows: Rows, frames: range) -> list[Rows]:
    """The rows of each frame."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    first = np.searchsorted(rows[:, 0], np.arange(frames.start, frames.stop + 1))
    return [rows[a:b] for a, b in pairwise(first)]


def _detections(rows: Rows, width: int, height: int) -> Detections:
    box = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1) / (width, height, width, height)
    return Detections(box.astype(np.float32), rows[:, 6].astype(np.float32), np.zeros(len(rows), np.int64))


class Scorer:
    """TrackEval's MotChallenge2DBox, with its full preprocessing, over one sequence whose truth is read once."""

    def __init__(self, sequence: Sequence) -> None:
        self._size = np.array([sequence.width, sequence.height] * 2, np.float64)
        name = sequence.name
        numbered = [np.column_stack([np.full(len(of), n), of[:, 1:]]) for n, of in enumerate(sequence.truth, 1)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name / "gt"
            path.mkdir(parents=True)
            np.savetxt(path / "gt.txt", np.concatenate(numbered), delimiter=",", fmt="%.10g")
            options = {
                "GT_FOLDER": folder,
                "TRACKERS_FOLDER": folder,
                "TRACKERS_TO_EVAL": [],
                "SEQ_INFO": {name: len(numbered)},
                "SKIP_SPLIT_FOL": True,
                "PRINT_CONFIG": False,
            }
            self._dataset = trackeval.datasets.MotChallenge2DBox(options)
            self._truth = self._dataset._load_raw_file("", name, is_gt=True)

    def score(self, outputs: Several[Output]) -> Result:
        """Each metric's own result, one output per frame; `combine` makes figures of it."""
        boxes = [np.asarray(output.box, np.float64).reshape(-1, 4) * self._size for output in outputs]
        boxes = [np.concatenate([box[:, :2], box[:, 2:] - box[:, :2]], axis=1) for box in boxes]
        raw = dict(self._truth) | {
            "tracker_ids": [output.id.astype(int) for output in outputs],
            "tracker_dets": boxes,
            "tracker_classes": [np.ones(len(box), int) for box in boxes],
            "tracker_confidences": [np.ones(len(box)) for box in boxes],
        }
        alike = self._dataset._calculate_similarities
        raw["similarity_scores"] = [alike(truth, box) for truth, box in zip(raw["gt_dets"], boxes, strict=True)]
        data = self._dataset.get_preprocessed_seq_data(raw, "pedestrian")
        return {name: metric.eval_sequence(data) for name, metric in _metrics().items()}


def combine(results: Several[Result]) -> Score:
    """The figures over several sequences, as TrackEval combines them."""
    total = {
        name: metric.combine_sequences({str(n): result[name] for n, result in enumerate(results)})
        for name, metric in _metrics().items()
    }
    return {
        "mota": 100 * float(total["CLEAR"]["MOTA"]),
        "idf1": 100 * float(total["Identity"]["IDF1"]),
        "hota": 100 * float(np.mean(total["HOTA"]["HOTA"])),
        "idsw": float(total["CLEAR"]["IDSW"]),
    }


def _metrics() -> dict[str, trackeval.metrics.HOTA]:
    quiet = {"PRINT_CONFIG": False}
    return {
        "HOTA": trackeval.metrics.HOTA(),
        "CLEAR": trackeval.metrics.CLEAR(quiet),
        "Identity": trackeval.metrics.Identity(quiet),
    }
