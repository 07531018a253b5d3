"""Learning in the daemon: looks of a camera go to the process that learns, and what it has learnt comes to serve."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.config.settings import Settings
from edge.contracts.bus import Message
from edge.learning.checkpoint import read_checkpoint
from edge.learning.comparing import Gain
from edge.learning.learnt import network
from edge.learning.offered import newest, offer
from edge.learning.round import NEVER_S, Judgement
from edge.learning.shelf import FILE
from edge.learning.standing import EXPORTED
from edge.learning.ways import Way
from tests.rigs.broker import Broker
from tests.rigs.host import wait_until
from tests.rigs.learning_side import LIMIT_S, TERMS, Driver, driven, path_model, settings_of
from tests.rigs.listener import Listener
from tests.rigs.trajectories import write_rearranger
from tests.rigs.wire_check import check_all

PRAISED = Judgement(Way(1.0, mapped=False), 1.0, 1.0, 0.1, *(Gain(0.9, 0.8, 500),) * 3, NEVER_S)  # elsewhere


def say(driver: Driver, words: str, *, retained: bool = False) -> None:
    driver.side.heard(Message("foresight/dev/learn/set", words.encode(), retained))


def test_what_a_camera_sees_is_learnt_and_comes_to_serve_and_goes_again(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, path_model(tmp_path))
    with driven(settings) as driver:
        driver.wait(lambda state: state.doing == "collecting")
        assert driver.yard.weights == EXPORTED
        driver.walk_until(lambda: driver.yard.weights != EXPORTED)
        say(driver, "off")
        driver.wait(lambda state: state.doing == "off")
        driver.wait(lambda state: state.subjects[0].state.serving == state.subjects[0].weights != EXPORTED)
        assert driver.yard.state.held.candidate < driver.yard.state.held.base
        assert driver.side.turned() != {}
        figures = driver.side.figures()
        assert figures.rss_bytes > 0
        assert figures.cpu_s > 0
    standing = json.loads((tmp_path / "state/learning/yard" / FILE).read_text())["value"]
    assert (bool(standing["serving"]), standing["on"]) == (True, False)
    with driven(settings) as driver:  # what served serves again, before the process is there
        assert driver.adaptive.served == standing["serving"]
        say(driver, "off")  # which the daemon keeps elsewhere
        driver.wait(lambda state: state.doing == "off" and state.subjects[0].state.samples > 0)
        say(driver, "rollback yard")
        driver.wait(lambda state: state.subjects[0].weights != standing["serving"])
        say(driver, "reset yard")
        driver.wait(lambda state: (state.subjects[0].state.samples, state.subjects[0].weights) == (0, EXPORTED))


def test_what_others_have_learnt_comes_to_serve_here(tmp_path: Path) -> None:
    """From the file that was laid down into the daemon's own network; nobody is trained here."""
    (tmp_path / "other").mkdir()
    elsewhere = settings_of(tmp_path / "other", path_model(tmp_path / "other"))
    with driven(elsewhere) as driver:
        driver.walk_until(lambda: driver.yard.weights != EXPORTED)
        bundle, serving = driver.adaptive.bundle, driver.yard.weights
    folders = [tmp_path / "other/state/learning/yard", tmp_path / "state/learning/yard"]
    learnt = network(bundle, read_checkpoint(folders[0], serving, bundle.sha256, bundle.head).weights.weights)
    (tmp_path / "paths.tflite").write_bytes((tmp_path / "other/paths.tflite").read_bytes())
    with driven(settings_of(tmp_path, tmp_path / "paths.tflite"), replace(TERMS, first=1 << 30)) as driver:
        offer(folders[1], bundle, learnt, 1, PRAISED)
        driver.walk_until(lambda: driver.yard.weights != EXPORTED)
        driver.wait(lambda state: state.subjects[0].state.offers.taken == 1)
        found = read_checkpoint(folders[1], driver.yard.weights, bundle.sha256, bundle.head).weights.weights
        assert np.array_equal(found, learnt)
        assert driver.yard.state.rounds == 0
        driver.adaptive.turn()
        assert driver.adaptive.served == driver.yard.weights
    assert newest(folders[1]) is None


def test_files_that_cannot_be_used_leave_the_exported_weights_and_the_state_and_the_log_say_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    standing = tmp_path / "state/learning/yard" / FILE
    standing.parent.mkdir(parents=True)
    standing.write_text('{"version": 99, "value": {}}')
    with driven(settings_of(tmp_path, path_model(tmp_path))) as driver:
        driver.wait(lambda state: state.doing == "collecting" and "newer" in state.subjects[0].state.trouble)
        assert (driver.adaptive.served, driver.yard.weights) == (EXPORTED, EXPORTED)
        driver.walk()  # nobody minds
        assert wait_until(lambda: any(one.name == "edge.learners.troubles" for one in caplog.records), LIMIT_S)


def test_it_waits_on_a_battery_and_obeys_nothing_old_or_odd(tmp_path: Path) -> None:
    with driven(settings_of(tmp_path, path_model(tmp_path))) as driver:
        driver.wait(lambda state: state.doing == "collecting")
        for words, retained in (("battery on", True), ("off", True), ("reset nobody", False), ("sing", False)):
            say(driver, words, retained=retained)
        say(driver, "battery on")
        driver.wait(lambda state: (state.doing, state.reason) == ("paused", "it runs on a battery"))
        assert driver.side.state().enabled
        say(driver, "battery off")
        driver.wait(lambda state: state.doing == "collecting")


def plain(folder: Path) -> Settings:
    """A camera whose model does not learn."""
    told = settings_of(folder, write_rearranger(folder / "plain.tflite")).model_dump(mode="json")
    told["cameras"]["yard"]["forecast"]["horizons_s"] = [0.5, 1.0, 2.0, 3.0]
    return Settings.model_validate(told)


def test_where_nothing_learns_there_is_no_process_and_the_state_says_why(tmp_path: Path) -> None:
    with Broker() as broker, Listener(broker.port, "dev") as listener:
        told = plain(tmp_path).model_dump(mode="json")
        told["mqtt"]["port"] = broker.port
        with driven(Settings.model_validate(told)) as driver:
            assert driver.side.subjects == ()
            assert driver.side.figures().rss_bytes == 0
            heard = listener.wait_for(lambda heard: heard.topic == "learn/state").json
            driver.walk()
        check_all("learn_state", [heard])
        assert heard["doing"] == "idle"
        assert [one["name"] for one in heard["others"]] == ["yard"]
        assert "--trainable" in heard["others"][0]["reason"]


@pytest.mark.parametrize("words", ["on", "reset yard"])
def test_where_learning_is_off_nothing_is_there(tmp_path: Path, words: str) -> None:
    told = settings_of(tmp_path, path_model(tmp_path), enabled=False)
    with driven(told) as driver:
        say(driver, words)
        assert (driver.side.wanted, driver.side.subjects, driver.side.turned()) == (False, (), {})
    assert not (tmp_path / "state/learning").exists()
