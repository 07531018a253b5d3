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
        rows: list[list[object]] = []
        figures: dict[str, float] = {}
        for pictures in (False, True):
            settings = KeepSettings(enabled=True, pictures=pictures)
            one = _run(Path(folder) / str(pictures), settings, camera, looks, round(given.hours * 3600))
            rows.append(["with pictures" if pictures else "without pictures", *one.values()])
            figures |= {f"{key}_{'pictures' if pictures else 'records'}": value for key, value in one.items()}
    header = ["", "hand-over ms", "passed ms", "judged ms", "kept ms", "mean ms", "looks", "kept", "bytes each"]
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
    doubting = Doubting(folder, settings, {"model": "0" * 64}, 0.6, {camera.name: ()})
    assert doubting._begin()
    spent: dict[str, list[float]] = {"handed": [], "passed": [], "judged": [], "kept": []}
    for number in range(count):
        followed, before = _at(looks[number % len(looks)], number), replace(doubting.counts)
        begun_s = time.perf_counter()
        doubting.seen(camera, followed)
        spent["handed"].append(time.perf_counter() - begun_s)
        begun_s = time.thread_time()
        doubting._work(doubting._things.popleft())
        after = doubting.counts
        what = "kept" if after.kept > before.kept else "judged" if after.doubtful > before.doubtful else "passed"
        spent[what].append(time.thread_time() - begun_s)
    files = list((folder / FOLDER).iterdir())
    size = sum(path.stat().st_size for path in files)
    records = sum(path.suffix == ".json" for path in files)
    shutil.rmtree(folder)
    cost = {f"{what}_ms": median(times) * 1e3 if times else 0.0 for what, times in spent.items()}
    mean = sum(map(sum, (spent["passed"], spent["judged"], spent["kept"]))) / count * 1e3
    return {**cost, "mean_ms": mean, "looks": count, "kept": records, "bytes_each": size / max(records, 1)}


def _at(followed: Followed, number: int) -> Followed:
    """The same look a second later than the one before."""
    frame = followed.sensed.frame
    moved = replace(frame, t_s=number / CLIP_FPS, utc_ns=START_NS + number * 10**9)
    return replace(followed, sensed=replace(followed.sensed, frame=moved))
