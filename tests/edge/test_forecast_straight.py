from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from edge.contracts import boxes
from edge.contracts.types import F64, Forecasts, Tracks
from edge.forecast.forecaster import Forecaster
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from tests.rigs.tracks import at, tracks


def forecast(now: Tracks, **settings: Any) -> Forecasts:
    forecaster: Forecaster = ConstantVelocity(ForecastSettings(**settings))
    return forecaster.forecast(now)


def test_nothing_there() -> None:
    ahead = forecast(Tracks.empty())
    assert ahead.box.shape == (0, 4, 4)
    assert ahead.sigma.shape == (0, 4)


@pytest.mark.parametrize("horizons", [(), (0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (-1.0,)])
def test_horizons_that_make_no_sense(horizons: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        ForecastSettings(horizons_s=horizons)


def test_boxes_move_with_their_velocity() -> None:
    now = tracks([at(0.2, 0.5), at(0.6, 0.5)], ids=[7, 9], velocity=[[0.1, 0.02, 0.1, 0.02], [0, 0, 0, 0]])
    ahead = forecast(now, horizons_s=(0.5, 2.0))
    assert ahead.id.tolist() == [7, 9]
    assert np.allclose(ahead.box[0, 0], at(0.25, 0.51), atol=1e-6)
    assert np.allclose(ahead.box[0, 1], at(0.4, 0.54), atol=1e-6)
    assert np.allclose(ahead.box[1], at(0.6, 0.5), atol=1e-6)


def test_growth_fades_and_is_limited() -> None:
    box = [0.4, 0.4, 0.5, 0.6]
    now = tracks([box, box], velocity=[[-0.01, 0, 0.01, 0], [-5, -5, 5, 5]])
    ahead = forecast(now, horizons_s=(0.01, 1.0, 30.0, 60.0), growth_memory_s=1.0, max_growth=2.0)
    width = boxes.size(ahead.box)[..., 0]
    assert width[0, 0] == pytest.approx(0.1 * np.exp(0.2 * (1 - np.exp(-0.01))), rel=1e-4)
    assert width[0, 2] == pytest.approx(0.1 * np.exp(0.2), rel=1e-4)
    assert width[0, 3] == pytest.approx(width[0, 2], rel=1e-6)
    assert width[1].max() == pytest.approx(0.2, rel=1e-4)


@pytest.mark.parametrize("speed", [[3, 3, -3, -3], [1e4, 0, -1e4, 0]])
def test_a_shrinking_box_never_turns_inside_out(speed: list[float]) -> None:
    ahead = forecast(tracks([[0.4, 0.4, 0.5, 0.6], [0.4, 0.4, 0.4, 0.4]], velocity=[speed, speed]))
    assert np.isfinite(ahead.box).all()
    assert (boxes.size(ahead.box) > 0).all()


def test_sigma_follows_the_formula_and_its_limit() -> None:
    now = tracks([[0.4, 0.4, 0.5, 0.8]], sigma=0.01, velocity_sigma=0.02)
    sigma = forecast(now, horizons_s=(1.0, 3.0, 100.0), process_noise=0.1, max_sigma=0.4).sigma[0]
    q = (0.1 * 0.2) ** 2  # the root of the box's area is 0.2
    for k, t in enumerate((1.0, 3.0)):
        assert sigma[k] == pytest.approx((0.01**2 + (0.02 * t) ** 2 + q * t**3 / 3) ** 0.5, rel=1e-5)
    assert sigma[2] == pytest.approx(0.4)


def test_a_coasting_track_starts_from_its_predicted_box() -> None:
    seen, coasting = (tracks([at(0.3, 0.5)], velocity=[[0.1, 0, 0.1, 0]], lost_s=lost) for lost in (0.0, 1.0))
    assert (forecast(seen).box == forecast(coasting).box).all()


def test_the_tracks_are_left_alone() -> None:
    now = tracks([at(0.3, 0.5)], velocity=[[0.1, 0, 0.3, 0]])
    columns = [getattr(now, name) for name in Tracks.__slots__]
    before = [column.copy() for column in columns]
    for column in columns:
        column.flags.writeable = False
    forecast(now)
    assert all((column == old).all() for column, old in zip(columns, before, strict=True))


def simulated(random: np.random.Generator, count: int, times_s: tuple[float, ...], q: float) -> F64:
    """Displacements (count, K) along one axis under white-noise acceleration, by small steps."""
    dt, path, steps = 0.01, np.zeros((count, 2)), []
    for n in range(1, round(times_s[-1] / dt) + 1):
        kick = random.normal(0, np.sqrt(q * dt), count)
        path = path + np.stack([path[:, 1] * dt + kick * dt / 2, kick], axis=1)
        if any(abs(n * dt - t) < dt / 2 for t in times_s):
            steps.append(path[:, 0])
    return np.stack(steps, axis=1)


def test_one_sigma_covers_68_percent_of_noisy_motion() -> None:
    random, n, times_s = np.random.default_rng(11), 4000, (0.5, 1.0, 2.0, 3.0)
    box, sigma, velocity_sigma, noise = np.array([0.4, 0.3, 0.5, 0.7]), 0.004, 0.01, 0.1
    stray = simulated(random, n, times_s, (noise * 0.2) ** 2)
    error_0, error_v = random.normal(0, sigma, n), random.normal(0, velocity_sigma, n)
    believed = np.tile(box, (n, 1)) + error_0[:, None] * [1, 0, 1, 0]
    velocity = (0.05 + error_v)[:, None] * [1, 0, 1, 0]
    now = tracks(believed.tolist(), velocity=velocity.tolist(), sigma=sigma, velocity_sigma=velocity_sigma)
    ahead = forecast(now, horizons_s=times_s, process_noise=noise)
    truth = 0.45 + 0.05 * np.array(times_s) + stray
    off = np.abs(boxes.centre(ahead.box)[..., 0] - truth) / ahead.sigma
    covered = (off < 1).mean(axis=0)
    assert np.abs(covered - 0.683).max() < 0.03
    assert np.abs((off < 2).mean(axis=0) - 0.954).max() < 0.02
