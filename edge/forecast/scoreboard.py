"""One camera's score of its own forecasters, and who serves by it."""

from collections.abc import Mapping, Sequence

import numpy as np

from edge.contracts.forecast_scores import ForecastStanding, Serving
from edge.contracts.stored import Json
from edge.contracts.types import F64
from edge.forecast.judging import Verdict
from edge.forecast.settings import GuardSettings
from edge.forecast.tally import Tally

LEAST_SHARE = 0.5  # of the horizons that must have been compared often enough


class Scoreboard:
    """Counts verdicts on the straight line and on the model, and decides which of them serves.

    The model takes over when its mean error, over the horizons with enough comparisons, is smaller by the margin; the
    straight line takes over again when it is not smaller any more. Verdicts come on one thread; `standing` may be read
    on any other.

    Args:
        settings: how much is needed.
        horizons_s: K of them.
        model: name of the model, "" where there is none.
        sha256: of its file.
    """

    def __init__(
        self, settings: GuardSettings, horizons_s: tuple[float, ...], model: str = "", sha256: str = ""
    ) -> None:
        self._settings, self._horizons_s, self._model, self._sha256 = settings, horizons_s, model, sha256
        self._straight, self._learned = Tally.empty(len(horizons_s)), Tally.empty(len(horizons_s))
        self._serving, self._trouble = Serving.STRAIGHT, ""
        self.standing = self._stands()

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
        if verdicts:
            self._decide()
            self.standing = self._stands()

    def give_up(self, why: str) -> None:
        """The model does not run: the straight line serves until the next start."""
        self._serving, self._trouble = Serving.STRAIGHT, why
        self.standing = self._stands()

    def _decide(self) -> None:
        if self._trouble or not self._model:
            return
        enough = self._learned.count >= self._settings.samples
        if enough.mean() < LEAST_SHARE:
            self._serving = Serving.STRAIGHT
            return
        ratio = float(self._learned.error[enough].sum()) / max(float(self._straight.error[enough].sum()), 1e-9)
        limit = 1.0 if self._serving is Serving.LEARNED else 1 - self._settings.margin
        self._serving = Serving.LEARNED if ratio < limit else Serving.STRAIGHT

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
        }

    def restore(self, kept: Json) -> None:
        """Go on from what an earlier run kept. That of another model, or of other horizons, is of no use."""
        if not isinstance(kept, Mapping) or kept.get("sha256") != self._sha256:
            return
        if kept.get("horizons_s") != list(self._horizons_s):
            return
        tallies = [_tally(kept.get(name), len(self._horizons_s), self._settings.memory) for name in _TALLIES]
        if tallies[0] is None or tallies[1] is None:
            return
        self._straight, self._learned = tallies[0], tallies[1]
        learned = kept.get("serving") == Serving.LEARNED and bool(self._model)
        self._serving = Serving.LEARNED if learned else Serving.STRAIGHT
        self._decide()
        self.standing = self._stands()


_TALLIES = ("straight", "learned")


def _columns(tally: Tally) -> Json:
    return [tally.count.tolist(), tally.error.tolist(), tally.cover.tolist()]


def _tally(kept: Json, horizons: int, memory: int) -> Tally | None:
    """What `_columns` gave; None of anything else."""
    try:
        columns: F64 = np.array(kept, np.float64)
    except (TypeError, ValueError):
        return None
    if columns.shape != (3, horizons) or not np.isfinite(columns).all() or columns.min(initial=0) < 0:
        return None
    return Tally(np.minimum(columns[0], memory), columns[1], np.minimum(columns[2], 1.0))
