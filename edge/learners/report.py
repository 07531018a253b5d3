"""What is told of learning over MQTT: at once when something has changed, figures now and then."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from edge.contracts.learning_state import LearningState, ServedSubject, SubjectState
from edge.contracts.messages import encode_learning
from edge.delivery import Delivery
from edge.health import process_figures
from edge.learners.adaptive import AdaptiveModel
from edge.learners.handover import HandOver
from edge.learners.heard import Heard
from edge.learners.keeper import Keeper
from edge.learners.serving import Serving
from edge.monitor import NO_LEARNER, LearnerFigures

FIGURES_S = 10.0


class Report:
    """Puts together what is known; any thread may ask.

    Args:
        delivery: it goes out by this.
        models: of those that learn, by name.
        others: who does not learn, and why.
        heard: what the process tells.
        serving: whose weights serve.
        way: to the process.
    """

    def __init__(
        self,
        delivery: Delivery,
        models: Mapping[str, AdaptiveModel],
        others: Mapping[str, str],
        heard: Heard,
        serving: Serving,
        way: HandOver,
    ) -> None:
        self._delivery, self._models, self._others = delivery, models, others
        self._heard, self._serving, self._way = heard, serving, way
        self._telling = threading.Lock()
        self._published: tuple[object, float] = None, 0.0
        self.keeper: Keeper | None = None  # of the process, where there is one

    def figures(self) -> LearnerFigures:
        """For the report of the daemon's health."""
        keeper = self.keeper
        if keeper is None:
            return NO_LEARNER
        return LearnerFigures(*process_figures(keeper.pid), max(keeper.restarts, 0), self._way.dropped)

    def state(self, *, enabled: bool) -> LearningState:
        """How everything stands."""
        keeper, doing = self.keeper, self._heard.doing
        trouble = keeper.trouble if keeper else ""
        names = {
            "idle": keeper is None,
            "broken": bool(trouble),
            "starting": not doing.there,
            "off": not doing.on,
            "paused": bool(doing.paused),
            "training": bool(doing.learning),
        }
        return LearningState(
            enabled=enabled,
            doing=next((name for name, holds in names.items() if holds), "collecting"),
            learning=doing.learning,
            reason=trouble or doing.paused,
            dropped=self._way.dropped,
            restarts=max(keeper.restarts, 0) if keeper else 0,
            subjects=tuple([self._subject(name, model) for name, model in self._models.items()]),
            others=self._others,
        )

    def publish(self, *, enabled: bool) -> None:
        """Tell how everything stands, if that is new."""
        with self._telling:
            state, now_s, (before, told_s) = self.state(enabled=enabled), time.monotonic(), self._published
            gist = _gist(state)
            if gist != before or now_s - told_s >= FIGURES_S:
                self._published = gist, now_s
                payload = encode_learning(state, self._delivery.topics.device, time.time_ns())
                self._delivery.bus.publish(self._delivery.topics.learn_state, payload, retain=True)

    def _subject(self, name: str, model: AdaptiveModel) -> ServedSubject:
        state = self._heard.state(name)
        trouble = state.trouble or self._serving.trouble[name]
        if model.refused and model.refused == state.serving and not trouble:
            trouble = f"the model does not run with what was learnt ({model.refused[:12]}); it is not used"
        since = self._serving.since_utc_ns[name]
        return ServedSubject(replace(state, trouble=trouble), model.bundle.name, model.wanted, since)


def _gist(state: LearningState) -> object:
    """What is told at once when it changes; figures are told now and then."""
    subjects = [(one.weights, *_gist_of(one.state)) for one in state.subjects]
    return state.enabled, state.doing, state.learning, state.reason, state.restarts, subjects


def _gist_of(state: SubjectState) -> tuple[object, ...]:
    return state.phase, state.rounds, state.promoted, state.returned, state.offers.judged, state.trouble
