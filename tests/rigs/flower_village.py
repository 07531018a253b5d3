"""Three devices and their host on this machine, through two rounds, in the second of which one device dies."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from edge.contracts.bundle import read_bundle
from edge.federated.turn import Manner
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from tests.rigs.flower import Site, kill
from tests.rigs.learning_model import learning_paths
from tests.rigs.strollers import samples
from tests.rigs.together import Together, filled
from tests.rigs.trainee import WINDOW
from trainer.federated.record import FILE

TURNS = {"left": 0.5, "right": -0.5, "straight": 0.1}  # how people turn where the device is
HOW = Manner(rate=0.3, epochs=1, margin=0.03)
DEADLINE_S = 75.0  # of a round; two thirds are for learning
LONG_S = 240.0  # for programs to start on a busy machine
Rounds = list[dict[str, Any]]


@contextmanager
def lived_through(folder: Path) -> Iterator[tuple[Site, Together, Rounds]]:
    """The site when all is over, its devices, and what the host has written about the rounds.

    A stranger tries to take part before, with a key that the host does not know.
    """
    model = learning_paths(folder / "paths.tflite", WINDOW)
    site = Site(folder, model)
    options = ["--rate", str(HOW.rate), "--epochs", str(HOW.epochs), "--cpu-percent", "100"]
    with _village(folder, model) as every:
        for name in TURNS:
            site.make_key(name)
        site.make_key("stranger", known=False)
        with ExitStack() as programs:
            course = ["--rounds", "2", "--expected", "3", "--deadline", str(DEADLINE_S), "--patience", "200"]
            host = programs.enter_context(site.host(course))
            until(lambda: "Successfully started run" in site.log("host") or host.poll() is not None, site)
            with site.device("stranger", every.learning["left"], options):
                until(lambda: "Failed to activate" in site.log("stranger"), site)
            devices = {
                name: programs.enter_context(site.device(name, path, options)) for name, path in every.learning.items()
            }
            until(lambda: "ROUND 2" in site.log("right") or host.poll() is not None, site)
            kill(devices["right"])
            until(lambda: host.poll() is not None, site)
            assert host.returncode == 0, site.log("host")
        yield site, every, [json.loads(line) for line in (site.out / FILE).read_text().splitlines()]


@contextmanager
def _village(folder: Path, model: Path) -> Iterator[Together]:
    """The samples of all devices, and a model to score with."""
    with open_trainable(read_bundle(model), RuntimeSettings(threads=1)) as trainee:
        places = {
            name: filled(folder / f"learning-{name}", trainee, samples(count=4, seconds=75.0, turn=turn, seed=seed))
            for seed, (name, turn) in enumerate(TURNS.items(), start=1)
        }
        yield Together(trainee, trainee.weights().weights, places, HOW)


def until(condition: Callable[[], object], site: Site) -> None:
    end_s = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < end_s, site.log("host")
        time.sleep(0.1)
