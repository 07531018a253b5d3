"""True boxes of MOT17 as clips of known objects."""

import configparser
from pathlib import Path

import numpy as np

from tests.rigs.foretold import Clip


def mot17(sequence: Path, fps: float = 5.0) -> Clip:
    """The true boxes of a sequence, thinned to about so many frames a second."""
    info = configparser.ConfigParser()
    info.read(sequence / "seqinfo.ini")
    about = info["Sequence"]
    size, rate = np.array([float(about["imWidth"]), float(about["imHeight"])] * 2), float(about["frameRate"])
    rows = np.loadtxt(sequence / "gt" / "gt.txt", delimiter=",")
    people = rows[(rows[:, 6] == 1) & (rows[:, 7] == 1)]
    people[:, 4:6] += people[:, 2:4]
    frames = range(1, int(people[:, 0].max()) + 1, round(rate / fps))
    return [(n / rate, {int(row[1]): row[2:6] / size for row in people[people[:, 0] == n]}) for n in frames]
