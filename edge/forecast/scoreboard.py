"""One camera's score of its own forecasters, and who serves by it."""

from collections.abc import Mapping, Sequence

import numpy as np

from edge.contracts.forecast_scores import ForecastStanding, Serving
from edge.contracts.stored import Json
from edge.contracts.told_sigma import WITHIN
from edge.contracts.types import F64
from edge.forecast.judging import Verdict
from edge.forecast.settings import GuardSettings
from edge.forecast.tally import Tally

LEAST_SHARE = 0.5  # of the horizons that must have been compared often enough
STRETCH_RATE = 4.0  # e-folds of the stretch in as many comparisons as are remembered, if every error was within
SWIFTEST = 100  # comparisons that count as remembered from the start
LEAST_STRETCH, MOST_STRETCH = 0.25, 8.0
TALLIES = ("straight", "learned", "ratio")  # as they are kept
JITTER = 0.05  # box heights that nobody can foresee: ratios of smaller errors mean nothing


class Scoreboard:
    """Counts verdicts on the straight line and on the model, and decides which of them serves.

    The model takes over when its mean error, over the horizons with enough comparisons, is smaller by the margin, and
    it is no worse on the typical comparison. The straight line takes over again when the mean error is not smaller any
    more, or the typical comparison worse by the margin: that is soon felt where the scene has changed to one of small
    errors, in whose mean the large ones of before go on counting. Typical is the geometric mean of the ratios.

    A network's sigma is right for what it was trained on; `stretch` (K,) makes it right here. It grows with every error
    beyond one sigma and shrinks with every one within, so that both balance where as many lie within as should.

    Verdicts come on one thread; `standing` may be read on any other.

    Args:
        settings: how much is needed.
        horizons_s: K of them.
        model: name of the model, "" where there is none.
        sha256: of its file.
    """

    def __init__(
        self, settings: GuardSettings, horizons_s: tuple[float, ...], model: str = "", sha256: str = ""
    ) -> None:
        self._settings, self._horizons_s = settings, horizons_s
        self.begin(model, sha256)

    @property
    def serving(self) -> Serving:
        """Whose forecasts are to be told."""
        return self._serving

    def take(self, verdicts: Sequence[Verdict]) -> None:
        """Take in verdicts on the straight line and, as a second row, on the model."""
        memory = self._settings.memory
        for verdict in verdicts:
            for tally, error, cover in zip((self._straight, self._learned), verdict.error, verdict.cover, strict=False):
                tally.add(verdict.horizon, error, cover, memory)
            if len(verdict.error) > 1:
                ratio = np.log((verdict.error[1] + JITTER) / (verdict.error[0] + JITTER))
                self._ratio.add(verdict.horizon, ratio, verdict.cover[1], memory)
                self._stretch(verdict)
        if verdicts:
            self._decide()
            self.standing = self._stands()

    def begin(self, model: str, sha256: str) -> None:
        """Another model takes part from now on: all is counted anew, and the straight line serves meanwhile."""
        self._model, self._sha256 = model, sha256
        self._straight, self._learned, self._ratio = (Tally.empty(len(self._horizons_s)) for _ in TALLIES)
        self._serving, self._trouble = Serving.STRAIGHT, ""
        self.stretch = np.ones(len(self._horizons_s))
        self.standing = self._stands()

    def give_up(self, why: str) -> None:
        """The model does not run: the straight line serves until the next start."""
        self._serving, self._trouble = Serving.STRAIGHT, why
        self.standing = self._stands()

    def _stretch(self, verdict: Verdict) -> None:
        """Robbins and Monro's stochastic approximation (1951) of a quantile, in logarithms."""
        beyond = float((WITHIN - verdict.cover[1]).sum())
        remembered = max(float(self._learned.count[verdict.horizon]), SWIFTEST)
        factor = float(np.exp(STRETCH_RATE / remembered * beyond))
        stretch = self.stretch.copy()  # whoever holds the old one keeps it
        stretch[verdict.horizon] = np.clip(stretch[verdict.horizon] * factor, LEAST_STRETCH, MOST_STRETCH)
        self.stretch = stretch

    def _decide(self) -> None:
        if self._trouble or not self._model:
            return
        enough = self._learned.count >= self._settings.samples
        if enough.mean() < LEAST_SHARE:
            self._serving = Serving.STRAIGHT
            return
        mean = float(self._learned.error[enough].sum()) / max(float(self._straight.error[enough].sum()), 1e-9)
        typical = float(np.exp(self._ratio.error[enough].mean()))
        margin = self._settings.margin
        serves = self._serving is Serving.LEARNED
        better = mean < 1 and typical < 1 + margin if serves else mean < 1 - margin and typical < 1
        self._serving = Serving.LEARNED if better else Serving.STRAIGHT

    def _stands(self) -> ForecastStanding:
        return ForecastStanding(
            serving=self._serving,
            model=self._model,
            sha256=self._sha256,
            trouble=self._trouble,
            straight=self._straight.score(self._horizons_s),
            learned=self._learned.score(self._horizons_s),
        )

    def kept(self) -> Json:
        """What is to outlive a restart."""
        return {
            "sha256": self._sha256,
            "horizons_s": list(self._horizons_s),
            "serving": self._serving.value,
            "straight": _columns(self._straight),
            "learned": _columns(self._learned),
            "ratio": _columns(self._ratio),
            "stretch": self.stretch.tolist(),
        }

    def restore(self, kept: Json) -> None:
        """Go on from what an earlier run kept. That of another model, or of other horizons, is of no use."""
        if not isinstance(kept, Mapping) or kept.get("sha256") != self._sha256:
            return
        if kept.get("horizons_s") != list(self._horizons_s):
            return
        read = [_tally(kept.get(name), len(self._horizons_s), self._settings.memory) for name in TALLIES]
        tallies = [tally for tally in read if tally is not None]
        stretch = _numbers(kept.get("stretch"), (len(self._horizons_s),))
        if len(tallies) < len(TALLIES) or stretch is None:
            return
        self.stretch = np.clip(stretch, LEAST_STRETCH, MOST_STRETCH)
        self._straight, self._learned, self._ratio = tallies
        learned = kept.get("serving") == Serving.LEARNED and bool(self._model)
        self._serving = Serving.LEARNED if learned else Serving.STRAIGHT
        self._decide()
        self.standing = self._stands()


def _columns(tally: Tally) -> Json:
    return [tally.count.tolist(), tally.error.tolist(), tally.cover.tolist()]


def _tally(kept: Json, horizons: int, memory: int) -> Tally | None:
    """What `_columns` gave; None of anything else."""
    columns = _numbers(kept, (3, horizons))
    if columns is None or columns[::2].min(initial=0) < 0:
        return None
    return Tally(np.minimum(columns[0], memory), columns[1], np.minimum(columns[2], 1.0))


def _numbers(kept: Json, shape: tuple[int, ...]) -> F64 | None:
    """Finite numbers of a shape; None of anything else."""
    try:
        numbers: F64 = np.array(kept, np.float64)
    except (OverflowError, TypeError, ValueError):
        return None
    return numbers if numbers.shape == shape and np.isfinite(numbers).all() else None
