"""The plots of a forecaster's report."""

import numpy as np

from edge.contracts.types import F32
from edge.contracts.windows import SeriesWindow
from trainer.report.figure import COLOURS, INK, Plot, drawing, finished
from trainer.series.judging import Forecasts
from trainer.series.windows import Windows

MOST_CHANNELS = 6
SHOWN = 4  # forecasts along the held-out part


def band_plots(window: SeriesWindow, windows: Windows, found: Forecasts) -> tuple[Plot, ...]:
    """One plot for each of the first channels: what came, and forecasts with bands of one and two sigma."""
    return tuple(_bands(window, windows, found, channel) for channel in range(min(len(window.channels), MOST_CHANNELS)))


def _bands(window: SeriesWindow, windows: Windows, found: Forecasts, channel: int) -> Plot:
    horizons, name = np.array(window.horizons), window.channels[channel]
    chosen = np.linspace(0, len(found.origin) - 1, SHOWN + 2).round().astype(int)[1:-1]
    with drawing(9.0, 3.0) as (figure, _):
        figure.clear()
        for place, (axes, row) in enumerate(zip(np.ravel(figure.subplots(1, SHOWN, sharey=True)), chosen, strict=True)):
            origin = int(found.origin[row])
            past = np.arange(-min(3 * int(horizons[-1]), window.samples) + 1, int(horizons[-1]) + 1)
            past = past[(origin + past >= 0) & (origin + past < len(windows.values))]
            axes.plot(past, _units(window, windows.values[origin + past, channel], channel), color=INK, linewidth=1.1)
            mean: F32 = found.mean[row, :, channel]
            sigma: F32 = np.exp(found.log_sigma[row, :, channel])
            for wide, alpha in ((2.0, 0.18), (1.0, 0.3)):
                low, high = (
                    _units(window, (mean + sign * sigma).astype(np.float32), channel) for sign in (-wide, wide)
                )
                axes.fill_between(horizons, low, high, color=COLOURS[0], alpha=alpha, linewidth=0)
            axes.plot(horizons, _units(window, mean, channel), color=COLOURS[0], linewidth=1.4)
            axes.axvline(0, color=COLOURS[1], linewidth=0.8)
            axes.set(xlabel=f"steps of {window.step_s:g} s", ylabel=name if not place else "")
        text = "Held-out values (dark) and forecasts from the upright line on, with one and two sigma"
        return finished(figure, f"bands_{channel}", f"Forecasts of {name}", text)


def horizon_plot(window: SeriesWindow, found: Forecasts) -> Plot:
    """Squared error over the horizon, beside what needs no network."""
    with drawing(5.6, 3.2) as (figure, axes):
        lines = {"this model": found.mean, "persistence": found.persistence}
        if len(found.seasonal):
            lines["seasonal naive"] = found.seasonal
        for colour, (name, mean) in zip(COLOURS, lines.items(), strict=False):
            axes.plot(window.horizons, _squared(found, mean), color=colour, linewidth=1.5, marker=".", label=name)
        axes.set(xlabel=f"horizon, steps of {window.step_s:g} s", ylabel="squared error, scaled", ylim=(0, None))
        axes.legend()
        return finished(figure, "horizons", "Error by horizon", "Mean squared error, in units of the training part's")


def coverage_plot(window: SeriesWindow, found: Forecasts) -> Plot:
    """Share of truths within one sigma over the horizon."""
    inside = np.abs(found.mean - found.future) <= np.exp(found.log_sigma)
    share = np.where(found.known, inside, np.nan)
    with drawing(5.6, 3.2) as (figure, axes):
        axes.plot(window.horizons, np.nanmean(share, axis=(0, 2)), color=COLOURS[0], linewidth=1.5, marker=".")
        axes.axhline(0.6827, color=COLOURS[1], linewidth=0.9, linestyle="--")
        axes.set(xlabel=f"horizon, steps of {window.step_s:g} s", ylabel="share within one sigma", ylim=(0, 1))
        return finished(figure, "coverage", "Is sigma honest?", "On the dashed line it is")


def _squared(found: Forecasts, mean: F32) -> F32:
    off = np.where(found.known, (mean - found.future).astype(np.float64) ** 2, np.nan)
    return np.asarray(np.nanmean(off, axis=(0, 2)), np.float32)


def _units(window: SeriesWindow, scaled: F32, channel: int) -> F32:
    return np.asarray(scaled * window.std[channel] + window.mean[channel], np.float32)
