"""What is told of learning: what the model does not run with is told while that is to serve, and no longer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.learning_state import SubjectState, told_subject, unopened
from edge.delivery import Delivery
from edge.learners.adaptive import AdaptiveModel, Served
from edge.learners.handover import HandOver
from edge.learners.heard import Heard
from edge.learners.report import Report
from edge.learners.serving import Serving
from edge.learning.standing import EXPORTED
from tests.rigs.learning_side import path_model, settings_of
from tests.rigs.trainee import LinearTrainee

NAME = "ab" * 32


class Told:
    """A report of one camera, `yard`."""

    def __init__(self, folder: Path, delivery: Delivery) -> None:
        self.model = AdaptiveModel(LinearTrainee())
        models = {"yard": self.model}
        self.heard = Heard(models)
        self.report = Report(delivery, models, {}, self.heard, Serving(folder, models), HandOver())

    def hear(self, serving: str = EXPORTED, trouble: str = "") -> None:
        self.heard.take(told_subject(replace(unopened("yard", trouble), phase="collecting", serving=serving)))

    @property
    def subject(self) -> SubjectState:
        return self.report.state(enabled=True).subjects[0].state


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with Delivery(settings_of(tmp_path, path_model(tmp_path))) as delivery:
        yield Told(tmp_path, delivery)


def test_nothing_was_heard(told: Told) -> None:
    state = told.report.state(enabled=True)
    assert (state.doing, state.reason, told.subject.phase, told.subject.trouble) == ("idle", "", "", "")


def test_what_the_model_does_not_run_with_is_told_while_that_is_to_serve(told: Told) -> None:
    told.model.put(Served(NAME, np.zeros(3, np.float32)))
    told.model.turn()
    told.hear(serving=NAME)
    assert "does not run with what was learnt (abab" in told.subject.trouble
    told.hear(serving=EXPORTED)
    assert told.subject.trouble == ""


def test_what_it_says_itself_goes_first(told: Told) -> None:
    told.hear(trouble="no room")
    assert told.subject.trouble == "no room"
    told.hear()
    assert told.subject.trouble == ""


def test_of_whom_nobody_knows_and_what_makes_no_sense_nothing_is_told(told: Told) -> None:
    told.heard.take(told_subject(unopened("door", "who is that")))
    told.heard.take({**told_subject(unopened("yard", "odd")), "samples": -1})
    assert told.subject.trouble == ""


def test_who_was_being_trained_when_the_process_died_is_to_rest(told: Told) -> None:
    told.heard.take({"on": True, "learning": "yard", "paused": ""})
    assert (told.heard.doing.trains, told.heard.rests_s) == (True, {})
    told.heard.lost()
    assert (told.heard.doing.there, told.heard.rests_s) == (False, {"yard": 60.0})
    told.heard.take({"on": True, "learning": "yard", "paused": "it is too hot"})
    assert not told.heard.doing.trains
    assert [told.heard.has_trained() for _ in range(2)] == [True, False]  # it was, since this was asked last
