"""One round: what is learnt, what is forgotten, and what is left when it fails."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.learning.comparing import Gain
from edge.learning.fitting import Fit, Interrupted, batches, fit
from edge.learning.learnt import errors_with
from edge.learning.measure import errors
from edge.learning.round import LEAST_FRESH, NEVER_S, Judgement, Material, adapt, judged
from edge.learning.sample import Batch, Sample, joined, shapes_of, stacked
from edge.learning.ways import LEAST, ONLY_MAP, Way, Ways, between
from tests.rigs.strollers import samples, spoiled
from tests.rigs.trainee import LinearTrainee, learning_bundle

BUNDLE = learning_bundle()
SHAPES = shapes_of(BUNDLE)
HOW = Fit(rate=0.05, epochs=10, pull=0.0)
LEFT, RIGHT = 0.4, -0.4
SPAN_S = 10 / 6  # so a period is ten seconds


def always() -> bool:
    return True


def bends(turn: float = LEFT, seed: int = 1, seconds: float = 40.0) -> list[Sample]:
    return samples(seconds=seconds, turn=turn, seed=seed)


def batch(given: list[Sample]) -> Batch:
    return stacked(given, SHAPES)


NOTHING = batch([])
EXPORTED = LinearTrainee().weights().weights


def test_every_recent_sample_is_seen_once_in_an_epoch_and_as_many_old_ones() -> None:
    recent, old = batch(bends()[:37]), batch(bends(RIGHT, 2)[:90])
    found = list(batches(recent, old, 16, BUNDLE, np.random.default_rng(1)))
    assert [len(one["tracks"]) for one in found] == [16] * 5
    rows = np.concatenate([one["tracks"] for one in found])
    seen = np.concatenate([one["known"] for one in found]).any(axis=1)
    assert seen.sum() == 74
    assert not rows[~seen].any()
    first = {row.tobytes() for row in recent.arrays["tracks"]}
    assert {row.tobytes() for row in rows} >= first


def test_no_samples_make_no_batch() -> None:
    assert list(batches(NOTHING, NOTHING, 16, BUNDLE, np.random.default_rng(1))) == []


def test_far_horizons_and_heavy_samples_count_for_more() -> None:
    one = replace(bends()[0], weight=2.0)
    (found,) = batches(batch([one]), NOTHING, 4, BUNDLE, np.random.default_rng(1))
    np.testing.assert_allclose(found["known"][0], one.arrays["known"] * [2, 4, 8])
    assert not found["known"][1:].any()


def test_training_fits_and_leaves_the_model_as_it_was() -> None:
    trainee = LinearTrainee()
    before = trainee.weights()
    given = batch(bends())
    fitted = fit(trainee, before.weights, given, NOTHING, HOW, always)
    assert trainee.weights().weights.tobytes() == before.weights.tobytes()
    assert fitted.loss[-1] < 0.3 * fitted.loss[0]
    assert errors_with(trainee, fitted.weights, given).mean() < 0.5 * errors_with(trainee, before.weights, given).mean()


def test_the_same_seed_gives_the_same_weights() -> None:
    found = [fit(LinearTrainee(), EXPORTED, batch(bends()), NOTHING, HOW, always) for _ in range(2)]
    assert found[0].weights.tobytes() == found[1].weights.tobytes()


def test_old_samples_keep_what_was_learnt_before() -> None:
    """Walkers who turned left before turn right now: with replay much of the former is kept."""
    old, now = batch(bends(LEFT, 1)), batch(bends(RIGHT, 2))
    trainee = LinearTrainee()
    base = trainee.weights().weights
    alone = fit(trainee, base, now, NOTHING, HOW, always)
    replayed = fit(trainee, base, now, old, HOW, always)
    assert errors_with(trainee, replayed.weights, old).mean() < 0.8 * errors_with(trainee, alone.weights, old).mean()


def test_weights_are_drawn_to_where_they_came_from() -> None:
    base = LinearTrainee().weights().weights
    far, near = (
        np.linalg.norm(fit(LinearTrainee(), base, batch(bends()), NOTHING, replace(HOW, pull=pull), always).weights)
        for pull in (0.0, 0.3)
    )
    assert near < 0.8 * far


def test_it_ends_early_where_nothing_is_gained() -> None:
    fitted = fit(LinearTrainee(), EXPORTED, batch(bends()), NOTHING, Fit(1e-9, 50, 0.0), always)
    assert len(fitted.loss) < 25


@pytest.mark.parametrize(
    ("losses", "epochs"),
    [
        ([-1.0] * 12, 4),
        ([-1.0, -0.9995, -0.9994, -0.9993, -0.9992], 4),  # worse, by less than counts
        ([-1.0 - 0.1 * number for number in range(12)], 12),
        ([1.0 - 0.2 * number for number in range(12)], 12),
        ([0.0] * 12, 4),
    ],
)
def test_losses_that_are_negative_end_it_when_they_no_longer_fall(losses: list[float], epochs: int) -> None:
    """As those of a network that tells how sure it is may be."""

    class Telling(LinearTrainee):
        def train(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
            return next(left)

    left = iter(losses)
    fitted = fit(Telling(), EXPORTED, batch(bends()[:4]), NOTHING, Fit(0.01, len(losses), 0.0), always)
    assert fitted.loss == tuple(losses[:epochs])


def test_a_round_stops_when_it_is_asked_to() -> None:
    trainee, asked = LinearTrainee(), iter([True] * 5 + [False])
    before = trainee.weights().weights
    with pytest.raises(Interrupted):
        fit(trainee, before, batch(bends()), NOTHING, HOW, lambda: next(asked))
    assert trainee.steps == 6
    assert trainee.weights().weights.tobytes() == before.tobytes()


@pytest.mark.parametrize("huge", [1e30, 3e38])
def test_a_loss_that_is_no_number_ends_the_round_and_spoils_nothing(huge: float) -> None:
    trainee = LinearTrainee()
    before = trainee.weights().weights
    poison = [replace(one, arrays={**one.arrays, "future": np.full((3, 2), huge, np.float32)}) for one in bends()[:40]]
    with pytest.raises(ModelError), np.errstate(all="ignore"):
        fit(trainee, before, batch(poison), NOTHING, replace(HOW, rate=1.0), always)
    assert trainee.weights().weights.tobytes() == before.tobytes()


def material(learnt: list[Sample], held: list[Sample], old: list[Sample] = []) -> Material:  # noqa: B006
    return Material(batch(learnt), NOTHING, batch(held), batch(old), span_s=SPAN_S, share=0.5, since_s=NEVER_S)


def test_a_round_that_helps_passes() -> None:
    trainee = LinearTrainee()
    found = adapt(trainee, EXPORTED, EXPORTED, material(bends(), bends(seed=2)), HOW, always)
    judgement = found.judgement
    assert judgement.candidate < 0.5 * judgement.base == 0.5 * judgement.serving
    assert judgement.passes(0.03)
    assert not trainee.weights().weights.any()


def test_a_round_on_noise_does_not_pass() -> None:
    random = np.random.default_rng(1)
    noise = [spoiled(one, random, 3.0) for one in bends()]
    trainee = LinearTrainee()
    found = adapt(trainee, EXPORTED, EXPORTED, material(noise, bends(seed=2)), HOW, always)
    assert found.judgement.way in (LEAST, ONLY_MAP)  # as near to the exported weights as there is
    assert not found.judgement.passes(0.03)


def test_a_round_that_forgets_does_not_pass() -> None:
    given = material(bends(), bends(seed=2), bends(RIGHT, 3))
    forgets = adapt(LinearTrainee(), EXPORTED, EXPORTED, given, HOW, always).judgement
    assert forgets.over_base.mean > 0.03
    assert forgets.over_old.mean < -0.03
    assert not forgets.passes(0.03)


def test_nothing_held_out_and_nobody_to_be_judged_by_others_proves_nothing() -> None:
    """A single track: no map can be made without it."""
    one = [sample for sample in bends() if sample.group == bends()[0].group]
    assert len(one) > 20
    found = adapt(LinearTrainee(), EXPORTED, EXPORTED, material(one, []), HOW, always)
    assert not found.judgement.passes(0.0)


def test_with_nothing_held_out_a_map_is_judged_by_blocks_of_time_without_which_it_is_made() -> None:
    """Where everyone bends alike it proves itself; of noise it explains what it is made of, and nothing else."""
    random = np.random.default_rng(1)
    bent = adapt(LinearTrainee(), EXPORTED, EXPORTED, material(bends(), []), HOW, always).judgement
    assert (bent.way, bent.passes(0.1)) == (ONLY_MAP, True)
    noise = [spoiled(one, random, 1.0) for one in bends()]
    wild = adapt(LinearTrainee(), EXPORTED, EXPORTED, material(noise, []), HOW, always).judgement
    assert not wild.passes(0.0)


def test_the_half_that_chooses_a_share_does_not_judge_it() -> None:
    """One half is as if nobody departed, the other bends: each is judged at the share that the other has chosen."""
    held = bends(seed=2, seconds=40.0)
    newest = max(one.begin_s for one in held) // 10
    bent = np.array([(newest - one.begin_s // 10) % 2 == 0 for one in held])
    random = np.random.default_rng(1)
    mixed = [one if bends_too else spoiled(one, random, 0.01) for one, bends_too in zip(held, bent, strict=True)]
    trainee = LinearTrainee()
    fitted = fit(trainee, EXPORTED, batch(bends()), NOTHING, HOW, always)
    ways = Ways(trainee, EXPORTED, fitted.weights, batch(bends()), (batch(mixed), ~bent))
    whole = Way(1.0, mapped=True)
    assert ways.lesser() == LEAST
    of_whole, of_least = (errors_with(trainee, ways.learnt(way), batch(mixed)) for way in (whole, LEAST))
    np.testing.assert_allclose(ways.judged(), np.where(bent, of_least, of_whole))


def test_windows_that_overlap_are_no_proof_of_each_other() -> None:
    """Hundreds of samples of no group, all within two lengths of one."""
    learnt, held = (
        [replace(one, group="", begin_s=1000.0 + number / 1000) for number, one in enumerate(bends(seed=seed))]
        for seed in (1, 2)
    )
    judgement = adapt(LinearTrainee(), EXPORTED, EXPORTED, material(learnt, held), HOW, always).judgement
    assert judgement.candidate < 0.6 * judgement.base
    assert judgement.over_base.low == -np.inf
    assert not judgement.passes(0.03)


def test_shares_of_the_way() -> None:
    base, trained = np.zeros(2, np.float32), np.array([1.0, -2.0], np.float32)
    np.testing.assert_array_equal(between(base, trained, 0.25), [0.25, -0.5])


def test_the_luck_by_which_what_serves_was_chosen_keeps_nobody_out() -> None:
    """It fits those by whom it was chosen; a candidate is held against it on those who came since."""
    chosen_by = bends(0.3, seed=2, seconds=60.0)
    since = [replace(one, begin_s=one.begin_s + 1000, end_s=one.end_s + 1000) for one in bends(0.45, seed=3)[:120]]
    last_s = max(one.begin_s for one in chosen_by)
    trainee = LinearTrainee()
    serving, candidate = (
        fit(trainee, EXPORTED, batch(given), NOTHING, HOW, always).weights for given in (chosen_by, bends())
    )

    def judgement(since_s: float) -> Judgement:
        given = replace(material([], [*chosen_by, *since]), since_s=since_s)
        return judged(trainee, EXPORTED, serving, candidate, given)

    by_all, by_fresh = judgement(NEVER_S), judgement(last_s)
    assert by_all.over_serving.mean < 0
    assert not by_all.passes(0.02)
    assert by_fresh.over_serving.mean > 0.2
    assert by_fresh.over_serving.samples == len(since)
    assert by_fresh.passes(0.02)
    assert by_fresh.over_base == by_all.over_base  # the exported weights were chosen by none of it
    assert (by_all.until_s, by_fresh.until_s) == (since[-1].begin_s, since[-1].begin_s)


@pytest.mark.parametrize("count", [0, LEAST_FRESH - 1, LEAST_FRESH])
def test_where_too_few_came_since_all_are_asked(count: int) -> None:
    before, since = bends(seconds=20.0)[:40], bends(seed=3)[:count]
    held = [*(replace(one, begin_s=500.0) for one in before), *since]
    given = replace(material([], held), since_s=500.0)
    assert given.fresh().sum() == (count if count >= LEAST_FRESH else 40 + count)
    assert given.fresh()[40:].all()


def test_who_is_judged_by_nobody_was_chosen_by_nobody() -> None:
    assert judged(LinearTrainee(), EXPORTED, EXPORTED, EXPORTED, material([], [])).until_s == NEVER_S


def test_a_gain_counts_each_for_as_many_as_he_stands_for() -> None:
    """Of four the two of a rare kind lose twice what the others gain, and are four times as rare."""
    four = replace(batch(bends()[:4]), stands=np.array([4.0, 4.0, 1.0, 1.0]))
    found = material([], []).gain(np.array([0.5, 0.5, 2.0, 2.0]), np.ones(4), four)
    assert found.mean == pytest.approx(1 - (4 * 0.5 + 2.0) / 5)
    assert material([], []).gain(np.array([0.5, 0.5, 2.0, 2.0]), np.ones(4), batch(bends()[:4])).mean < 0


@pytest.mark.parametrize(
    ("over_base", "over_serving", "low", "old", "passes"),
    [
        (0.10, 0.05, 0.01, 0.0, True),
        (0.10, 0.02, 0.01, 0.0, False),
        (0.02, 0.10, 0.01, 0.0, False),
        (0.10, 0.05, -0.01, 0.0, False),
        (0.10, 0.05, 0.01, -0.04, False),
        (0.10, 0.05, 0.01, -0.02, True),
    ],
)
def test_what_passes(over_base: float, over_serving: float, low: float, old: float, passes: bool) -> None:
    judgement = Judgement(
        LEAST, 1.0, 1.0, 0.9, Gain(over_base, low, 9), Gain(over_serving, low, 9), Gain(old, -np.inf, 9), NEVER_S
    )
    assert judgement.passes(0.03) == passes


def test_batches_are_joined_and_chosen() -> None:
    first, second = batch(bends()[:3]), batch(bends()[3:5])
    both = joined(first, second)
    assert len(both) == 5
    assert len(both[np.array([True, False, True, False, False])]) == 2
    assert both[np.array([4])].group == [second.group[1]]
    assert len(errors(LinearTrainee(), both)) == 5
