"""How good the expectations were over a whole clip: a file, and a table for people."""

import math
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge.capture import Camera
from edge.contracts.errors import ConfigError
from edge.contracts.messages import encode_score
from edge.contracts.scores import ExpectationScore
from edge.contracts.types import Event
from edge.observer import Observer

HEADER = ("place", "happened", "recall", "lead s", "expected", "kept", "missed/h", "undecided", "Brier", "skill")


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

    def show(self, console: Console) -> None:
        """The table, where there is anything to tell."""
        if not self.scores:
            return
        table = Table(*HEADER, title="Expectations against what happened")
        for score in self.scores:
            table.add_row(*_row(score))
        console.print(table)


def _row(score: ExpectationScore) -> list[str]:
    numbers = [score.happened, score.recall, score.lead_s, score.expected, score.precision, score.false_per_hour]
    numbers += [score.undecided, score.brier, score.skill]
    return [score.place, *("-" if math.isnan(number) else f"{number:.3g}" for number in numbers)]
