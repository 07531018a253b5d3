"""Horizons in seconds and in steps of the grid."""

from collections.abc import Sequence

DEFAULT_STEPS = (1, 4, 12)
MOST_STEPS = 1024


def horizons(wanted_s: Sequence[float], step_s: float) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Seconds, ascending, and whole steps, at least one and at most `MOST_STEPS`; what is further is left out."""
    chosen_s = sorted(set(wanted_s)) or [step_s * steps for steps in DEFAULT_STEPS]
    steps = {max(1, round(one / step_s)): one for one in reversed(chosen_s)}
    pairs = sorted((count, one) for count, one in steps.items() if count <= MOST_STEPS)
    return tuple(one for _, one in pairs), tuple(count for count, _ in pairs)
