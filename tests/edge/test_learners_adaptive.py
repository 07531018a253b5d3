"""A model that learns, as it serves: switched between looks, and as it was exported where what was learnt fails."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.flow_map import FlowMap
from edge.contracts.trainable import Weights
from edge.contracts.types import F32
from edge.learners.adaptive import AdaptiveModel, Served
from edge.learning.learnt import paths, together
from edge.learning.standing import EXPORTED
from tests.rigs.trainee import LinearTrainee


class Delicate(LinearTrainee):
    """Fails with weights above 1000, as a model may whose numbers overflow."""

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        if self.weights().weights.max() > 1000:
            raise ModelError("overflow")
        return super().invoke(tensor)


def served(model: AdaptiveModel, value: float, name: str = "w") -> Served:
    return Served(name, np.full_like(model.exported.weights, value))


def answer(model: AdaptiveModel) -> F32:
    return np.array(model.invoke(np.ones(model.bundle.input.tensor.shape, np.float32))[1])


def test_nothing_is_put() -> None:
    model = AdaptiveModel(LinearTrainee())
    model.turn()
    assert (model.served, model.wanted, model.refused) == (EXPORTED, EXPORTED, "")
    assert not answer(model).any()


def test_weights_serve_from_the_next_look_on_and_not_before() -> None:
    model = AdaptiveModel(LinearTrainee())
    model.put(served(model, 0.5))
    assert (model.wanted, model.served) == ("w", EXPORTED)
    assert not answer(model).any()
    model.turn()
    assert model.served == "w"
    assert answer(model).all()
    model.put(model.exported)
    model.turn()
    assert not answer(model).any()


@pytest.mark.parametrize("wrong", [np.zeros(3, np.float32), np.array([np.nan], np.float32)])
def test_weights_that_do_not_fit_are_refused_and_the_exported_ones_serve(wrong: F32) -> None:
    model = AdaptiveModel(LinearTrainee())
    model.put(served(model, 0.5))
    model.turn()
    model.put(Served("bad", wrong))
    model.turn()
    assert (model.served, model.wanted, model.refused) == (EXPORTED, EXPORTED, "bad")
    assert not answer(model).any()
    model.put(Served("bad", wrong))
    assert model.wanted == EXPORTED


def test_weights_that_make_it_fail_are_given_up_within_the_same_look() -> None:
    model = AdaptiveModel(Delicate())
    model.put(served(model, 5000.0))
    model.turn()
    assert not answer(model).any()
    assert (model.served, model.refused) == (EXPORTED, "w")


def test_a_model_that_fails_as_it_was_exported_says_so() -> None:
    trainee = Delicate()
    now = trainee.weights()
    trainee.set_weights(Weights(np.full_like(now.weights, 5000.0), now.optimizer))
    with pytest.raises(ModelError, match="overflow"):
        answer(AdaptiveModel(trainee))


def bent(model: AdaptiveModel, by: float) -> FlowMap:
    window = paths(model.bundle)
    assert window is not None
    anchor = np.array([[0.0, 0.0, 0.0, 0.0, 1.0, *[0.0] * 2 * window.samples]])
    return FlowMap(anchor, np.full((1, len(window.horizons_s), 2), by))


def mapped(model: AdaptiveModel, value: float, by: float, name: str = "m") -> Served:
    return Served(name, together(np.full_like(model.exported.weights, value), bent(model, by)))


def shown(model: AdaptiveModel) -> float | None:
    """By how much its map shifts, None where there is none."""
    return None if model.flow is None else float(model.flow.pull[0, 0, 0])


def test_a_flow_map_is_switched_together_with_the_weights() -> None:
    model = AdaptiveModel(LinearTrainee())
    assert shown(model) is None
    for served_now, by, value in (
        (mapped(model, 0.5, 1.0, "one"), 1.0, 0.5),
        (mapped(model, 0.25, 2.0, "two"), 2.0, 0.25),
        (served(model, 0.5, "bare"), None, 0.5),
        (mapped(model, 0.5, 3.0, "three"), 3.0, 0.5),
        (model.exported, None, 0.0),
    ):
        before = shown(model), answer(model).tobytes()
        model.put(served_now)
        assert (shown(model), answer(model).tobytes()) == before
        model.turn()
        assert (model.served, shown(model)) == (served_now.name, by)
        assert answer(model).any() == (value != 0)


def damaged(model: AdaptiveModel) -> Served:
    found = mapped(model, 0.5, 1.0, "bad")
    found.weights[-1] = np.nan
    return found


def too_long(model: AdaptiveModel) -> Served:
    return Served("bad", np.append(mapped(model, 0.5, 1.0).weights, np.float32(0)))


def good_map_with_bad_weights(model: AdaptiveModel) -> Served:
    return mapped(model, np.nan, 1.0, "bad")


@pytest.mark.parametrize("make", [damaged, too_long, good_map_with_bad_weights])
def test_weights_and_map_are_refused_together(make: Callable[[AdaptiveModel], Served]) -> None:
    model = AdaptiveModel(LinearTrainee())
    model.put(mapped(model, 0.5, 1.0))
    model.turn()
    model.put(make(model))
    model.turn()
    assert (model.served, model.refused, shown(model)) == (EXPORTED, "bad", None)
    assert not answer(model).any()


def test_with_weights_that_fail_the_map_goes_within_the_same_look() -> None:
    model = AdaptiveModel(Delicate())
    model.put(mapped(model, 5000.0, 1.0))
    model.turn()
    assert shown(model) == 1.0
    assert not answer(model).any()
    assert (model.served, shown(model)) == (EXPORTED, None)


def test_scores_are_switched_with_the_weights_that_they_stand_beside() -> None:
    model = AdaptiveModel(Delicate())
    model.put(replace(served(model, 0.5), scores={"limit": 0.1}))
    assert model.scores == {}
    model.turn()
    assert model.scores == {"limit": 0.1}
    model.put(replace(served(model, 2000.0, "v"), scores={"limit": 0.2}))
    assert model.scores == {"limit": 0.1}
    model.turn()
    assert model.scores == {"limit": 0.2}
    answer(model)  # which fails, and goes back to the exported weights
    assert (model.served, model.scores) == (EXPORTED, {})
