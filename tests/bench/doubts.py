"""Looks that the device is unsure of: what they cost the chain, and what is kept of an hour.

The shipped clip of the rendered street goes again and again through the shipped detector's findings, computed once, as
if it lasted. Hand-over is what the inference thread pays for a look; judging and keeping are CPU time of the thread of
the lowest priority. Nothing here was chosen by these figures.
"""

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from edge.adhoc import adhoc_settings
from edge.assembly import Models, build_camera
from edge.capture import Camera
from edge.demo.clip import CLIP, CLIP_FPS, MODEL
from edge.doubting import FOLDER, Doubting
from edge.engine import Engine
from edge.health import StageClock
from edge.observer import Observer
from edge.pipeline import Followed
from edge.uncertain.choosing import Chooser
from edge.uncertain.settings import KeepSettings
from tests.bench.report import parser, show

START_NS = 1_800_000_000 * 10**9


class _Seen(Observer):
    def __init__(self) -> None:
        self.followed: list[Followed] = []

    def seen(self, camera: Camera, followed: Followed) -> None:
        self.followed.append(followed)


def main(argv: list[str]) -> None:
    options = parser("doubts", __doc__ or "")
    options.add_argument("--hours", type=float, default=1.0, help="of looks, one a second (%(default)s)")
    given = options.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        camera, looks = _looks(Path(folder))
        rows, figures = [], {}
        for pictures in (False, True):
            settings = KeepSettings(enabled=True, pictures=pictures)
            one = _run(Path(folder) / str(pictures), settings, camera, looks, round(given.hours * 3600))
            rows.append(["with pictures" if pictures else "without pictures", *one.values()])
            figures |= {f"{key}_{'pictures' if pictures else 'records'}": value for key, value in one.items()}
    header = ["", "hand-over ms", "judging ms", "keeping ms", "kept", "of looks", "bytes a look", "files KB"]
    show("Doubtful looks", header, rows, figures)


def _looks(folder: Path) -> tuple[Camera, list[Followed]]:
    """The clip once through the chain."""
    settings = adhoc_settings(str(CLIP), MODEL, None, {"look": {"every_frame": True}})
    name = next(iter(settings.cameras))
    seen = _Seen()
    with Models(settings.runtime, folder) as models:
        camera = build_camera(settings, name, models, StageClock())
        with Engine([camera], [seen]) as engine:
            engine.run()
    return camera, seen.followed


def _run(
    folder: Path, settings: KeepSettings, camera: Camera, looks: Sequence[Followed], count: int
) -> dict[str, float]:
    """The looks again and again, judged as the daemon's thread judges them, here on this one."""
    doubting = Doubting(folder, settings, {"model": "0" * 64}, 0.6)
    chooser = Chooser(settings, doubting._shelf.open())
    handed, judged, kept = [], [], []
    for number in range(count):
        followed = _at(looks[number % len(looks)], number)
        begun_s = time.perf_counter()
        doubting.seen(camera, followed)
        handed.append(time.perf_counter() - begun_s)
        before, begun_s = doubting.counts.kept, time.thread_time()
        doubting._consider(doubting._queue.get_nowait(), chooser)
        (kept if doubting.counts.kept > before else judged).append(time.thread_time() - begun_s)
    files = list((folder / FOLDER).iterdir())
    size = sum(path.stat().st_size for path in files)
    records = sum(path.suffix == ".json" for path in files)
    shutil.rmtree(folder)
    return {
        "handover_ms": median(handed) * 1e3,
        "judging_ms": median(judged) * 1e3,
        "keeping_ms": median(kept) * 1e3 if kept else 0.0,
        "kept": records,
        "looks": count,
        "bytes_each": size / max(records, 1),
        "kb": size / 1e3,
    }


def _at(followed: Followed, number: int) -> Followed:
    """The same look a second later than the one before."""
    frame = followed.sensed.frame
    moved = replace(frame, t_s=number / CLIP_FPS, utc_ns=START_NS + number * 10**9)
    return replace(followed, sensed=replace(followed.sensed, frame=moved))
