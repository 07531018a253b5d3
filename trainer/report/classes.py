"""What a report says of a classifier: how often its first answer is right, and whether it knows how sure it is."""

import numpy as np

from trainer.evaluate.bootstrap import Difference, compare_shares
from trainer.evaluate.classification import Classification, classify
from trainer.report.contents import Pair, Scored, Table, percent
from trainer.report.figure import Plot
from trainer.report.plots import answers_plot, reliability_plot

COLUMNS = ("accuracy", "mean over classes", "calibration error")


def figures(scored: Scored) -> tuple[Pair, ...]:
    """The figures that matter most."""
    told = answers(scored)
    low, high = map(percent, told.interval)
    names = (f"accuracy (95 %: {low} to {high})", "mean over classes", "calibration error")
    return tuple(zip(names, cells(scored), strict=True))


def cells(scored: Scored) -> tuple[str, ...]:
    """Of `COLUMNS`."""
    told = answers(scored)
    return tuple(map(percent, (told.accuracy, told.balanced, told.reliability.error)))


def difference(first: Scored, second: Scored) -> Difference:
    """What the second has over the first."""
    return compare_shares(answers(first).right, answers(second).right)


def plots(scored: Scored) -> tuple[Plot, ...]:
    """Side by side."""
    return (reliability_plot(answers(scored).reliability, "answers"),)


def matrix(scored: Scored) -> Plot:
    """What is taken for what."""
    return answers_plot(answers(scored))


def class_table(scored: Scored) -> Table:
    """Per class, the least recognised first."""
    told = answers(scored)
    count = told.confusion.sum(axis=1)
    there = np.flatnonzero(count)
    rows = tuple(
        (told.dataset.labels[row], str(count[row]), percent(told.recall[row]), percent(told.precision[row]))
        for row in there[np.argsort(told.recall[there], kind="stable")].tolist()
    )
    return Table(
        "By class, the least recognised first", ("class", "pictures", "recognised", "right when said"), rows, ()
    )


def answers(scored: Scored) -> Classification:
    """The likeliest class of each picture.

    Raises:
        TrainError: a picture has not exactly one label.
    """
    return classify(scored.run.dataset, scored.run.found)
