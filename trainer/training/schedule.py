"""How long and how fast is learnt."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Descent(StrEnum):
    """How gradients become steps."""

    ADAMW = "adamw"
    SGD = "sgd"  # with Nesterov's momentum


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of gradient descent: warmed up, then down along a cosine; weights averaged over the last steps."""

    steps: int
    batch: int = 16
    rate: float = 2e-3  # at its highest
    warm_up: int = 50  # steps until then
    floor: float = 0.01  # of the highest rate, at the end
    descent: Descent = Descent.ADAMW
    decay: float = 0.02  # of the weights, as AdamW has it
    clip: float = 10.0  # of the gradient's norm
    averaging: float = 0.998  # of the moving average, per step
    save_every: int = 100  # steps between checkpoints
    validate_every: int = 0  # steps; 0 = never, and the last weights are the result
    patience: int = 0  # validations without a better score after which training stops; 0 = it goes to the end
    seed: int = 1

    def rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        done = (step - self.warm_up) / max(self.steps - self.warm_up, 1)
        return self.rate * (self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))

    def averaging_at(self, step: int) -> float:
        """What the average keeps of itself: little at first, when it holds nothing worth keeping."""
        return min(self.averaging, (1 + step) / (10 + step))
