"""What the accuracy of a model is measured in, by its task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from trainer.evaluate.bootstrap import compare_map, compare_shares
from trainer.evaluate.classification import Classification, classify
from trainer.evaluate.coco import CocoResult, evaluate_coco
from trainer.evaluate.running import ModelRun

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Yardstick(Generic[R]):
    """How runs of a model on the same pictures are scored and compared."""

    names: tuple[str, str]  # of the two figures; the second decides
    score: Callable[[ModelRun], R]
    figures: Callable[[R], tuple[float, float]]  # 0..1
    certain: Callable[[R, R], bool]  # whether the second is certainly another one than the first


BOXES: Yardstick[CocoResult] = Yardstick(
    ("mAP50", "mAP"),
    lambda run: evaluate_coco(run.dataset, run.found),
    lambda result: (result.scores.ap50, result.scores.ap),
    lambda first, second: compare_map(first, second).certain,
)
CLASSES: Yardstick[Classification] = Yardstick(
    ("balanced accuracy", "accuracy"),
    lambda run: classify(run.dataset, run.found),
    lambda result: (result.balanced, result.accuracy),
    lambda first, second: compare_shares(first.right, second.right).certain,
)
