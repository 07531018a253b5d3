"""Three devices learn together: Flower's real SuperLink and SuperNodes, TLS on, a key for each device."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F32
from edge.federated.turn import OFFERED, Manner
from edge.learning.checkpoint import ENDING, read_checkpoint
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from tests.rigs.flower import Site, kill
from tests.rigs.learning_model import learning_paths
from tests.rigs.strollers import samples
from tests.rigs.together import Together, filled
from tests.rigs.trainee import WINDOW
from trainer.federated.averaging import Terms
from trainer.federated.record import FILE
from trainer.federated.rounds import Course, conduct

TURNS = {"left": 0.5, "middle": 0.35, "right": 0.2}  # how people turn where the device is
HOW = Manner(rate=0.1, epochs=4, margin=0.03)
DEADLINE_S = 35.0
LONG_S = 240.0  # for programs to start on a busy machine


def until(condition: Callable[[], object], what: str, seconds: float = LONG_S) -> None:
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s, what
        time.sleep(0.1)


def told(site: Site) -> list[dict[str, object]]:
    """What the host has written about the rounds so far."""
    path = site.out / FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@contextmanager
def village(folder: Path, model: Path) -> Iterator[Together]:
    """The samples of all devices, and a model to score with."""
    with open_trainable(read_bundle(model), RuntimeSettings(threads=1)) as trainee:
        places = {
            name: filled(folder / f"learning-{name}", trainee, samples(count=4, seconds=75.0, turn=turn, seed=seed))
            for seed, (name, turn) in enumerate(TURNS.items(), start=1)
        }
        yield Together(trainee, trainee.weights().weights, places, HOW)


def alone(every: Together, name: str) -> float:
    """Error, on what all devices held out, of what one device learns without the others."""
    one = Together(every.trainee, every.exported, {name: every.learning[name]}, HOW)
    course = Course(rounds=1, patience_s=0.0, expected=1)
    sha256 = every.trainee.bundle.sha256
    own: F32 = conduct(one, every.exported, sha256, course, Terms(minimum=1), lambda *_: None)
    return float(every.held_errors(own).mean())


def test_three_devices_learn_together_and_one_dies(tmp_path: Path) -> None:
    model = learning_paths(tmp_path / "paths.tflite", WINDOW)
    site = Site(tmp_path, model)
    options = ["--rate", str(HOW.rate), "--epochs", str(HOW.epochs), "--cpu-percent", "100"]
    with village(tmp_path, model) as every, ExitStack() as programs:
        for name in TURNS:
            site.make_key(name)
        site.make_key("stranger", known=False)
        course = ["--rounds", "2", "--expected", "3", "--deadline", str(DEADLINE_S), "--patience", "200"]
        host = programs.enter_context(site.host(course))
        until(lambda: "Successfully started run" in site.log("host") or host.poll() is not None, "the host starts")
        with site.device("stranger", every.learning["left"], options):
            until(lambda: "Failed to activate" in site.log("stranger"), "the stranger is sent away")
        devices = {
            name: programs.enter_context(site.device(name, path, options)) for name, path in every.learning.items()
        }
        until(lambda: told(site) or host.poll() is not None, f"the first round: {site.log('host')}")
        until(lambda: "ROUND 2" in site.log("right"), "the second round")
        kill(devices["right"])
        until(lambda: host.poll() is not None, f"the end: {site.log('host')}")
        assert host.returncode == 0, site.log("host")
        first, second, third = told(site)

        assert [len(one["asked"]) for one in (first, second, third)] == [3, 3, 3]
        assert [len(one["used"]) for one in (first, second, third)] == [3, 2, 0]
        assert list(second["silent"].values()) == [f"no answer within {DEADLINE_S:g} s"]
        assert second["silent"].keys() == third["silent"].keys()
        assert second["seconds"] < DEADLINE_S + 5

        bundle = every.trainee.bundle
        average = read_checkpoint(site.out, str(first["weights"]), bundle.sha256, bundle.head).weights.weights
        assert every.held_errors(average).mean() < min(alone(every, name) for name in TURNS)
        assert second["taken"]
        assert any(list(every.learning[name].glob(f"yard/{OFFERED}/*{ENDING}")) for name in TURNS)
        assert not re.search("Traceback", site.log("left") + site.log("host"))
