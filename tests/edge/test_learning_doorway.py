"""A subject before a doorway, on disk: its flow map is kept, serves again, and goes with its weights."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.trainable import TARGETS, Weights
from edge.contracts.types import F32
from edge.federated.reading import read_samples
from edge.federated.subjects import serving, subjects
from edge.learners.adaptive import AdaptiveModel
from edge.learners.serving import Serving
from edge.learning.checkpoint import ENDING, Checkpoint, read_checkpoint
from edge.learning.course import CHOSEN_BY_S, Course
from edge.learning.division import Part, span_s
from edge.learning.keeping import Age
from edge.learning.learnt import errors_with, flow, network, sizes
from edge.learning.promotion import RolledBack, Terms
from edge.learning.reservoir import Reservoir
from edge.learning.round import NEVER_S
from edge.learning.sample import Sample, form_of, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.shelf import Shelf
from edge.learning.standing import EXPORTED, Standing
from edge.learning.subject import SAMPLES, Subject
from tests.rigs.strollers import through_the_doorway
from tests.rigs.trainee import LinearTrainee, learning_bundle

SETTINGS = LearningSettings(rate=0.05, epochs=4)
TERMS = Terms(first=300, every=200, shadow=40, window=40, rest=50)
BUNDLE = learning_bundle()
SHAPES = shapes_of(BUNDLE)
EXPORT = LinearTrainee().weights().weights
EACH = 30


@cache
def seen() -> list[Sample]:
    return through_the_doorway(400.0, 1)


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Subject, LinearTrainee]]:
    trainee = LinearTrainee()
    subject = Subject(folder, BUNDLE, EXPORT, SETTINGS, TERMS)
    try:
        yield subject, trainee
    finally:
        subject.close()


def lived(folder: Path) -> tuple[str, F32]:
    """Live until something learnt serves; its name and what it is."""
    with opened(folder) as (subject, trainee):
        for begin in range(0, len(seen()), EACH):
            some = seen()[begin : begin + EACH]
            subject.compare(trainee, some)
            subject.offer(some)
            if subject.due():
                subject.learn(trainee, lambda: True)
            if subject.standing.serving:
                return subject.standing.serving, subject.serving
    raise AssertionError(f"nothing was promoted: {subject.state}")


def test_what_is_learnt_of_a_doorway_is_kept_with_its_map_and_serves_again(tmp_path: Path) -> None:
    folder = tmp_path / "yard"
    name, learnt = lived(folder)
    assert len(learnt) == sizes(BUNDLE)[1]
    later = stacked(through_the_doorway(100.0, 7, 9000.0), SHAPES)
    base, served = (errors_with(LinearTrainee(), one, later).mean() for one in (EXPORT, learnt))
    assert served < 0.85 * base
    with opened(folder) as (again, trainee):
        assert again.standing.serving == name
        assert again.serving.tobytes() == learnt.tobytes()
        again.serve(trainee)
        assert trainee.weights().weights.tobytes() == network(BUNDLE, learnt).tobytes()
    model = AdaptiveModel(LinearTrainee())
    Serving(tmp_path, {"yard": model}).begin()
    kept = flow(BUNDLE, learnt)
    assert (model.served, kept is None, model.flow is None) == (name, False, False)
    assert kept is not None
    assert model.flow is not None
    assert model.flow.numbers().tobytes() == kept.numbers().tobytes()


def test_by_what_it_was_chosen_is_known_after_a_restart(tmp_path: Path) -> None:
    name, _ = lived(tmp_path)
    kept = read_checkpoint(tmp_path, name, BUNDLE.sha256, BUNDLE.head, sizes(BUNDLE)[1]).scores[CHOSEN_BY_S]
    assert seen()[0].begin_s < kept < seen()[-1].begin_s
    course = Course(tmp_path, BUNDLE, EXPORT, TERMS)
    assert course.chosen_by_s == kept
    course.happened(RolledBack(0))
    assert (course.standing.serving, course.chosen_by_s) == (EXPORTED, NEVER_S)


def test_what_was_chosen_before_that_was_written_down_was_chosen_by_nobody_who_is_known(tmp_path: Path) -> None:
    weights = Weights(np.full(len(EXPORT), 0.25, np.float32), np.zeros(0, np.float32))
    shelf = Shelf(tmp_path, BUNDLE.sha256, BUNDLE.head, sizes(BUNDLE))
    shelf.write(Standing(serving=shelf.put(Checkpoint(BUNDLE.sha256, BUNDLE.head, weights, 1, 1, 1e9, {"base": 1.0}))))
    assert Course(tmp_path, BUNDLE, EXPORT, TERMS).chosen_by_s == NEVER_S


def test_those_who_learn_together_read_what_serves_with_its_map(tmp_path: Path) -> None:
    _, learnt = lived(tmp_path / "yard")
    assert serving(tmp_path / "yard", BUNDLE, EXPORT).tobytes() == learnt.tobytes()
    (one,) = subjects(tmp_path, BUNDLE, EXPORT)
    assert one.serving.tobytes() == learnt.tobytes()
    assert len(one.recent) > 0


@pytest.mark.parametrize("cut", [1, 4 * 1000, 4 * (sizes(BUNDLE)[1] - sizes(BUNDLE)[0])])
def test_a_checkpoint_whose_map_was_cut_off_does_not_serve_at_all(tmp_path: Path, cut: int) -> None:
    name, _ = lived(tmp_path / "yard")
    path = tmp_path / "yard" / (name + ENDING)
    path.write_bytes(path.read_bytes()[:-cut])
    assert serving(tmp_path / "yard", BUNDLE, EXPORT).tobytes() == EXPORT.tobytes()
    model = AdaptiveModel(LinearTrainee())
    Serving(tmp_path, {"yard": model}).begin()
    assert (model.served, model.flow) == (EXPORTED, None)
    with opened(tmp_path / "yard") as (subject, _):
        assert subject.standing.serving == EXPORTED
        assert subject.serving.tobytes() == EXPORT.tobytes()


def test_where_people_turn_no_more_the_map_goes_with_the_weights(tmp_path: Path) -> None:
    """The door is shut: what was learnt of it is worse live, and the exported weights serve again, without a map."""
    lived(tmp_path)
    shut = through_the_doorway(200.0, 5, 5000.0, turn=0.0)
    with opened(tmp_path) as (subject, trainee):
        for begin in range(0, len(shut), EACH):
            subject.compare(trainee, shut[begin : begin + EACH])
            if subject.standing.serving == EXPORTED:
                break
        assert (subject.standing.returned, subject.standing.serving) == (1, EXPORTED)
        assert subject.serving.tobytes() == EXPORT.tobytes()
    assert list(tmp_path.glob(f"*{ENDING}")) == []


def test_samples_of_before_there_were_places_are_forgotten_and_not_taken_for_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They neither count towards a round nor fill what new ones need."""
    shapes = {name: SHAPES[name] for name in TARGETS[BUNDLE.head]}
    former = Reservoir(tmp_path / SAMPLES, shapes, f"{BUNDLE.head.value} {BUNDLE.window}", span_s(BUNDLE), SETTINGS)
    bare = [Sample({k: one.arrays[k] for k in shapes}, *rest(one)) for one in seen()]
    assert former.add(bare).stored > 200
    former.close()
    assert all(not len(one) for one in read_samples(tmp_path / SAMPLES, BUNDLE).values())
    with caplog.at_level(logging.WARNING), opened(tmp_path) as (subject, _):
        state = subject.state
        assert (state.seen, state.learnt_from, state.held_out) == (0, 0, 0)
        assert not subject.due()
        assert subject.offer(seen()).stored > 200
        assert subject.due()
    assert [one.message for one in caplog.records if "damaged" in one.message] == []
    assert any("forgotten" in one.message for one in caplog.records)
    found = read_samples(tmp_path / SAMPLES, BUNDLE)
    assert len(found[Part.LEARN, Age.RECENT]) > 100
    assert form_of(BUNDLE).endswith("place")


def rest(one: Sample) -> tuple[float, float, str, str, float]:
    return one.begin_s, one.end_s, one.group, one.stratum, one.weight


@pytest.mark.parametrize(("more", "serves"), [(0, True), (1, False), (sizes(BUNDLE)[1] - sizes(BUNDLE)[0] - 1, False)])
def test_weights_alone_of_before_there_were_maps_serve_and_other_sizes_do_not(
    tmp_path: Path, more: int, serves: bool
) -> None:
    learnt = np.full(len(EXPORT) + more, 0.25, np.float32)
    shelf = Shelf(tmp_path, BUNDLE.sha256, BUNDLE.head, [len(learnt)])
    name = shelf.put(Checkpoint(BUNDLE.sha256, BUNDLE.head, Weights(learnt, np.zeros(0, np.float32)), 1, 1, 1e9))
    shelf.write(Standing(serving=name))
    expected = learnt if serves else EXPORT
    assert serving(tmp_path, BUNDLE, EXPORT).tobytes() == expected.tobytes()
    with opened(tmp_path) as (subject, _):
        assert subject.standing.serving == (name if serves else EXPORTED)
        assert subject.serving.tobytes() == expected.tobytes()
