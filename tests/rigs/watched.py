"""A real daemon that watches RTSP cameras, and what a subscriber learns of one that is killed and frozen."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.rigs.broker import Broker
from tests.rigs.cameras import RtspServer
from tests.rigs.daemon import Daemon
from tests.rigs.listener import Heard, Listener

VICTIM, OTHER = "victim", "other"
DEVICE, LOGIN = "dev", "viewer:s3cret-word"
LIMIT_S = 120.0


class Watched:
    """Two cameras, one of which things are done to."""

    def __init__(self, victim: RtspServer, daemon: Daemon, listener: Listener) -> None:
        self.victim, self.daemon, self.listener = victim, daemon, listener
        self.allowance_s = 0.0  # what anything may take longer on this machine

    def wait_present(self, after_s: float) -> float:
        """When the ball in front of the victim was known."""
        return self.listener.wait_for(counted(lambda count: count > 0), LIMIT_S, after_s).at_s

    def wait_cleared(self, after_s: float) -> float:
        """When nothing was present in front of it any more, and it was said to be away."""
        gone = self.listener.wait_for(about(f"{VICTIM}/status", b"offline"), LIMIT_S, after_s).at_s
        counts = self.listener.heard(f"zone/{VICTIM}/all")  # none: nothing was there when it happened
        assert not counts or int(counts[-1].payload) == 0
        return gone

    def wait_back(self, after_s: float) -> float:
        """When the first picture came."""
        back = self.listener.wait_for(about(f"{VICTIM}/status", b"online"), LIMIT_S, after_s)
        return self.listener.wait_for(lambda heard: heard.topic == f"{VICTIM}/tracks", LIMIT_S, back.at_s).at_s

    def losses(self) -> tuple[int, int]:
        """Frames of the other camera that a message came of, and how many it sent meanwhile."""
        seqs = [heard.json["seq"] for heard in self.listener.heard(f"{OTHER}/tracks")]
        return len(seqs), (max(seqs) - min(seqs) + 1 if seqs else 0)


def counted(wanted: Callable[[int], bool]) -> Callable[[Heard], bool]:
    """Whether a message says how much there is in front of the victim, and that is what is wanted."""
    return lambda heard: heard.topic == f"zone/{VICTIM}/all" and wanted(int(heard.payload))


def about(topic: str, payload: bytes) -> Callable[[Heard], bool]:
    """Whether it is this message."""
    return lambda heard: (heard.topic, heard.payload) == (topic, payload)


@contextmanager
def watched(folder: Path, fps: int = 5) -> Iterator[Watched]:
    """Two RTSP servers with a moving ball each, a broker, and the daemon; all are up and the ball is known."""
    with ExitStack() as stack:
        victim = stack.enter_context(RtspServer(folder, fps, ball=True))
        other = stack.enter_context(RtspServer(folder, fps, ball=True))
        broker = stack.enter_context(Broker())
        config = {
            "device": {"state_dir": str(folder / "state")},
            "mqtt": {"host": "127.0.0.1", "port": broker.port, "device": DEVICE},
            "publish": {"tracks_fps": 240},
            "cameras": {
                VICTIM: {"source": victim.url.replace("rtsp://", f"rtsp://{LOGIN}@")},
                OTHER: {"source": other.url},
            },
        }
        path = folder / "foresight.yaml"
        path.write_text(json.dumps(config))  # which is YAML too
        listener = stack.enter_context(Listener(broker.port, DEVICE))
        daemon = stack.enter_context(Daemon(path))
        made = Watched(victim, daemon, listener)
        online = listener.wait_for(about("available", b"online"), LIMIT_S)
        made.allowance_s = daemon.allowance_s(online.at_s)
        made.wait_present(0.0)
        yield made
