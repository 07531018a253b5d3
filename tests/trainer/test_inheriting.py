from pathlib import Path

import numpy as np
import pytest

from tests.trainer.tensor import tensorflow

tensorflow()

from tests.trainer.trained_detector import LABELS, SMALL, tiny_detector  # noqa: E402
from trainer.detector.architecture import Architecture  # noqa: E402
from trainer.detector.network import detector  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.inheriting import inherit  # noqa: E402

NOISE = np.random.default_rng(3).uniform(-1, 1, (1, SMALL.input_px, SMALL.input_px, 3)).astype(np.float32)


def test_the_same_classes_begin_with_the_whole_network(tmp_path: Path) -> None:
    earlier, _ = tiny_detector(tmp_path)
    model = detector(SMALL)
    inherit(model, tmp_path, LABELS)
    for name, values in earlier(NOISE, training=False).items():
        assert np.array_equal(model(NOISE, training=False)[name], values)


@pytest.mark.parametrize("labels", [("cat",), ("cat", "dog", "owl")])
def test_other_classes_begin_anew_and_the_boxes_do_not(tmp_path: Path, labels: tuple[str, ...]) -> None:
    earlier, _ = tiny_detector(tmp_path)
    model = detector(Architecture(len(labels), SMALL.input_px, SMALL.backbone, SMALL.width, SMALL.channels))
    inherit(model, tmp_path, labels)
    outputs = model(NOISE, training=False)
    assert np.array_equal(outputs["boxes"], earlier(NOISE, training=False)["boxes"])
    assert outputs["logits"].shape[-1] == len(labels)
    assert outputs["logits"].numpy().std() < 0.5 * earlier(NOISE, training=False)["logits"].numpy().std()


@pytest.mark.parametrize(("width", "channels", "said"), [(0.5, 16, "another size"), (0.25, 24, "another size")])
def test_a_network_of_another_size_is_refused_by_name(tmp_path: Path, width: float, channels: int, said: str) -> None:
    tiny_detector(tmp_path)
    model = detector(Architecture(3, SMALL.input_px, SMALL.backbone, width, channels))
    with pytest.raises(TrainError, match=said):
        inherit(model, tmp_path, LABELS)


def test_a_folder_without_a_network_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="holds no trained network"):
        inherit(detector(SMALL), tmp_path, LABELS)
