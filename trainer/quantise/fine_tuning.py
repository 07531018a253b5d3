"""How long and how fast a network learns to live with the rounding of int8."""

from dataclasses import replace

from trainer.training.schedule import Schedule

SHARE = 0.1  # of the steps that the float network had
FEWEST_STEPS = 100
SLOWER = 0.05  # the rate, of the float one: the weights are to move by steps of rounding, not to learn anew
FOLLOWED = 0.8  # of the steps, after which ranges stay as they are


def fine_tuning(schedule: Schedule) -> Schedule:
    """The schedule of fine-tuning, from that of the float network.

    Weights do not decay: normalisation is folded into them, so that a smaller weight is a smaller output.
    The average of the weights reaches over a fifth of the steps at most, or it would hold those of before.
    """
    steps = max(round(schedule.steps * SHARE), FEWEST_STEPS)
    return replace(
        schedule,
        steps=steps,
        rate=schedule.rate * SLOWER,
        warm_up=min(schedule.warm_up, steps // 10),
        decay=0.0,
        averaging=min(schedule.averaging, 1 - 5 / steps),
        validate_every=min(schedule.validate_every, steps),
        save_every=min(schedule.save_every, steps),
    )


def followed_steps(schedule: Schedule) -> int:
    """For how many steps of such a schedule ranges follow what is seen."""
    return round(schedule.steps * FOLLOWED)
