"""The motion model: constant velocity, disturbed by white acceleration, for all tracks at once.

State of one track, in frame heights and seconds: centre `(x, y)` and size `(w, h)`, each with its velocity.
`mean` (T, 2, 2, 2) holds [position | velocity, centre | size, x | y].
No noise here tells x from y, so centre and size need one 2 x 2 covariance each instead of an 8 x 8 for everything:
`cov` (T, 2, 3) holds [centre | size, (pp, pv, vv)]. All is exact Kalman filtering, only without the zeros.

    predict   p' = p + dt v;  pp' = pp + 2 dt pv + dt² vv + q dt³/3;  pv' = pv + dt vv + q dt²/2;  vv' = vv + q dt
    update    k = (pp, pv) / (pp + r);  p' = p + k0 (z - p);  v' = v + k1 (z - p)

The noise q of the discretised white acceleration: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to
Tracking and Navigation (2001), 6.2.2. Noise in proportion to the height of the box: Wojke et al., Simple Online and
Realtime Tracking with a Deep Association Metric (2017).
"""

import numpy as np

from edge.contracts.types import F64

SMALLEST = 1e-3  # frame heights; a forecast size never falls below


def predict(mean: F64, cov: F64, noise: F64, dt_s: float) -> tuple[F64, F64]:
    """The state `dt_s` later.

    Args:
        mean: (T, 2, 2, 2).
        cov: (T, 2, 3).
        noise: (T, 2) spectral density q of the acceleration of centre and size, heights²/s³.
        dt_s: seconds, not negative.
    """
    later = mean.copy()
    later[:, 0] += dt_s * mean[:, 1]
    np.maximum(later[:, 0, 1], SMALLEST, out=later[:, 0, 1])
    drift = np.array([[1, 0, 0], [2 * dt_s, 1, 0], [dt_s * dt_s, dt_s, 1]])
    growth = np.array([dt_s**3 / 3, dt_s**2 / 2, dt_s])
    return later, cov @ drift + noise[..., None] * growth


def update(mean: F64, cov: F64, seen: F64, noise: F64) -> tuple[F64, F64]:
    """The state after a look.

    Args:
        mean: (T, 2, 2, 2).
        cov: (T, 2, 3).
        seen: (T, 2, 2) centre and size as detected.
        noise: (T, 2) variance r of the detected centre and size.
    """
    gain = cov[..., :2] / (cov[..., :1] + noise[..., None])  # (T, centre | size, position | velocity)
    surprise = seen - mean[:, 0]
    moved = mean + gain.swapaxes(1, 2)[..., None] * surprise[:, None]
    return moved, cov - gain[..., [0, 0, 1]] * cov[..., [0, 1, 1]]
