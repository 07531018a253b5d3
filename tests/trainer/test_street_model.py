"""The shipped model on streets that it was not trained on, run as the daemon runs it."""

import pytest

from edge.demo.clip import MODEL
from trainer.data.dataset import Dataset
from trainer.data.opening import open_data
from trainer.data.street import write_street
from trainer.evaluate.evaluation import Evaluation, evaluate
from trainer.evaluate.running import read_detector, run_model

SEED = 4711  # the model was trained on the streets of seed 1
LEAST_AP50 = 0.4


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = tmp_path_factory.mktemp("unseen") / "street"
    write_street(folder, 40, SEED)
    splits = list(open_data(folder).splits.values())
    unseen = Dataset(splits[0].labels, tuple(picture for split in splits for picture in split.pictures))
    run = run_model(read_detector(MODEL), unseen)
    assert (run.unreadable, run.unknown) == ((), ())
    return evaluate(run.dataset, run.found)


def test_it_finds_what_is_in_unseen_streets(evaluation: Evaluation) -> None:
    assert evaluation.boxes > 200
    assert evaluation.coco.scores.ap50 > LEAST_AP50


def test_it_finds_every_kind(evaluation: Evaluation) -> None:
    assert min(cut.recall for cut in evaluation.cuts) > 0.15
