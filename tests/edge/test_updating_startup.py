"""What the daemon runs at its start, whatever was released for it; and its updates while its configuration changes."""

import hashlib
import logging
import shutil
from pathlib import Path

import pytest

from edge.bus import LocalBus
from edge.config.problems import InvalidConfig
from edge.contracts.release import Kind, Purpose
from edge.contracts.stored import replace_file
from edge.contracts.topics import Topics
from edge.contracts.update_state import CONFIGURATION
from edge.forecast.shipped import shipped_model
from edge.retained import RetainedTopics
from edge.updates import state as states
from edge.updates.baseline import Baseline
from edge.updates.state import Artifact
from edge.updates.state_file import StateFile
from edge.updates.store import Store
from edge.updates.updates import Device, Links, Updates
from edge.updating.control import DaemonControl, RunningConfiguration
from edge.updating.daemon_health import DaemonHealth
from edge.updating.inventory import Inventory
from edge.updating.lifecycle import UpdateLifecycle
from edge.updating.model_uses import SHIPPED_PLACE
from edge.updating.reader import ConfigurationReader
from edge.updating.startup import home_of, record_shutdown, reloaded_settings, starting_settings
from tests.rigs.releases import Served

BEFORE = Baseline(0.0, 0.0, 0.0, 0.0, broker=False)
GOOD, BAD = b"cameras: {garden: {source: street}}\n", b"cameras: {yard: {sauce: street}}\n"


def shipped() -> bytes:
    """The trajectory model that comes along."""
    path = shipped_model()
    assert path is not None
    return path.read_bytes()


@pytest.fixture
def reader(tmp_path: Path) -> ConfigurationReader:
    path = tmp_path / "own.yaml"
    path.write_text(
        f"device: {{state_dir: {tmp_path}/state}}\nupdates: {{enabled: true}}\ncameras: {{yard: {{source: street}}}}\n"
    )
    return ConfigurationReader(path)


def released(reader: ConfigurationReader, text: bytes, *, good: bool, place: str = CONFIGURATION) -> Path:
    """A configuration, or a trajectory model, that serves, on trial or as good; the home of the updates."""
    home, fetched = home_of(reader.own()), home_of(reader.own()).parent / "fetched"
    home.mkdir(parents=True, exist_ok=True)
    replace_file(fetched, text)
    model = place != CONFIGURATION
    purpose = Purpose(Kind.MODEL if model else Kind.CONFIGURATION, "forecaster" if model else "", "2", "", (), ())
    content = Artifact(place if model else "door.yaml", purpose, hashlib.sha256(text).hexdigest(), 5)
    Store(home).take(fetched, content.name, content.sha256)
    state_file = StateFile(home)
    state_file.write(states.on_trial(state_file.state, place, content, BEFORE))
    if good:
        state_file.write(states.accepted(state_file.state, place))
    return home


def test_where_nothing_was_released_the_own_configuration_runs(reader: ConfigurationReader) -> None:
    assert list(starting_settings(reader).cameras) == list(reloaded_settings(reader).cameras) == ["yard"]


@pytest.mark.parametrize("good", [True, False])
def test_what_was_released_runs(reader: ConfigurationReader, good: bool) -> None:
    released(reader, GOOD, good=good)
    assert list(starting_settings(reader).cameras) == list(reloaded_settings(reader).cameras) == ["garden"]


def test_a_trial_that_cannot_be_run_is_given_up_at_once(reader: ConfigurationReader) -> None:
    home = released(reader, BAD, good=False)
    with pytest.raises(InvalidConfig):
        reloaded_settings(reader)
    assert list(starting_settings(reader).cameras) == ["yard"]
    state = StateFile(home).state
    assert ([one.reason for one in state.blocked], dict(state.trials)) == (["crashed"], {})
    assert "sauce" in state.blocked[0].detail
    assert list(reloaded_settings(reader).cameras) == ["yard"]


def test_a_daemon_that_is_told_to_stop_may_start_as_often_as_it_likes(reader: ConfigurationReader) -> None:
    home = released(reader, GOOD, good=False)
    for _ in range(4):
        settings = starting_settings(reader)
        assert list(settings.cameras) == ["garden"]
        record_shutdown(settings)
    assert ([trial.starts for trial in StateFile(home).state.trials.values()], StateFile(home).state.blocked) == (
        [0],
        (),
    )


def test_one_that_is_killed_may_not(reader: ConfigurationReader) -> None:
    home = released(reader, GOOD, good=False)
    assert [list(starting_settings(reader).cameras) for _ in range(3)] == [["garden"], ["garden"], ["yard"]]
    assert [one.reason for one in StateFile(home).state.blocked] == ["crashed"]


def test_a_trial_goes_before_it_takes_what_was_good_with_it(reader: ConfigurationReader) -> None:
    released(reader, GOOD, good=True)
    released(reader, BAD, good=False)
    assert list(starting_settings(reader).cameras) == ["garden"]


def test_the_own_configuration_runs_where_what_was_good_cannot_any_more(
    reader: ConfigurationReader, caplog: pytest.LogCaptureFixture
) -> None:
    released(reader, BAD, good=True)
    with caplog.at_level(logging.ERROR):
        assert list(starting_settings(reader).cameras) == ["yard"]
    assert "what the device was shipped with serves" in caplog.text


@pytest.mark.parametrize("own", ["model: {path: /no/such.tflite}\n", "mqtt: {password_file: /nowhere/pw}\n"])
def test_what_is_wrong_with_the_own_configuration_is_not_held_against_a_trial(
    reader: ConfigurationReader, tmp_path: Path, own: str
) -> None:
    home, path = released(reader, shipped(), good=False, place=SHIPPED_PLACE), tmp_path / "own.yaml"
    serves = starting_settings(reader).cameras["yard"].forecast.model
    before, sound = StateFile(home).state, path.read_text()
    path.write_text(sound + own)
    for _ in range(4):
        with pytest.raises(InvalidConfig):
            starting_settings(reader)
    assert StateFile(home).state == before
    path.write_text(sound)
    assert starting_settings(reader).cameras["yard"].forecast.model == serves != "shipped"


def test_why_a_trial_was_given_up_is_short_and_holds_no_secret(
    reader: ConfigurationReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORESIGHT_PW", "hunter2secret")
    more = ", ".join(f"m{number}: '/models/${{FORESIGHT_PW}}/{number}.tflite'" for number in range(50))
    home = released(reader, f"cameras: {{yard: {{source: street}}}}\nmore_models: {{{more}}}\n".encode(), good=False)
    assert list(starting_settings(reader).cameras) == ["yard"]
    [blocked] = StateFile(home).state.blocked
    assert 0 < len(blocked.detail) <= 400
    assert "hunter2" not in (home / "state.json").read_text()


def test_a_configuration_that_changed_on_disk_is_not_taken_up(reader: ConfigurationReader) -> None:
    home = released(reader, GOOD, good=True)
    [file] = (home / "store").glob("*/door.yaml")
    file.write_bytes(b"cameras: {other: {source: street}}\n")
    state = (home / "state.json").read_bytes()
    assert (list(reloaded_settings(reader).cameras), reloaded_settings(reader).release) == (["yard"], "")
    assert (home / "state.json").read_bytes() == state


def test_a_model_that_changed_on_disk_is_not_taken_up(reader: ConfigurationReader) -> None:
    home = released(reader, shipped(), good=True, place=SHIPPED_PLACE)
    assert reloaded_settings(reader).cameras["yard"].forecast.model != "shipped"
    [file] = (home / "store").glob(f"*/{SHIPPED_PLACE}")
    file.write_bytes(shipped() + b"x")
    assert reloaded_settings(reader).cameras["yard"].forecast.model == "shipped"
    with pytest.raises(InvalidConfig, match="is not the file that was verified"):
        reader.with_files({SHIPPED_PLACE: file})


class NoModels:
    @property
    def switched(self) -> dict[object, object]:
        return {}

    def put(self, named: object, other: object) -> None:
        raise AssertionError


def running(reader: ConfigurationReader) -> dict[str, str]:
    """The versions that the device reports, once it has read its configuration again."""
    own, control = reader.own(), DaemonControl(lambda: None, lambda _: None)
    control.started(RunningConfiguration(reloaded_settings(reader), NoModels(), lambda: 0))  # type: ignore[arg-type]
    links = Links(Served({}), {}, DaemonHealth(control, lambda: True), lambda: None, Inventory(control))
    reported = Updates(own.updates, Device("dev", "1.0"), home_of(own), links).reported()
    return {one.place: one.version for one in reported.running if one.name}


def test_what_is_damaged_when_the_configuration_is_read_again_is_not_told_to_run(reader: ConfigurationReader) -> None:
    home = released(reader, GOOD, good=True)
    assert running(reader) == {CONFIGURATION: "2"}
    [file] = (home / "store").glob("*/*")
    file.write_bytes(GOOD + b"x")
    assert running(reader) == {}


def test_a_damaged_store_does_not_keep_the_daemon_from_starting(reader: ConfigurationReader) -> None:
    home = released(reader, GOOD, good=True)
    [folder] = (home / "store").iterdir()
    shutil.rmtree(folder)
    folder.write_text("of a repaired disk")
    assert list(reloaded_settings(reader).cameras) == list(starting_settings(reader).cameras) == ["yard"]
    assert dict(StateFile(home).state.good) == {}


def test_a_state_that_names_no_file_is_put_aside(reader: ConfigurationReader) -> None:
    home = released(reader, GOOD, good=True)
    file = home / "state.json"
    file.write_text(file.read_text().replace('"door.yaml"', '".."'))
    assert list(starting_settings(reader).cameras) == ["yard"]


def test_a_state_of_a_newer_daemon_is_told_of_and_left_alone(
    reader: ConfigurationReader, caplog: pytest.LogCaptureFixture
) -> None:
    home = released(reader, GOOD, good=True)
    file = home / "state.json"
    file.write_text(file.read_text().replace('"version": 1', '"version": 99', 1))
    assert list(starting_settings(reader).cameras) == ["yard"]
    assert "newer" in caplog.text


def test_an_own_configuration_that_is_of_no_use_is_told_of(reader: ConfigurationReader, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(BAD)
    with pytest.raises(InvalidConfig):
        starting_settings(reader)


def test_updates_go_on_until_the_configuration_wants_them_otherwise(
    reader: ConfigurationReader, tmp_path: Path
) -> None:
    topics, settings = Topics("dev"), reader.own()
    bus = RetainedTopics(LocalBus(), topics, tmp_path)
    left = f"{topics.base}/update/reported"
    bus.publish(left, b"{}", retain=True)
    updating = UpdateLifecycle(reader)
    with updating.begun(lambda: None, lambda _: None):
        assert (updating.observers, updating.places) == ([], ())
        updating.follow(settings, bus, topics)
        observers = updating.observers
        assert (len(observers), updating.serves(settings), bus.under(left)) == (1, True, {left})
        other = settings.model_copy(update={"mqtt": settings.mqtt.model_copy(update={"keepalive_s": 30})})
        assert updating.serves(other)  # another connection, the same device
        updating.follow(other, bus, topics)
        assert updating.observers == observers
        off = settings.model_copy(update={"updates": settings.updates.model_copy(update={"enabled": False})})
        assert not updating.serves(off)
        updating.follow(off, bus, topics)
        assert (updating.observers, updating.serves(off), bus.under(left)) == ([], True, set())


def test_a_daemon_without_a_reading_has_no_updates(reader: ConfigurationReader, tmp_path: Path) -> None:
    updating, topics = UpdateLifecycle(None), Topics("dev")
    with updating.begun(lambda: None, lambda _: None):
        updating.follow(reader.own(), RetainedTopics(LocalBus(), topics, tmp_path), topics)
        assert updating.observers == []
