"""A model that learns, as it serves: switched between looks, and as it was exported where what was learnt fails."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.trainable import Weights
from edge.contracts.types import F32
from edge.learning.standing import EXPORTED
from edge.schooling.taught import Served, Taught
from tests.rigs.trainee import LinearTrainee


class Delicate(LinearTrainee):
    """Fails with weights above 1000, as a model may whose numbers overflow."""

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        if self.weights().weights.max() > 1000:
            raise ModelError("overflow")
        return super().invoke(tensor)


def served(taught: Taught, value: float, name: str = "w") -> Served:
    return Served(name, np.full_like(taught.exported.weights, value))


def answer(taught: Taught) -> F32:
    return np.array(taught.invoke(np.ones(taught.bundle.input.tensor.shape, np.float32))[1])


def test_nothing_is_put() -> None:
    taught = Taught(LinearTrainee())
    taught.turn()
    assert (taught.served, taught.wanted, taught.refused) == (EXPORTED, EXPORTED, "")
    assert not answer(taught).any()


def test_weights_serve_from_the_next_look_on_and_not_before() -> None:
    taught = Taught(LinearTrainee())
    taught.put(served(taught, 0.5))
    assert (taught.wanted, taught.served) == ("w", EXPORTED)
    assert not answer(taught).any()
    taught.turn()
    assert taught.served == "w"
    assert answer(taught).all()
    taught.put(taught.exported)
    taught.turn()
    assert not answer(taught).any()


@pytest.mark.parametrize("wrong", [np.zeros(3, np.float32), np.array([np.nan], np.float32)])
def test_weights_that_do_not_fit_are_refused_and_the_exported_ones_serve(wrong: F32) -> None:
    taught = Taught(LinearTrainee())
    taught.put(served(taught, 0.5))
    taught.turn()
    taught.put(Served("bad", wrong))
    taught.turn()
    assert (taught.served, taught.wanted, taught.refused) == (EXPORTED, EXPORTED, "bad")
    assert not answer(taught).any()
    taught.put(Served("bad", wrong))
    assert taught.wanted == EXPORTED


def test_weights_that_make_it_fail_are_given_up_within_the_same_look() -> None:
    taught = Taught(Delicate())
    taught.put(served(taught, 5000.0))
    taught.turn()
    assert not answer(taught).any()
    assert (taught.served, taught.refused) == (EXPORTED, "w")


def test_a_model_that_fails_as_it_was_exported_says_so() -> None:
    trainee = Delicate()
    now = trainee.weights()
    trainee.set_weights(Weights(np.full_like(now.weights, 5000.0), now.optimizer))
    with pytest.raises(ModelError, match="overflow"):
        answer(Taught(trainee))
