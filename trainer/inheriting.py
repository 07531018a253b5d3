"""A network that begins with the weights of an earlier run instead of those of a backbone alone."""

from pathlib import Path
from typing import Any

from trainer.classifier.network import LOGITS
from trainer.errors import TrainError
from trainer.networks import load_network
from trainer.trained import read_trained


def inherit(model: Any, folder: Path, labels: tuple[str, ...]) -> None:
    """Give a network the weights of an earlier one; what tells classes apart begins anew where the classes differ.

    Args:
        model: of the same architecture, with any number of classes.
        folder: of the earlier run.
        labels: of the new network, in their order.

    Raises:
        TrainError: there is no trained network in the folder, or it is of another architecture.
    """
    trained = read_trained(folder)
    earlier = load_network(trained).weights
    same = trained.labels == labels
    if len(earlier) != len(model.weights):
        raise TrainError(f"{folder} holds another kind of network than {model.name}; name a run with the same settings")
    pairs = list(zip(model.weights, earlier, strict=True))
    differ = [mine.path for mine, other in pairs if mine.shape != other.shape]
    classes = {mine.path for mine, _ in pairs if _tells_classes(mine, len(labels))}
    if not classes.issuperset(differ):
        raise TrainError(
            f"{folder} holds a network of another size ({differ[0]} differs); train with its --px, --width and settings"
        )
    for mine, other in pairs:
        if same or mine.path not in classes:
            mine.assign(other)


def _tells_classes(weight: Any, classes: int) -> bool:
    layer = weight.path.split("/")[-2]
    return weight.shape[-1] == classes and (layer == LOGITS or (layer.startswith("class_") and layer.endswith("_out")))
