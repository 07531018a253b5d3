"""Who was being trained when the learner's process died: he may have been the reason, and rests before he is trained.

So one subject whose training ends the process, or makes it hang, does not keep the others from learning. What serves
him goes on being compared meanwhile.
"""

from collections.abc import Mapping

FIRST_S, MOST_S = 60.0, 6 * 3600.0  # doubled with each death in the same subject's training


class Suspects:
    """Of one daemon."""

    def __init__(self) -> None:
        self._deaths: dict[str, int] = {}
        self._training = ""

    @property
    def rests_s(self) -> Mapping[str, float]:
        """For how long each of them is not to be trained, by his name."""
        return {name: min(FIRST_S * 2.0 ** (count - 1), MOST_S) for name, count in self._deaths.items()}

    def trains(self, name: str) -> None:
        """The process says who is being trained now; "" = nobody. Whoever was before has come through it."""
        if self._training and self._training != name:
            self._deaths.pop(self._training, None)
        self._training = name

    def died(self) -> str:
        """The process is gone; who was being trained, "" = nobody."""
        name, self._training = self._training, ""
        if name:
            self._deaths[name] = self._deaths.get(name, 0) + 1
        return name
