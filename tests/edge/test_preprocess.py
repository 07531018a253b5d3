import cv2
import numpy as np
import pytest

from edge.contracts.errors import ModelError
from edge.contracts.preprocess import PADDING, WHOLE, Placement, Preprocess, Region, input_size, whole_pixels
from edge.contracts.types import U8, ColourOrder, InputRecipe, Resize, TensorSpec
from edge.imaging import OpenCv
from tests.rigs.bundles import feed

RNG = np.random.default_rng(5)


def picture(width: int, height: int) -> U8:
    pixels = RNG.integers(0, 256, (height, width, 3), np.uint8)
    pixels.flags.writeable = False
    return pixels


def random_region() -> Region:
    x1, y1 = RNG.uniform(0, 0.7, 2)
    return float(x1), float(y1), float(RNG.uniform(x1 + 0.05, 1)), float(RNG.uniform(y1 + 0.05, 1))


def test_raw_pixels_reach_a_quantised_model_as_a_plain_resize_makes_them() -> None:
    pixels = picture(1280, 720)
    tensor, placement = Preprocess(feed((300, 200), order=ColourOrder.RGB), OpenCv())(pixels)
    assert np.array_equal(tensor, cv2.cvtColor(cv2.resize(pixels, (300, 200)), cv2.COLOR_BGR2RGB)[None])
    assert placement == Placement(WHOLE, (0.0, 0.0), (1.0, 1.0))


def test_a_bgr_model_gets_the_channels_as_they_come() -> None:
    pixels = picture(100, 80)
    tensor, _ = Preprocess(feed((50, 40)), OpenCv())(pixels)
    assert np.array_equal(tensor[0], cv2.resize(pixels, (50, 40)))


@pytest.mark.parametrize("order", list(ColourOrder))
def test_float_letterbox_equals_the_straightforward_one(order: ColourOrder) -> None:
    pixels = picture(640, 360)
    recipe = feed((416, 416), "float32", resize=Resize.LETTERBOX, order=order, norm=(127.5, 50.0))
    tensor, _ = Preprocess(recipe, OpenCv())(pixels)
    canvas = np.full((416, 416, 3), PADDING, np.uint8)
    canvas[:234] = cv2.resize(pixels, (416, 234))
    canvas = canvas if order is ColourOrder.BGR else canvas[..., ::-1]
    assert tensor.dtype == np.float32
    assert np.allclose(tensor[0], (canvas.astype(np.float64) - 127.5) / 50, atol=1e-5)


def test_padding_does_not_keep_what_an_earlier_shape_left() -> None:
    preprocess = Preprocess(feed((64, 64), resize=Resize.LETTERBOX), OpenCv())
    preprocess(picture(50, 100))
    tensor, _ = preprocess(picture(100, 50))
    assert (tensor[0, 32:] == PADDING).all()
    assert not (tensor[0, :32] == PADDING).all()


def test_a_crop_is_what_its_pixels_are_alone() -> None:
    pixels, preprocess = picture(200, 100), Preprocess(feed((50, 50)), OpenCv())
    tensor, placement = preprocess(pixels, (0.25, 0.5, 0.5, 1.0))
    assert np.array_equal(tensor[0], pixels[50:100, 50:100])
    assert placement.region == (0.25, 0.5, 0.5, 1.0)


@pytest.mark.parametrize("resize", list(Resize))
def test_boxes_come_back_exactly(resize: Resize) -> None:
    for _ in range(200):
        width, height = RNG.integers(40, 2000, 2)
        pixels = np.broadcast_to(np.zeros(3, np.uint8), (height, width, 3))
        recipe = feed((int(RNG.integers(16, 200)), int(RNG.integers(16, 200))), resize=resize)
        _, placement = Preprocess(recipe, OpenCv())(np.ascontiguousarray(pixels), random_region())
        box = RNG.uniform(0, 1, (20, 4)).astype(np.float32)
        assert np.abs(placement.to_frame(placement.to_model(box)) - box).max() < 1e-5


@pytest.mark.parametrize("resize", list(Resize))
@pytest.mark.parametrize("region", [WHOLE, (0.1, 0.2, 0.85, 0.9), (0.5, 0.0, 1.0, 0.3), (0.5, 0.0, 0.7, 1.0)])
def test_a_patch_seen_in_the_tensor_is_found_where_it_is_in_the_frame(resize: Resize, region: Region) -> None:
    pixels = np.zeros((720, 1280, 3), np.uint8)
    pixels[150:200, 700:800] = 255
    tensor, placement = Preprocess(feed((320, 256), resize=resize), OpenCv())(pixels, region)
    ys, xs = np.nonzero(tensor[0, :, :, 0] > 150)
    seen = np.array([xs.min() / 320, ys.min() / 256, (xs.max() + 1) / 320, (ys.max() + 1) / 256], np.float32)
    step = np.array(placement.extent * 2) / np.array([320, 256, 320, 256])
    assert (np.abs(placement.to_frame(seen) - [700 / 1280, 150 / 720, 800 / 1280, 200 / 720]) <= step).all()


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (WHOLE, (0, 0, 100, 50)),
        ((0.101, 0.1, 0.199, 0.5), (10, 5, 20, 25)),
        ((0.5, 0.5, 0.5, 0.5), (50, 25, 51, 26)),  # empty
        ((-1.0, -1.0, -0.5, -0.5), (0, 0, 1, 1)),  # outside
        ((2.0, 2.0, 3.0, 3.0), (99, 49, 100, 50)),
        ((0.9, 0.9, 0.1, 0.1), (90, 45, 91, 46)),  # inside out
    ],
)
def test_whole_pixels(region: Region, expected: tuple[int, int, int, int]) -> None:
    assert whole_pixels(region, 100, 50) == expected


def test_float32_fractions_of_whole_pixels_stay_those_pixels() -> None:
    for x in range(0, 1900, 7):
        low, high = float(np.float32(x / 1920)), float(np.float32((x + 20) / 1920))
        assert whole_pixels((low, 0.0, high, 1.0), 1920, 10) == (x, 0, x + 20, 10)


@pytest.mark.parametrize("shape", [(), (1, 640), (1, 10, 10, 1), (2, 10, 10, 3), (1, 0, 10, 3)])
def test_an_input_that_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    recipe = InputRecipe(
        TensorSpec("x", shape, "uint8", 0.0, 0), Resize.STRETCH, ColourOrder.RGB, (0.0,) * 3, (1.0,) * 3
    )
    with pytest.raises(ModelError, match="'x' has shape"):
        input_size(recipe)
