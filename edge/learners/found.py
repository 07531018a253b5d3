"""Which cameras and sensors of a configuration learn on the device, and why the others do not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from edge.config.settings import CameraSettings, ModelFile, Settings
from edge.contracts.errors import ModelError
from edge.contracts.sensors import scorer_name
from edge.contracts.types import Head, ModelBundle
from edge.forecast.fitting import refuse_unfit
from edge.learning.sample import shapes_of
from edge.learning.usual import told_limit
from edge.sensing.settings import SensorSettings


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """Models of those that learn, and reasons for those that do not, by name."""

    models: Mapping[str, ModelBundle]
    others: Mapping[str, str]


def find(settings: Settings) -> Found:
    """Look at every camera and sensor."""
    models, others = dict[str, ModelBundle](), dict[str, str]()
    every: list[tuple[str, Callable[[], ModelBundle]]] = [
        *((name, partial(_of_camera, camera)) for name, camera in settings.cameras.items()),
        *((name, partial(_of_sensor, sensor)) for name, sensor in settings.sensors.items()),
        *((scorer_name(name), one.scorer.read) for name, one in settings.sensors.items() if one.scorer),
    ]
    for name, read in every:
        try:
            models[name] = _learns(read())
        except ModelError as error:
            others[name] = str(error)
    return Found(models, others)


def _of_camera(camera: CameraSettings) -> ModelBundle:
    file = camera.forecast_file
    if file is None:
        raise ModelError("straight lines forecast here; name a model that learns as `forecast.model`")
    bundle = file.read()
    refuse_unfit(bundle, camera.forecast.horizons_s)
    return bundle


def _of_sensor(sensor: SensorSettings) -> ModelBundle:
    if sensor.model is None:
        raise ModelError("it has no `model`; its own forecast learns anyway, without a file")
    bundle = ModelFile(path=sensor.model).read()
    if bundle.head is not Head.SERIES:
        raise ModelError(f"{bundle.path} is a {bundle.head.value}, and a sensor's forecast needs a {Head.SERIES.value}")
    return bundle


def _learns(bundle: ModelBundle) -> ModelBundle:
    if bundle.trainable is None:
        raise ModelError(f"the model {bundle.name} does not learn; export it with `foresight-train ... --trainable`")
    shapes_of(bundle)
    told_limit(bundle)
    return bundle
