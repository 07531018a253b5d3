"""How good the expectations were over a whole clip: a file, and lines for people."""

import math
from pathlib import Path

from edge.capture import Camera
from edge.contracts.errors import ConfigError
from edge.contracts.messages import encode_score
from edge.contracts.scores import ExpectationScore
from edge.contracts.types import Event
from edge.observer import Observer


class ScoreSheet(Observer):
    """An observer that writes down the scores when a camera ends: one JSON object per line, as they go out over MQTT.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.scores: list[ExpectationScore] = []

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """The clip has ended."""
        self.scores = camera.chain.log.scores()
        try:
            self._path.write_bytes(b"".join(encode_score(score) + b"\n" for score in self.scores))
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be written: {error.strerror}; choose another with --out") from error

    def __str__(self) -> str:
        """One line for each place, empty where there is none."""
        return "\n".join(in_words(score) for score in self.scores)


def in_words(score: ExpectationScore) -> str:
    """The figures of one place in one line."""
    ahead = "" if math.isnan(score.lead_s) else f", {score.lead_s:.1f} s ahead"
    happened = f"{score.happened:.0f} happened, {_percent(score.recall)} expected before{ahead}"
    decided = f"{score.expected:.0f} expected, {_percent(score.precision)} kept, {score.undecided:.0f} undecided"
    brier = "" if math.isnan(score.skill) else f"; Brier {score.brier:.3f}, skill {score.skill:.2f}"
    return f"{score.place}: {happened}; {decided}{brier}"


def _percent(share: float) -> str:
    return "none" if math.isnan(share) else f"{share:.0%}"
