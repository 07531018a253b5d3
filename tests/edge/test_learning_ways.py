"""Ways of a candidate: at a doorway a flow map learns what weights cannot, and what was held out chooses."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F32, Mask
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.fitting import Fit, fit
from edge.learning.learnt import errors_with, flow, network
from edge.learning.round import NEVER_S, Material, adapt
from edge.learning.sample import PLACE, Batch, Sample, joined, shapes_of, stacked
from edge.learning.ways import LEAST, NONE, ONLY_MAP, SHARES, Way, Ways, between, first_half
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from tests.edge.test_learning_series import come, wave
from tests.rigs.learning_model import learning_series
from tests.rigs.strollers import samples, through_the_doorway
from tests.rigs.trainee import LinearTrainee, learning_bundle

BUNDLE = learning_bundle()
SHAPES = shapes_of(BUNDLE)
BASE = LinearTrainee().weights().weights
HOW = Fit(rate=0.05, epochs=10, pull=0.0)
PERIOD_S, SPAN_S = 40.0, 40 / 6


def batch(given: list[Sample]) -> Batch:
    return stacked(given, SHAPES)


@cache
def seen() -> Batch:
    return batch(through_the_doorway(240.0, 1))


@cache
def held() -> Batch:
    return batch(through_the_doorway(160.0, 2, begin_s=2000.0))


@cache
def trained() -> F32:
    return fit(LinearTrainee(), BASE, seen(), batch([]), HOW, lambda: True).weights


def ways(learnt_from: Batch, of: Batch, first: Mask | None = None) -> Ways:
    half = first_half(of, PERIOD_S) if first is None else first
    return Ways(LinearTrainee(), BASE, trained(), learnt_from, (of, half))


def mean(way: Way, found: Ways, of: Batch) -> float:
    return float(errors_with(LinearTrainee(), found.learnt(way), of).mean())


def test_of_nothing_that_was_seen_and_nothing_held_out_comes_the_least_way() -> None:
    found = ways(batch([]), batch([]))
    assert found.lesser() == LEAST
    assert found.judged().shape == found.base.shape == (0,)


def test_where_everyone_turns_at_one_doorway_the_map_learns_it_and_the_weights_hardly() -> None:
    found = ways(seen(), held())
    mapped = mean(Way(NONE, mapped=True), found, held())
    alone = min(mean(Way(share, mapped=False), found, held()) for share in SHARES)
    assert alone > 0.7 * found.base.mean()  # of who is in the bend already
    assert mapped < 0.55 * found.base.mean()
    assert found.lesser().mapped
    assert found.judged().mean() < 0.6 * found.base.mean()


def test_only_who_comes_to_the_doorway_is_shifted() -> None:
    found = ways(seen(), held())
    x, y = held().arrays[PLACE][:, 0], held().arrays[PLACE][:, 1]
    to_it, elsewhere = (np.abs(y) < 2) & (x > -2) & (x < 0.5), y > 10
    of_map = errors_with(LinearTrainee(), found.learnt(Way(NONE, mapped=True)), held())
    assert of_map[to_it].mean() < 0.5 * found.base[to_it].mean()
    assert of_map[elsewhere].mean() < 1.1 * found.base[elsewhere].mean()


def test_a_round_takes_the_map_along_and_passes() -> None:
    material = Material(seen(), batch([]), held(), batch([]), SPAN_S, 0.5, NEVER_S)
    trainee = LinearTrainee()
    found = adapt(trainee, BASE, BASE, material, HOW, lambda: True)
    assert found.judgement.way.mapped
    assert found.judgement.passes(0.1)
    assert flow(BUNDLE, found.candidate) is not None
    np.testing.assert_allclose(
        network(BUNDLE, found.candidate), between(BASE, found.fitted.weights, found.judgement.way.share)
    )
    assert not trainee.weights().weights.any()


def test_what_serves_with_its_map_is_what_a_candidate_is_held_against() -> None:
    """The same once more is no gain over it."""
    material = Material(seen(), batch([]), held(), batch([]), SPAN_S, 0.5, NEVER_S)
    first = adapt(LinearTrainee(), BASE, BASE, material, HOW, lambda: True)
    again = adapt(LinearTrainee(), BASE, first.candidate, material, HOW, lambda: True).judgement
    assert again.serving < 0.8 * again.base
    assert abs(again.over_serving.mean) < 0.02
    assert not again.passes(0.02)


def test_what_was_held_out_elsewhere_chooses_no_map() -> None:
    """People who turn everywhere alike: the weights learn that, and places that were seen are none of theirs."""
    left, there = batch(samples(seconds=60.0)), batch(samples(seconds=60.0, seed=2))
    found = Ways(LinearTrainee(), BASE, fit(LinearTrainee(), BASE, left, batch([]), HOW, lambda: True).weights, seen(),
                 (there, first_half(there, PERIOD_S)))  # fmt: skip
    assert found.lesser().share == 1.0
    assert found.judged().mean() < 0.6 * found.base.mean()


def test_a_map_goes_along_only_where_both_halves_want_it() -> None:
    """In one half they turn at the door; in the other they go straight on."""
    straight = batch(through_the_doorway(160.0, 3, begin_s=4000.0, turn=0.0))
    both = joined(held(), straight)
    first = np.arange(len(both)) < len(held())
    found = ways(seen(), both, first)
    assert not found.lesser().mapped
    assert flow(BUNDLE, found.learnt(found.lesser())) is None
    assert found.judged().mean() > found.base.mean()  # each half is judged by what the other has chosen


def test_where_nobody_moved_there_is_no_map() -> None:
    still = seen().arrays[PLACE].copy()
    still[:, 2:4] = 0.0
    found = ways(replace(seen(), arrays={**seen().arrays, PLACE: still}), held())
    assert not found.lesser().mapped
    assert len(found.learnt(found.lesser())) == len(BASE)


def test_blocks_of_time_say_of_a_map_what_those_say_who_were_held_out() -> None:
    found = ways(seen(), held())
    assert found.crossed is not None
    base, crossed = found.crossed
    assert base.shape == crossed.shape == (len(seen()),)
    by_blocks, by_held = crossed.mean() / base.mean(), found.on(ONLY_MAP).mean() / found.base.mean()
    assert abs(by_blocks - by_held) < 0.1


def test_no_half_is_judged_better_than_the_candidate_does_on_it() -> None:
    """One half chose the map alone and the other the weights alone: the candidate goes neither way."""
    bent = batch(samples(seconds=60.0, seed=2))
    both, first = joined(held(), bent), np.arange(len(held()) + len(bent)) < len(held())
    everywhere = fit(LinearTrainee(), BASE, batch(samples(seconds=60.0)), batch([]), HOW, lambda: True).weights
    found = Ways(LinearTrainee(), BASE, everywhere, seen(), (both, first))
    own = errors_with(LinearTrainee(), found.learnt(found.lesser()), both)
    for rows in (first, ~first):
        assert found.judged()[rows].mean() >= own[rows].mean() - 1e-9


def test_a_sensor_has_no_maps(tmp_path: Path) -> None:
    window = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (20.0,), (2.0,), (1, 4))
    bundle = read_bundle(learning_series(tmp_path / "series.tflite", window))
    given = stacked(come(wave(200), window), shapes_of(bundle))
    with open_trainable(bundle, RuntimeSettings(threads=1)) as trainee:
        base = trainee.weights().weights
        learnt = fit(trainee, base, given, given[np.zeros(0, np.int64)], Fit(0.05, 5), lambda: True).weights
        found = Ways(trainee, base, learnt, given, (given, first_half(given, 44.0)))
    assert not found.lesser().mapped
    assert found.learnt(found.lesser()).shape == base.shape
    assert found.judged().mean() < 0.7 * found.base.mean()
