"""Looks that the device is unsure of, from the chains to the disk, beside everything else.

Nothing leaves the device by this; `foresight archive` packs what was kept.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.capture import LOWEST_PRIORITY, Camera
from edge.contracts.clerk import Clerk, Desk
from edge.observer import Observer
from edge.pipeline import Followed
from edge.uncertain.choosing import Chooser
from edge.uncertain.judging import Judge
from edge.uncertain.look import Look
from edge.uncertain.noting import noted
from edge.uncertain.settings import KeepSettings
from edge.uncertain.shelf import Shelf

FOLDER = "uncertain"
WAITING = 4  # looks, each with its picture where pictures are kept
PAUSE_S = 60.0  # after the disk has refused one
CLOSE_S = 5.0
_NO_PIXELS = np.zeros((0, 0, 3), np.uint8)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class DoubtCounts:
    """What has become of the looks since the start."""

    looks: int = 0
    dropped: int = 0  # handed over while the ones before were still being judged
    doubtful: int = 0  # of those that could have been kept
    kept: int = 0
    refused: int = 0  # worth keeping, but for the disk


class Doubting(Clerk[Look], Observer):
    """An observer of the engine. Looks are judged on a thread of the lowest priority. Use as a context manager.

    Args:
        state_dir: where the device keeps its state.
        settings: what is kept, and how much.
        models: SHA-256 by name; may change meanwhile.
        sub_threshold: score from which the second stage's answer counts.
        masks: by camera, the fingerprints of what is blackened in its pictures before they come here.
    """

    def __init__(
        self,
        state_dir: Path,
        settings: KeepSettings,
        models: Mapping[str, str],
        sub_threshold: float,
        masks: Mapping[str, tuple[str, ...]],
    ) -> None:
        fault = "a look could not be judged"
        super().__init__(Desk("doubting", fault, WAITING, close_s=CLOSE_S, nice=LOWEST_PRIORITY, drains=True))
        self._settings, self._models, self._sub_threshold = settings, models, sub_threshold
        self._masks = dict(masks)
        self._shelf = Shelf(state_dir / FOLDER, settings.max_mb * 1_000_000)
        self._numbers: dict[str, int] = {}
        self._judges: dict[str, Judge] = {}
        self._paused_s = 0.0  # until when the disk is left alone
        self.counts = DoubtCounts()

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Hand a look over; where the thread has not done with those before, it is dropped and counted."""
        if not followed.looked:
            return
        frame = followed.sensed.frame
        number = self._numbers[camera.name] = self._numbers.get(camera.name, 0) + 1
        height, width = frame.pixels.shape[:2]
        look = Look(
            camera=camera.name,
            number=number,
            t_s=frame.t_s,
            utc_ns=frame.utc_ns,
            size=(width, height),
            pixels=frame.pixels if self._settings.pictures else _NO_PIXELS,
            masks=self._masks[camera.name],
            labels=camera.chain.labels,
            threshold=camera.knobs.now.threshold,
            detections=followed.detections,
            tracks=followed.tracks,
            opinions=camera.chain.opinions,
            closest=camera.chain.closest,
            sub_threshold=self._sub_threshold,
        )
        self.counts.looks += 1
        self.counts.dropped += not self._put(look)

    def _begin(self) -> bool:
        try:
            self._chooser = Chooser(self._settings, self._shelf.open())
        except OSError as error:
            _log.error("doubtful looks are not kept: %s; correct the folder, and start again", error)
            return False
        return True

    def _end(self) -> None:
        _log.info("doubtful looks: %s", self.counts)

    def _work(self, thing: Look) -> None:
        look, chooser = thing, self._chooser
        judge = self._judges.setdefault(look.camera, Judge(self._settings.near))
        wanted = time.monotonic() >= self._paused_s and chooser.ready(look.camera, look.utc_ns / 1e9)
        judged = judge.step(look, wanted=wanted)
        if judged is None:
            return
        self.counts.doubtful += 1
        doubts = chooser.choose(look.camera, judged.doubts, judged.look.utc_ns / 1e9)
        if not doubts:
            return
        record, jpeg = noted(judged.look, doubts, dict(self._models), self._settings)
        try:
            kept = self._shelf.keep(record, jpeg)
        except OSError as error:
            _log.warning("a doubtful look is not kept: %s; make room, the next is tried in %g s", error, PAUSE_S)
            kept, self._paused_s = False, time.monotonic() + PAUSE_S
        self.counts.kept += kept
        self.counts.refused += not kept
