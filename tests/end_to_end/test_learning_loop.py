"""The loop, as processes: a daemon's doubtful looks are archived, imported, labelled and divided for training.

What follows, from labelled pictures through the gate to a file that the daemon reads, is `test_commands_detector.py`:
a network that passes the gate takes minutes to train.
"""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.contracts.types import U8
from edge.demo.clip import CLIP, SHIPPED, ClipTruth
from edge.demo.truth import LABELS
from tests.end_to_end.test_archive import fingerprint_of, train
from tests.rigs.daemon import Daemon, foresight
from tests.rigs.host import wait_until
from trainer.data.opening import open_data

WANTED = 8  # looks
WAIT_S = 120.0
SEEN = 0.5  # of an object that a person would label
CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: 1, device: dev}}
keep: {{enabled: true, pictures: true, gap_s: 0.5, per_day: 400}}
model: {model}
cameras:
  yard:
    source: {{path: {clip}, loop: true}}
    masks: {{privacy: [[[0, 0], [0.05, 0], [0, 0.05]]]}}
    look: {{every_frame: true}}
"""


def configured(path: Path, model: Path) -> Path:
    path.write_text(CONFIG.format(folder=path.parent, model=model, clip=CLIP))
    return path


def pictures_of(clip: Path) -> list[U8]:
    """All pictures of a clip."""
    read, found = cv2.VideoCapture(str(clip)), []
    while (taken := read.read())[0]:
        found.append(np.asarray(taken[1], np.uint8))
    return found


def labelled(data: Path) -> None:
    """The proposals replaced by the truth, in the place where a labelling tool exports it to."""
    path, clip, truth = data / "annotations.json", pictures_of(CLIP), ClipTruth()
    told: Any = json.loads(path.read_text())
    told["categories"] = [{"id": number, "name": name} for number, name in enumerate(LABELS, 1)]
    told["annotations"] = []
    for image in told["images"]:
        kept = cv2.imread(str(data / "pictures" / image["file_name"]))
        assert kept is not None
        number = int(np.argmin([np.abs(one.astype(int) - kept).mean() for one in clip]))
        there, size = truth.truth(number), np.array([image["width"], image["height"]] * 2)
        for label, box in zip(there.label[there.visible > SEEN], there.box[there.visible > SEEN] * size, strict=True):
            x1, y1, x2, y2 = box.tolist()
            row = {"image_id": image["id"], "category_id": int(label) + 1, "bbox": [x1, y1, x2 - x1, y2 - y1]}
            told["annotations"].append({"id": len(told["annotations"]) + 1, "iscrowd": 0, **row})
    path.write_text(json.dumps(told))


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a daemon was unsure of: kept, archived, imported, labelled and divided."""
    folder = tmp_path_factory.mktemp("loop")
    config = configured(folder / "old.yaml", SHIPPED / "street.tflite")
    with Daemon(config) as daemon:
        wait_until(lambda: len(list((folder / "state" / "uncertain").glob("*.json"))) >= WANTED, WAIT_S)
        assert daemon.stop()[0] == 0, daemon.log
    packed = foresight(folder, "archive", config, "--out", folder / "a.tar", "--forget")
    assert "not in it" not in packed.stdout  # the masks are those of the pictures
    trust = fingerprint_of(folder, config)
    imported = train("data", "import", folder / "a.tar", "--trust", trust, "--out", folder / "data")
    assert imported.returncode == 0, imported.stderr
    labelled(folder / "data")
    for command in (("check",), ("split", "--out", folder / "porch" / "1", "--val", "0.3")):
        done = train("data", command[0], folder / "data", *command[1:])
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_looks_that_were_kept_become_labelled_pictures_in_two_parts(loop: Path) -> None:
    told = json.loads((loop / "data" / "annotations.json").read_text())
    assert len(told["images"]) >= WANTED
    assert {row["category_id"] for row in told["annotations"]} >= {1, 2}
    parts = {path.stem: json.loads(path.read_text()) for path in (loop / "porch" / "1").glob("*.json")}
    assert sorted(parts) == ["train", "val"]
    assert sum(len(part["images"]) for part in parts.values()) == len(told["images"])
    assert all(part["annotations"] for part in parts.values())


def test_training_reads_all_rounds_below_the_folder(loop: Path) -> None:
    held = open_data(loop / "porch")
    assert sorted(held.splits) == ["train", "val"]
    assert [str(one) for one in held.problems if "left out" in str(one)] == []
    for part in held.splits.values():
        assert part.labels == LABELS
        assert part.pictures
        assert sum(len(one.box) for one in part.pictures) > len(part.pictures)
