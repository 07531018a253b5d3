from dataclasses import replace

import pytest

from edge.contracts.types import ColourOrder, Head, InputRecipe, Resize
from tests.rigs.bundles import bundle, feed
from trainer.gate.contract import same_head, same_input, same_labels
from trainer.gate.verdict import Answer, Check


def recipe(dtype: str = "float32", quantised: tuple[float, int] = (0.0, 0), **other: object) -> InputRecipe:
    """Letterboxed RGB in -1..1, as the trainer's networks take it."""
    made = feed(dtype=dtype, quantised=quantised, resize=Resize.LETTERBOX, order=ColourOrder.RGB, norm=(127.5, 127.5))
    return replace(made, **other)  # type: ignore[arg-type]


FLOAT = recipe()


@pytest.mark.parametrize(
    ("candidate", "answer", "said"),
    [
        (FLOAT, Answer.PASSED, "the same values"),
        (recipe("uint8", (1 / 127.5, 128)), Answer.PASSED, ""),
        (recipe("int8", (1 / 127.5, -1)), Answer.PASSED, ""),
        (recipe("int8", (1 / 128, 0)), Answer.PASSED, ""),
        (recipe("int8", (1 / 64, 0)), Answer.PASSED, ""),  # coarse, and right
        (recipe(mean=(0.0,) * 3, std=(255.0,) * 3), Answer.FAILED, "mean 0, 0, 0, std 255, 255, 255"),
        (recipe("int8", (1 / 127.5, -1), mean=(123.7, 116.3, 103.5), std=(58.4, 57.1, 57.4)), Answer.FAILED, "123.7"),
        (recipe(mean=(127.5, 127.5, 120.0)), Answer.FAILED, "120"),
        (recipe(order=ColourOrder.BGR), Answer.FAILED, "bgr"),
        (recipe(resize=Resize.STRETCH), Answer.FAILED, "stretch"),
        (recipe("uint8"), Answer.UNKNOWN, "no scale"),
        (feed(size_px=(64, 32)), Answer.FAILED, "[1, 32, 64, 3]"),
    ],
)
def test_asks_for_the_same_numbers_of_one_picture(candidate: InputRecipe, answer: Answer, said: str) -> None:
    check = same_input(FLOAT, candidate)
    assert check.answer is answer
    assert said in check.words


def labelled(*was: str, became: tuple[str, ...]) -> Check:
    return same_labels(bundle(Head.SSD, [], was), bundle(Head.SSD, [], became))


def test_asks_for_the_same_labels_in_the_same_order() -> None:
    assert labelled("a", "b", became=("a", "b")).answer is Answer.PASSED
    for became, said in (
        (("b", "a"), "the same names in another order, first at class 0: 'b' where the reference has 'a'"),
        (("a",), "1 names where the reference has 2, first at class 1: none where the reference has 'b'"),
        (("a", "c"), "first at class 1: 'c'"),
        (("", "a", "b"), "3 names where the reference has 2"),
    ):
        check = labelled("a", "b", became=became)
        assert (check.answer, said in check.words) == (Answer.FAILED, True)


def test_asks_for_the_same_head() -> None:
    one, other = bundle(Head.SSD, []), bundle(Head.YOLOX, [])
    assert same_head(one, one).answer is Answer.PASSED
    assert same_head(one, other).answer is Answer.FAILED
