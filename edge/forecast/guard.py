"""Forecasts by whichever forecaster serves, while all of them are held against what happens."""

import logging
import time

import numpy as np

from edge.contracts import boxes
from edge.contracts.errors import ModelError
from edge.contracts.forecast_scores import Serving
from edge.contracts.types import F32, F64, Forecasts, Tracks
from edge.forecast.forecaster import Forecaster
from edge.forecast.judging import MOST_TRACKS, Judge, Said, Seen
from edge.forecast.learned import LearnedForecaster, Spoken
from edge.forecast.scoreboard import Scoreboard
from edge.forecast.settings import ForecastSettings

ASK_EVERY_S = 0.19  # every second look of a camera at 10 fps, every sixth at 30
ASK_AT_LEAST_S = 0.49  # where nothing comes nor turns
LEAST_SEEN_S = 0.5  # an object seen for less has no velocity yet, and is no test of anybody
_log = logging.getLogger(__name__)


class GuardedForecaster:
    """The straight line, and the model where it has proven to be better.

    Where it serves it is asked five times a second, or twice where no object comes, goes or turns; in between what it
    said moves on with the tracks. Where it has
    not proven itself yet it runs in the shadow: only on the moments that are kept to be compared, and seldom enough to
    take no more than its share of the processor.

    Args:
        settings: of this camera.
        board: its score.
        aspect: width / height of the frame in pixels.
        straight: serves wherever nothing better does.
        learned: the model; None where there is none.
    """

    def __init__(
        self,
        settings: ForecastSettings,
        board: Scoreboard,
        aspect: float,
        straight: Forecaster,
        learned: LearnedForecaster | None,
    ) -> None:
        self._board, self._straight, self._learned, self._settings = board, straight, learned, settings
        self._model, self._sha256 = learned, learned.bundle.sha256 if learned else ""
        self._judge = Judge(settings.horizons_s, settings.guard.every_s)
        self._share = settings.guard.share
        self._axes = np.array([aspect, 1.0], np.float32)
        self._fractions = np.float32(np.sqrt(0.5 + 0.5 / aspect**2))
        self._last: tuple[Tracks, float] | None = None  # the look before
        self._asked_s, self._rest_s = -np.inf, -np.inf  # when it was asked, and until when the shadow is not

    def step(self, tracks: Tracks, t_s: float) -> Forecasts:
        """Forecasts after a look at `t_s`."""
        if self._model is not None and self._model.bundle.sha256 != self._sha256:
            self._begin(self._model)
        plain = self._straight.forecast(tracks)
        last, self._last = self._last, (tracks, t_s)
        if last is not None and self._judge.ripe(t_s):
            self._board.take(self._judge.see(self._seen(*last), self._seen(tracks, t_s)))
        due = self._judge.due(t_s)
        serves = self._board.serving is Serving.LEARNED
        ask = due or self._stale(tracks, t_s) if serves else due and t_s >= self._rest_s
        spoken = self._spoken(tracks, plain, t_s) if ask else None
        if due and (spoken is not None or self._learned is None):
            self._keep(tracks, plain, spoken, t_s)
        if not serves:
            return plain
        return spoken.forecasts if spoken is not None else self._again(tracks, plain)

    def forecast(self, tracks: Tracks) -> Forecasts:
        """Forecasts between looks: nothing is learnt from them."""
        plain = self._straight.forecast(tracks)
        return self._again(tracks, plain) if self._board.serving is Serving.LEARNED else plain

    def _begin(self, model: LearnedForecaster) -> None:
        """Another model was put in the place of the one before: it has to prove itself."""
        self._learned, self._sha256 = model, model.bundle.sha256
        self._judge = Judge(self._settings.horizons_s, self._settings.guard.every_s)
        self._board.begin(model.bundle.name, self._sha256)

    def _stale(self, tracks: Tracks, t_s: float) -> bool:
        """Whether what the model said is of no use any more."""
        since_s = t_s - self._asked_s
        if self._learned is None or since_s < ASK_EVERY_S:
            return False
        return since_s >= ASK_AT_LEAST_S or self._learned.turned(tracks)

    def _again(self, tracks: Tracks, plain: Forecasts) -> Forecasts:
        return self._learned.again(tracks, plain) if self._learned else plain

    def _spoken(self, tracks: Tracks, plain: Forecasts, t_s: float) -> Spoken | None:
        """What the model says; None where it cannot be asked."""
        if self._learned is None:
            return None
        start_s = time.perf_counter()
        try:
            spoken = self._learned.speak(tracks, plain, self._board.stretch)
        except ModelError as error:
            _log.error("straight lines serve from now on: %s", error)
            self._learned = None
            self._board.give_up(str(error))
            return None
        self._asked_s, self._rest_s = t_s, t_s + (time.perf_counter() - start_s) / self._share
        return spoken

    def _keep(self, tracks: Tracks, plain: Forecasts, spoken: Spoken | None, t_s: float) -> None:
        """Remember what was said of objects on which all forecasters have a word of their own."""
        wanted = (tracks.lost_s == 0) & (tracks.seen_s >= LEAST_SEEN_S)
        rows = np.flatnonzero(wanted if spoken is None else wanted & spoken.own)
        rows = rows[:: -(-len(rows) // MOST_TRACKS) or 1]
        said = [plain] if spoken is None else [plain, spoken.forecasts]
        centre = np.stack([self._in_heights(one.box[rows]) for one in said])
        sigma = np.stack([one.sigma[rows] / self._fractions for one in said]).astype(np.float64)
        scale = boxes.size(tracks.box[rows])[:, 1].astype(np.float64)
        self._judge.keep(Said(t_s, tracks.id[rows], scale, centre, sigma))

    def _seen(self, tracks: Tracks, t_s: float) -> Seen:
        """Where the detector saw them, which favours nobody: not what the tracker made of it."""
        now = tracks.lost_s == 0
        return Seen(t_s, tracks.id[now], self._in_heights(tracks.history[now, -1]))

    def _in_heights(self, box: F32) -> F64:
        """Centres of boxes in frame heights."""
        return (boxes.centre(box) * self._axes).astype(np.float64)
