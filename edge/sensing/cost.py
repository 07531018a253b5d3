"""What following a sensor costs, by estimate: no configuration shall eat a core unnoticed.

All sensors share one thread. The constants were measured on one core of a desktop computer (2024); a small board takes
about four times as long. They are good to a factor of two, which is enough to tell a slip from what can be meant.
"""

from edge.contracts.types import ModelBundle
from edge.contracts.windows import SeriesWindow
from edge.sensing.settings import SensorSettings
from edge.sensors.horizons import DEFAULT_STEPS
from edge.series.features import HARMONICS, LAGS

BASE_S = 1e-3  # of a sample
HORIZON_S, SERIES_S = 1e-5, 3e-6  # and of each horizon, and each horizon of each channel
CHANNEL_S, MEMORY_S = 3e-4, 4e-8  # of each channel, and each reading of its that an anomaly is compared with
CUBED_S = 1.3e-10  # of the read-outs, by the cube of their features
BYTE_S = 1.2e-10  # of a model, for each byte of its file and each sample of its window
MOST_S = 0.02  # a sample, where nobody knows how often they come
MOST_SHARE, MOST_OF_ALL = 0.5, 0.8  # of a core: one sensor, and all whose grid is known
_FEWER = "name fewer forecast.horizons_s or channels, or lower anomaly.memory or forecast.neurons"


def sample_s(settings: SensorSettings, bundle: ModelBundle | None = None) -> float:
    """Seconds of one core that a sample takes.

    Args:
        settings: of the sensor.
        bundle: of its series model, where it has one.
    """
    ahead, channels = settings.forecast, len(settings.channels)
    horizons = len(ahead.horizons_s) or len(DEFAULT_STEPS)
    features = 1 + 2 * HARMONICS * len(ahead.cycles_s) + ahead.neurons + LAGS
    own_s = BASE_S + horizons * (HORIZON_S + SERIES_S * channels) + CUBED_S * features**3
    own_s += channels * (CHANNEL_S + MEMORY_S * settings.anomaly.memory)
    window = bundle.window if bundle else None
    if bundle is None or not isinstance(window, SeriesWindow):
        return own_s
    return own_s + BYTE_S * window.samples * bundle.path.stat().st_size


def step_s(settings: SensorSettings, bundle: ModelBundle | None = None) -> float:
    """Seconds between samples, 0 where that shows only when they come."""
    window = bundle.window if bundle else None
    told_s = window.step_s if isinstance(window, SeriesWindow) else 0.0
    return told_s or settings.window.step_s or settings.forecast.step_s


def too_costly(settings: SensorSettings, bundle: ModelBundle | None = None) -> str:
    """Why a sensor is refused, in words; "" where it is not."""
    each_s, between_s = sample_s(settings, bundle), step_s(settings, bundle)
    horizons, channels = len(settings.forecast.horizons_s) or len(DEFAULT_STEPS), len(settings.channels)
    what = f"{horizons} horizons of {channels} channels" + (", and the model," if bundle else "")
    if not between_s and each_s > MOST_S:
        return (
            f"{what} take about {1e3 * each_s:.0f} ms of each sample, and {1e3 * MOST_S:g} ms are the most where "
            f"window.step_s is not given; give it, or {_FEWER}"
        )
    if between_s and each_s / between_s > MOST_SHARE:
        return (
            f"{what} take about {1e3 * each_s:.0f} ms of each sample, every {between_s:g} s: {each_s / between_s:.1f} "
            f"of a core, and {MOST_SHARE:g} is the most; raise window.step_s, or {_FEWER}"
        )
    return ""


def share(settings: SensorSettings, bundle: ModelBundle | None = None) -> float:
    """Of a core; 0 where it is not known how often samples come."""
    between_s = step_s(settings, bundle)
    return sample_s(settings, bundle) / between_s if between_s else 0.0
