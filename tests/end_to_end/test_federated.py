"""Three devices learn together: Flower's real SuperLink and SuperNodes, TLS on, a key for each device."""

from pathlib import Path

import pytest

from edge.contracts.types import F32
from edge.learning.checkpoint import ENDING, read_checkpoint
from edge.learning.offered import OFFERED
from tests.rigs.flower import Site
from tests.rigs.flower_village import DEADLINE_S, HOW, TURNS, lived_through, until
from tests.rigs.learning_model import learning_paths
from tests.rigs.together import Together
from tests.rigs.trainee import WINDOW
from trainer.federated.averaging import Terms
from trainer.federated.rounds import LEARNING, Course, conduct


def alone(every: Together, name: str) -> float:
    """Error, on what all devices held out, of what one device learns without the others."""
    one = Together(every.trainee, every.exported, {name: every.learning[name]}, HOW)
    course = Course(rounds=1, patience_s=0.0, expected=1)
    sha256 = every.trainee.bundle.sha256
    own: F32 = conduct(one, every.exported, sha256, course, Terms(minimum=1), lambda *_: None)
    return float(every.held_errors(own).mean())


@pytest.mark.long
def test_three_devices_learn_together_and_one_dies(tmp_path: Path) -> None:
    with lived_through(tmp_path) as (site, every, (first, second, third)):
        assert [len(one["asked"]) for one in (first, second)] == [3, 3]
        assert [len(one["used"]) for one in (first, second, third)] == [3, 2, 0]
        assert list(second["silent"].values()) == [f"no answer within {LEARNING * DEADLINE_S:g} s"]
        assert third["silent"].keys() <= second["silent"].keys()  # Flower may have found by then that it is gone
        assert second["seconds"] < DEADLINE_S + 5
        assert [one["verdict"]["judges"] for one in (first, second, third)] == [3, 2, 0]

        bundle = every.trainee.bundle
        average = read_checkpoint(site.out, str(first["weights"]), bundle.sha256, bundle.head).weights.weights
        assert every.held_errors(average).mean() < min(alone(every, name) for name in TURNS)
        assert second["taken"]
        assert any(list(every.learning[name].glob(f"yard/{OFFERED}/*{ENDING}")) for name in TURNS)
        assert "Traceback" not in site.log("left") + site.log("host")


@pytest.mark.long
def test_a_stranger_controls_nothing_at_the_port_of_the_devices(tmp_path: Path) -> None:
    site = Site(tmp_path, learning_paths(tmp_path / "paths.tflite", WINDOW))
    site.make_key("known")
    control = [f"/v1/control/{name}" for name in ("list-runs", "list-nodes", "start-run", "stop-run", "register-node")]
    with site.host(["--patience", "200"]) as host:
        until(lambda: "Successfully started run" in site.log("host") or host.poll() is not None, site)
        own = site.own_port()
        assert [site.post(path, own) for path in control[:2]] == [200, 200]
        refused = [*control, "/v1/runtime/acquire-task", "/v1/fleet/register-node", "/health", "/docs"]
        assert {path: site.post(path, site.port) for path in refused} == dict.fromkeys(refused, 404)
        assert site.post("/v1/fleet/pull-messages", site.port) == 401
        assert host.poll() is None
