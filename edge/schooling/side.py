"""Learning in the daemon: what learns, what it is fed with, whose weights serve, and what is told of it."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace

from edge.assembly import Models
from edge.composed import Composed
from edge.config.settings import Settings
from edge.contracts.bus import Message
from edge.contracts.errors import MessageError, ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.inbound import LearnCommand, decode_learn
from edge.contracts.learning_state import LearningState, SubjectState, TaughtSubject, read_subject, unopened
from edge.contracts.messages import encode_learning, encode_switch
from edge.contracts.stored import Json
from edge.control.panel import Turned
from edge.delivery import Delivery
from edge.health import process_figures
from edge.learning.promotion import Terms
from edge.monitor import NO_LEARNER, LearnerFigures
from edge.periodic import Periodic
from edge.schooling.found import find
from edge.schooling.handover import HandOver
from edge.schooling.keeper import HANG_S, Keeper
from edge.schooling.machine import Machine, told
from edge.schooling.observers import Looks, Readings
from edge.schooling.order import CameraPupil, Order, SensorPupil
from edge.schooling.serving import Serving
from edge.schooling.taught import Taught

FOLDER, KNOB = "learning", "learn/enabled"
TICK_S, LOOK_S, FIGURES_S = 1.0, 5.0, 10.0
UNWATCHED_S, SILENT_S = 60.0, 120.0  # without the learner, or a word from it: then what it has taught does not serve
_log = logging.getLogger(__name__)


class LearningSide(Composed):
    """Use as a context manager: entering opens the models that learn, `begin` starts the process.

    Args:
        settings: of all the daemon.
        delivery: states go out by it.
        models: lends its own network to each subject.
        run: names this start of the daemon.
        terms: when what happens.
        hang_s: without a word from the process, after which it is killed.
    """

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery,
        models: Models,
        run: str,
        terms: Terms | None = None,
        hang_s: float = HANG_S,
    ) -> None:
        self._settings, self._delivery, self._models, self._run = settings, delivery, models, run
        self._terms, self._hang_s = terms or Terms(), hang_s
        self._folder = delivery.state_dir / FOLDER
        self._way = HandOver()
        self._on = True
        self._doing: Mapping[str, Json] = {}
        self._states: dict[str, SubjectState] = {}
        self._labels: Mapping[str, tuple[str, ...]] = {}
        self._keeper: Keeper | None = None
        self._look_s = 0.0  # when the machine is to be looked at again
        self._telling = threading.Lock()
        self._busy = False  # something was learnt since the machine was looked at
        self._published: tuple[object, float] = None, 0.0

    def _open(self, stack: ExitStack) -> None:
        self._taught: dict[str, Taught] = {}
        self._others: dict[str, str] = {}
        if self.wanted:
            self._find()
        self._serving = Serving(self._folder, self._taught)
        self._serving.begin()
        kept = self._delivery.controls.load().get(KNOB)
        self._on = kept is None or kept.wanted == encode_switch(True).decode()
        cameras = [name for name in self._settings.cameras if name in self._taught]
        sensors = [name for name in self._settings.sensors if name in self._taught]
        numbered = {name: (number, self._taught[name]) for number, name in enumerate([*cameras, *sensors])}
        self.looks = Looks(self._way, {name: numbered[name] for name in cameras})
        self.readings = Readings(self._way, {name: numbered[name] for name in sensors})
        self._pupils = cameras, sensors

    @property
    def wanted(self) -> bool:
        """Whether the configuration wants anything to be learnt."""
        return self._settings.learning.enabled

    @property
    def subjects(self) -> tuple[str, ...]:
        """Names of who learns."""
        return tuple(self._taught)

    def begin(self, labels: Mapping[str, tuple[str, ...]], dropped: Callable[[], int]) -> None:
        """Start the process, if anything learns.

        Args:
            labels: of the detector of each camera.
            dropped: frames, by all cameras since the start.
        """
        self._labels, self._machine = labels, Machine(dropped)
        if self._taught:
            self._keeper = self._stack.enter_context(
                Keeper(lambda: self._order().encode(), self._way, self._heard, self._publish, self._hang_s)
            )
        if self.wanted:
            self._stack.enter_context(Periodic(self._tick, 0.0, TICK_S))

    def heard(self, message: Message) -> None:
        """Obey a command; called on the network's thread. A retained one is as old as it likes, and not obeyed."""
        if message.retained or not self.wanted:
            return
        try:
            self._obey(decode_learn(message.payload))
        except MessageError as error:
            _log.warning("ignored: %s", error)

    def turned(self) -> dict[str, Turned]:
        """That it is switched off, where it is: what is to be kept over a restart."""
        return {} if self._on else {KNOB: Turned(encode_switch(False).decode(), encode_switch(True).decode())}

    def figures(self) -> LearnerFigures:
        """For the report of the daemon's health."""
        keeper = self._keeper
        if keeper is None:
            return NO_LEARNER
        return LearnerFigures(*process_figures(keeper.pid), max(keeper.restarts, 0), self._way.dropped)

    def state(self) -> LearningState:
        """How everything stands."""
        keeper, doing = self._keeper, self._doing
        learning, paused = str(doing.get("learning", "")), str(doing.get("paused", ""))
        trouble = keeper.trouble if keeper else ""
        names = {
            "idle": keeper is None,
            "broken": bool(trouble),
            "starting": not doing,
            "off": doing.get("on") is False,
            "paused": bool(paused),
            "training": bool(learning),
        }
        return LearningState(
            enabled=self._on,
            doing=next((name for name, holds in names.items() if holds), "collecting"),
            learning=learning,
            reason=trouble or paused,
            dropped=self._way.dropped,
            restarts=max(keeper.restarts, 0) if keeper else 0,
            subjects=tuple([self._subject(name, taught) for name, taught in self._taught.items()]),
            others=self._others,
        )

    def _find(self) -> None:
        found = find(self._settings)
        self._others = dict(found.others)
        for name, bundle in found.models.items():
            try:
                self._taught[name] = Taught(self._models.trainable(bundle))
                self._models.lend(name, self._taught[name])
            except ModelError as error:
                self._others[name] = str(error)
        for name, why in self._others.items():
            _log.info("%s does not learn: %s", name, why)

    def _order(self) -> Order:
        cameras, sensors = self._pupils
        bundles = {name: taught.bundle for name, taught in self._taught.items()}
        return Order(
            folder=str(self._folder),
            run=self._run,
            on=self._on,
            settings=self._settings.learning,
            terms=self._terms,
            cameras=tuple(
                [CameraPupil(one, str(bundles[one].path), bundles[one].sha256, self._labels[one]) for one in cameras]
            ),
            sensors=tuple(
                [
                    SensorPupil(
                        one,
                        str(bundles[one].path),
                        bundles[one].sha256,
                        self._settings.sensors[one].window.hold_steps + 1,
                    )
                    for one in sensors
                ]
            ),
        )

    def _heard(self, message: Mapping[str, Json]) -> None:
        """What the process tells; on its keeper's thread."""
        if "name" not in message:
            self._doing = message
            self._busy |= _learns(message)
            return
        try:
            state = read_subject(message)
        except MalformedError as error:
            _log.error("the learner says what makes no sense: %s", error)
            return
        if state.name in self._taught:
            self._states[state.name] = state
            self._serving.follow(state.name, state.serving)
            if state.serving and state.serving == self._taught[state.name].refused:
                self._command({"do": "rollback", "subject": state.name})

    def _obey(self, command: LearnCommand) -> None:
        if command.what == "enabled":
            self._on = command.on
            self._command({"do": "switch", "on": command.on})
        elif command.what == "battery":
            self._machine.battery = command.on
            self._look_s = 0.0
        elif command.subject in self._taught:
            self._command({"do": command.what, "subject": command.subject})
        else:
            there = ", ".join(self._taught) or "nobody"
            raise MessageError(f"learn/set: {command.subject} does not learn; there is {there}")

    def _command(self, told: Mapping[str, Json]) -> None:
        if self._keeper is not None:
            self._keeper.command(told)

    def _subject(self, name: str, taught: Taught) -> TaughtSubject:
        state = self._states.get(name) or unopened(name, "")
        trouble = state.trouble or self._serving.trouble[name]
        if taught.refused and not trouble:
            trouble = f"the model does not run with what was learnt ({taught.refused[:12]}); it is not used"
        since = self._serving.since_utc_ns[name]
        return TaughtSubject(replace(state, trouble=trouble), taught.bundle.name, taught.wanted, since)

    def _tick(self) -> None:
        """Each second: the machine is looked at, and what has changed is told."""
        now_s = time.monotonic()
        keeper = self._keeper
        if keeper is not None:
            if now_s - keeper.heard_s > (UNWATCHED_S if keeper.trouble else SILENT_S):
                self._serving.base()
            if now_s >= self._look_s:
                self._look_s = now_s + LOOK_S
                busy, self._busy = self._busy or _learns(self._doing), False
                conditions = self._machine.look(learning=busy)
                if not keeper.trouble:
                    self._command({"do": "conditions", **told(conditions)})
        self._publish()

    def _publish(self) -> None:
        """Tell how everything stands, if that is new. On any thread."""
        with self._telling:
            state, now_s, (before, told_s) = self.state(), time.monotonic(), self._published
            gist = _gist(state)
            if gist != before or now_s - told_s >= FIGURES_S:
                self._published = gist, now_s
                payload = encode_learning(state, self._delivery.topics.device, time.time_ns())
                self._delivery.bus.publish(self._delivery.topics.learn_state, payload, retain=True)


def _learns(doing: Mapping[str, Json]) -> bool:
    """Whether something is learnt just now: a round that waits takes nothing from the cameras."""
    return bool(doing.get("learning")) and not doing.get("paused")


def _gist(state: LearningState) -> object:
    """What is told at once when it changes; figures are told now and then."""
    subjects = [
        (one.weights, one.state.phase, one.state.rounds, one.state.promoted, one.state.returned, one.state.trouble)
        for one in state.subjects
    ]
    return state.enabled, state.doing, state.learning, state.reason, state.restarts, subjects
