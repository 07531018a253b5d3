"""Keeps the score of what was expected, and of what was not, in every place of one camera."""

from collections.abc import Callable, Mapping

from edge.contracts.scores import ExpectationScore
from edge.contracts.stored import Json
from edge.contracts.types import Outcome
from edge.events.questions import Question, Questions
from edge.events.tally import Tally

Key = tuple[int, int]  # what is asked about: an object and a place, or two objects

ASK_EVERY_S = 2.0
LOOK_EVERY_S = 1.0
LONGEST_STEP_S = 300.0  # a longer time without a look was not watched


class Scorekeeper:
    """Scores by place.

    Args:
        places: their names, each with what tells whether it is still the same place.
        place_of: index into `places` of what is asked about.
        grace_s: seconds after which what was seen is settled.
        half_life_h: hours of watching in which what was counted fades by half.
    """

    def __init__(
        self, places: Mapping[str, str], place_of: Callable[[Key], str], grace_s: float, half_life_h: float
    ) -> None:
        self._shapes = dict(places)
        self._tallies = {place: Tally(half_life_h) for place in places}
        self._place_of = place_of
        self._questions = Questions(grace_s)
        self._within_s = 0.0
        self._asked_s = self._watched_s = float("-inf")

    def due(self, t_s: float) -> bool:
        """Whether it is time to `ask` again."""
        return t_s - self._asked_s >= ASK_EVERY_S

    def watched(self, t_s: float, seen: Callable[[Key], float | None]) -> None:
        """A frame has been looked at; `seen` says when what is asked about was last seen, None: never again."""
        step_s = t_s - self._watched_s
        if step_s < LOOK_EVERY_S:
            return
        self._watched_s = t_s
        for tally in self._tallies.values() if step_s <= LONGEST_STEP_S else ():
            tally.watched(step_s)
        for key, probability, true in self._questions.due(t_s, seen):
            self._tallies[self._place_of(key)].answered(probability, true)

    def interrupted(self) -> None:
        """The camera is away: until the next frame nothing is watched."""
        self._watched_s = float("-inf")

    def ask(self, stated: Mapping[Key, float], t_s: float, within_s: float) -> None:
        """With these probabilities it will happen within so many seconds."""
        self._within_s = within_s
        if stated:
            self._asked_s = t_s
        for key, probability in stated.items():
            self._questions.ask(Question(key, probability, t_s, t_s + within_s))

    def happened(self, key: Key, when_s: float, lead_s: float | None) -> None:
        """It did, expected so long before; None: it was not expected."""
        tally = self._tallies[self._place_of(key)]
        tally.happened(lead_s)
        for _, probability, true in self._questions.happened(key, when_s):
            tally.answered(probability, true)

    def appeared(self, key: Key) -> None:
        """It had happened when its object was first seen."""
        self._tallies[self._place_of(key)].appeared()

    def resolved(self, key: Key, probability: float, outcome: Outcome) -> None:
        """A published expectation has its outcome."""
        self._tallies[self._place_of(key)].resolved(probability, outcome)

    def scores(self) -> list[ExpectationScore]:
        """As they stand, by place."""
        return [tally.score(place, self._within_s) for place, tally in self._tallies.items()]

    def state(self) -> dict[str, Json]:
        """What is to be kept over a restart, by place."""
        return {place: {**tally.state(), "shape": self._shapes[place]} for place, tally in self._tallies.items()}

    def restore(self, kept: Mapping[str, Json]) -> None:
        """Go on where an earlier run stopped; places that it did not know, or of another shape, begin anew."""
        for place, tally in self._tallies.items():
            told = kept.get(place)
            if isinstance(told, Mapping) and told.get("shape") == self._shapes[place]:
                tally.restore(told)
