"""Horizons in seconds and in steps of the grid."""

from collections.abc import Sequence

DEFAULT_STEPS = (1, 4, 12)
MOST_STEPS = 1024
NEAR = 0.05  # of itself, by which a horizon may fall short of a step


def horizons(wanted_s: Sequence[float], step_s: float) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Seconds, ascending, and whole steps, at least one and at most `MOST_STEPS`; what is further is left out."""
    chosen_s = sorted(set(wanted_s)) or [step_s * steps for steps in DEFAULT_STEPS]
    steps = {max(1, round(one / step_s)): one for one in reversed(chosen_s)}
    pairs = sorted((count, one) for count, one in steps.items() if count <= MOST_STEPS)
    return tuple(one for _, one in pairs), tuple(count for count, _ in pairs)


def too_near(wanted_s: Sequence[float], step_s: float) -> str:
    """What is wrong with horizons that are nearer than a step of the grid, in words; "" where all is well.

    Args:
        wanted_s: seconds.
        step_s: of the grid, 0 = not known.
    """
    nearest_s = min(wanted_s, default=step_s)
    if nearest_s * (1 + NEAR) >= step_s:
        return ""
    return (
        f"forecast.horizons_s: {nearest_s:g} s is nearer than a step of {step_s:g} s, and nothing can be forecast "
        "between two steps; name no nearer horizon than a step, or set a shorter window.step_s"
    )
