"""Flow maps out of samples: how much is believed of how many, who tells nothing, and what is bounded."""

import numpy as np
import pytest

from edge.contracts.flow_kernel import kernel, terms
from edge.contracts.flow_map import ANCHORS, FlowMap, motions, numbers_of
from edge.contracts.types import F32, F64, Mask
from edge.contracts.windows import TrackWindow
from edge.learning.flow import MOST, NOISE, WILD, Regression
from edge.learning.measure import KNOWN
from edge.learning.sample import PLACE, Batch

S, HORIZONS_S = 4, (0.5, 2.0)
K = len(HORIZONS_S)
WINDOW = TrackWindow(4, S, 0.5, HORIZONS_S, 1, (), 0)


def going(x: float, y: float = 0.0, direction: float = 0.0, speed: float = 1.0) -> list[float]:
    """One who is a metre long, and went straight on."""
    cos, sin = float(np.cos(direction)), float(np.sin(direction))
    return [x, y, speed * cos, speed * sin, 1.0, 1.0, cos, sin, *[0.5 * speed, 0.0] * S]


def anyone(random: np.random.Generator) -> list[float]:
    x, y = random.uniform(-4, 4, 2)
    return going(x, y, random.uniform(-3, 3), random.uniform(0.5, 2))


def placed(rows: list[list[float]]) -> F32:
    return np.array(rows, np.float32).reshape(-1, 8 + 2 * S)


def made(
    rows: list[list[float]],
    residual: F64 | list[float],
    known: Mask | None = None,
    stands: list[float] | None = None,
    group: list[str] | None = None,
) -> FlowMap:
    """A map of samples; of a residual of one number that is how far ahead they were, at all horizons."""
    place, n = placed(rows), len(rows)
    off = np.asarray(residual, np.float64)
    if off.ndim == 1:
        ahead = np.stack([np.tile(off[:, None], (1, K)), np.zeros((n, K))], axis=2)
        off = np.einsum("nka,nab->nkb", ahead, _turns(place))
    arrays = {PLACE: place, KNOWN: (np.ones((n, K)) if known is None else known).astype(np.float32)}
    batch = Batch(arrays, np.ones(n), np.zeros(n), group or [""] * n, np.array(stands or [1.0] * n))
    return regression(batch).flow_map(off)


def regression(batch: Batch) -> Regression:
    return Regression(batch, np.array(HORIZONS_S), 0.0)


def _turns(place: F32) -> F64:
    """(n, 2, 2) from along and across to the axes."""
    cos, sin = place[:, 6].astype(np.float64), place[:, 7].astype(np.float64)
    return np.stack([np.stack([cos, sin], axis=1), np.stack([-sin, cos], axis=1)], axis=1)


def told(flow: FlowMap, *who: list[float]) -> list[float]:
    """How far east each is shifted at the last horizon."""
    return [float(x) for x in flow.shift(placed(list(who)))[:, -1, 0]]


def share(samples: float) -> float:
    """What is believed of so many who all say the same of one place: the kernel of the same is 2."""
    return samples / (samples + NOISE / 2)


def test_of_nothing_comes_an_empty_map() -> None:
    found = made([], np.zeros((0, K, 2)))
    assert (len(found), found.pull.shape) == (0, (0, K, 2))
    assert found.numbers().shape == (numbers_of(WINDOW),)
    assert told(found, going(0)) == [0.0]


def test_who_stands_tells_nothing_and_is_told_nothing() -> None:
    assert len(made([going(0, speed=0.1)], [5.0])) == 0
    assert told(made([going(0)] * 50, [1.0] * 50), going(0, speed=0.1)) == [0.0]


@pytest.mark.parametrize("count", [1, 5, 100])
def test_the_more_have_said_it_the_more_it_is_believed(count: int) -> None:
    found = made([going(3)] * count, [1.0] * count)
    assert len(found) == 1
    assert told(found, going(3)) == pytest.approx([share(count)], rel=1e-4)


def test_where_they_disagree_it_is_their_mean() -> None:
    assert told(made([going(3)] * 4, [1.0, 2.0, 0.0, -1.0]), going(3)) == pytest.approx([0.5 * share(4)], rel=1e-4)


def test_each_counts_as_many_as_he_stands_for() -> None:
    """Kinds are kept in equal shares; how often they really come weighs."""
    found = made([going(3)] * 4, [1.0, 1.0, -1.0, -1.0], stands=[3.0, 3.0, 1.0, 1.0])
    assert told(found, going(3)) == pytest.approx([0.5 * share(4)], rel=1e-4)
    equal = made([going(3)] * 4, [1.0, 1.0, -1.0, 0.0], stands=[7.0] * 4)
    assert told(equal, going(3)) == pytest.approx([0.25 * share(4)], rel=1e-4)


def test_a_place_that_stands_for_few_is_believed_less() -> None:
    found = made([going(0), going(100)] * 10, [1.0] * 20, stands=[1.5, 0.5] * 10)
    assert told(found, going(0), going(100)) == pytest.approx([share(15), share(5)], rel=1e-4)


def test_it_is_the_gaussian_process_where_every_sample_has_an_anchor() -> None:
    random = np.random.default_rng(1)
    rows = [anyone(random) for _ in range(60)]
    new = [anyone(random) for _ in range(20)]
    ahead = random.normal(0, 0.3, 60)
    motion, place = motions(placed(rows)), placed(new)
    speed = np.hypot(*placed(rows)[:, 2:4].T)
    covariance = kernel(motion, terms(motion)) + NOISE * np.eye(60)
    expected = kernel(motions(place), terms(motion)) @ np.linalg.solve(covariance, ahead / speed)
    found = made(rows, ahead)
    assert len(found) == 60
    along = (found.shift(place)[:, -1] * place[:, 2:4]).sum(axis=1) / np.hypot(*place[:, 2:4].T) ** 2
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(along, expected, atol=1e-5)


def test_only_who_comes_to_the_doorway_the_same_way_is_shifted() -> None:
    found = made([going(x / 10) for x in range(50)], [1.0] * 50)
    here, beyond, back, across = told(found, going(2), going(60), going(2, direction=np.pi), going(2, 0, np.pi / 2))
    assert here > 0.7
    assert abs(beyond) < 1e-6
    assert abs(back) < 0.02
    assert abs(across) < 0.1


def test_what_was_not_known_any_more_grows_on_in_proportion_to_time() -> None:
    known = np.array([[True, False]] * 20)
    off = np.tile(np.array([[0.1, 0.0], [np.nan, np.inf]]), (20, 1, 1))
    found = made([going(3)] * 20, off, known).shift(placed([going(3)]))
    np.testing.assert_allclose(found[0, :, 0], np.array([0.1, 0.4]) * share(20), rtol=1e-4)
    assert np.isfinite(found).all()


def test_of_whom_less_than_half_is_known_tells_nothing() -> None:
    assert len(made([going(3)], [1.0], np.array([[False, False]]))) == 0


@pytest.mark.parametrize(("off", "counts_as"), [(1.0, 1.0), (2 * WILD, WILD), (1e6, WILD), (-1e30, -WILD)])
def test_who_was_wildly_elsewhere_counts_as_the_farthest_that_is_believed(off: float, counts_as: float) -> None:
    """A track that jumped to another man. A way of one second is one metre here."""
    assert told(made([going(3)] * 20, [off] * 20), going(3)) == pytest.approx([counts_as * share(20)], rel=1e-4)
    faster = told(made([going(3, speed=2.0)] * 20, [off] * 20), going(3, speed=2.0))
    assert faster == pytest.approx([float(np.clip(off, -2 * WILD, 2 * WILD)) * share(20)], rel=1e-4)


def test_of_more_places_than_there_are_anchors_as_many_are_told_of() -> None:
    rows = [going(100.0 * x) for x in range(ANCHORS + 76)]
    found = made(rows, [1.0] * len(rows))
    assert len(found) == ANCHORS
    assert len(set(found.anchor[:, 0])) == ANCHORS
    assert len(FlowMap.of(found.numbers(), WINDOW)) == ANCHORS


def test_the_newest_samples_are_told_of_where_there_are_too_many() -> None:
    rows = [going(0)] * 50 + [going(100)] * MOST
    assert told(made(rows, [1.0] * len(rows)), going(0), going(100)) == pytest.approx([0.0, share(MOST)], rel=1e-3)


def test_long_tracks_are_thinned_before_short_ones_are_forgotten() -> None:
    """Of each the first, the third, ...: who came by before is still told of."""
    rows = [going(0)] * 4 + [going(100)] * MOST
    group = ["short"] * 4 + ["long"] * MOST
    found = told(made(rows, [1.0] * len(rows), group=group), going(0), going(100))
    assert found == pytest.approx([share(2), share(MOST / 2)], rel=1e-3)


def test_one_regression_serves_every_set_of_weights() -> None:
    """Where they were does not depend on the weights; what was foreseen does."""
    place = placed([going(0), going(10), going(3, 1, 1.0)])
    arrays = {PLACE: place, KNOWN: np.ones((3, K), np.float32)}
    regression = Regression(Batch(arrays, np.ones(3), np.zeros(3), [""] * 3, np.ones(3)), np.array(HORIZONS_S), 0.0)
    assert len(regression) == 3
    one, other = (regression.flow_map(np.full((3, K, 2), off)) for off in (0.5, 1.0))
    np.testing.assert_allclose(one.anchor, other.anchor)
    np.testing.assert_allclose(2 * one.pull, other.pull)


def walkers(tracks: int, each: int = 5) -> Batch:
    """Who walk along one line one after another."""
    random, n = np.random.default_rng(3), tracks * each
    rows = [going(at, random.uniform(-1, 1)) for _ in range(tracks) for at in range(each)]
    group = [f"t{track}" for track in range(tracks) for _ in range(each)]
    arrays = {PLACE: placed(rows), KNOWN: np.ones((n, K), np.float32)}
    return Batch(arrays, np.ones(n), np.zeros(n), group, np.ones(n))


def test_by_itself_nobody_is_told_anything() -> None:
    for tracks in (0, 1):
        batch = walkers(tracks)
        regression = Regression(batch, np.array(HORIZONS_S), 0.0)
        assert not regression.crossed(np.ones((len(batch), K, 2))).any()


@pytest.mark.parametrize("tracks", [2, 8, 30])
def test_what_a_block_of_time_says_is_not_told_to_its_own_tracks(tracks: int) -> None:
    batch = walkers(tracks)
    regression, n = Regression(batch, np.array(HORIZONS_S), 0.0), len(batch)
    off = np.random.default_rng(4).normal(0, 0.2, (n, K, 2))
    before = regression.crossed(off)
    own = np.array(batch.group) == batch.group[n // 2]
    off[own] += 1.0
    after = regression.crossed(off)
    np.testing.assert_allclose(after[own], before[own], atol=1e-9)
    assert (np.abs(after[~own] - before[~own]) > 1e-3).any()
    assert np.abs(regression.flow_map(off).shift(batch.arrays[PLACE])[own] - after[own]).max() > 1e-3


def test_where_all_say_the_same_each_block_is_told_it_by_the_others() -> None:
    batch = walkers(40)
    crossed = Regression(batch, np.array(HORIZONS_S), 0.0).crossed(np.full((len(batch), K, 2), 0.5))
    assert (np.abs(crossed - 0.5) < 0.1).all()


def batch_of(rows: list[list[float]], group: list[str]) -> Batch:
    n = len(rows)
    return Batch({PLACE: placed(rows), KNOWN: np.ones((n, K), np.float32)}, np.ones(n), np.zeros(n), group, np.ones(n))


def test_what_is_only_noise_does_not_look_learnt_by_blocks_of_time() -> None:
    """A map is told by blocks that it is not made of: on noise it is a little worse than none, and never better."""
    random = np.random.default_rng(3)
    rows = [anyone(random) for _ in range(400)]
    found, noise = regression(batch_of(rows, [f"{row}" for row in range(400)])), random.normal(0, 0.5, (400, K, 2))
    fitted = ((noise - found.flow_map(noise).shift(placed(rows))) ** 2).mean()
    crossed = ((noise - found.crossed(noise)) ** 2).mean()
    assert fitted < 0.95 * (noise**2).mean() < (noise**2).mean() <= crossed


def test_what_is_so_in_every_block_of_time_is_told_by_the_others() -> None:
    rows = [going(0.01 * row) for row in range(160)]
    shifted = np.tile([0.0, 0.5], (160, K, 1))
    found = regression(batch_of(rows, [f"{row}" for row in range(160)])).crossed(shifted)
    np.testing.assert_allclose(found, shifted, atol=0.05)


def test_a_track_tells_nothing_of_itself() -> None:
    """One who goes aside where nobody else was is not foreseen by the others, however many samples there are of it."""
    rows = [going(0.0)] * 40 + [going(50.0)] * 40
    aside = np.zeros((80, K, 2))
    aside[40:, :, 1] = 0.5
    group = [f"{row}" for row in range(40)] + ["one"] * 40
    found = regression(batch_of(rows, group))
    assert np.abs(found.crossed(aside)).max() < 0.01
    assert found.flow_map(aside).shift(placed(rows))[-1, -1, 1] > 0.3


def test_one_whose_name_breaks_at_a_border_of_blocks_tells_nothing_of_itself() -> None:
    """Two names of one object, at the same time as far as a sample reaches: neither block tells of the other."""
    rows, n = [going(30.0 * (row // 20)) for row in range(160)], 160
    aside = np.repeat(np.random.default_rng(5).normal(0, 0.5, (8, 1, 2)), 20, axis=0) * np.ones((1, K, 1))
    begin_s = np.arange(n, dtype=np.float64)
    arrays = {PLACE: placed(rows), KNOWN: np.ones((n, K), np.float32)}
    batch = Batch(arrays, np.ones(n), begin_s, [f"{(row + 10) // 20}" for row in range(n)], np.ones(n))
    apart, beside = (Regression(batch, np.array(HORIZONS_S), span_s).crossed(aside) for span_s in (15.0, 0.0))
    assert np.abs(apart).max() < 0.2 * np.abs(beside).max()


def test_objects_of_many_lengths_make_no_wild_map() -> None:
    random = np.random.default_rng(7)
    rows = [going(float(x), float(y), float(d)) for x, y, d in random.uniform(-6, 6, (600, 3))]
    for row in rows[::10]:
        row[4] = 7.0  # a van among people
        row[2], row[3] = 3 * row[2], 3 * row[3]
    bend = np.stack([np.sin(placed(rows)[:, :1]), np.cos(placed(rows)[:, 1:2])], axis=2) * np.ones((1, K, 1)) * 0.3
    residual = bend + random.normal(0, 0.3, (600, K, 2))
    found = made(rows, residual)
    left = residual - found.shift(placed(rows))
    assert (left**2).mean() < (residual**2).mean()
    assert np.abs(found.pull).max() < 20


def test_a_regression_without_a_solution_shifts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsolvable(*_: F64) -> F64:
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(np.linalg, "solve", unsolvable)
    rows = [going(float(x)) for x in range(20)]
    assert told(made(rows, [0.5] * 20), going(3.0)) == [0.0]
