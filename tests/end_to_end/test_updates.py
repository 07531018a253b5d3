"""Updates of a real daemon: better and sick models, good and bad configurations, power cuts."""

import re
import threading
import time
from pathlib import Path

import jsonschema
import pytest

from firmware_tools.broker import PasswordAccess, endpoint
from firmware_tools.release.serving import serve
from tests.rigs import hass_rules
from tests.rigs.daemon import Daemon
from tests.rigs.listener import Listener
from tests.rigs.released_models import detector
from tests.rigs.updated_daemon import House, Said, house, phase, running
from tests.rigs.wire_check import check_all

NAME, PLACE = "models/street.tflite", "street.tflite"
DOOR = "configurations/door.yaml"


def test_a_better_model_is_taken_up_and_a_sick_one_is_returned_and_never_taken_again(tmp_path: Path) -> None:
    with house(tmp_path, detector) as home:
        home.release_model(detector(tmp_path / "new.tflite", "2", score=0.95), "2")
        home.wish((NAME, "2"))
        with Listener(home.broker.port, "dev") as listener, Daemon(home.config) as daemon:
            said = Said(listener)
            good, _ = said.wait(phase(NAME, "2", "good"))
            assert running(good, PLACE) == "2"
            assert "switched between two frames" in daemon.log
            home.release_model(detector(tmp_path / "sick.tflite", "3", looks=20), "3")
            home.wish((NAME, "3"))
            returned, at_s = said.wait(phase(NAME, "3", "returned"))
            assert [(one.version, one.reason) for one in returned.blocked] == [("3", "sick")]
            said.wait(lambda told: running(told, PLACE) == "2", after_s=at_s)
            assert daemon.stop()[0] == 0
            daemon.start()
            home.wish((NAME, "3"))
            again, _ = said.wait(phase(NAME, "3", "returned"), after_s=daemon.started_s)
            assert running(again, PLACE) == "2"
            assert daemon.stop()[0] == 0
            check_all("update_reported", [heard.json for heard in listener.heard("update/reported") if heard.payload])


@pytest.mark.long
@pytest.mark.parametrize("changes", [{"score": 0.0}, {"work": 16}], ids=["blind", "slow"])
def test_a_model_that_sees_nothing_or_takes_for_ever_is_returned(tmp_path: Path, changes: dict[str, float]) -> None:
    with house(tmp_path, detector) as home:
        home.release_model(detector(tmp_path / "new.tflite", "2", **changes), "2")  # type: ignore[arg-type]
        home.wish((NAME, "2"))
        with Listener(home.broker.port, "dev") as listener, Daemon(home.config):
            said = Said(listener)
            told, at_s = said.wait(phase(NAME, "2", "returned", "good", "refused"))
            assert [(one.version, one.reason) for one in told.blocked] == [("2", "sick")], told.wishes
            said.wait(lambda told: running(told, PLACE) == "1", after_s=at_s)


@pytest.mark.long
def test_releases_come_over_the_broker_and_the_wish_of_a_group_counts(tmp_path: Path) -> None:
    with house(tmp_path, detector) as home:
        text = re.sub("url: [^,]*, ", "", home.config.read_text())
        home.config.write_text(text.replace("retry_s: 1", "retry_s: 1\n  groups: [outdoors]"))
        home.release_model(detector(tmp_path / "new.tflite", "2"), "2")
        home.wish((NAME, "2"), topic="groups/outdoors/update/desired")
        at, stop = endpoint(PasswordAccess(address=f"127.0.0.1:{home.broker.port}")), threading.Event()
        server = threading.Thread(target=serve, args=(home.workshop.repository, at, stop, lambda: None))
        server.start()
        try:
            with Listener(home.broker.port, "dev") as listener, Daemon(home.config):
                told, _ = Said(listener).wait(phase(NAME, "2", "good"))
                assert running(told, PLACE) == "2"
                entity = listener.wait_for(lambda heard: heard.topic == "update/street_tflite/state")
                jsonschema.validate(entity.json, hass_rules.UPDATE_STATE)
        finally:
            stop.set()
            server.join(60)


@pytest.mark.long
def test_a_daemon_that_is_killed_in_a_trial_twice_comes_back_with_what_was_before(tmp_path: Path) -> None:
    with house(tmp_path, detector) as home:
        home.config.write_text(home.config.read_text().replace("watch_s: 3", "watch_s: 600"))
        home.release_model(detector(tmp_path / "new.tflite", "2"), "2")
        home.wish((NAME, "2"))
        with Listener(home.broker.port, "dev") as listener, Daemon(home.config) as daemon:
            said = Said(listener)
            for _ in range(3):  # the first start finds nothing on trial
                tried, _ = said.wait(lambda told: running(told, PLACE) == "2", after_s=daemon.started_s)
                assert phase(NAME, "2", "trying")(tried)
                daemon.kill()
                daemon.start()
            told, _ = said.wait(phase(NAME, "2", "returned"), after_s=daemon.started_s)
            assert [(one.version, one.reason) for one in told.blocked] == [("2", "crashed")]
            said.wait(lambda told: running(told, PLACE) == "1", after_s=daemon.started_s)


def configured(home: House, **changes: str) -> str:
    """The device's own configuration, changed, without what only the device's own file says."""
    lines = home.config.read_text().splitlines(keepends=True)
    begin = lines.index("updates:\n")
    kept = [*lines[1:begin], *lines[begin + 5 :]]
    text = "".join(kept)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.long
def test_a_good_configuration_is_taken_up_and_a_bad_one_is_not_or_is_returned(tmp_path: Path) -> None:
    with house(tmp_path, detector) as home:
        home.release_configuration(configured(home, yard="garden"), "1")
        home.wish((DOOR, "1"))
        with Listener(home.broker.port, "dev") as listener, Daemon(home.config) as daemon:
            said = Said(listener)
            _, at_s = said.wait(phase(DOOR, "1", "good"))
            listener.wait_for(lambda heard: heard.topic == "garden/tracks", after_s=0)
            bad = {
                "2": ("cameras: {yard: {source: street}, yard: {source: street}}", "malformed"),
                "3": (configured(home, loop="lop"), "unfit"),
                "4": (f"device: {{state_dir: {tmp_path}}}\n" + configured(home), "unfit"),
                "5": (configured(home, dev="other"), "unfit"),
            }
            for version, (text, reason) in bad.items():
                home.release_configuration(text, version)
                home.wish((DOOR, version))
                told, at_s = said.wait(phase(DOOR, version, "refused", "good", "returned"), after_s=at_s)
                assert [(one.phase, one.reason) for one in told.wishes] == [("refused", reason)]
            home.release_configuration(configured(home, **{str(home.broker.port): "1"}), "6")
            home.wish((DOOR, "6"))
            told, _ = said.wait(phase(DOOR, "6", "returned"), after_s=at_s)
            assert [(one.version, one.reason) for one in told.blocked] == [("6", "sick")]
            assert "broker" in told.blocked[0].detail
            listener.wait_for(lambda heard: heard.topic == "garden/tracks", after_s=time.monotonic())
            assert daemon.stop()[0] == 0
