"""The plots of an auto-encoder's report."""

import numpy as np

from trainer.autoencoder.judging import Errors
from trainer.report.figure import COLOURS, Plot, drawing, finished


def error_plot(found: Errors, threshold: float) -> Plot:
    """Errors of the held-out windows in the order of time, and the threshold."""
    with drawing(9.0, 3.0) as (figure, axes):
        axes.plot(found.held_out, color=COLOURS[0], linewidth=0.8)
        axes.axhline(threshold, color=COLOURS[1], linewidth=1.0, linestyle="--", label="threshold")
        axes.set(xlabel="held-out windows, in the order of time", ylabel="squared error", yscale="log")
        axes.legend(loc="upper left")
        return finished(figure, "errors", "Error over time", "What is above the dashed line is out of the ordinary")


def histogram_plot(found: Errors, threshold: float) -> Plot:
    """How errors are distributed where the threshold was taken, and on the held-out part."""
    low = max(min(found.chosen_by.min(), found.held_out.min()), 1e-9)
    edges = np.geomspace(low, max(found.chosen_by.max(), found.held_out.max(), 2 * low), 40).tolist()
    with drawing(5.6, 3.2) as (figure, axes):
        for colour, name, values in (
            (COLOURS[0], "where the threshold was taken", found.chosen_by),
            (COLOURS[1], "held out", found.held_out),
        ):
            axes.hist(values, edges, density=True, histtype="step", color=colour, label=name)
        axes.axvline(threshold, color=COLOURS[2], linewidth=1.0, linestyle="--")
        axes.set(xlabel="squared error", ylabel="density", xscale="log")
        axes.legend()
        return finished(figure, "distribution", "Distribution of errors", "The dashed line is the threshold")
