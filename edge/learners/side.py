"""Learning in the daemon: opens what learns, starts its process, obeys commands, and looks after the machine."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from edge.assembly import Models
from edge.composed import Composed
from edge.config.settings import Settings
from edge.contracts.bus import Message
from edge.contracts.errors import MessageError, ModelError
from edge.contracts.inbound import LearnCommand, decode_learn
from edge.contracts.learning_state import LearningState
from edge.contracts.limits import share_of
from edge.contracts.messages import encode_switch
from edge.contracts.sensors import scorer_name
from edge.contracts.stored import Json
from edge.control.panel import Turned
from edge.delivery import Delivery
from edge.learners.adaptive import AdaptiveModel
from edge.learners.found import find
from edge.learners.handover import HandOver
from edge.learners.heard import Heard
from edge.learners.keeper import HANG_S, Keeper
from edge.learners.machine import Machine, told
from edge.learners.observers import Looks, Readings
from edge.learners.order import CameraTask, Order, SensorTask
from edge.learners.report import Report
from edge.learners.serving import Serving
from edge.learning.promotion import Terms
from edge.monitor import LearnerFigures
from edge.periodic import Periodic

FOLDER, KNOB = "learning", "learn/enabled"
TICK_S, LOOK_S = 1.0, 5.0
UNWATCHED_S, SILENT_S = 60.0, 120.0  # without the learner, or a word from it: then what it has learnt does not serve
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
        self._labels: Mapping[str, tuple[str, ...]] = {}
        self._keeper: Keeper | None = None
        self._look_s = 0.0  # when the machine is to be looked at again

    def _open(self, stack: ExitStack) -> None:
        self._adaptive: dict[str, AdaptiveModel] = {}  # of cameras first, then of sensors: messages count them so
        self._others: dict[str, str] = {}
        if self.wanted:
            self._find()
        self._serving = Serving(self._folder, self._adaptive)
        self._serving.begin()
        self._heard = Heard(self._adaptive)
        self._report = Report(self._delivery, self._adaptive, self._others, self._heard, self._serving, self._way)
        kept = self._delivery.controls.load().get(KNOB)
        self._on = kept is None or kept.wanted == encode_switch(True).decode()
        numbered = {name: (number, model) for number, (name, model) in enumerate(self._adaptive.items())}
        self.looks = Looks(self._way, {name: numbered[name] for name in self._settings.cameras if name in numbered})
        self.readings = Readings(
            self._way,
            {
                name: [numbered[one] for one in (name, scorer_name(name)) if one in numbered]
                for name in self._settings.sensors
            },
        )

    @property
    def wanted(self) -> bool:
        """Whether the configuration wants anything to be learnt."""
        return self._settings.learning.enabled

    @property
    def subjects(self) -> tuple[str, ...]:
        """Names of who learns."""
        return tuple(self._adaptive)

    def begin(self, labels: Mapping[str, tuple[str, ...]], dropped: Callable[[], int]) -> None:
        """Start the process, if anything learns.

        Args:
            labels: of the detector of each camera.
            dropped: frames, by all cameras since the start.
        """
        self._labels, self._machine = labels, Machine(dropped)
        if self._adaptive:
            self._keeper = self._report.keeper = self._stack.enter_context(
                Keeper(lambda: self._order().encode(), self._way, self._told, self._lost, self._hang_s)
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
        return self._report.figures()

    def state(self) -> LearningState:
        """How everything stands."""
        return self._report.state(enabled=self._on)

    def _find(self) -> None:
        found = find(self._settings)
        self._others.update(found.others)
        for name, bundle in found.models.items():
            try:
                self._adaptive[name] = AdaptiveModel(self._models.trainable(bundle))
                self._models.lend(name, self._adaptive[name])
            except ModelError as error:
                self._others[name] = str(error)
        for name, why in self._others.items():
            _log.info("%s does not learn: %s", name, why)

    def _order(self) -> Order:
        cameras, sensors = list[CameraTask](), list[SensorTask]()
        entries = dict(self._settings.sensors)
        entries |= {scorer_name(name): sensor for name, sensor in entries.items()}
        for name, model in self._adaptive.items():
            path, sha256 = str(model.bundle.path), model.bundle.sha256
            if name in self._settings.cameras:
                cameras.append(CameraTask(name, path, sha256, self._labels[name]))
            else:
                sensor = entries[name]
                gap_steps, share = sensor.window.hold_steps + 1, share_of(sensor.alarm.threshold)
                sensors.append(SensorTask(name, path, sha256, gap_steps, share))
        return Order(
            folder=str(self._folder),
            run=self._run,
            on=self._on,
            settings=self._settings.learning,
            terms=self._terms,
            cameras=tuple(cameras),
            sensors=tuple(sensors),
            rests_s=self._heard.rests_s,
        )

    def _told(self, message: Mapping[str, Json]) -> None:
        """What the process tells; on its keeper's thread."""
        state = self._heard.take(message)
        if state is None:
            return
        self._serving.follow(state.name, state.serving)
        if state.serving and state.serving == self._adaptive[state.name].refused:
            self._command({"do": "rollback", "subject": state.name})

    def _lost(self) -> None:
        """The process is gone; on its keeper's thread."""
        self._heard.lost()
        self._report.publish(enabled=self._on)

    def _obey(self, command: LearnCommand) -> None:
        if command.what == "enabled":
            self._on = command.on
            self._command({"do": "switch", "on": command.on})
        elif command.what == "battery":
            self._machine.battery = command.on
            self._look_s = 0.0
        elif command.subject in self._adaptive:
            self._command({"do": command.what, "subject": command.subject})
        else:
            there = ", ".join(self._adaptive) or "nobody"
            raise MessageError(f"learn/set: {command.subject} does not learn; there is {there}")

    def _command(self, told: Mapping[str, Json]) -> None:
        if self._keeper is not None:
            self._keeper.command(told)

    def _tick(self) -> None:
        """Each second: the machine is looked at, and what has changed is told."""
        now_s, keeper = time.monotonic(), self._keeper
        if keeper is not None:
            if now_s - keeper.heard_s > (UNWATCHED_S if keeper.trouble else SILENT_S):
                self._serving.base()
            if now_s >= self._look_s:
                self._look_s = now_s + LOOK_S
                conditions = self._machine.look(learning=self._heard.has_trained())
                if not keeper.trouble:
                    self._command({"do": "conditions", **told(conditions)})
        self._report.publish(enabled=self._on)
