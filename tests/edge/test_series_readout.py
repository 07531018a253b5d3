import numpy as np

from edge.series.readout import LEAK_EVERY, ReadOut


def test_without_forgetting_it_is_ridge_regression() -> None:
    chance = np.random.default_rng(1)
    features, truth = chance.normal(size=(60, 5)), chance.normal(size=(60, 2, 3))
    learner = ReadOut(5, 2, 3, ridge=0.7)
    assert np.array_equal(learner.read(features[0]), np.zeros((2, 3)))
    for x, y in zip(features[: LEAK_EVERY - 4], truth, strict=True):
        gain = learner.gain(x, 0.0)
        learner.learn(np.stack([gain, gain]), y - learner.read(x))
    closed = np.linalg.solve(0.7 * np.eye(5) + features.T @ features, features.T @ truth.reshape(60, 6))
    found = learner.weight.transpose(1, 0, 2).reshape(5, 6)
    assert np.abs(found - closed).max() < 1e-9


def test_a_late_truth_is_learnt_with_the_gain_of_its_own_time() -> None:
    chance = np.random.default_rng(2)
    features, truth = chance.normal(size=(60, 4)), chance.normal(size=(60, 1, 1))
    late, at_once = ReadOut(4, 1, 1, 1.0), ReadOut(4, 1, 1, 1.0)
    gains = [late.gain(x, 0.0) for x in features]
    for gain, x, y in zip(gains, features, truth, strict=True):
        late.learn(gain[None], y - late.read(x))
        at_once.learn(at_once.gain(x, 0.0)[None], y - at_once.read(x))
    assert np.abs(late.weight - at_once.weight).max() < 1e-12


def test_nothing_winds_up_however_little_the_features_tell() -> None:
    learner = ReadOut(6, 1, 1, ridge=0.5)
    one = np.array([1.0, 0, 0, 0, 0, 0])
    for _ in range(5000):
        learner.learn(learner.gain(one, 0.01)[None], np.array([[2.0]]) - learner.read(one))
    eigenvalues = np.linalg.eigvalsh(learner.information)
    assert eigenvalues.min() > 0.499
    assert eigenvalues.max() < 101.0
    assert abs(float(learner.read(one)[0, 0]) - 2.0) < 0.05


def test_unused_weights_leak_away() -> None:
    learner = ReadOut(2, 1, 1, ridge=1.0)
    learner.weight[0, 1, 0] = 3.0
    for _ in range(2000):
        learner.gain(np.array([1.0, 0.0]), 0.01)
    assert abs(learner.weight[0, 1, 0]) < 1e-4
