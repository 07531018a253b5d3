"""What the benchmark of ETH/UCY learns from, and with which settings: fixed here, the same for every scene."""

import functools
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.contracts.track_windows import Answer
from edge.contracts.types import F32
from edge.contracts.windows import TrackWindow
from tests.rigs.eth_ucy import learnt_from, published, read, resampled
from tests.rigs.eth_ucy import window as protocol_window
from trainer.forecaster.calibration import calibrate
from trainer.forecaster.distilling import distil, ensemble_path
from trainer.forecaster.measures import measure
from trainer.forecaster.network import answers
from trainer.forecaster.samples import Samples, joined
from trainer.forecaster.settings import (
    ForecasterEnsemble,
    ForecasterLoss,
    ForecasterNetwork,
    ForecasterRecipe,
    ForecasterTraining,
)
from trainer.forecaster.training import train_forecaster

NEIGHBOURS, MODES = 8, 3
BALANCE = 0.5  # a scene's chance to be learnt from goes by its windows to the power of 1 - this
LEARNT_FROM = 120_000  # windows, drawn by these chances
FIRST_TEACHER = 101  # seed; students count from 1


@dataclass(frozen=True, slots=True)
class Copy:
    """The training recordings, changed."""

    rate: float  # so many times faster
    phase: float  # of the grid of time, in frames
    noise_m: float  # on what is observed, one standard deviation
    chance: float  # of its windows, beside those of the other copies


COPIES = (
    Copy(1.0, 0.0, 0.0, 3.0),
    Copy(1.0, 0.0, 0.03, 1.0),
    Copy(1.25, 0.0, 0.02, 0.7),
    Copy(1.5, 0.25, 0.02, 0.7),
    Copy(1.75, 0.5, 0.02, 0.7),
    Copy(2.0, 0.0, 0.02, 0.7),
    Copy(2.0, 1.0, 0.0, 1.0),
)
SCENE_OF = {
    "biwi_eth": "eth",
    "biwi_hotel": "hotel",
    "students001": "univ",
    "students003": "univ",
    "crowds_zara01": "zara1",
    "crowds_zara02": "zara2",
}  # what is not named here counts as one scene more


class Learnt(NamedTuple):
    """A network of one seed."""

    model: Any
    validation: float  # ADE of the validation part, metres


def window() -> TrackWindow:
    """What the network takes and answers."""
    return protocol_window(NEIGHBOURS, MODES)


def recipe(steps: int, seed: int) -> ForecasterRecipe:
    """All settings."""
    return ForecasterRecipe(
        network=ForecasterNetwork(units=32, hidden=64, directions=False),
        loss=ForecasterLoss(distance=1.0, winner=0.2, likelihood=0.02),
        training=ForecasterTraining(steps=steps, batch=512, rate=3e-3, seed=seed),
        ensemble=ForecasterEnsemble(share=0.5),
    )


@functools.cache
def library(data: Path) -> "Library":
    """One for all scenes that a process learns."""
    return Library(data)


class Library:
    """Recordings in the network's terms; each file is encoded once, though four splits learn from it."""

    def __init__(self, data: Path) -> None:
        self._data, self._known = data, dict[tuple[str, Copy], Samples]()

    def train(self, scene: str, seed: int) -> Samples:
        """Of the split that leaves `scene` out: drawn by chance from all copies of all its training files."""
        files = self._files(scene, "train")
        parts = [
            (self._copy(file, copy), SCENE_OF.get(_stem(file), "more"), copy.chance)
            for file in files
            for copy in COPIES
        ]
        total: dict[str, float] = {}
        for part, of, chance in parts:
            total[of] = total.get(of, 0.0) + chance * len(part)
        expected = np.array([chance * len(part) * total[of] ** -BALANCE for part, of, chance in parts])
        counts = np.ceil(LEARNT_FROM * expected / expected.sum()).astype(int)
        random = np.random.default_rng(seed)
        return joined(
            [part[_some(random, len(part), count)] for (part, _, _), count in zip(parts, counts, strict=True)]
        )

    def validation(self, scene: str) -> Samples:
        """Social-GAN's windows of the validation files."""
        seen = [one for file in self._files(scene, "val") for one in published(read(file))]
        return learnt_from(iter(seen), window())

    def _files(self, scene: str, part: str) -> list[Path]:
        return sorted((self._data / "eth_ucy" / scene / part).glob("*.txt"))

    def _copy(self, file: Path, copy: Copy) -> Samples:
        key = (file.name, copy)
        if key not in self._known:
            random = np.random.default_rng(zlib.crc32(f"{file.name} {copy}".encode()))
            changed = resampled(read(file), copy.rate, copy.phase, copy.noise_m, random)
            self._known[key] = learnt_from(changed, window())
        return self._known[key]


def learn(train: Samples, validation: Samples, settings: ForecasterRecipe, teachers: Sequence[Any] = ()) -> Learnt:
    """One network, of teachers or by itself: the weights chosen and sigma calibrated by the validation part."""
    with tempfile.TemporaryDirectory(prefix="foresight-forecast-") as name:
        folder = Path(name)
        if teachers:
            model = distil(teachers, settings, window(), train, validation, folder, lambda *_: None).model
        else:
            model = train_forecaster(settings, window(), train, validation, folder, lambda *_: None).model
    calibrate(model, validation)
    return Learnt(model, measure(answers(model, validation.x), validation).ade)


def together(teachers: Sequence[Any], x: F32) -> Answer:
    """What the teachers would say as an ensemble; of sigma it says nothing."""
    n, k = len(x), len(window().horizons_s)
    asked = Samples(x, np.zeros((n, k, 2), np.float32), np.ones((n, k), np.float32))
    mean = np.mean([ensemble_path(teacher, asked, window()) for teacher in teachers], axis=0)
    return Answer(np.zeros((n, 1)), mean[:, None], np.zeros((n, 1, k)))


def _some(random: np.random.Generator, many: int, count: int) -> np.ndarray:
    """So many rows by chance: each as often as the others, give or take one."""
    whole = np.tile(np.arange(many), count // many)
    return np.concatenate([whole, random.permutation(many)[: count - len(whole)]])


def _stem(file: Path) -> str:
    return file.stem.removesuffix("_train").removesuffix("_val")
