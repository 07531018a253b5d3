"""What a run says of its own forecasts when it is over."""

import math

from edge.contracts.forecast_scores import ForecasterScore, ForecastStanding, Serving

WORDS = {Serving.STRAIGHT: "straight lines", Serving.LEARNED: "the model's"}


def say_standing(standing: ForecastStanding) -> str:
    """Both scores in words; lengths in heights of the object's box."""
    lines = [f"forecasts of straight lines: {_score(standing.straight)}"]
    if standing.model:
        lines.append(f"forecasts of {standing.model}: {_score(standing.learned)}")
        trouble = f" ({standing.trouble})" if standing.trouble else ""
        lines.append(f"told at the end: {WORDS[standing.serving]}{trouble}")
    return "\n".join(lines)


def _score(score: ForecasterScore) -> str:
    told = [one for one in score.horizons if one.samples > 0]
    if not told:
        return "nothing to compare"
    errors = ", ".join(f"{one.error:.2f} in {one.horizon_s:g} s" for one in told)
    covered = sum(one.coverage for one in told) / len(told)
    fde = "" if math.isnan(score.fde) else f", FDE {score.fde:.2f}"
    return f"off by {errors} (box heights; ADE {score.ade:.2f}{fde}), {covered:.0%} within sigma"
