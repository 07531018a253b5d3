"""The sigma that is told of a mixture of round normal distributions.

It is the half-width around the mean path within which 68.27 % of the mixture lies along an axis, as of a normal
distribution within one standard deviation. Of one mode it is that one's sigma. The standard deviation of several says
less: an unlikely mode far off widens it without holding much. T tracks, M modes, K horizons.
"""

import numpy as np

from edge.contracts.types import F64

WITHIN = 0.6827  # share of what comes that lies within sigma along an axis, if sigma is right
FARTHEST = 1.776  # standard deviations, beyond which no distribution has more than the rest (Chebyshev)
MOST_STEPS, LAST_STEP = 24, 1e-3  # a step of that share of sigma is the last: what is left is far less


def told_sigma(weight: F64, off: F64, sigma: F64) -> F64:
    """(T, K) half-width around the mean path, of which the mean of both axes is taken.

    Found by Newton's steps from the geometric mean of how far each mode reaches, which as a rule takes three of them;
    one that leaves the bounds, or is not half as long as the one before, becomes the geometric mean of the bounds.

    Args:
        weight: (T, M) sums to 1.
        off: (T, M, K, 2) of the modes from the mean path.
        sigma: (T, M, K) standard deviation of each mode along either axis, above 0.
    """
    square, likely = sigma**2 + (off**2).sum(axis=-1) / 2, weight[:, None]
    half = np.exp((likely @ np.log(square))[:, 0] / 2).ravel()  # (T K)
    low, high = sigma.min(axis=1).ravel(), FARTHEST * np.sqrt((likely @ square)[:, 0]).ravel()
    scale = np.sqrt(0.5) / _by_mode(sigma)
    side = np.concatenate([_by_mode(off[..., 0]), _by_mode(off[..., 1])]) * np.tile(scale, (2, 1))
    side, scale = np.concatenate([side, -side]), np.tile(scale, (4, 1))  # (4 M, T K): axes and directions
    share = np.tile(_by_mode(np.broadcast_to(weight[:, :, None] / 4, sigma.shape)), (4, 1))
    slope = share * scale * (2 / np.sqrt(np.pi))
    before = np.inf
    for _ in range(MOST_STEPS):
        error, bell = _error_function(side + half * scale)
        over = np.add.reduce(share * error) - _WITHIN
        step = over / np.maximum(np.add.reduce(slope * bell), 1e-9 / half)
        low, high = np.where(over < 0, half, low), np.where(over > 0, half, high)
        size, new = np.abs(step), half - step
        far = size > LAST_STEP * half
        if not far.any():
            return new.reshape(len(weight), sigma.shape[2])
        astray = far & ((new < low) | (new > high) | (size > before / 2))
        if astray.any():
            new = np.where(astray, np.sqrt(low * high), new)
        before, half = np.abs(new - half), new
    return half.reshape(len(weight), sigma.shape[2])


def _by_mode(values: F64) -> F64:
    """(M, T K) of (T, M, K)."""
    return np.ascontiguousarray(values.swapaxes(0, 1)).reshape(values.shape[1], -1)


def _error_function(z: F64) -> tuple[F64, F64]:
    """erf(z) to 2.5e-5 (Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.25), and exp(-z²)."""
    bell = np.exp(-z * z)
    t = 1 / (1 + 0.47047 * np.abs(z))
    tail = t * (0.3480242 + t * (-0.0958798 + t * 0.7478556)) * bell
    return np.copysign(1 - tail, z), bell


_WITHIN = float(_error_function(np.array(np.sqrt(0.5)))[0])  # as this error function has it, so that one mode is exact
