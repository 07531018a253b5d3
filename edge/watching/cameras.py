"""The cameras of a configuration at work, and everybody who wants to know what they see."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from edge.assembly import Models, build_camera
from edge.classroom.lessons import Classroom
from edge.composed import Composed
from edge.config.settings import ModelFile, Settings
from edge.contracts.bus import Message
from edge.contracts.topics import GROUPS, Command
from edge.control.panel import Action, ControlPanel, Said
from edge.delivery import Delivery
from edge.doubting import Doubting
from edge.engine import Engine
from edge.grouping import GroupBook
from edge.health import StageClock
from edge.masks import fingerprints
from edge.monitor import Monitor
from edge.observer import Observer
from edge.outcomes import OutcomeBoard
from edge.periodic import Periodic
from edge.publisher import Publisher
from edge.snapshots import Snapshots
from edge.standings import TELL_S, Standings
from edge.tracking.numbers import Numbering
from edge.watching.trouble import TroubleLog

SOON_S, KEEP_S = 5.0, 60.0


class Hashes(Mapping[str, str]):
    """SHA-256 of the models that serve now, by name."""

    def __init__(self, models: Models, files: Mapping[str, ModelFile]) -> None:
        self._models, self._files = models, files

    def __getitem__(self, name: str) -> str:
        return self._models.load(self._files[name]).bundle.sha256

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class CameraSide(Composed):
    """Use as a context manager: entering opens the cameras.

    Args:
        settings: what is watched, and how.
        delivery: what is found out leaves by it.
        models: from which chains are built.
        run: names this start of the daemon.
        ended: set from outside to end the engine.
        more: who wants to know what is seen as well.
    """

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery,
        models: Models,
        run: str,
        ended: threading.Event,
        more: Sequence[Observer] = (),
    ) -> None:
        self._settings, self._delivery, self._models = settings, delivery, models
        self._run, self._ended, self._more = run, ended, more

    def _open(self, stack: ExitStack) -> None:
        settings, delivery = self._settings, self._delivery
        bus, topics, state_dir = delivery.bus, delivery.topics, delivery.state_dir
        clocks = {name: StageClock() for name in settings.cameras}
        numbering = Numbering(state_dir)
        stack.callback(numbering.close)
        self._cameras = [
            build_camera(settings, name, self._models, clocks[name], numbers=numbering.of(name))
            for name in settings.cameras
        ]
        numbering.keep()
        self.monitor = Monitor(clocks)
        boards = {camera.name: camera.chain.scores for camera in self._cameras}
        self._standings = Standings(bus, topics, boards, state_dir)
        self._snapshots = stack.enter_context(Snapshots(bus, topics, settings.snapshots))
        self._book = self._groups(stack)
        self._classroom = self._school(stack)
        outcomes = self._outcomes(stack)
        publisher = Publisher(bus, delivery.outbox, topics, self._run, settings.publish)
        observers: list[Observer] = [publisher, self.monitor, self._snapshots, outcomes, TroubleLog(), *self._more]
        if settings.keep.enabled:
            observers.append(stack.enter_context(self._doubting()))
        self.engine = stack.enter_context(Engine(self._cameras, observers, self._ended, self._models.turn))
        stack.enter_context(Periodic(numbering.keep, SOON_S, SOON_S))
        stack.enter_context(Periodic(outcomes.remember, KEEP_S, KEEP_S))
        stack.enter_context(Periodic(self._standings.tell, SOON_S, SOON_S))
        stack.enter_context(Periodic(self._standings.keep, TELL_S, TELL_S))
        stack.callback(self._standings.keep)

    @property
    def labels(self) -> set[str]:
        """What can be seen."""
        return {label for camera in self._cameras for label in camera.chain.labels}

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The labels of each camera's detector."""
        return {camera.name: camera.chain.labels for camera in self._cameras}

    def dropped(self) -> int:
        """Frames of all cameras that newer ones replaced, since the start."""
        return sum(dropped for _, dropped in self.engine.counts().values())

    def panel(self, actions: Mapping[Command, Action], said: Mapping[str, Said]) -> ControlPanel:
        """Takes commands for the cameras, and those `actions` besides, and what is `said` of other things."""
        delivery, knobs = self._delivery, {camera.name: camera.knobs for camera in self._cameras}
        pictures = {
            Command(camera.name, "snapshot"): partial(self._snapshots.ask, camera.name) for camera in self._cameras
        }
        texts = {GROUPS: self._book.heard, **said} if self._book else said
        remembered = delivery.controls.load()
        return ControlPanel(delivery.bus, delivery.topics, knobs, {**pictures, **actions}, remembered, texts)

    def tell(self) -> None:
        """Say what was known before anything is seen."""
        self._standings.tell()
        if self._book:
            self._book.tell()
        if self._classroom:
            self._classroom.tell()

    def taught(self, message: Message) -> None:
        """Take a lesson; nobody does without an embedder."""
        if self._classroom:
            self._classroom.heard(message)

    def _groups(self, stack: ExitStack) -> GroupBook | None:
        """The names of groups; None where there is nothing that makes any."""
        settings, delivery = self._settings, self._delivery
        if settings.embedder is None:
            return None
        groups = self._models.groups(settings.embedder, settings.groups)
        book = GroupBook(delivery.bus, delivery.topics, groups, delivery.state_dir)
        stack.callback(book.remember, now=True)
        stack.enter_context(Periodic(book.tell, SOON_S, SOON_S))
        stack.enter_context(Periodic(book.remember, KEEP_S, KEEP_S))
        return book

    def _doubting(self) -> Doubting:
        """Keeps looks that are doubtful."""
        settings, models = self._settings, self._models
        hashes = Hashes(models, dict(settings.model_files))
        masks = {name: fingerprints(camera.masks.privacy) for name, camera in settings.cameras.items()}
        return Doubting(self._delivery.state_dir, settings.keep, hashes, settings.classify.min_score, masks)

    def _school(self, stack: ExitStack) -> Classroom | None:
        """Who takes lessons; None where nothing sees what they are about."""
        settings, delivery = self._settings, self._delivery
        if settings.embedder is None:
            return None
        school = self._models.school(settings.embedder, settings.teaching)
        return stack.enter_context(Classroom(delivery.bus, delivery.topics, school, delivery.state_dir))

    def _outcomes(self, stack: ExitStack) -> OutcomeBoard:
        board = OutcomeBoard(self._delivery.bus, self._delivery.topics, self._delivery.state_dir)
        for camera in self._cameras:
            board.restore(camera)
        stack.callback(board.remember)
        return board


def places(settings: Settings) -> set[str]:
    """Names of cameras, zones and lines."""
    zones = [zone.name for camera in settings.cameras.values() for zone in camera.zones]
    lines = [line.name for camera in settings.cameras.values() for line in camera.lines]
    return {*settings.cameras, *zones, *lines}


def scored(settings: Settings) -> set[str]:
    """Names of the zones and lines at which something is expected, and of the cameras that look for near misses."""
    expecting = {name: camera for name, camera in settings.cameras.items() if camera.events.expected.enabled}
    zones = {zone.name for camera in expecting.values() for zone in camera.zones}
    lines = {line.name for camera in expecting.values() for line in camera.lines}
    return zones | lines | {name for name, camera in expecting.items() if camera.events.expected.near_miss.enabled}
