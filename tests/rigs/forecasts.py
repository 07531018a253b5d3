"""Forecasters for chains that are built by hand."""

from collections.abc import Callable

from edge.forecast.guard import GuardedForecaster
from edge.forecast.scoreboard import Scoreboard
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity


def straight_ahead() -> tuple[Callable[[float], GuardedForecaster], Scoreboard]:
    """One without a model, by the aspect of its picture, and its score."""
    settings = ForecastSettings()
    board = Scoreboard(settings.guard, settings.horizons_s)
    return lambda aspect: GuardedForecaster(settings, board, aspect, ConstantVelocity(settings), None), board
