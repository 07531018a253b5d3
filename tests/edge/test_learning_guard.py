"""The benchmark `guard` can fail: what lasts counts, and every attack harms a learner that is not guarded."""

import numpy as np
import pytest

from edge.learning.fitting import Fit
from edge.learning.learnt import errors_with
from edge.learning.sample import Batch, Sample, shapes_of, stacked
from tests.bench.learning_attacks import ATTACKS, BEGIN_S, EACH, TURN
from tests.bench.learning_guard import fitted, lasting, learnt, losses
from tests.rigs.trainee import LinearTrainee, learning_bundle

WINDOW = 10


@pytest.mark.parametrize(
    ("served", "worst", "lasts"),
    [
        ([1.0] * 9, 0.0, 0.0),
        ([1.0] * 50, 0.0, 0.0),
        ([0.9] * 50, -0.1, 0.0),
        ([1.0] * 20 + [1.5] * 1 + [1.0] * 29, 0.05, 0.0),  # within a window it is over
        ([1.0] * 20 + [1.5] * 5 + [1.0] * 25, 0.25, 0.1),
        ([1.0] * 20 + [1.5] * 19 + [1.0] * 11, 0.5, 0.45),
        ([1.0] * 20 + [1.5] * 30, 0.5, 0.5),
    ],
)
def test_a_loss_counts_when_it_lasts(served: list[float], worst: float, lasts: float) -> None:
    loss = losses(np.ones(len(served)), np.array(served), WINDOW)
    assert loss.max() == pytest.approx(worst)
    assert lasting(loss, WINDOW) == pytest.approx(lasts)


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_harms_who_is_not_guarded(name: str) -> None:
    """By what is offered in the bad time, weights become worse than the exported in the world as it is afterwards."""
    trainee = LinearTrainee(learning_bundle(batch=32))
    attack = ATTACKS[name]
    exported = fitted(trainee, attack.world)
    really = attack.bad(1, BEGIN_S, 40.0, TURN)
    random = np.random.default_rng(1)
    together = [really[first : first + EACH] for first in range(0, len(really), EACH)]
    offered = [one for some in together for one in attack.spoil(some, random)]
    weights = learnt(trainee, exported, batch(offered), Fit(0.02, 4))
    after = batch(attack.world(7, BEGIN_S, 30.0, TURN))
    assert len(offered) >= 5 * EACH
    assert errors_with(trainee, weights, after).mean() > 1.05 * errors_with(trainee, exported, after).mean()


def batch(given: list[Sample]) -> Batch:
    return stacked(given, shapes_of(learning_bundle(batch=32)))
