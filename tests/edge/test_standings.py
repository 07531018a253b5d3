"""Scores on the bus and on disk, and in words."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.topics import Topics
from edge.forecast.judging import Verdict
from edge.forecast.scoreboard import Scoreboard
from edge.forecast.settings import GuardSettings
from edge.scores import say_standing
from edge.standings import Standings
from tests.rigs.wire_check import check_all

TOPICS = Topics("shed")
SETTINGS = GuardSettings(samples=20, memory=100)


def board(model: str = "street") -> Scoreboard:
    return Scoreboard(SETTINGS, (1.0, 2.0), model, "a" * 64 if model else "")


def better(scores: Scoreboard, learned: float = 0.4) -> None:
    """The model wins at both horizons."""
    error = np.repeat([[0.8], [learned]], 30, axis=1)
    scores.take([Verdict(horizon, error, np.full_like(error, 0.7)) for horizon in (0, 1)])


class Ears:
    """A bus and what came on it."""

    def __init__(self) -> None:
        self.bus, self.came = LocalBus(), list[Message]()
        self.bus.subscribe("foresight/shed/+/forecast/state", self.came.append)

    def standings(self, folder: Path, **boards: Scoreboard) -> Standings:
        return Standings(self.bus, TOPICS, boards, folder)

    def told(self) -> list[Any]:
        told = [json.loads(message.payload) for message in self.came]
        check_all("forecast_state", told)
        self.came.clear()
        return told


def test_no_camera_is_nothing_to_tell(tmp_path: Path) -> None:
    ears = Ears()
    nothing = ears.standings(tmp_path)
    nothing.tell()
    nothing.keep()
    assert ears.told() == []


def test_scores_are_told_now_and_then_and_at_once_when_another_serves(tmp_path: Path) -> None:
    ears, scores = Ears(), board()
    standings = ears.standings(tmp_path, yard=scores)
    standings.tell()
    standings.tell()
    (first,) = ears.told()
    assert (first["camera"], first["serving"], first["straight"]["ade"]) == ("yard", "straight", None)
    assert first["learned"]["horizons"] == [[1.0, None, None, 0], [2.0, None, None, 0]]
    better(scores)
    standings.tell()
    standings.tell()
    (second,) = ears.told()
    assert (second["serving"], second["model"], second["sha256"]) == ("learned", "street", "a" * 64)
    assert (second["straight"]["ade"], second["learned"]["fde"]) == (0.8, 0.4)
    assert second["learned"]["horizons"][1] == [2.0, 0.4, 0.7, 30]


def test_scores_outlive_a_restart_and_belong_to_their_camera_and_model(tmp_path: Path) -> None:
    before = {"yard": board(), "gate": board()}
    standings = Ears().standings(tmp_path, **before)
    better(before["yard"])
    standings.keep()
    after = {"yard": board(), "gate": board(), "lane": board(), "shed": board("")}
    Ears().standings(tmp_path, **after)
    assert after["yard"].standing == before["yard"].standing
    assert [scores.standing.serving.value for scores in after.values()] == [
        "learned",
        "straight",
        "straight",
        "straight",
    ]


def test_a_disk_that_takes_nothing_costs_only_the_memory(tmp_path: Path) -> None:
    scores, folder = board(), tmp_path / "file"
    folder.write_text("in the way")
    standings = Ears().standings(folder / "below", yard=scores)
    better(scores)
    standings.keep()
    assert folder.read_text() == "in the way"


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "forecast.json").write_text("{")
    scores = board()
    Ears().standings(tmp_path, yard=scores)
    assert scores.standing.straight.horizons[0].samples == 0


def test_both_scores_in_words() -> None:
    scores = board()
    assert say_standing(scores.standing) == (
        "forecasts of straight lines: nothing to compare\nforecasts of street: nothing to compare\n"
        "told at the end: straight lines"
    )
    better(scores)
    assert say_standing(scores.standing) == (
        "forecasts of straight lines: off by 0.80 in 1 s, 0.80 in 2 s (box heights; ADE 0.80, FDE 0.80), "
        "70% within sigma\n"
        "forecasts of street: off by 0.40 in 1 s, 0.40 in 2 s (box heights; ADE 0.40, FDE 0.40), 70% within sigma\n"
        "told at the end: the model's"
    )
    assert say_standing(board("").standing) == "forecasts of straight lines: nothing to compare"
