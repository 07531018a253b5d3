"""Which windows are usual to an auto-encoder, and the limit of what was learnt; with real model files."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.limits import FURTHEST, LIMIT, MOST_FALL, MOST_RISE, Limit, share_of
from edge.contracts.trainable import Weights
from edge.contracts.types import F32, F64, Head
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.checkpoint import Checkpoint, write_checkpoint
from edge.learning.sample import Sample, shapes_of, stacked
from edge.learning.sieve import EverySample, UsualWindows, sieve_of
from edge.learning.standing import EXPORTED
from edge.learning.usual import limit_scores, refitted, squares, told_limit
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.rigs.learning_model import learning_autoencoder, learning_series

WINDOW = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (0.0,), (1.0,), ())
TOLD = Limit(1.0, 0.99)
NONE = np.zeros(8 * 8 + 8, np.float32)
WHOLE = np.concatenate([np.eye(8).ravel(), np.zeros(8)]).astype(np.float32)  # weights that say what they are given
HALF = (0.5 * WHOLE).astype(np.float32)


def window(begin_s: float, root: float, unread: int = 0) -> Sample:
    """One whose error is the square of `root` to a model that says 0."""
    known = np.ones(8, np.float32)
    known[:unread] = 0
    values = np.full((8, 1), root, np.float32)
    values[:unread] = 9.0
    return Sample({"window": values, "known": known}, begin_s, begin_s + 7, "", "", 1.0)


@pytest.fixture
def trainee(tmp_path: Path) -> Iterator[TrainableRuntime]:
    bundle = read_bundle(learning_autoencoder(tmp_path / "a.tflite", WINDOW, limit=TOLD.error))
    with open_trainable(bundle, RuntimeSettings(threads=1)) as made:
        yield made


def errors(trainee: TrainableRuntime, weights: F32, *samples: Sample) -> list[float]:
    found: list[float] = squares(trainee, weights, stacked(samples, shapes_of(trainee.bundle))).tolist()
    return found


def test_an_error_is_a_mean_square_over_what_was_read(trainee: TrainableRuntime) -> None:
    assert errors(trainee, NONE) == []
    assert errors(trainee, NONE, window(0, 1.0), window(1, 2.0), window(2, 2.0, unread=3)) == pytest.approx([1, 4, 4])
    assert errors(trainee, HALF, window(0, 2.0)) == pytest.approx([1.0])
    assert errors(trainee, np.full_like(NONE, 3e38), window(0, 2.0)) == [np.inf]


@pytest.mark.parametrize(
    ("exported", "candidate", "limit"),
    [
        (np.ones(50), np.full(50, 0.3), 0.3),  # three tenths of the errors: three tenths of the limit
        (np.ones(50), np.full(50, 0.01), MOST_FALL),
        (np.full(50, 0.5), np.full(50, 0.25), 0.5),
        (np.full(50, 2.0), np.full(50, 0.8), 0.8),  # half of them would lie above 0.4
        (np.full(50, 0.1), np.full(50, 0.2), MOST_RISE),
        (np.zeros(50), np.zeros(50), MOST_FALL),
        (np.ones(50), np.full(50, np.inf), 1.0),
        (np.ones(1), np.full(1, 0.5), 0.5),
    ],
)
def test_the_limit_is_brought_to_the_candidate(exported: F64, candidate: F64, limit: float) -> None:
    assert refitted(TOLD, exported, candidate) == pytest.approx(limit)


def test_limits_neither_creep_up_nor_down_where_usual_stays_usual() -> None:
    """Round for round only windows below the limit are kept, and the candidate is no better than the one before."""
    dice = np.random.default_rng(1)
    limit = TOLD.error
    for _ in range(30):
        drawn = 0.4 * dice.gamma(4.0, 0.25, 400)
        kept = drawn[drawn < limit]
        limit = refitted(TOLD, kept, 0.5 * kept * dice.uniform(0.9, 1.1, len(kept)) * (limit > 0))
        limit *= 2  # the same in the scale of what was exported
        assert 0.9 < limit < 1.1


def test_only_auto_encoders_have_limits(tmp_path: Path, trainee: TrainableRuntime) -> None:
    held = stacked([window(k, 0.5) for k in range(30)], shapes_of(trainee.bundle))
    nothing = held[np.zeros(0, np.int64)]
    told = told_limit(trainee.bundle)
    assert told == TOLD
    assert limit_scores(trainee, told, (NONE, HALF), (held, held)) == {LIMIT: pytest.approx(0.25)}
    assert limit_scores(trainee, told, (NONE, HALF), (nothing, nothing)) == {}
    series = read_bundle(learning_series(tmp_path / "s.tflite", replace(WINDOW, horizons=(1,))))
    assert told_limit(series) is None
    assert limit_scores(trainee, None, (NONE, HALF), (held, held)) == {}
    assert isinstance(sieve_of(tmp_path, series, NONE, 1.0), EverySample)
    bare = read_bundle(learning_autoencoder(tmp_path / "b.tflite", WINDOW, limit=0.0))
    with pytest.raises(ModelError, match="from which error"):
        sieve_of(tmp_path, bare, NONE, 1.0)


@pytest.mark.parametrize(("score", "share"), [(0.5, 1.0), (0.9, 1.0), (1.0, 1.0), (0.2, 0.25)])
def test_what_is_told_earlier_is_odd_earlier(score: float, share: float) -> None:
    assert share_of(score) == pytest.approx(share)


class Sieving:
    """Sifts windows, each alone, by the weights of one name."""

    def __init__(self, folder: Path, trainee: TrainableRuntime, share: float = 1.0) -> None:
        self.folder, self._trainee = folder, trainee
        self._sieve = UsualWindows(folder, trainee.bundle, NONE, TOLD, share)
        self.serving: tuple[str, F32] = EXPORTED, NONE

    def serve(self, weights: F32, limit: float) -> None:
        bundle = self._trainee.bundle
        state = np.zeros(0, np.float32)
        made = Checkpoint(bundle.sha256, Head.AUTOENCODER, Weights(weights, state), 1, 1, 0.0, {LIMIT: limit})
        self.serving = write_checkpoint(self.folder, made), weights

    def come(self, *samples: Sample) -> tuple[list[float], list[float]]:
        """When those began that are compared, and those that are learnt from."""
        found = [self._sieve.sift(self._trainee, self.serving, [sample]) for sample in samples]
        return _begins([one.compared for one in found]), _begins([one.learnt for one in found])


def _begins(found: Sequence[Sequence[Sample]]) -> list[float]:
    return [sample.begin_s for some in found for sample in some]


@pytest.fixture
def sieving(tmp_path: Path, trainee: TrainableRuntime) -> Sieving:
    return Sieving(tmp_path, trainee)


def test_usual_windows_wait_for_their_length(sieving: Sieving) -> None:
    assert sieving.come() == ([], [])
    assert sieving.come(*(window(k, 0.5) for k in range(20))) == ([*range(20)], [*range(12)])


def test_nothing_is_learnt_that_shares_a_reading_with_what_is_odd(sieving: Sieving) -> None:
    compared, learnt = sieving.come(*(window(k, 2.0 if k == 20 else 0.5) for k in range(60)))
    assert compared == [k for k in range(60) if k != 20]
    assert learnt == [k for k in range(52) if not 13 <= k <= 27]


def test_a_clock_that_was_set_back_does_not_end_learning(sieving: Sieving) -> None:
    sieving.come(window(1e9, 2.0))
    assert sieving.come(*(window(k, 0.5) for k in range(20)))[1] == [*range(12)]


def test_by_what_was_learnt_a_window_is_odd_at_its_own_limit_and_the_exported_go_on_watching(sieving: Sieving) -> None:
    sieving.serve(HALF, 0.5)
    roots = {0: 0.5, 10: 1.2, 20: 1.35, 30: 1.45, 40: 3.0, 50: 0.5, 60: 0.5}  # errors: a quarter of their squares
    compared, learnt = sieving.come(*(window(at, root) for at, root in roots.items()))
    assert compared == [0, 10, 20, 50, 60]  # 1.45 is odd to what was learnt, and to what was exported
    assert learnt == [0, 10, 20, 50]
    assert FURTHEST * TOLD.error == 2.0
    sieving.serve(WHOLE, 0.5)  # which finds nothing odd, ever
    compared, learnt = sieving.come(*(window(100 + at, root) for at, root in roots.items()))
    assert compared == [100 + at for at in roots]
    assert learnt == [60, 100, 110, 120, 150]  # not 1.45, which is beyond twice the file's limit


def test_what_serves_does_not_choose_its_own_judges(sieving: Sieving) -> None:
    """Weights that call everything odd are compared on what is usual to the exported."""
    sieving.serve((-WHOLE).astype(np.float32), 0.1)
    compared, learnt = sieving.come(*(window(10 * k, 0.9) for k in range(5)))
    assert (compared, learnt) == ([0, 10, 20, 30, 40], [])


def test_what_an_alarm_tells_below_the_limit_is_not_learnt(tmp_path: Path, trainee: TrainableRuntime) -> None:
    early = Sieving(tmp_path, trainee, share_of(0.2))
    assert early.come(*(window(10 * k, root) for k, root in enumerate((0.4, 0.6, 0.4, 0.4)))) == (
        [0, 10, 20, 30],
        [0, 20],
    )


def test_where_the_limit_cannot_be_read_the_lowest_counts_and_comparing_goes_on(sieving: Sieving) -> None:
    sieving.serving = "0" * 64, HALF
    roots = {0: 0.9, 10: 1.1, 20: 0.9, 30: 0.9}  # 1.1 squared, halved twice, is above a quarter
    assert sieving.come(*(window(at, root) for at, root in roots.items())) == ([0, 20, 30], [0, 20])
