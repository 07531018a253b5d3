"""Whether what came of a round is handed out."""

import numpy as np
import pytest

from edge.contracts.federated import MOST_ERROR, Tried
from trainer.federated.verdict import MOST_PRAISE, Verdict, verdict


def tried(given: float, base: float = 1.0, samples: int = 50) -> Tried:
    return Tried(samples, given, given, base)


def told(*errors: tuple[float, float], minimum: int = 2) -> Verdict:
    """Of devices with these errors before and after."""
    before = {str(place): tried(was) for place, (was, _) in enumerate(errors)}
    after = {str(place): tried(now) for place, (_, now) in enumerate(errors)}
    found = verdict(before, after, minimum)
    assert bool(found.why) is not found.accepted
    return found


@pytest.mark.parametrize(
    ("errors", "accepted"),
    [
        ([], False),
        ([(0.5, 0.1)], False),
        ([(0.5, 0.4)] * 2, True),
        ([(0.5, 0.5)] * 2, True),
        ([(0.5, 0.51)] * 2, False),
        ([(0.6, 0.55), (0.6, 0.6), (0.1, 0.14)], True),
        ([(0.6, 0.55), (0.6, 0.6), (0.1, 0.16)], False),
        ([(0.5, 0.4), (0.5, 0.4), (0.5, 9.0)], False),
        ([(0.5, 0.4)] * 4 + [(0.5, 9.0)], True),
        ([(0.5, 0.51)] * 4 + [(0.5, 0.0)], False),
    ],
)
def test_what_is_worse_is_not_handed_out(errors: list[tuple[float, float]], accepted: bool) -> None:
    found = told(*errors)
    assert (found.accepted, found.judges) == (accepted, len(errors))


@pytest.mark.parametrize("devices", range(2, 8))
@pytest.mark.parametrize("was", [0.0, 1e-9, 0.5, MOST_ERROR])
@pytest.mark.parametrize("now", [0.0, 0.4, MOST_ERROR])
def test_one_that_lies_does_not_carry_what_is_worse_for_the_others(devices: int, was: float, now: float) -> None:
    """By no more than a tenth of their error, divided among them."""
    honest = np.linspace(0.3, 0.6, devices - 1)
    harm = MOST_PRAISE * honest.max() / (devices - 1) + 1e-6
    assert not told(*zip(honest, honest + harm, strict=True), (was, now)).accepted


@pytest.mark.parametrize("now", [0.0, MOST_ERROR])
def test_one_of_five_that_lies_holds_up_nothing(now: float) -> None:
    assert told(*[(0.5, 0.45)] * 4, (0.5, now)).accepted


def test_harm_does_not_add_up() -> None:
    """Each step is carried by a liar; together they would go far beyond the model file."""
    error, steps = 1.0, 0
    while told((error, error + 0.02), (error, error + 0.02), (1.0, 0.0)).accepted:
        error, steps = error + 0.02, steps + 1
    assert steps == 2


def test_who_has_nothing_to_judge_by_is_not_counted() -> None:
    before = {"a": tried(0.5), "b": tried(0.5, samples=0), "c": tried(0.5)}
    after = {"a": tried(0.4), "b": tried(0.4), "d": tried(0.4)}
    found = verdict(before, after, 2)
    assert (found.accepted, found.judges) == (False, 1)
    assert "1 devices can tell" in found.why
    assert verdict(before, after, 1).accepted


def test_samples_that_came_between_do_not_count() -> None:
    """Everything became harder on one device: for the model file, too."""
    before = {"a": tried(0.5), "b": tried(0.5)}
    assert verdict(before, {"a": tried(0.54, 1.2), "b": tried(0.5)}, 2).accepted
    assert not verdict(before, {"a": tried(0.54), "b": tried(0.5)}, 2).accepted


def test_errors_of_nothing() -> None:
    none = {"a": tried(0.0, 0.0), "b": tried(0.0, 0.0)}
    assert verdict(none, none, 2).accepted
    assert not verdict(none, {"a": tried(0.1, 0.0), "b": tried(0.1, 0.0)}, 2).accepted
