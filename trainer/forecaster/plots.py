"""The plots of a trajectory model: error and honesty by horizon, and paths over a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.patches import Ellipse

from edge.contracts.told_sigma import WITHIN
from edge.contracts.track_mixture import Mixture
from edge.contracts.types import F64
from trainer.forecaster.measures import Measured
from trainer.recorded.scene import Scene, Unit
from trainer.recorded.windows import Windows
from trainer.report.figure import COLOURS, SOFT, Plot, drawing, finished

WIDEST_PX = 960
FAINT = 0.12  # weight of a mode that is hardly drawn


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """One track as it is drawn, in the unit of its scene."""

    past: F64  # (n, 2)
    future: F64  # (K, 2), NaN where unknown
    line: F64  # (K, 2) of constant velocity
    forecast: Mixture  # of one track


def error_plot(measured: Measured, test: Windows, horizons_s: Sequence[float], unit: str) -> Plot:
    """Mean distance by horizon, of who turns and who does not, beside straight lines."""
    with drawing() as (figure, axes):
        for colour, (name, rows) in zip(
            COLOURS, {"turning": test.turning, "others": ~test.turning}.items(), strict=False
        ):
            own = measured.at(rows)
            if not len(own.off):
                continue
            axes.plot(horizons_s, _means(own.off), "o-", color=colour, linewidth=1.6, label=f"{name}: learned")
            axes.plot(horizons_s, _means(own.line), "--", color=colour, linewidth=1.2, label=f"{name}: straight line")
        axes.set(xlabel="seconds ahead", ylabel=f"mean distance, {unit}", ylim=(0, None))
        axes.legend(fontsize=8)
        text = (
            f"Mean distance between forecast and what happened, {unit}; dashed: constant velocity of the Kalman filter"
        )
        return finished(figure, "error", "How far off", text)


def honesty_plot(measured: Measured, horizons_s: Sequence[float]) -> Plot:
    """Share within the told sigma by horizon."""
    with drawing(5.6, 2.8) as (figure, axes):
        axes.axhline(WITHIN, color=SOFT, linestyle="--", linewidth=1)
        axes.plot(horizons_s, _means(measured.within), "o-", color=COLOURS[2], linewidth=1.6)
        axes.set(xlabel="seconds ahead", ylabel="share within sigma", ylim=(0, 1))
        text = "Share of what happened within the sigma of the forecast; on the dashed line sigma is honest"
        return finished(figure, "honesty", "Does sigma mean what it says?", text)


def paths_plot(scene: Scene, t_s: float, paths: Sequence[Path]) -> Plot:
    """Where tracks came from, where they went, and where they were forecast to go, with one-sigma ellipses."""
    pixels = scene.picture(t_s)
    with drawing(8.0, 4.8) as (figure, axes):
        if pixels is not None:
            axes.imshow(_shrunk(pixels), extent=(0, scene.aspect, 1, 0), alpha=0.75)
        for number, path in enumerate(paths):
            _draw(axes, path, labelled=number == 0)
        if scene.unit is Unit.HEIGHTS and pixels is None:
            axes.set(xlim=(0, scene.aspect), ylim=(1, 0))
        axes.set(xlabel=f"{scene.unit.value}", aspect="equal")
        axes.grid(visible=False)
        axes.legend(fontsize=7, loc="upper right")
        text = (
            "Past (grey), what happened (green), the forecast modes with ellipses of one sigma at each horizon (blue, "
            "the likelier the stronger), and the straight line (orange, dashed)"
        )
        name = f"paths_{''.join(c if c.isalnum() else '_' for c in scene.name)}_{t_s:.1f}".replace(".", "_")
        return finished(figure, name, f"Paths: {scene.name}, {t_s:.1f} s", text)


def _draw(axes, path: Path, *, labelled: bool) -> None:  # type: ignore[no-untyped-def] # matplotlib's own
    def label(text: str) -> str | None:
        return text if labelled else None

    now = path.past[-1:]
    axes.plot(*path.past.T, color=SOFT, linewidth=1.4, label=label("past"))
    axes.plot(*np.concatenate([now, path.line]).T, "--", color=COLOURS[1], linewidth=1.0, label=label("straight line"))
    for mode, weight in enumerate(path.forecast.weight[0]):
        strength = float(np.clip(weight, FAINT, 1.0))
        way = np.concatenate([now, path.forecast.mean[0, mode]])
        likeliest = labelled and mode == int(path.forecast.weight[0].argmax())
        axes.plot(
            *way.T, ".-", color=COLOURS[0], linewidth=1.2, alpha=strength, label="forecast" if likeliest else None
        )
        for place, sigma in zip(path.forecast.mean[0, mode], path.forecast.sigma[0, mode], strict=True):
            axes.add_patch(
                Ellipse(place, 2 * sigma, 2 * sigma, fill=False, color=COLOURS[0], alpha=0.6 * strength, linewidth=0.8)
            )
    axes.plot(
        *np.concatenate([now, path.future]).T, ".-", color=COLOURS[2], linewidth=1.4, label=label("what happened")
    )


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """RGB, at most so wide."""
    width = min(WIDEST_PX, pixels.shape[1])
    small = cv2.resize(pixels, (width, round(pixels.shape[0] * width / pixels.shape[1])), interpolation=cv2.INTER_AREA)
    return np.asarray(small[..., ::-1])


def _means(values: F64) -> list[float]:
    return [float(np.nanmean(column)) if np.isfinite(column).any() else float("nan") for column in values.T]
