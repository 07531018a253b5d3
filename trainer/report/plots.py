"""The plots of an evaluation."""

import numpy as np

from edge.contracts.types import I64
from trainer.evaluate.classification import Classification
from trainer.evaluate.evaluation import Evaluation
from trainer.evaluate.matches import pr_curve
from trainer.evaluate.thresholds import Reliability
from trainer.report.figure import COLOURS, GRID, INK, SOFT, Plot, drawing, finished
from trainer.report.training import Curve

MOST_CURVES = len(COLOURS)
MOST_CLASSES = 20  # of a confusion matrix that can still be read


def pr_plot(evaluation: Evaluation) -> Plot:
    """Precision over recall at IoU 0.5, one line per class, those with most objects."""
    matches, labels = evaluation.coco.matches, evaluation.dataset.labels
    shown = _commonest(evaluation, MOST_CURVES)
    with drawing() as (figure, axes):
        for colour, label in zip(COLOURS, shown, strict=False):
            curve, cut = pr_curve(matches[label]), evaluation.cuts[label]
            name = f"{labels[label]} {evaluation.coco.class_ap50[label]:.2f}"
            axes.plot(curve.recall, curve.precision, color=colour, linewidth=1.6, label=name)
            axes.plot([cut.recall], [cut.precision], "o", color=colour, markersize=4)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
        if shown:
            axes.legend(title="AP50", loc="upper left", bbox_to_anchor=(1.0, 1.02), fontsize=8)
        text = "Precision against recall at IoU 0.5 as the score threshold falls; dots mark the best F1"
        more = f" (the {len(shown)} commonest classes)" if len(shown) == MOST_CURVES else ""
        return finished(figure, "pr_curves", "Precision and recall", text + more)


def confusion_plot(evaluation: Evaluation) -> Plot:
    """What was taken for what, as shares of each row; classes that are often met or often taken for others."""
    labels, table = evaluation.dataset.labels, evaluation.confusion
    shown = [*_commonest(evaluation, MOST_CLASSES), len(labels)]
    names = [*(labels[label] for label in shown[:-1]), "background"]
    text = (
        "Counts of objects by what they are (rows) and were taken for (columns), each class at its best threshold; "
        "the column background holds missed objects, the row background holds detections of nothing"
    )
    return _matrix(table[np.ix_(shown, shown)], table[shown].sum(axis=1), (names, names), text)


def answers_plot(scored: Classification) -> Plot:
    """What a classifier took for what, as shares of each row; the commonest classes, and no answer at all."""
    labels, table = scored.dataset.labels, scored.confusion
    met = table.sum(axis=1)
    shown = [row for row in np.argsort(-met, kind="stable")[:MOST_CLASSES].tolist() if met[row]]
    columns = [*shown, len(labels)] if table[:, -1].any() else shown
    names = [labels[row] for row in shown]
    titles = (names, [*names, "nothing"][: len(columns)])
    text = "Counts of pictures by what they show (rows) and were taken for (columns), by the likeliest class alone"
    return _matrix(table[np.ix_(shown, columns)], met[shown], titles, text)


def _matrix(counts: I64, whole: I64, names: tuple[list[str], list[str]], text: str) -> Plot:
    """Counts (R, C), coloured by their shares of whole (R,); names of rows and columns."""
    share = counts / np.maximum(whole[:, None], 1)
    side = 2.6 + 0.3 * len(names[1])
    with drawing(side, side * 0.92) as (figure, axes):
        axes.imshow(np.ma.masked_where(counts == 0, share), cmap="Blues", vmin=0, vmax=1, aspect="auto", alpha=0.85)
        for row, column in zip(*np.nonzero(counts), strict=True):
            ink = "white" if share[row, column] > 0.55 else "#1c2431"  # on the cell, not on the page
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=7, color=ink)
        axes.set_xticks(range(len(names[1])), names[1], rotation=90, fontsize=8)
        axes.set_yticks(range(len(names[0])), names[0], fontsize=8)
        axes.set(xlabel="taken for", ylabel="is")
        axes.grid(visible=False)
        return finished(figure, "confusion", "What is taken for what", text)


def reliability_plot(bins: Reliability, what: str) -> Plot:
    """Scores against the share that is right, of detections or answers."""
    edges = np.linspace(0, 1, len(bins.count) + 1)
    with drawing(5.6, 3.2) as (figure, axes):
        axes.bar(edges[:-1], np.nan_to_num(bins.right), np.diff(edges) * 0.92, align="edge", color=COLOURS[0])
        axes.plot([0, 1], [0, 1], "--", color=SOFT, linewidth=1)
        for edge, share, count in zip(edges, bins.right, bins.count, strict=False):
            if count:
                axes.text(edge + 0.046, share + 0.01, str(count), ha="center", va="bottom", fontsize=7, color=INK)
        axes.set(xlim=(0, 1), ylim=(0, 1.08), xlabel="score", ylabel="share that is right")
        error = f"; expected calibration error {bins.error:.3f}" if np.isfinite(bins.error) else ""
        text = f"Share of right {what} by score, with their number; on the dashed line scores are honest{error}"
        return finished(figure, "reliability", "Do scores mean what they say?", text)


def size_plot(evaluation: Evaluation) -> Plot:
    """AP and recall by size of object."""
    rows = evaluation.sizes
    place = np.arange(len(rows))
    with drawing(5.6, 2.8) as (figure, axes):
        for shift, name, values in (
            (-0.2, "AP", [row.ap for row in rows]),
            (0.2, "recall", [row.recall for row in rows]),
        ):
            drawn = np.maximum(values, 0.0)
            axes.bar(place + shift, drawn, 0.38, color=COLOURS[0 if shift < 0 else 1], label=name)
            for x, value in zip(place + shift, values, strict=True):
                said = f"{value:.2f}" if value >= 0 else "none"
                axes.text(x, max(value, 0) + 0.01, said, ha="center", va="bottom", fontsize=8)
        axes.set_xticks(place, [f"{row.name}\n{row.boxes} boxes" for row in rows])
        axes.set(ylim=(0, 1.08), ylabel="mean over IoU .50:.95")
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left")
        return finished(
            figure,
            "sizes",
            "By size of object",
            "AP and recall for small (below 32 x 32 pixels), medium and large (above 96 x 96) objects",
        )


def training_plot(curve: Curve) -> Plot:
    """One column of the training log over its steps."""
    with drawing(5.6, 2.8) as (figure, axes):
        axes.plot(curve.step, curve.value, color=COLOURS[0], linewidth=1.4)
        axes.set(xlabel="step", ylabel=curve.name)
        axes.spines["left"].set_color(GRID)
        return finished(figure, f"training_{curve.file_name}", curve.name, f"{curve.name} over the steps of training")


def _commonest(evaluation: Evaluation, most: int) -> list[int]:
    """Labels that have objects, those with most first."""
    boxes = [one.boxes for one in evaluation.coco.matches]
    order = sorted((label for label, count in enumerate(boxes) if count), key=lambda label: -boxes[label])
    return order[:most]
