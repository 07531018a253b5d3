"""The trajectory network learns what a straight line cannot say, and converts to built-in operators."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.tensor import tensorflow

tf = tensorflow()

from ai_edge_litert.interpreter import Interpreter  # noqa: E402

from edge.contracts.track_grid import Past  # noqa: E402
from edge.contracts.track_windows import decode, encode, input_shape  # noqa: E402
from edge.contracts.windows import TrackWindow  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.forecaster.augment import mirrored, turned  # noqa: E402
from trainer.forecaster.loss import losses  # noqa: E402
from trainer.forecaster.measures import measure  # noqa: E402
from trainer.forecaster.network import LOG_SIGMA, LOGIT, MEAN, answers, forecaster, frozen_batch  # noqa: E402
from trainer.forecaster.samples import Samples, joined, samples  # noqa: E402
from trainer.forecaster.settings import (  # noqa: E402
    ForecasterLoss,
    ForecasterNetwork,
    ForecasterRecipe,
    ForecasterTraining,
)
from trainer.forecaster.training import train_forecaster  # noqa: E402

STEP_S, SEEN, AHEAD = 0.4, 6, 4
SMALL = ForecasterNetwork(units=16, hidden=24)


def window(modes: int = 1, neighbours: int = 0, labels: tuple[str, ...] = ()) -> TrackWindow:
    horizons_s = tuple(STEP_S * (1 + k) for k in range(AHEAD))
    return TrackWindow(32, SEEN, STEP_S, horizons_s, modes, labels, neighbours)


def past(path: np.ndarray) -> Past:
    """Tracks (T, SEEN, 2) in metres, newest last."""
    t = len(path)
    age = np.tile(np.arange(SEEN - 1, -1, -1) * STEP_S, (t, 1))
    velocity = (path[:, -1] - path[:, -2]) / STEP_S
    return Past(path, age, velocity, np.zeros((t, 2)), np.full(t, -1), np.zeros(t))


def turning(count: int, seed: int, seen: TrackWindow) -> Samples:
    """Walks on circles, left or right as they began."""
    random = np.random.default_rng(seed)
    rate = random.uniform(-0.25, 0.25, (count, 1))
    angle = random.uniform(-np.pi, np.pi, (count, 1)) + rate * np.arange(SEEN + AHEAD)
    step = random.uniform(0.3, 0.8, (count, 1, 1)) * np.stack([np.cos(angle), np.sin(angle)], axis=2)
    path = step.cumsum(axis=1)
    return samples(past(path[:, :SEEN]), path[:, SEEN:], seen)


def forking(count: int, seed: int, seen: TrackWindow) -> Samples:
    """Straight walks that then go left or right, which nothing foretells."""
    random = np.random.default_rng(seed)
    path = np.cumsum(np.tile([0.5, 0.0], (count, SEEN, 1)), axis=1)
    side = np.where(random.random(count) < 0.5, -1.0, 1.0)
    ahead = np.arange(1, AHEAD + 1)
    future = path[:, -1:] + np.stack([np.tile(0.4 * ahead, (count, 1)), 0.4 * side[:, None] * ahead], axis=2)
    return samples(past(path), future, seen)


def trained(recipe: ForecasterRecipe, seen: TrackWindow, train: Samples, validation: Samples, folder: Path) -> Any:
    return train_forecaster(recipe, seen, train, validation, folder, lambda *_: None)


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    nothing = turning(0, 1, window())
    with pytest.raises(TrainError, match="no window"):
        trained(ForecasterRecipe(), window(), nothing, nothing, tmp_path)


def test_futures_that_are_not_known_are_not_learnt_from() -> None:
    path = np.cumsum(np.ones((3, SEEN, 2)), axis=1)
    future = np.full((3, AHEAD, 2), np.nan)
    future[1, 0] = 7.0
    found = samples(past(path), future, window())
    assert len(found) == 1
    assert (found.unit > 0).tolist() == [[True, False, False, False]]
    assert np.isfinite(found.departure).all()


def test_a_mirror_changes_sides_only() -> None:
    seen, random = window(neighbours=2, labels=("a",)), np.random.default_rng(1)
    given = joined([turning(8, seed, seen) for seed in (1, 2)])
    same, other = mirrored(given, seen, 0.0, random), mirrored(given, seen, 1.0, random)
    assert np.array_equal(same.x, given.x)
    assert np.array_equal(other.departure, given.departure * (1, -1))
    flipped = past(np.cumsum(np.random.default_rng(2).normal(0.5, 0.2, (5, SEEN, 2)), axis=1))
    mirror = Past(
        flipped.position * (1, -1),
        flipped.age_s,
        flipped.velocity * (1, -1),
        flipped.size,
        flipped.label,
        flipped.lost_s,
    )
    plain = Samples(encode(flipped, seen).x, np.zeros((5, AHEAD, 2), np.float32), np.ones((5, AHEAD), np.float32))
    assert mirrored(plain, seen, 1.0, random).x == pytest.approx(encode(mirror, seen).x, abs=1e-6)


def test_a_turned_world_is_seen_in_the_heading_only() -> None:
    given = turning(20, 1, window())
    found = turned(given, 1.0, np.random.default_rng(1))
    changed = (found.x != given.x).any(axis=(0, 1))
    assert np.flatnonzero(changed).tolist() == [7, 8]
    assert np.hypot(found.x[..., 7], found.x[..., 8]) == pytest.approx(np.hypot(given.x[..., 7], given.x[..., 8]))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_only_a_share_of_the_world_is_turned(share: float) -> None:
    given = turning(1000, 1, window())
    found = turned(given, share, np.random.default_rng(1))
    assert (found.x != given.x).any(axis=(1, 2)).mean() == pytest.approx(share, abs=0.05)


def test_the_loss_of_what_is_known_is_what_the_score_says() -> None:
    seen = window(modes=2)
    truth = turning(50, 3, seen)
    truth.unit[:20, 2:] = 0.0
    model = forecaster(SMALL, seen)
    told = losses(model(truth.x), truth.departure, truth.unit, ForecasterLoss())
    assert float(told["distance"]) == pytest.approx(measure(answers(model, truth.x), truth).ade, rel=1e-4)


def test_turning_paths_are_learnt_below_constant_velocity(tmp_path: Path) -> None:
    seen, recipe = (
        window(),
        ForecasterRecipe(network=SMALL, training=ForecasterTraining(steps=120, batch=64, rate=1e-2)),
    )
    held_out = turning(300, 9, seen)
    straight = float((np.hypot(*np.moveaxis(held_out.departure, 2, 0)) * held_out.unit).mean())
    learnt = trained(recipe, seen, turning(1000, 1, seen), turning(200, 2, seen), tmp_path)
    assert measure(answers(learnt.model, held_out.x), held_out).ade < 0.3 * straight
    assert learnt.result.step == 120


def test_left_and_right_are_kept_apart(tmp_path: Path) -> None:
    seen = window(modes=2)
    recipe = ForecasterRecipe(
        network=SMALL,
        loss=ForecasterLoss(distance=0.2, winner=1.0, likelihood=0.3),
        training=ForecasterTraining(steps=120, batch=64, rate=1e-2),
    )
    train = forking(400, 1, seen)
    model = trained(recipe, seen, train, forking(0, 2, seen), tmp_path).model
    aside = answers(model, train.x[:1]).mean[0, :, -1, 1]
    truth = np.abs(train.departure[0, -1, 1])
    assert sorted(aside / truth) == pytest.approx([-1.0, 1.0], abs=0.25)


def test_it_converts_to_built_in_operators_and_answers_the_same() -> None:
    seen = window(modes=3, neighbours=3, labels=("car",))
    model = frozen_batch(forecaster(SMALL, seen), SMALL, seen)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    interpreter = Interpreter(model_content=converter.convert())
    run = interpreter.get_signature_runner()
    x = np.random.default_rng(1).normal(size=input_shape(seen)).astype(np.float32)
    found, expected = run(tracks=x), model(x)
    assert set(found) == {LOGIT, MEAN, LOG_SIGMA}
    for name in found:
        assert found[name] == pytest.approx(expected[name].numpy(), abs=1e-4)


def street(angle: float, there: int = 3) -> np.ndarray:
    """What is seen of somebody who walks along x while others, to his left, walk at that angle to him."""
    way = np.concatenate([[[0.5, 0.0]], np.tile([0.5 * np.cos(angle), 0.5 * np.sin(angle)], (there, 1))])
    begin = np.arange(1 + there)[:, None] * [0.0, 3.0]
    middle = np.arange(SEEN)[:, None] - (SEEN - 1)
    return encode(past(begin[:, None] + middle * way[:, None]), window(neighbours=2)).x[:1]


def test_who_goes_up_the_street_and_who_goes_down_tell_of_the_same_axis() -> None:
    model = forecaster(SMALL, window(neighbours=2))
    up, down, across, alone = (
        model(x)[MEAN].numpy() for x in (street(0.5), street(0.5 + np.pi), street(2), street(0, 0))
    )
    assert up == pytest.approx(down, abs=1e-5)
    assert np.abs(up - across).max() > 1e-3
    assert np.abs(up - alone).max() > 1e-3
    assert np.isfinite(alone).all()


@pytest.mark.parametrize("directions", [False, True])
def test_without_directions_a_turned_world_is_the_same(directions: bool) -> None:
    seen = window(neighbours=2)
    model = forecaster(SMALL.model_copy(update={"directions": directions}), seen)
    path = np.cumsum(np.random.default_rng(3).normal(0.5, 0.1, (6, SEEN, 2)), axis=1)
    turn = np.array([[np.cos(1.0), np.sin(1.0)], [-np.sin(1.0), np.cos(1.0)]])
    plain, turned_path = (model(encode(past(one), seen).x)[MEAN].numpy() for one in (path, path @ turn))
    assert (np.abs(plain - turned_path).max() < 1e-4) is not directions


def test_an_untrained_network_says_about_what_a_straight_line_says() -> None:
    seen = window(modes=2)
    encoded = encode(past(np.cumsum(np.full((4, SEEN, 2), 0.5), axis=1)), seen)
    mixture = decode(answers(forecaster(SMALL, seen), encoded.x), encoded, seen)
    straight = encoded.origin[:, None] + encoded.velocity[:, None] * np.array(seen.horizons_s)[:, None]
    assert np.abs(mixture.point() - straight).max() < 0.5
