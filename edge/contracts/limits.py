"""The limit of an auto-encoder: the error of a window above which it is out of the ordinary.

An error is the mean square of what the window is off its reconstruction, in the scale of the window. The trainer
calibrates the limit on usual windows that the network has not learnt from, so that a promised share of them stays
below, and writes it into the file. What is learnt on the device brings a limit of its own, which goes with its weights.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from edge.contracts.bundle import read_manifest
from edge.contracts.errors import ModelError
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import SeriesWindow

SPLIT, THRESHOLD, QUANTILE = "held_out", "threshold", "threshold_quantile"  # in the file's metrics
USUAL_QUANTILE = 0.99  # of files that do not tell theirs
LIMIT = "limit"  # in the scores of a checkpoint
MOST_RISE, MOST_FALL = 1.25, 0.25  # times the file's limit: however often is learnt, no limit is higher, or lower
FURTHEST = 2.0  # times the file's limit: what the exported weights find worse is odd, whatever was learnt


@dataclass(frozen=True, slots=True)
class Limit:
    """As the model file says."""

    error: float  # mean square, above 0
    quantile: float  # share of usual windows that are to stay below

    def of(self, scores: Mapping[str, float]) -> float:
        """That of a checkpoint with these scores; of one that tells none, and of the exported weights: the file's."""
        return self.bounded(scores.get(LIMIT, self.error))

    def bounded(self, error: float) -> float:
        """A limit that has become of this one; what is no number is none."""
        return min(max(error, MOST_FALL * self.error), MOST_RISE * self.error) if error < math.inf else self.error


def share_of(score: float) -> float:
    """Share of a limit at which a window has a score, 0..1, at most 1: error / (error + limit) is the score."""
    return min(score / (1 - score), 1.0) if score < 0.5 else 1.0


def read_limit(bundle: ModelBundle) -> Limit:
    """The limit in a model file.

    Raises:
        ModelError: it is no auto-encoder of readings, or carries no limit; or it cannot be read.
    """
    reconstructed_window(bundle)
    manifest = read_manifest(bundle.path)
    told = manifest.metrics.get(SPLIT, {}) if manifest else {}
    found = Limit(told.get(THRESHOLD, math.nan), told.get(QUANTILE, USUAL_QUANTILE))
    if not (0 < found.error < math.inf and 0 < found.quantile < 1):
        raise ModelError(
            f"{bundle.path} does not say from which error on a window is out of the ordinary; make it anew with "
            "`foresight-train series autoencode`"
        )
    return found


def reconstructed_window(bundle: ModelBundle) -> SeriesWindow:
    """What an auto-encoder of readings takes. Raises ModelError: it is none."""
    window = bundle.window
    if bundle.head is not Head.AUTOENCODER or not isinstance(window, SeriesWindow):
        raise ModelError(
            f"{bundle.path} is a {bundle.head.value} and reconstructs no windows of readings; `foresight-train series "
            "autoencode` makes a model that does"
        )
    return window
