"""Windows of a sensor in groups, named by people."""

import math
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from edge.assembly import Models
from edge.bus import LocalBus
from edge.check import check
from edge.config.sequences import SensorEntry
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ConfigError, ModelError
from edge.contracts.topics import Topics
from edge.contracts.windows import Scaling, SeriesWindow
from edge.grouping import GroupBook
from edge.groups.settings import GroupSettings
from edge.hearing.grouping import WindowGroups
from edge.hearing.values import with_grids
from edge.learners.adaptive import AdaptiveModel, Served
from edge.runtime.settings import RuntimeSettings
from edge.scorers import build_scorer
from tests.edge.test_hearing import BANDS, SERIES, SOUND, entry, sensed
from tests.rigs.learning_model import learning_autoencoder
from tests.rigs.series_model import recurring_window, write_series_model
from tests.rigs.window_model import window_model

TOPICS = Topics("dev")
QUICK = GroupSettings(warm_up=6, min_members=2)


def imu(folder: Path, **changes: object) -> SensorEntry:
    model = window_model(folder / "e.tflite", SERIES, ("left", "right"))
    told = {"source": "t", "channels": {"x": "$.x", "y": "$.y"}, "embedder": {"path": str(model), "every_s": 0.5}}
    return SensorEntry.model_validate({**told, **changes})


def opened(folder: Path, stack: ExitStack, bus: LocalBus) -> WindowGroups:
    made = WindowGroups(bus, TOPICS, stack)
    made.open(
        {"imu": imu(folder), "other": SensorEntry.model_validate({"source": "a"})}, QUICK, RuntimeSettings(), None
    )
    return made


def walk(groups: WindowGroups, steps: int) -> None:
    """To the left and to the right by turns, twenty steps each."""
    for step in range(steps):
        left = step // 20 % 2 == 0
        groups.sensed("imu", sensed(100 + step / 2, 1.0 + 0.1 * math.sin(step), 0.1) if left else
                      sensed(100 + step / 2, 0.1, 1.0 + 0.1 * math.sin(step)))  # fmt: skip
        groups.sensed("other", sensed(100 + step / 2, 1.0))


def kept(bus: LocalBus) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    bus.subscribe("#", lambda message: found.__setitem__(message.topic.removeprefix("foresight/dev/"), message.payload))
    return found


def test_without_samples_there_are_no_groups(tmp_path: Path) -> None:
    bus = LocalBus()
    with ExitStack() as stack:
        groups = opened(tmp_path, stack, bus)
        assert {name: one.groups() for name, one in groups.groups.items()} == {"imu": []}
    assert kept(bus) == {}


def test_windows_that_are_alike_are_a_group_that_people_name_and_that_stays(tmp_path: Path) -> None:
    bus, told = LocalBus(), list[bytes]()
    bus.subscribe(TOPICS.window_group("imu"), lambda message: told.append(message.payload))
    with ExitStack() as stack:
        groups = opened(tmp_path, stack, bus)
        book = GroupBook(bus, TOPICS, groups.groups["imu"], tmp_path, "imu")
        walk(groups, 400)
        assert set(told) >= {b"group 1", b"group 2"}
        learnt = sum(one.members for one in groups.groups["imu"].groups())
        assert 80 <= learnt <= 100  # windows of four samples that share none
        before = kept(bus)["sensor/imu/group"]
        book.heard(before.decode().removeprefix("group "), b"walking")
        groups.sensed("imu", sensed(300, 0.1, 1.0))
        assert kept(bus)[f"imu/{before.decode().removeprefix('group ')}/state"] == b"walking"
        walk(groups, 400)
        assert b"walking" in told
        book.remember(now=True)
        other = opened(tmp_path, stack, LocalBus())
        GroupBook(LocalBus(), TOPICS, other.groups["imu"], tmp_path, "imu")
        assert [one.name for one in other.groups["imu"].groups()] == [one.name for one in groups.groups["imu"].groups()]


def test_a_sensor_with_an_embedder_is_on_its_grid(tmp_path: Path) -> None:
    assert with_grids({"imu": imu(tmp_path)})["imu"].window.step_s == 0.5
    both = imu(tmp_path, classifier=entry(tmp_path).classifier)
    assert with_grids({"imu": both})["imu"].window.step_s == 0.5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window": {"step_s": 2}}, r"sensors\.imu\.window\.step_s is 2 and its embedder"),
        ({"channels": {"x": ""}}, r"sensors\.imu\.embedder: the model takes 2 channels"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        with_grids({"imu": imu(tmp_path, **changes)})


def test_models_that_describe_no_windows_of_values_are_refused(tmp_path: Path) -> None:
    window_model(tmp_path / "sound.tflite", SOUND, BANDS)
    write_series_model(tmp_path / "series.tflite", recurring_window(("x", "y"), 8, 0.5, 4, 0.0, 1.0))
    for name in ("sound", "series"):
        with pytest.raises(ModelError, match="describes no windows of values"):
            with_grids({"imu": imu(tmp_path, embedder=str(tmp_path / f"{name}.tflite"))})
        config = tmp_path / "foresight.yaml"
        config.write_text(f"sensors: {{imu: {{source: t, embedder: {tmp_path}/{name}.tflite}}}}\n")
        assert ["describes no windows of values" in str(one) for one in check(config).problems] == [True]
    config.write_text(f"sensors: {{imu: {{source: t, embedder: {tmp_path}/none.tflite}}}}\n")
    assert ["there is no file" in str(one) for one in check(config).problems] == [True]


def test_groups_hang_on_the_vectors_of_the_file_whatever_a_scorer_of_the_same_file_learns(tmp_path: Path) -> None:
    window = SeriesWindow(("x",), 4, 0.5, Scaling.FIXED, (0.0,), (1.0,), ())
    weights = np.concatenate([np.eye(4).ravel(), np.zeros(4)]).astype(np.float32)
    path = learning_autoencoder(tmp_path / "a.tflite", window, weights=weights)
    sensor = SensorEntry.model_validate({"source": "t", "scorer": str(path), "embedder": str(path)})
    bus, told = LocalBus(), list[bytes]()
    bus.subscribe(TOPICS.window_group("imu"), lambda message: told.append(message.payload))
    with ExitStack() as stack:
        models = stack.enter_context(Models(RuntimeSettings(), tmp_path))
        learns = AdaptiveModel(models.trainable(read_bundle(path)))
        models.lend("imu-scorer", learns)
        scorer = build_scorer("imu", sensor, models)()
        groups = WindowGroups(bus, TOPICS, stack)
        groups.open({"imu": sensor}, QUICK, RuntimeSettings(), None)
        for step in range(400):
            groups.sensed("imu", sensed(100 + step / 2, 1.0 if step // 20 % 2 else -1.0))
        assert set(told) >= {b"group 1", b"group 2"}
        before = told[-1]  # of ones, which minus ones would be by the weights that come now
        learns.put(Served("w", -weights, {"limit": 1.0}))
        learns.turn()
        scores = [scorer.step(100 + step / 2, np.array([1.0]), None) for step in range(4)]
        assert scores[-1] == pytest.approx(0.8)  # each number is off by two
        for step in range(400, 420):
            groups.sensed("imu", sensed(100 + step / 2, 1.0))
        assert told[-1] == before
