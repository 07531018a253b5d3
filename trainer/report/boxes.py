"""What a report says of a detector: how well it finds boxes."""

from trainer.evaluate.bootstrap import Difference, compare
from trainer.report.contents import Pair, Scored, Table, percent
from trainer.report.figure import Plot
from trainer.report.plots import confusion_plot, pr_plot, reliability_plot, size_plot

COLUMNS = ("AP50", "AP", "AP75")


def figures(scored: Scored) -> tuple[Pair, ...]:
    """The figures that matter most."""
    scores = scored.evaluation.coco.scores
    return (("AP50", percent(scores.ap50)), ("AP (IoU .50:.95)", percent(scores.ap)), ("AP75", percent(scores.ap75)))


def cells(scored: Scored) -> tuple[str, ...]:
    """Of `COLUMNS`."""
    scores = scored.evaluation.coco.scores
    return (percent(scores.ap50), percent(scores.ap), percent(scores.ap75))


def difference(first: Scored, second: Scored) -> Difference:
    """What the second has over the first."""
    return compare(first.evaluation.coco.matches, second.evaluation.coco.matches)


def plots(scored: Scored) -> tuple[Plot, ...]:
    """Side by side."""
    evaluation = scored.evaluation
    return pr_plot(evaluation), reliability_plot(evaluation.reliability, "detections"), size_plot(evaluation)


def matrix(scored: Scored) -> Plot:
    """What is taken for what."""
    return confusion_plot(scored.evaluation)


def class_table(scored: Scored) -> Table:
    """Per class: boxes, scores and the best threshold; the commonest classes first."""
    evaluation = scored.evaluation
    coco, labels = evaluation.coco, evaluation.dataset.labels
    order = sorted(range(len(labels)), key=lambda label: -coco.matches[label].boxes)
    rows = []
    for label in order:
        cut, boxes = evaluation.cuts[label], coco.matches[label].boxes
        if boxes:
            figures = (coco.class_ap50[label], coco.class_ap[label], cut.f1, cut.precision, cut.recall)
            rows.append((labels[label], str(boxes), *map(percent, figures), f"{cut.score:.2f}"))
    heading = ("class", "boxes", "AP50", "AP", "best F1", "precision there", "recall there", "score threshold")
    return Table(
        "By class",
        heading,
        tuple(rows),
        ("Thresholds are those of the best F1 on this very data; of few boxes they are luck.",),
    )
