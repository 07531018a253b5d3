"""One change of many, whatever is among them."""

from collections.abc import Callable

import numpy as np
import pytest

from trainer.errors import TrainError
from trainer.federated.averaging import (
    Average,
    Method,
    Terms,
    Update,
    average,
    clipped,
    most_share,
    shares,
    trimmed_mean,
)

N = 400
ONE = Terms(minimum=1)


def update(device: str, change: object, samples: int = 100) -> Update:
    return Update(device, np.asarray(change, np.float32), samples)


def honest(count: int, spread: float, seed: int = 1) -> list[Update]:
    """Devices that have seen different scenes of one world: a common change, and one of their own."""
    random = np.random.default_rng(seed)
    common = random.normal(size=N)
    return [update(f"d{number}", common + spread * random.normal(size=N)) for number in range(count)]


def length(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))


@pytest.mark.parametrize("updates", [[], honest(1, 0.1)], ids=["nobody", "one"])
def test_too_few_change_nothing(updates: list[Update]) -> None:
    found = average(updates, N, Terms(minimum=2))
    assert (found.change.tolist(), found.used, dict(found.refused)) == ([0.0] * N, (), {})


def test_one_is_itself() -> None:
    only = honest(1, 0.1)[0]
    found = average([only], N, ONE)
    assert np.allclose(found.change, only.change)
    assert found.used == ("d0",)


@pytest.mark.parametrize(
    ("change", "samples"),
    [
        (np.zeros(0, np.float32), 100),
        (np.zeros(N - 1, np.float32), 100),
        (np.zeros((N, 1), np.float32), 100),
        (np.zeros(N, np.int64), 100),
        (np.zeros(N, np.complex128), 100),
        (np.full(N, np.nan, np.float32), 100),
        (np.append(np.zeros(N - 1, np.float32), np.inf), 100),
        (np.full(N, 1e30, np.float32), 100),
        (np.zeros(N, np.float32), 0),
        (np.zeros(N, np.float32), -5),
    ],
)
def test_refuses_what_is_no_change(change: np.ndarray, samples: int) -> None:
    good = honest(3, 0.1)
    found = average([*good, Update("bad", change, samples)], N, ONE)
    assert list(found.refused) == ["bad"]
    assert np.array_equal(found.change, average(good, N, ONE).change)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([7], [1.0]),
        ([100, 300], [0.5, 0.5]),
        ([100, 100, 100], [1 / 3, 1 / 3, 1 / 3]),
        ([100, 110, 90], [1 / 3, 1.1 / 3, 0.3]),
        ([100, 300, 200], [1 / 6, 1 / 2, 1 / 3]),
        ([1 << 40, 100, 100], [0.5, 0.25, 0.25]),
        ([1 << 40, 300, 100], [0.5, 0.375, 0.125]),
        ([1 << 40, 1 << 39, 1, 1], [0.4, 0.4, 0.1, 0.1]),
        ([1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4]),
        ([1 << 40, 10, 10, 10, 10], [1 / 3, 1 / 6, 1 / 6, 1 / 6, 1 / 6]),
    ],
)
def test_weighs_by_samples_as_far_as_they_are_believed(samples: list[int], expected: list[float]) -> None:
    assert np.allclose(shares(np.array(samples, np.float64)), expected)


@pytest.mark.parametrize("devices", range(2, 13))
@pytest.mark.parametrize("claim", [1, 1 << 40])
def test_no_claim_makes_a_device_count_for_more_than_its_most(devices: int, claim: int) -> None:
    """Each device sends its own direction, so what it counts for can be read off the mean."""
    counts = [claim, *np.random.default_rng(devices).integers(1, 1000, devices - 1).tolist()]
    updates = [
        update(str(place), row, count) for place, (row, count) in enumerate(zip(np.eye(devices), counts, strict=True))
    ]
    found = average(updates, devices, Terms(method=Method.MEAN, outlier=1e6)).change
    assert np.isclose(found.sum(), 1.0)
    assert found.max() <= most_share(devices) + 1e-6


@pytest.mark.parametrize("devices", range(2, 9))
@pytest.mark.parametrize("claims", [[50], [1, 900, 20]])
@pytest.mark.parametrize("times", [-1e6, -1.5, -1.0, -0.3, 0.0])
def test_one_device_hardly_turns_round_what_the_others_agree_on(devices: int, claims: list[int], times: float) -> None:
    common = honest(1, 0.0)[0].change
    good = [update(f"d{place}", common, claims[place % len(claims)]) for place in range(devices - 1)]
    found = average([*good, update("bad", times * common, 1 << 40)], N, Terms()).change
    least = -0.25 if devices == 3 else 0.0
    assert found @ common >= (least - 1e-4) * length(common) ** 2
    assert length(found) <= 1.001 * length(common)


def test_shortens_what_is_long() -> None:
    updates = [update("a", [1.0, 0.0]), update("b", [0.0, 1.0]), update("c", [-100.0, 0.0])]
    found = average(updates, 2, ONE)
    assert found.clipped == ("c",)
    assert np.allclose(found.change, [(1 - 1.5) / 3, 1 / 3], atol=1e-6)


def test_of_two_devices_none_drowns_the_other() -> None:
    loud = Update("b", np.full(2, 1e9, np.float32), 1 << 40)
    found = average([update("a", [1.0, 0.0]), loud], 2, ONE)
    assert found.clipped == ("b",)
    assert np.allclose(found.change, (np.array([1.0, 0.0]) + np.sqrt(0.5)) / 2)


def test_a_change_of_nothing_stays_nothing() -> None:
    assert clipped(np.zeros((2, 3)), 0.0).tolist() == np.zeros((2, 3)).tolist()
    assert not average([update("a", np.zeros(3)), update("b", np.zeros(3))], 3, ONE).change.any()


@pytest.mark.parametrize(
    ("values", "trim", "mean"),
    [
        ([5], 0.2, 5.0),
        ([1, 3], 0.2, 2.0),
        ([1, 2, 90], 0.2, 2.0),
        ([-90, 1, 2, 3, 90], 0.2, 2.0),
        ([0, 1, 5, 6], 0.4, 3.0),
    ],
)
def test_trimmed_mean(values: list[float], trim: float, mean: float) -> None:
    changes = np.array(values, np.float64)[:, None]
    assert trimmed_mean(changes, np.ones(len(values)), trim).tolist() == [mean]


def test_trims_each_coordinate_alone() -> None:
    changes = np.array([[9.0, 0.0], [0.0, -9.0], [1.0, 1.0]])
    assert trimmed_mean(changes, np.ones(3), 0.2).tolist() == [1.0, 0.0]


Attack = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of the device's own change (N,), and those of others (4, N)
ATTACKS: dict[str, Attack] = {
    "the opposite": lambda own, _: -own,
    "the opposite, tenfold": lambda own, _: -10 * own,
    "far away": lambda own, _: np.full_like(own, 1e6),
    "nothing": lambda own, _: np.zeros_like(own),
    "noise": lambda own, _: 10 * np.random.default_rng(9).normal(size=len(own)),
    "just within the others": lambda _, others: others.mean(axis=0) - 1.5 * others.std(axis=0),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_one_poisoned_of_five_moves_the_average_little(attack: str) -> None:
    """Devices that agree as well as those of one model do: the average moves by at most a twentieth of its length."""
    good = honest(5, 0.08)
    others = np.array([one.change for one in good[:4]], np.float64)
    bad = update("d4", ATTACKS[attack](good[4].change.astype(np.float64), others), 1 << 40)
    clean, spoiled = average(good, N, Terms()), average([*good[:4], bad], N, Terms())
    assert spoiled.method is Method.TRIMMED
    assert length(spoiled.change - clean.change) <= 0.05 * length(clean.change)


@pytest.mark.parametrize("spread", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("attack", ATTACKS)
def test_one_poisoned_of_five_stays_within_the_others(attack: str, spread: float) -> None:
    """However little devices agree: no coordinate leaves what the others say, and it moves less than they differ."""
    good = honest(5, spread)
    others = np.array([one.change for one in good[:4]], np.float64)
    bad = update("d4", ATTACKS[attack](good[4].change.astype(np.float64), others))
    clean, spoiled = average(good, N, Terms(clip=1e6)), average([*good[:4], bad], N, Terms(clip=1e6))
    assert (spoiled.change >= others.min(axis=0) - 1e-5).all()
    assert (spoiled.change <= others.max(axis=0) + 1e-5).all()
    assert length(spoiled.change - clean.change) <= length(others.std(axis=0))


def test_the_plain_mean_is_led_astray() -> None:
    """That the trimming is what helps."""
    good = honest(5, 0.08)
    bad = update("d4", -10 * good[4].change)
    terms = Terms(method=Method.MEAN, clip=1e6, outlier=1e6)
    clean, spoiled = average(good, N, terms), average([*good[:4], bad], N, terms)
    assert length(spoiled.change - clean.change) > length(clean.change)


def test_sets_aside_the_one_that_is_far() -> None:
    good = honest(5, 0.08)
    found = average([*good[:4], update("bad", -good[4].change)], N, Terms())
    assert list(found.refused) == ["bad"]
    assert found.used == ("d0", "d1", "d2", "d3")


def test_nobody_is_set_aside_among_those_who_say_the_same() -> None:
    same = [update(f"d{number}", np.ones(N)) for number in range(5)]
    found = average(same, N, Terms())
    assert (len(found.used), np.allclose(found.change, 1.0)) == (5, True)


def test_few_are_averaged_by_mean() -> None:
    methods = {count: average(honest(count, 0.1), N, ONE).method for count in (1, 4, 5, 6)}
    assert methods == {1: Method.MEAN, 4: Method.MEAN, 5: Method.TRIMMED, 6: Method.TRIMMED}


def test_is_a_value_of_its_own() -> None:
    updates = honest(5, 0.1)
    before = [one.change.copy() for one in updates]
    found: Average = average(updates, N, Terms())
    found.change[:] = 0
    assert all(np.array_equal(one.change, old) for one, old in zip(updates, before, strict=True))


@pytest.mark.parametrize("terms", [Terms(minimum=0), Terms(trim=0.5), Terms(clip=0), Terms(outlier=1.0)])
def test_refuses_terms_that_make_no_sense(terms: Terms) -> None:
    with pytest.raises(TrainError, match="make no sense"):
        average([], N, terms)


def test_refuses_two_of_one_name() -> None:
    with pytest.raises(TrainError, match="same name"):
        average([*honest(1, 0.1), *honest(1, 0.1)], N, ONE)
