"""What is said of an exported model in its `foresight.json`."""

import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edge.contracts.manifest import Calibration, Manifest
from trainer.export.bundle import LABELS
from trainer.export.scaling import PICTURE
from trainer.export.tasks import expected
from trainer.export.variant import Variant
from trainer.trained import Trained

PACKAGE = "foresight-edge"


def describe(trained: Trained, variant: Variant, calibration: Sequence[Path], calibrated: int) -> Manifest:
    """The manifest of a model that was not scored yet; scores come in by `bundle.with_manifest`.

    Args:
        trained: the network.
        variant: how its numbers are written.
        calibration: the pictures that its ranges were measured on.
        calibrated: how many of them could be read.
    """
    return Manifest(
        task=trained.task,
        head=expected(trained.task).head,
        name=trained.name,
        version="1",
        labels=LABELS if trained.labels else "",
        input=PICTURE,
        metrics={},
        quantisation=variant.quantisation,
        calibration=Calibration(_folder(calibration), calibrated),
        recipe="",
        revision=revision(),
    )


def _folder(pictures: Sequence[Path]) -> str:
    """The name of the folder that holds them all, without where it lies on this machine."""
    return Path(os.path.commonpath([path.absolute().parent for path in pictures])).name if pictures else ""


def revision() -> str:
    """Of the trainer, "" where it is not installed."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return ""
