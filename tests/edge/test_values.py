import numpy as np
import pytest

from edge.contracts.errors import ModelError
from edge.contracts.types import U8, ColourOrder, InputRecipe, Resize, TensorSpec
from edge.contracts.values import storer
from tests.rigs.bundles import feed

ALL: U8 = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(16, 16, 3)


@pytest.mark.parametrize(
    ("quantised", "norm"),
    [
        ((0.0, 0), (0.0, 1.0)),  # the graph normalises
        ((1 / 128, 128), (127.5, 127.5)),  # SSD of TF1
        ((1 / 127.5, 127), (127.5, 127.5)),  # post-training quantised
        ((1 / 255, 0), (0.0, 255.0)),
    ],
)
def test_uint8_models_take_raw_pixels(quantised: tuple[float, int], norm: tuple[float, float]) -> None:
    assert storer(feed((16, 16), "uint8", quantised, norm=norm))(ALL) is ALL


@pytest.mark.parametrize(("quantised", "norm"), [((1 / 127.5, -1), (127.5, 127.5)), ((1 / 255, -128), (0.0, 255.0))])
def test_int8_models_take_pixels_less_128(quantised: tuple[float, int], norm: tuple[float, float]) -> None:
    stored = storer(feed((16, 16), "int8", quantised, norm=norm))(ALL)
    assert stored.dtype == np.int8
    assert np.array_equal(stored, ALL.astype(np.int16) - 128)


@pytest.mark.parametrize(("dtype", "zero"), [("uint8", 100), ("int8", 5)])
def test_other_quantisations_are_followed_per_channel(dtype: str, zero: int) -> None:
    spec = TensorSpec("x", (1, 16, 16, 3), dtype, 0.02, zero)
    mean, std = (123.7, 116.3, 103.5), (58.4, 57.1, 57.4)
    stored = storer(InputRecipe(spec, Resize.STRETCH, ColourOrder.RGB, mean, std))(ALL)
    real = (ALL.astype(np.float64) - mean) / std
    limits = np.iinfo(dtype)
    assert stored.dtype == np.dtype(dtype)
    assert np.array_equal(stored, np.clip(np.rint(real / 0.02 + zero), limits.min, limits.max))


@pytest.mark.parametrize("norm", [(0.0, 1.0), (127.5, 127.5), (0.0, 255.0)])
def test_float_models_take_normalised_values(norm: tuple[float, float]) -> None:
    stored = storer(feed((16, 16), "float32", norm=norm))(ALL)
    assert stored.dtype == np.float32
    assert np.allclose(stored, (ALL.astype(np.float64) - norm[0]) / norm[1], atol=1e-6)


def test_float_constants_belong_to_their_channels() -> None:
    spec = TensorSpec("x", (1, 16, 16, 3), "float32", 0.0, 0)
    recipe = InputRecipe(spec, Resize.STRETCH, ColourOrder.RGB, (1.0, 2.0, 3.0), (10.0, 20.0, 40.0))
    assert np.allclose(storer(recipe)(ALL), (ALL - np.array([1.0, 2.0, 3.0])) / [10, 20, 40])


@pytest.mark.parametrize(("dtype", "quantised"), [("int32", (0.0, 0)), ("int8", (0.0, 0))])
def test_what_cannot_be_fed_is_refused(dtype: str, quantised: tuple[float, int]) -> None:
    with pytest.raises(ModelError, match="input 'input' is int"):
        storer(feed((16, 16), dtype, quantised))
