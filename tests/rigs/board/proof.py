"""The story of a device on an emulated board: from a card to events, and from release to release."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from edge.contracts.release import Kind
from edge.contracts.update_state import Desired, Phase, Progress, Wish, encode_desired, parse_reported
from tests.rigs.board.board import Board, Start
from tests.rigs.board.files import File, copied, put
from tests.rigs.board.firmware import places
from tests.rigs.board.home import CAMERAS, DEVICE, HOST, Collector, Home
from tests.rigs.board.machines import Machine
from tests.rigs.board.systems import PATIENT
from tests.rigs.releases import Workshop

NAME = "systems/board.raucb"
PLACE, SLOTS = "system", {2: "A", 3: "B"}
START_S, UPDATE_S = 900.0, 1800.0  # emulated, on a machine that does other things as well
UPDATES = """
updates:
  enabled: true
  board: {board}
  serve_s: 3600
  trust: {{url: "http://{host}:{port}/", plain_http: true, slowest_bytes_s: 100000}}
  gate: {{before_s: 20, warm_s: 20, watch_s: 30, silent_s: 40, broker_s: 120}}
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """A board that runs, and the host that it talks to."""

    board: Board
    collector: Collector
    workshop: Workshop
    name: str  # of the board, in releases

    def first_event(self) -> float:
        """Seconds from the power to the first event and the first forecast on the broker."""
        topics = self.collector.topics
        self.board.until(lambda: {"events", "street/tracks"} <= set(topics()), START_S, "events and tracks")
        self.board.until(self._foretold, START_S, "a forecast")
        return time.monotonic() - self.board.starts[0].at_s

    def release(self, bundle: Path, version: str) -> None:
        """Release a system under the name of all of them."""
        self.workshop.release(bundle.read_bytes(), NAME, kind=Kind.SYSTEM, version=version, boards=(self.name,))

    def wish(self, version: str) -> None:
        """Want the device to run it."""
        desired = encode_desired(Desired("proof", (Wish(NAME, version),)))
        self.collector.publish(f"foresight/{DEVICE}/update/desired", desired)

    def comes_to(self, version: str, *phases: Phase) -> Progress:
        """Wait until the device reports one of these of a version; what it says then."""
        found: list[Progress] = []

        def told() -> bool:
            found[:] = [each for each in self._wishes() if each.version == version and each.phase in phases]
            return bool(found)

        self.board.until(told, UPDATE_S, f"{version} is {' or '.join(phases)}; last: {self._wishes()}")
        return found[0]

    def goes_on(self) -> None:
        """Wait until another event comes: it does what it is for."""
        now_s = time.monotonic()
        self.board.until(lambda: "events" in self.collector.topics(now_s), START_S, "another event")

    def slot(self) -> str:
        """Which was started last."""
        return self.started(self.board.starts[-1])

    def started(self, start: Start) -> str:
        """The slot of a start."""
        return SLOTS[start.partition]

    def running(self) -> str:
        """The version of the system, as the device says; "" for that of its card."""
        reported = parse_reported(self.collector.heard("update/reported")[-1])
        return next((each.version for each in reported.running if each.place == PLACE), "")

    def _wishes(self) -> tuple[Progress, ...]:
        heard = self.collector.heard("update/reported")
        return parse_reported(heard[-1]).wishes if heard else ()

    def _foretold(self) -> bool:
        return any(b'"forecast"' in each or b'"horizon' in each for each in self.collector.heard("street/tracks"))


@contextmanager
def proved(image: Path, work: Path, machine: Machine, board: str) -> Iterator[Proof]:
    """A device with a card of its own, started; everything is ended with the block.

    Args:
        image: of a card, raw; not changed.
        work: an empty folder.
        machine: of QEMU's.
        board: what the image is for.
    """
    workshop = Workshop(work)
    with served(workshop.repository.public) as port:
        updates = UPDATES.format(board=board, host=HOST, port=port)
        with Home(work / "fleet", f"{CAMERAS}{updates}", "pi3") as home, Collector(home) as collector:
            card = furnished(image, work, home, workshop.repository.metadata / "1.root.json")
            with Board(card, work / "board", machine) as started:
                yield Proof(started, collector, workshop, board)


def furnished(image: Path, work: Path, home: Home, root: Path) -> Path:
    """A copy of an image with the files of the home's device, and the time that they were made at."""
    card, found = copied(image, work / "card.img"), places(image)
    etc = {f"etc/{name}": File(data, _mode(name)) for name, data in home.given().items()}
    clock = {"systemd/timesync/clock": File(b"", 0o644, int(time.time()))}
    put(card, found["data"][0], {**etc, **clock, "etc/release-root.json": File(root.read_bytes())}, work / "files")
    put(card, found["system_a"][0], PATIENT, work / "patient")
    return card


def _mode(name: str) -> int:
    return 0o600 if name.startswith("identity/") or name == "environment" else 0o644


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """A web server of a folder on this machine; its port."""
    folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()
