"""Learning in the daemon: looks of a camera go to the process that learns, and what it has learnt comes to serve."""

from pathlib import Path

from tests.rigs.broker import Broker
from tests.rigs.schooled import driven, path_model, settings_of


def test_what_a_camera_sees_is_learnt_and_comes_to_serve(tmp_path: Path) -> None:
    with Broker() as broker, driven(settings_of(tmp_path, path_model(tmp_path), broker.port)) as driver:
        driver.wait(lambda state: state.doing == "collecting")
        assert driver.yard.weights == ""
        driver.walk_until(lambda: driver.yard.weights != "")
        yard = driver.yard
        print(driver.side.state())
        assert yard.state.serving == yard.weights
