"""From the configuration to objects that work together: models, cameras and their chains."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from edge.activity.gate import ActivityGate
from edge.activity.motion import MotionDetector
from edge.attention import Attention
from edge.cameras.opening import open_source
from edge.cameras.reach import answers
from edge.cameras.settings import StreetSettings
from edge.cameras.source import Paint, Source, leave
from edge.cameras.watch import PictureWatch
from edge.capture import Camera
from edge.classify.classifier import Classifier
from edge.classify.embedder import Embedder
from edge.classroom.pupil import Pupil
from edge.classroom.recent import RecentLooks, School
from edge.config.settings import CameraSettings, ModelFile, Settings
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.runtime import Accelerator, Runtime
from edge.contracts.types import ModelBundle
from edge.control.knobs import Controls, Knobs
from edge.demo.camera import StreetCamera
from edge.detection.detector import Detector, ModelDetector
from edge.detection.ensemble import Ensemble
from edge.events.log import EventLog
from edge.forecast.settings import SHIPPED
from edge.forecasters import build_forecasting
from edge.grouping import Grouping
from edge.groups.groups import Groups
from edge.groups.settings import GroupSettings
from edge.health import StageClock
from edge.imaging import OpenCv
from edge.masks import PrivacyMask
from edge.pipeline import Chain, Intake, NoClassifier, Steps
from edge.pipeline import Classifier as SecondStage
from edge.runtime.canary import try_model
from edge.runtime.cpu_model import cpu_model
from edge.runtime.fallback import FallbackRuntime
from edge.runtime.settings import RuntimeSettings
from edge.runtime.switched import Opened, SwitchedRuntime, refuse_unlike
from edge.runtime.tflite import open_runtime
from edge.runtime.trainable import TrainableRuntime, open_trainable
from edge.teaching.settings import TeachingSettings
from edge.teaching.teacher import Teacher
from edge.tracking import Tracker
from edge.tracking.numbers import Numbers

ANSWER_S = 0.5  # that a camera may take to say that it is there
WARM_UPS = 2  # runs of a model on nothing before it serves: the first takes longer
MOTION_TRUSTED = 0.5  # the motion detector's scores begin here
_log = logging.getLogger(__name__)


class Models:
    """The models of one daemon, each loaded once and shared by its cameras. Use as a context manager.

    Args:
        settings: threads, accelerator, limits of the trial.
        state_dir: where it is remembered which files have passed their trial.
        changed: told how the accelerator of a model fares, whenever that has changed.
    """

    def __init__(
        self, settings: RuntimeSettings, state_dir: Path, changed: Callable[[Accelerator], None] = lambda _: None
    ) -> None:
        self._settings, self._state_dir, self._changed = settings, state_dir, changed
        self._loaded: dict[ModelFile, Runtime] = {}
        self._switched: dict[ModelFile, SwitchedRuntime] = {}  # the same
        self._alone: set[ModelFile] = set()  # those of them that run on one thread
        self._lent: dict[str, Runtime] = {}
        self._groups: dict[str, Groups] = {}
        self._schools: dict[str, School] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def runtimes(self) -> Sequence[Runtime]:
        """What has been loaded."""
        return (*self._loaded.values(), *self._lent.values())

    def load(self, model: ModelFile) -> Runtime:
        """The model, tried in a process of its own if it was never run here.

        Raises:
            ModelError: it is refused; says why.
        """
        if model not in self._loaded:
            self._load(model)
        return self._loaded[model]

    @property
    def switched(self) -> Mapping[ModelFile, SwitchedRuntime]:
        """The models that were loaded, by what the configuration names."""
        return dict(self._switched)

    def put(self, named: ModelFile, other: ModelFile) -> None:
        """Let another model serve in the place of one that is loaded, from the next frame on; see `turn`.

        For any thread but the one that runs the chains: it is loaded and warmed up before this returns.

        Raises:
            ModelError: it is refused, or cannot stand in; what serves goes on.
        """
        opened = self._opened(other, alone=named in self._alone)
        try:
            refuse_unlike(self._switched[named].bundle, opened.runtime.bundle)
            blank = opened.runtime.bundle.input.tensor
            for _ in range(WARM_UPS):
                opened.runtime.invoke(np.zeros(blank.shape, blank.dtype))
        except ModelError:
            opened.held.close()
            raise
        self._switched[named].put(opened)

    def turn(self) -> None:
        """Between two frames: take up what was put."""
        for runtime in list(self._switched.values()):
            runtime.turn()

    def light(self, model: ModelFile) -> Runtime:
        """The same for a network so small that a second thread would only be waited for. Raises ModelError."""
        if model not in self._loaded:
            self._alone.add(model)
            self._load(model)
        return self._loaded[model]

    def forecaster(self, name: str, model: ModelFile) -> Runtime:
        """A network of a camera or sensor, by what it is called where it learns: its own then, else one for all.

        As `light`.
        """
        return self._lent.get(name) or self.light(model)

    def trainable(self, bundle: ModelBundle) -> TrainableRuntime:
        """A model that learns, loaded for one subject alone. Raises ModelError."""
        alone = self._settings.model_copy(update={"threads": 1})
        try_model(bundle, alone, self._state_dir)
        return self._stack.enter_context(open_trainable(bundle, alone))

    def lend(self, name: str, runtime: Runtime) -> None:
        """Let this be the network of a camera or sensor, see `forecaster`."""
        self._lent[name] = runtime

    def groups(self, model: ModelFile, settings: GroupSettings) -> Groups:
        """The groups of what an embedding model sees, one for all cameras."""
        sha256 = self.load(model).bundle.sha256
        return self._groups.setdefault(sha256, Groups(settings, sha256))

    def school(self, model: ModelFile, settings: TeachingSettings) -> School:
        """What people teach of what an embedding model sees, one for all cameras."""
        sha256 = self.load(model).bundle.sha256
        return self._schools.setdefault(sha256, School(Teacher(settings, sha256), RecentLooks()))

    def _load(self, model: ModelFile) -> None:
        opened = self._opened(model, alone=model in self._alone)
        self._loaded[model] = self._switched[model] = self._stack.enter_context(SwitchedRuntime(opened))

    def _opened(self, model: ModelFile, *, alone: bool) -> Opened:
        bundle = model.read()
        settings = self._settings.model_copy(update={"threads": 1}) if alone else self._settings
        with ExitStack() as held:
            accelerated = bundle.edgetpu and not alone
            runtime = self._accelerated(model, bundle, held) if accelerated else self._on_cpu(bundle, settings, held)
            _log.info("model %s: %s by %s, %s", bundle.name, bundle.head.value, runtime.name, runtime.delegate)
            return Opened(runtime, held.pop_all())

    def _on_cpu(self, bundle: ModelBundle, settings: RuntimeSettings, held: ExitStack) -> Runtime:
        try_model(bundle, settings, self._state_dir)
        return held.enter_context(open_runtime(bundle, settings))

    def _accelerated(self, model: ModelFile, bundle: ModelBundle, held: ExitStack) -> Runtime:
        """It runs in a process of its own for ever, so it needs no trial; the CPU's version of it does."""
        path = cpu_model(bundle, model.cpu, self._state_dir)
        cpu = self._on_cpu(read_bundle(path, overrides=model.overrides), self._settings, held) if path else None
        return held.enter_context(FallbackRuntime(bundle, self._settings, cpu, self._changed))


def proven(settings: Settings) -> Settings:
    """The same settings, all models of which are known to run here. Raises a ModelError where one does not."""
    named = [camera.forecast_file for camera in settings.cameras.values() if camera.forecast.model != SHIPPED]
    sensed = [ModelFile(path=sensor.model) for sensor in settings.sensors.values() if sensor.model]
    scorers = [sensor.scorer for sensor in settings.sensors.values() if sensor.scorer]
    scored = [ModelFile(path=scorer.path, sha256=scorer.sha256) for scorer in scorers]
    for model in [*(model for _, model in settings.model_files), *filter(None, named), *sensed, *scored]:
        bundle = model.read()
        if not bundle.edgetpu:
            try_model(bundle, settings.runtime, settings.device.state_dir)
    return settings


def build_detector(settings: Settings, camera: CameraSettings, models: Models) -> Detector:
    """The detectors of one camera as one; where no model is configured, whatever moves is found."""
    runtimes = [models.load(model) for model in settings.models.values()]
    found = [ModelDetector(runtime, camera.detection, OpenCv()) for runtime in runtimes]
    if not found:
        return MotionDetector(camera.motion, camera.masks.motion)
    return found[0] if len(found) == 1 else Ensemble(found, camera.detection)


def build_chain(
    settings: Settings, name: str, models: Models, knobs: Knobs, clock: StageClock, numbers: Numbers
) -> Chain:
    """The chain of one camera."""
    camera = settings.cameras[name]
    detector = build_detector(settings, camera, models)
    classifier: SecondStage = NoClassifier()
    if settings.classifier is not None:
        second = models.load(settings.classifier)
        classifier = Classifier(second, settings.classify, OpenCv(), detector.labels)
    if settings.embedder is not None:
        embedder = Embedder(models.load(settings.embedder), settings.classify, OpenCv(), detector.labels)
        classifier = Grouping(classifier, embedder, models.groups(settings.embedder, settings.groups))
        classifier = Pupil(name, classifier, embedder, models.school(settings.embedder, settings.teaching))
    tracking = camera.tracking.trusting(camera.detection.trusted_score if settings.models else MOTION_TRUSTED)
    forecasting = build_forecasting(name, camera, detector.labels, partial(models.forecaster, name))
    steps = Steps(
        detector=detector,
        tracker=lambda aspect: Tracker(tracking, aspect, forecasting.history_s, numbers),
        attention=Attention(camera.attention),
        classifier=classifier,
        forecaster=forecasting.make,
        scores=forecasting.scores,
        log=EventLog(name, detector.labels, camera.events, camera.zones, camera.lines),
        crops=camera.detection.max_crops > 0,
    )
    return Chain(steps, camera.look, knobs, clock)


def build_camera(
    settings: Settings,
    name: str,
    models: Models,
    clock: StageClock,
    source: Callable[[Paint], Source] | None = None,
    numbers: Numbers | None = None,
) -> Camera:
    """One camera, ready for the engine. `source` stands in for the configured one (a rendered street, say).

    Its tracks take their `numbers`; without any they count from 1.
    """
    camera = settings.cameras[name]
    paint = PrivacyMask(camera.masks.privacy) if camera.masks.privacy else leave
    opened = source or (lambda paint: _open(name, camera, paint))
    gate = ActivityGate(camera.activity, camera.masks.motion)
    knobs = Knobs(Controls(enabled=True, detection=True, threshold=camera.events.default.threshold))
    return Camera(
        name=name,
        live=opened(paint).live,
        open=lambda: opened(paint),
        answers=lambda: answers(camera.source, ANSWER_S),
        stalled_s=camera.health.stalled_s,
        watch=PictureWatch(camera.health),
        knobs=knobs,
        intake=Intake(gate, clock),
        chain=build_chain(settings, name, models, knobs, clock, numbers or Numbers()),
    )


def _open(name: str, camera: CameraSettings, paint: Paint) -> Source:
    """The configured source; the rendered street is no camera of `edge.cameras`."""
    if isinstance(camera.source, StreetSettings):
        return StreetCamera(name, camera.source, paint)
    return open_source(name, camera.source, paint)
