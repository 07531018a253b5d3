"""The order of pictures: each once in a round, rare classes more often, the same for the same number."""

from collections import Counter
from pathlib import Path

import numpy as np

from trainer.data.dataset import Dataset, Picture
from trainer.data.order import Order, repeat_factors


def dataset(*labels: list[int]) -> Dataset:
    box = np.array([[0.1, 0.1, 0.5, 0.5]], np.float32)
    rows = [
        Picture(Path(f"{n}.png"), 10, 10, box.repeat(len(one), 0), np.array(one, np.int64))
        for n, one in enumerate(labels)
    ]
    return Dataset(("a", "b"), tuple(rows))


EVEN = dataset(*([0] for _ in range(10)))
UNEVEN = dataset(*([0] for _ in range(15)), [1])


def test_each_picture_once_in_a_round() -> None:
    order = Order(EVEN, 1)
    rounds = [[order.picture(turn * 10 + n) for n in range(10)] for turn in range(2)]
    assert [sorted(one) for one in rounds] == [list(range(10))] * 2
    assert rounds[0] != rounds[1]


def test_the_number_alone_decides() -> None:
    forward, again = Order(EVEN, 1), Order(EVEN, 1)
    seen = [forward.picture(n) for n in range(35)]
    assert [again.picture(n) for n in reversed(range(35))] == seen[::-1]
    assert [Order(EVEN, 2).picture(n) for n in range(35)] != seen


def test_rare_classes_come_more_often() -> None:
    assert repeat_factors(UNEVEN, 0.0).tolist() == [1.0] * 16
    assert repeat_factors(UNEVEN, 0.25).tolist() == [1.0] * 15 + [2.0]
    order = Order(UNEVEN, 1, 0.25)
    shown = Counter(order.picture(n) for n in range(order.round_length * 40))
    assert 1.8 < shown[15] / (sum(shown[n] for n in range(15)) / 15) < 2.2


def test_pictures_without_objects_are_shown_too() -> None:
    assert repeat_factors(dataset([], [1]), 0.5).tolist() == [1.0, 1.0]
