"""Looks and readings as bytes and back."""

import numpy as np
import pytest

from edge.contracts.types import Tracks
from edge.learners.order import CameraTask, Order, SensorTask
from edge.learners.wire import LARGEST, MOST_TRACKS, pack_look, pack_reading, unpack_look, unpack_reading
from edge.learning.promotion import Terms
from edge.learning.settings import LearningSettings
from tests.rigs.tracks import at, tracks

KEPT = ("id", "label", "box", "velocity", "lost_s", "history", "history_age_s")


def many(count: int, history: int) -> Tracks:
    made = tracks(
        [at(0.1 + 0.8 * one / count, 0.5) for one in range(count)], lost_s=[0.25 * (one % 3) for one in range(count)]
    )
    past = np.repeat(made.history, history, axis=1)
    past[:, 0] = np.nan
    return Tracks(
        made.id, made.box, made.velocity + 0.125, made.score, made.label, made.seen_s, made.lost_s, made.sigma,
        made.velocity_sigma, past, np.arange(count * history, dtype=np.float32).reshape(count, history),
    )  # fmt: skip


@pytest.mark.parametrize("given", [Tracks.empty(), Tracks.empty(16), many(1, 1), many(30, 16)])
def test_a_look_arrives_as_it_was(given: Tracks) -> None:
    seen = unpack_look(pack_look(3, 12.5, 10**18, 1.75, given))
    assert (seen.subject, seen.t_s, seen.utc_ns, seen.aspect) == (3, 12.5, 10**18, 1.75)
    for name in KEPT:
        np.testing.assert_array_equal(getattr(seen.tracks, name), getattr(given, name))


@pytest.mark.parametrize(("count", "history"), [(MOST_TRACKS + 1, 16), (500, 256)])
def test_a_look_at_too_many_is_cut_and_fits(count: int, history: int) -> None:
    given = many(count, history)
    message = pack_look(0, 0.0, 0, 1.0, given)
    assert len(message) <= LARGEST
    seen = unpack_look(message).tracks
    assert 0 < len(seen) <= MOST_TRACKS
    np.testing.assert_array_equal(seen.history, given.history[: len(seen)])


@pytest.mark.parametrize("values", [[], [1.5], [np.nan, 2.0, -1e9]])
def test_a_reading_arrives_as_it_was(values: list[float]) -> None:
    seen = unpack_reading(pack_reading(7, 5, np.array(values, np.float64)))
    assert (seen.subject, seen.utc_ns) == (7, 5)
    np.testing.assert_array_equal(seen.values, values)


def test_an_order_arrives_as_it_was() -> None:
    order = Order(
        "/f", "run", True, LearningSettings(rate=0.5), Terms(first=7),
        (CameraTask("yard", "/m", "a" * 64, ("person", "")),), (SensorTask("tank", "/n", "b" * 64, 3),), {"yard": 60.0},
    )  # fmt: skip
    assert Order.decode(order.encode()) == order
    assert [one.name for one in order.tasks] == ["yard", "tank"]
