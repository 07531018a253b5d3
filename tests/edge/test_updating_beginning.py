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
from edge.updates.book import Book
from edge.updates.gate import Pulse
from edge.updates.state import Content
from edge.updates.store import Store
from edge.updating.beginning import again, ended, first, home_of
from edge.updating.keeping import Updating
from edge.updating.reading import Reading
from edge.updating.sites import SHIPPED_PLACE

BEFORE = Pulse(0.0, 0.0, 0.0, 0.0, broker=False)
GOOD, BAD = b"cameras: {garden: {source: street}}\n", b"cameras: {yard: {sauce: street}}\n"


def shipped() -> bytes:
    """The trajectory model that comes along."""
    path = shipped_model()
    assert path is not None
    return path.read_bytes()


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    path = tmp_path / "own.yaml"
    path.write_text(
        f"device: {{state_dir: {tmp_path}/state}}\nupdates: {{enabled: true}}\ncameras: {{yard: {{source: street}}}}\n"
    )
    return Reading(path)


def released(reading: Reading, text: bytes, *, good: bool, place: str = CONFIGURATION) -> Path:
    """A configuration, or a trajectory model, that serves, on trial or as good; the home of the updates."""
    home, fetched = home_of(reading.own()), home_of(reading.own()).parent / "fetched"
    home.mkdir(parents=True, exist_ok=True)
    replace_file(fetched, text)
    model = place != CONFIGURATION
    purpose = Purpose(Kind.MODEL if model else Kind.CONFIGURATION, "forecaster" if model else "", "2", "", (), ())
    content = Content(place if model else "door.yaml", purpose, hashlib.sha256(text).hexdigest(), 5)
    Store(home).take(fetched, content.name, content.sha256)
    book = Book(home)
    book.write(states.on_trial(book.state, place, content, BEFORE))
    if good:
        book.write(states.accepted(book.state, place))
    return home


def test_where_nothing_was_released_the_own_configuration_runs(reading: Reading) -> None:
    assert list(first(reading).cameras) == list(again(reading).cameras) == ["yard"]


@pytest.mark.parametrize("good", [True, False])
def test_what_was_released_runs(reading: Reading, good: bool) -> None:
    released(reading, GOOD, good=good)
    assert list(first(reading).cameras) == list(again(reading).cameras) == ["garden"]


def test_a_trial_that_cannot_be_run_is_given_up_at_once(reading: Reading) -> None:
    home = released(reading, BAD, good=False)
    with pytest.raises(InvalidConfig):
        again(reading)
    assert list(first(reading).cameras) == ["yard"]
    state = Book(home).state
    assert ([one.reason for one in state.barred], dict(state.trials)) == (["crashed"], {})
    assert "sauce" in state.barred[0].detail
    assert list(again(reading).cameras) == ["yard"]


def test_a_daemon_that_is_told_to_stop_may_start_as_often_as_it_likes(reading: Reading) -> None:
    home = released(reading, GOOD, good=False)
    for _ in range(4):
        settings = first(reading)
        assert list(settings.cameras) == ["garden"]
        ended(settings)
    assert ([trial.starts for trial in Book(home).state.trials.values()], Book(home).state.barred) == ([0], ())


def test_one_that_is_killed_may_not(reading: Reading) -> None:
    home = released(reading, GOOD, good=False)
    assert [list(first(reading).cameras) for _ in range(3)] == [["garden"], ["garden"], ["yard"]]
    assert [one.reason for one in Book(home).state.barred] == ["crashed"]


def test_a_trial_goes_before_it_takes_what_was_good_with_it(reading: Reading) -> None:
    released(reading, GOOD, good=True)
    released(reading, BAD, good=False)
    assert list(first(reading).cameras) == ["garden"]


def test_the_own_configuration_runs_where_what_was_good_cannot_any_more(
    reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    released(reading, BAD, good=True)
    with caplog.at_level(logging.ERROR):
        assert list(first(reading).cameras) == ["yard"]
    assert "what the device was shipped with serves" in caplog.text


@pytest.mark.parametrize("own", ["model: {path: /no/such.tflite}\n", "mqtt: {password_file: /nowhere/pw}\n"])
def test_what_is_wrong_with_the_own_configuration_is_not_held_against_a_trial(
    reading: Reading, tmp_path: Path, own: str
) -> None:
    home, path = released(reading, shipped(), good=False, place=SHIPPED_PLACE), tmp_path / "own.yaml"
    serves = first(reading).cameras["yard"].forecast.model
    before, sound = Book(home).state, path.read_text()
    path.write_text(sound + own)
    for _ in range(4):
        with pytest.raises(InvalidConfig):
            first(reading)
    assert Book(home).state == before
    path.write_text(sound)
    assert first(reading).cameras["yard"].forecast.model == serves != "shipped"


def test_why_a_trial_was_given_up_is_short_and_holds_no_secret(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORESIGHT_PW", "hunter2secret")
    more = ", ".join(f"m{number}: '/models/${{FORESIGHT_PW}}/{number}.tflite'" for number in range(50))
    home = released(reading, f"cameras: {{yard: {{source: street}}}}\nmore_models: {{{more}}}\n".encode(), good=False)
    assert list(first(reading).cameras) == ["yard"]
    [barred] = Book(home).state.barred
    assert 0 < len(barred.detail) <= 400
    assert "hunter2" not in (home / "state.json").read_text()


def test_a_configuration_that_changed_on_disk_is_not_taken_up(reading: Reading) -> None:
    home = released(reading, GOOD, good=True)
    [file] = (home / "store").glob("*/door.yaml")
    file.write_bytes(b"cameras: {other: {source: street}}\n")
    state = (home / "state.json").read_bytes()
    assert (list(again(reading).cameras), again(reading).release) == (["yard"], "")
    assert (home / "state.json").read_bytes() == state


def test_a_model_that_changed_on_disk_is_not_taken_up(reading: Reading) -> None:
    home = released(reading, shipped(), good=True, place=SHIPPED_PLACE)
    assert again(reading).cameras["yard"].forecast.model != "shipped"
    [file] = (home / "store").glob(f"*/{SHIPPED_PLACE}")
    file.write_bytes(shipped() + b"x")
    assert again(reading).cameras["yard"].forecast.model == "shipped"
    with pytest.raises(InvalidConfig, match="is not the file that was verified"):
        reading.with_files({SHIPPED_PLACE: file})


def test_a_damaged_store_does_not_keep_the_daemon_from_starting(reading: Reading) -> None:
    home = released(reading, GOOD, good=True)
    [folder] = (home / "store").iterdir()
    shutil.rmtree(folder)
    folder.write_text("of a repaired disk")
    assert list(again(reading).cameras) == list(first(reading).cameras) == ["yard"]
    assert dict(Book(home).state.good) == {}


def test_a_state_that_names_no_file_is_put_aside(reading: Reading) -> None:
    home = released(reading, GOOD, good=True)
    file = home / "state.json"
    file.write_text(file.read_text().replace('"door.yaml"', '".."'))
    assert list(first(reading).cameras) == ["yard"]


def test_a_state_of_a_newer_daemon_is_told_of_and_left_alone(
    reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    home = released(reading, GOOD, good=True)
    file = home / "state.json"
    file.write_text(file.read_text().replace('"version": 1', '"version": 99', 1))
    assert list(first(reading).cameras) == ["yard"]
    assert "newer" in caplog.text


def test_an_own_configuration_that_is_of_no_use_is_told_of(reading: Reading, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(BAD)
    with pytest.raises(InvalidConfig):
        first(reading)


def test_updates_go_on_until_the_configuration_wants_them_otherwise(reading: Reading, tmp_path: Path) -> None:
    topics, settings = Topics("dev"), reading.own()
    bus = RetainedTopics(LocalBus(), topics, tmp_path)
    left = f"{topics.base}/update/reported"
    bus.publish(left, b"{}", retain=True)
    updating = Updating(reading)
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


def test_a_daemon_without_a_reading_has_no_updates(reading: Reading, tmp_path: Path) -> None:
    updating, topics = Updating(None), Topics("dev")
    with updating.begun(lambda: None, lambda _: None):
        updating.follow(reading.own(), RetainedTopics(LocalBus(), topics, tmp_path), topics)
        assert updating.observers == []
