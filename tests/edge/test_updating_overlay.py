"""Released files take places of a configuration; who the device is stays what its own file says."""

from hashlib import sha256
from pathlib import Path

import pytest

from edge.check import check
from edge.config.problems import InvalidConfig
from edge.config.settings import Settings
from edge.contracts.update_state import CONFIGURATION
from edge.updating.model_uses import SHIPPED_PLACE, Role, model_uses
from edge.updating.overlay import overlaid
from edge.updating.reader import ConfigurationReader
from tests.rigs.released_models import detector

HASH = "ab" * 32
CAMERA = {"source": "street"}


def settings(**changes: object) -> Settings:
    return Settings.model_validate(
        {"cameras": {"yard": CAMERA, "lane": {**CAMERA, "forecast": {"model": "none"}}}, **changes}
    )


def stored(name: str) -> Path:
    return Path("/state/updates/store") / HASH / name


def rich() -> Settings:
    return settings(
        model="models/a.tflite",
        more_models={"b": {"path": "models/b.tflite", "cpu": "models/c.tflite"}, "more": "other/a.tflite"},
        classifier={"path": "k.tflite", "sha256": "cd" * 32},
        embedder="e.tflite",
        sensors={
            "tank": {
                "source": {"topic": "tank"},
                "model": "s.tflite",
                "classifier": "w.tflite",
                "embedder": "v.tflite",
                "scorer": "o.tflite",
            }
        },
        sounds={"hall": {"source": "microphone", "classifier": "w.tflite"}},
    )


def test_where_there_is_nothing_nothing_changes() -> None:
    plain = settings(cameras={"yard": {**CAMERA, "forecast": {"model": "none"}}})
    assert model_uses(plain) == []
    assert overlaid(plain, {}) is plain
    assert overlaid(plain, {"a.tflite": stored("a.tflite"), CONFIGURATION: Path("x")}) is plain


def test_every_mention_of_a_model_is_a_site() -> None:
    found = {use.where: (use.role, use.place, use.pinned) for use in model_uses(rich())}
    assert found == {
        "model": (Role.DETECTOR, "a.tflite", False),
        "more_models.b": (Role.DETECTOR, "b.tflite", False),
        "more_models.b.cpu": (Role.DETECTOR, "c.tflite", False),
        "more_models.more": (Role.DETECTOR, "a.tflite", False),
        "classifier": (Role.CLASSIFIER, "k.tflite", True),
        "embedder": (Role.EMBEDDER, "e.tflite", False),
        "cameras.yard.forecast.model": (Role.TRAJECTORIES, SHIPPED_PLACE, False),
        "sensors.tank.model": (Role.SERIES, "s.tflite", False),
        "sensors.tank.classifier": (Role.WINDOWS, "w.tflite", False),
        "sensors.tank.embedder": (Role.LIKENESS, "v.tflite", False),
        "sensors.tank.scorer": (Role.ODDITY, "o.tflite", False),
        "sounds.hall.classifier": (Role.WINDOWS, "w.tflite", False),
    }


def test_a_released_file_serves_wherever_its_name_stands_but_where_another_is_pinned() -> None:
    given = rich()
    names = {use.place for use in model_uses(given)}
    made = overlaid(given, {name: stored(name) for name in names})
    now = {use.where: use for use in model_uses(made)}
    assert now.keys() == {use.where for use in model_uses(given)}
    for where, use in now.items():
        assert use.released == ("" if where == "classifier" else HASH), where
    assert now["model"].file.sha256 == HASH
    assert overlaid(made, {"a.tflite": Path("/store") / ("cd" * 32) / "a.tflite"}).model != made.model  # not pinned
    assert made.cameras["lane"] is given.cameras["lane"]
    assert given == rich()


def test_others_stay_as_they_are() -> None:
    given = rich()
    made = overlaid(given, {"w.tflite": stored("w.tflite")})
    assert [use.where for use in model_uses(made) if use.released] == [
        "sensors.tank.classifier",
        "sounds.hall.classifier",
    ]
    assert (made.model, made.embedder) == (given.model, given.embedder)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    detector(tmp_path / "a.tflite")
    path = tmp_path / "own.yaml"
    path.write_text(
        f"device: {{state_dir: {tmp_path}}}\nmqtt: {{host: broker, device: dev, password: mine}}\n"
        f"model: {tmp_path}/a.tflite\nupdates: {{enabled: true, board: pi4}}\ncameras: {{yard: {{source: street}}}}\n"
    )
    return path


def released(own: Path, text: str) -> dict[str, Path]:
    folder = own.parent / sha256(text.encode()).hexdigest()
    folder.mkdir(exist_ok=True)
    (folder / "door.yaml").write_text(text)
    return {CONFIGURATION: folder / "door.yaml"}


def test_a_released_configuration_leaves_the_device_what_it_is(own: Path) -> None:
    reader, text = ConfigurationReader(own), "mqtt: {keepalive_s: 20}\ncameras: {garden: {source: street}}\n"
    assert reader.with_files({}).release == ""
    made = reader.with_files(released(own, text))
    assert (made.release, list(made.cameras), made.model) == (sha256(text.encode()).hexdigest(), ["garden"], None)
    mqtt = made.mqtt
    assert (mqtt.host, mqtt.device, mqtt.secret(), mqtt.keepalive_s) == ("broker", "dev", "mine", 20)
    assert (made.device, made.updates) == (reader.own().device, reader.own().updates)
    assert made.updates.enabled


def test_it_may_say_the_same_and_another_broker(own: Path) -> None:
    text = "mqtt: {host: other, device: dev, password: new}\nupdates: {board: pi4}\ncameras: {yard: {source: street}}\n"
    made = ConfigurationReader(own).with_files(released(own, text))
    assert (made.mqtt.host, made.mqtt.secret(), made.updates.board) == ("other", "new", "pi4")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("device: {state_dir: /elsewhere}", "device.state_dir"),
        ("updates: {enabled: false}", "updates.enabled"),
        ("updates: {trust: {url: 'https://elsewhere/'}}", "updates.trust"),
        ("mqtt: {device: other}", "mqtt.device"),
        ("mqtt: {prefix: other}", "mqtt.prefix"),
        ("mqtt: {client_id: other}", "mqtt.client_id"),
    ],
)
def test_it_cannot_make_another_device_of_it(own: Path, text: str, key: str) -> None:
    with pytest.raises(InvalidConfig) as error:
        ConfigurationReader(own).with_files(released(own, f"{text}\ncameras: {{yard: {{source: street}}}}\n"))
    assert [problem.key for problem in error.value.problems] == [key]


@pytest.mark.parametrize("text", ["", "cameras: [", "cameras: {yard: {sauce: street}}", "model: absent.tflite\n"])
def test_it_must_be_sound(own: Path, text: str) -> None:
    with pytest.raises(InvalidConfig):
        ConfigurationReader(own).with_files(released(own, text))


def test_a_released_configuration_is_the_one_that_was_verified(own: Path) -> None:
    files = released(own, "cameras: {garden: {source: street}}\n")
    files[CONFIGURATION].write_text("cameras: {other: {source: street}}\n")
    with pytest.raises(InvalidConfig, match="is not the file that was verified"):
        ConfigurationReader(own).with_files(files)


def test_the_check_says_who_the_device_is_to_releases(own: Path) -> None:
    rows = [row for row in check(own).rows if row[0] == "updates"]
    assert [(name, details.split(";")[0]) for _, name, details in rows] == [
        ("mqtt:", "for pi4"),
        ("trust root", "/etc/foresight/release-root.json"),
    ]
    own.write_text(own.read_text().replace("enabled: true", "enabled: false"))
    assert not [row for row in check(own).rows if row[0] == "updates"]


def test_where_updates_are_off_the_own_files_serve(own: Path) -> None:
    files = released(own, "cameras: {garden: {source: street}}\n")
    own.write_text(own.read_text().replace("enabled: true", "enabled: false"))
    assert list(ConfigurationReader(own).with_files({**files, "a.tflite": stored("a.tflite")}).cameras) == ["yard"]
