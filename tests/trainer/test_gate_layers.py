from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.types import U8
from tests.paths import data
from tests.rigs.coco128 import coco128
from tests.rigs.spoiled import weight_scale, weights, with_graph
from trainer.gate.judge import some_pixels
from trainer.gate.layers import LayerLoss, guilty, layer_losses, paired
from trainer.gate.network import Answered, as_network
from trainer.gate.signal import as_one, compared
from trainer.gate.tensors import Kept, Step
from trainer.gate.verdict import Answer

BODY = "FeatureExtractor/MobilenetV1/MobilenetV1"
DEEP = f"{BODY}/Conv2d_11_pointwise/Relu6"


def model() -> Path:
    return data("models", "ssd_mobilenet_v1_coco_quant.tflite")


def pictures(count: int = 2) -> list[U8]:
    return some_pixels(coco128(most=count))


def losses(candidate: Path) -> tuple[LayerLoss, ...]:
    return layer_losses(read_bundle(model()), read_bundle(candidate), pictures())


def halves(stored: Any) -> Any:
    """Weights of 4 bits."""
    return stored // 16 * 16


def test_measures_what_is_lost_of_a_signal() -> None:
    signal = np.random.default_rng(1).normal(0, 1, (1000, 2)) * [10.0, 0.1]
    dead = signal * [1.0, 0.0]
    assert compared(signal, signal).loss == 0
    assert compared(signal, signal).decibels == np.inf
    assert compared(signal, 0 * signal).loss == pytest.approx(1.0, abs=0.01)
    assert compared(signal, 5 * signal).loss == 1.0
    assert compared(signal, np.full_like(signal, np.nan)).loss == 1.0
    assert compared(signal, dead).loss == pytest.approx(0.5)  # one channel of two, however quiet
    assert compared(as_one(signal), as_one(dead)).loss < 0.001  # in one with the loud one it is hardly to be seen
    assert compared(signal, dead).decibels > 35
    leftover = signal * [1.0, 1e-3]
    assert compared(leftover, leftover * [1.0, 0.0]).loss == 0.0  # too quiet to count
    both = compared(signal[:500], dead[:500]) + compared(signal[500:], dead[500:])
    assert both.loss == pytest.approx(compared(signal, dead).loss)
    constant = np.ones((3, 1))
    assert (compared(constant, constant).loss, compared(constant, 0 * constant).loss) == (0.0, 1.0)


def test_finds_no_loss_where_nothing_was_lost() -> None:
    layers = losses(model())
    assert len(layers) == 63  # every operator but the post-process
    assert guilty(layers) == guilty([]) == []
    assert {layer.loss for layer in layers} == {layer.jump for layer in layers} == {0.0}
    assert [layer.place for layer in layers] == sorted(layer.place for layer in layers)


@pytest.mark.parametrize("layer", [f"{BODY}/Conv2d_1_depthwise/Relu6", DEEP])
@pytest.mark.parametrize("spoil", ["weights", "scale"])
def test_names_the_layer_that_loses_it(tmp_path: Path, layer: str, spoil: str) -> None:
    change: Callable[[Any, Any], None] = weights(layer, halves) if spoil == "weights" else weight_scale(layer, 1.5)
    found = losses(with_graph(model(), tmp_path / "spoiled.tflite", change))
    worst = guilty(found)[0]
    assert worst.name == layer
    assert worst.weights > 0.01
    assert worst.loss > 0.02
    before = [other.loss for other in found if other.place < worst.place]
    assert max(before, default=0.0) == 0.0
    assert any(other.loss > 0 for other in found if other.place > worst.place)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("", ""),
        ("Identity", "Identity"),
        ("Relu6", "Relu6"),
        ("model/tf.math.add_1/Add;model/tf.compat.v1.nn.depthwise_conv2d", "tf.math.add_1"),
        ("detector_1/backbone_1/block_3_project_BN_1/batchnorm/add_1;detector_1/x", "block_3_project_BN_1"),
        (f"{BODY}/Conv2d_0/Relu6", "Conv2d_0"),
    ],
)
def test_names_layers_as_people_do(name: str, short: str) -> None:
    assert LayerLoss(0, "CONV_2D", name, 0.0, 0.0, 0.0, 0.0, 0.0).short_name == short


def test_pairs_layers_by_name() -> None:
    def step(name: str, output: int, shape: tuple[int, ...] = (1, 4)) -> Step:
        return Step(output, "CONV_2D", name, shape, (), output)

    assert paired([], []) == {}
    before = [step("a", 0), step("b;x", 1), step("c;x", 2), step("c;y", 3)]
    after = [step("a", 10), step("b;z", 11), step("c;z", 12), step("a", 13, (1, 8))]
    assert {mine: other.output for mine, other in paired(before, after).items()} == {10: 0, 11: 1}
    stored = Step(20, "QUANTIZE", "a_quantized", (1, 4), (10,), 20)  # the same numbers, in other clothes
    assert paired(before, [*after, stored])[20] == before[0]
    assert 20 not in paired(before, [stored])


def test_refuses_networks_that_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = read_bundle(model()), read_bundle(data("models", "vww_96_int8.tflite"))
    with pytest.raises(ModelError, match="no layer of"):
        layer_losses(one, other, pictures(1))
    with pytest.raises(ModelError, match="cannot be loaded"):
        layer_losses(one, read_bundle(data("models", "mobilenet_v1_0.25_128_quant_edgetpu.tflite")), pictures(1))


def test_compares_a_file_with_the_network_it_was_made_of() -> None:
    bundle = read_bundle(model())
    file, pixels = Kept(bundle), pictures(1)[0]
    file.run(pixels)
    boxes, scores = (file.real(tensor).astype(np.float32) for tensor in file.ends[:2])
    assert (boxes.shape, scores.shape) == ((1917, 4), (1917, 91))
    assert as_network(bundle, []).answer is Answer.UNKNOWN
    right = as_network(bundle, [Answered(pixels, {"boxes": boxes, "scores": scores})])
    assert right.answer is Answer.PASSED
    for spoilt in ({"boxes": boxes * 1.05, "scores": scores}, {"boxes": boxes, "scores": scores[::-1]}):
        wrong = as_network(bundle, [Answered(pixels, spoilt)])
        assert wrong.answer is Answer.FAILED
        assert "weights were lost on the way" in wrong.words
    other = as_network(bundle, [Answered(pixels, {"boxes": boxes[1:]})])
    assert (other.answer, "no output like the network's boxes of 7664" in other.words) == (Answer.FAILED, True)
