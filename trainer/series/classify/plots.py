"""The plots of a classifier's report."""

import numpy as np

from trainer.evaluate.thresholds import reliability_of
from trainer.report.figure import COLOURS, INK, SOFT, Plot, drawing, finished
from trainer.series.classify.judging import Answers

MOST_CLASSES = 30  # of a matrix that can still be read


def confusion_plot(answers: Answers) -> Plot:
    """What was taken for what; of many classes the commonest."""
    table = answers.confusion
    shown = np.sort(np.argsort(-table.sum(axis=1), kind="stable")[:MOST_CLASSES])
    names, counts = [answers.labels[index] for index in shown], table[np.ix_(shown, shown)]
    share = counts / np.maximum(table[shown].sum(axis=1, keepdims=True), 1)
    side = 2.6 + 0.3 * len(shown)
    with drawing(side, side * 0.92) as (figure, axes):
        axes.imshow(np.ma.masked_where(counts == 0, share), cmap="Blues", vmin=0, vmax=1, aspect="auto", alpha=0.85)
        for row, column in zip(*np.nonzero(counts), strict=True):
            ink = "white" if share[row, column] > 0.55 else "#1c2431"  # on the cell, not on the page
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=7, color=ink)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set(xlabel="taken for", ylabel="is")
        axes.grid(visible=False)
        return finished(figure, "confusion", "What is taken for what", "Held-out windows by class and answer")


def reliability_plot(answers: Answers) -> Plot:
    """Probabilities against the share that is right."""
    bins = reliability_of(answers.likely.max(axis=1), answers.answer == answers.truth)
    edges = np.linspace(0, 1, len(bins.count) + 1)
    with drawing(5.6, 3.2) as (figure, axes):
        axes.bar(edges[:-1], np.nan_to_num(bins.right), np.diff(edges) * 0.92, align="edge", color=COLOURS[0])
        axes.plot([0, 1], [0, 1], "--", color=SOFT, linewidth=1)
        for edge, share, count in zip(edges, bins.right, bins.count, strict=False):
            if count:
                axes.text(edge + 0.046, share + 0.01, str(count), ha="center", va="bottom", fontsize=7, color=INK)
        axes.set(xlim=(0, 1), ylim=(0, 1.08), xlabel="probability", ylabel="share that is right")
        text = "Share of right answers by probability, with their number; on the dashed line probabilities are honest"
        return finished(figure, "reliability", "Do probabilities mean what they say?", text)
