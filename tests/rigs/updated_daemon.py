"""A daemon that takes up releases: a real broker, a workshop with its keys, a web server, and a clip to look at."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt import publish

from edge.contracts.release import Kind
from edge.contracts.update_state import Desired, Reported, Wish, encode_desired, parse_reported
from tests.rigs.broker import Broker
from tests.rigs.clips import walker
from tests.rigs.listener import Heard, Listener
from tests.rigs.releases import Workshop
from tests.rigs.web_server import web_server

CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
model: {folder}/street.tflite
look: {{every_frame: true}}
updates:
  enabled: true
  retry_s: 1
  trust: {{url: "http://127.0.0.1:{web}/", root: {folder}/root.json}}
  gate: {{before_s: 1, warm_s: 0.5, watch_s: 3, silent_s: 20, broker_s: 3, least_looks: 0.5}}
cameras:
  yard:
    source: {{path: {folder}/walker.avi, loop: true}}
"""
LONGEST_S = 120.0


class House:
    """One device and everything about it."""

    def __init__(self, folder: Path, broker: Broker, web: int, workshop: Workshop) -> None:
        self.folder, self.broker, self.workshop = folder, broker, workshop
        self.config = folder / "foresight.yaml"
        self.config.write_text(CONFIG.format(folder=folder, port=broker.port, web=web))

    def wish(self, *wishes: tuple[str, str], topic: str = "dev/update/desired") -> None:
        """Retained, as the host says it."""
        desired = encode_desired(Desired("now", tuple(Wish(*wish) for wish in wishes)))
        publish.single(f"foresight/{topic}", desired, qos=1, retain=True, hostname="127.0.0.1", port=self.broker.port)

    def release_model(self, path: Path, version: str, name: str = "models/street.tflite", **changes: object) -> None:
        """Sign and publish."""
        given = {"kind": Kind.MODEL, "task": "detector", "version": version, **changes}
        self.workshop.release(path.read_bytes(), name, **given)

    def release_configuration(self, text: str, version: str, name: str = "configurations/door.yaml") -> None:
        """Sign and publish."""
        self.workshop.release(text.encode(), name, version=version)


@contextmanager
def house(folder: Path, model: Callable[[Path], Path]) -> Iterator[House]:
    """With a broker that runs; the model is written as the device was shipped with."""
    walker(folder / "walker.avi")
    model(folder / "street.tflite")
    workshop = Workshop(folder)
    workshop.publish()
    shutil.copy(workshop.repository.metadata / "1.root.json", folder / "root.json")
    with Broker() as broker, web_server(workshop.repository.public) as web:
        yield House(folder, broker, web, workshop)


class Said:
    """What the device reports."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def wait(self, wanted: Callable[[Reported], object], after_s: float = 0.0) -> tuple[Reported, float]:
        """The first report that is wanted, and when it came."""

        def right(heard: Heard) -> object:
            told = heard.topic == "update/reported" and heard.payload and parse_reported(heard.payload)
            return told and wanted(told)

        try:
            heard = self._listener.wait_for(right, LONGEST_S, after_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; reported were {self.phases()}") from error
        return parse_reported(heard.payload), heard.at_s

    def phases(self) -> list[list[Any]]:
        """Of all reports: what each wish had come to, where that was new."""
        keys = ("name", "version", "phase", "reason", "detail")
        told = [heard.json for heard in self._listener.heard("update/reported") if heard.payload]
        found = [[[wish[key] for key in keys] for wish in each["wishes"]] for each in told]
        return [each for index, each in enumerate(found) if not index or each != found[index - 1]]


def phase(name: str, version: str, *phases: str) -> Callable[[Reported], bool]:
    """Whether a wish has come to one of these."""
    return lambda told: any((one.name, one.version) == (name, version) and one.phase in phases for one in told.wishes)


def running(told: Reported, place: str) -> str:
    """The version that serves in a place."""
    return next((one.version for one in told.running if one.place == place), "")
