import numpy as np

from edge.contracts.types import F64
from edge.tracking import kalman

DT = 0.23


def textbook(mean: F64, cov: F64, q: float, r: float, z: float, dt: float) -> tuple[F64, F64]:
    """Predict and update of one coordinate by the matrix equations."""
    f, h = np.array([[1, dt], [0, 1]]), np.array([[1.0, 0.0]])
    noise = q * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    mean, cov = f @ mean, f @ cov @ f.T + noise
    gain = cov @ h.T @ np.linalg.inv(h @ cov @ h.T + r)
    return mean + gain @ (z - h @ mean), (np.eye(2) - gain @ h) @ cov


def states(count: int) -> tuple[F64, F64, F64, np.random.Generator]:
    chance = np.random.default_rng(3)
    mean = chance.uniform(0.5, 1, (count, 2, 2, 2))
    root = chance.normal(size=(count, 2, 2, 2))
    full = root @ root.swapaxes(2, 3)  # (count, centre | size, 2, 2)
    cov = np.stack([full[..., 0, 0], full[..., 0, 1], full[..., 1, 1]], axis=-1)
    return mean, cov, full, chance


def test_equals_the_textbook_filter() -> None:
    mean, cov, full, chance = states(5)
    q, r = chance.uniform(0.1, 1, (5, 2)), chance.uniform(0.1, 1, (5, 2))
    z = chance.uniform(0.5, 1, (5, 2, 2))
    later, wider = kalman.predict(mean, cov, q, DT)
    got, narrower = kalman.update(later, wider, z, r)
    for t in range(5):
        for part in range(2):
            for axis in range(2):
                want, spread = textbook(
                    mean[t, :, part, axis, None], full[t, part], q[t, part], r[t, part], z[t, part, axis], DT
                )
                np.testing.assert_allclose(got[t, :, part, axis], want[:, 0], rtol=1e-10)
                np.testing.assert_allclose(narrower[t, part], spread[[0, 0, 1], [0, 1, 1]], rtol=1e-9, atol=1e-12)


def test_two_predictions_make_one() -> None:
    mean, cov, _, chance = states(4)
    q = chance.uniform(0.1, 1, (4, 2))
    halfway = kalman.predict(mean, cov, q, 0.1)
    for twice, once in zip(kalman.predict(*halfway, q, 0.2), kalman.predict(mean, cov, q, 0.3), strict=True):
        np.testing.assert_allclose(twice, once, rtol=1e-12)


def test_nothing_to_filter() -> None:
    mean, cov = np.zeros((0, 2, 2, 2)), np.zeros((0, 2, 3))
    later, wider = kalman.predict(mean, cov, np.zeros((0, 2)), DT)
    got, narrower = kalman.update(later, wider, np.zeros((0, 2, 2)), np.zeros((0, 2)))
    assert got.shape == mean.shape
    assert narrower.shape == cov.shape


def test_arguments_stay_as_they_are() -> None:
    mean, cov, _, _ = states(3)
    before = mean.copy(), cov.copy()
    kalman.predict(mean, cov, np.ones((3, 2)), DT)
    kalman.update(mean, cov, np.ones((3, 2, 2)), np.ones((3, 2)))
    np.testing.assert_array_equal(mean, before[0])
    np.testing.assert_array_equal(cov, before[1])


def test_a_size_never_turns_negative() -> None:
    mean = np.zeros((1, 2, 2, 2))
    mean[0, 0, 1], mean[0, 1, 1] = 0.1, -1.0
    later, _ = kalman.predict(mean, np.zeros((1, 2, 3)), np.zeros((1, 2)), 5.0)
    assert (later[0, 0, 1] > 0).all()
