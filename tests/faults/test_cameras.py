"""A real RTSP camera is killed, frozen and slowed: it is cleared, said to be away, and back; its neighbour goes on."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rigs.cameras import RtspServer
from tests.rigs.watched import LOGIN, VICTIM, Watched, watched


def kill(server: RtspServer) -> None:
    server.kill()


def revive(server: RtspServer) -> None:
    server.start()


def freeze(server: RtspServer) -> None:
    server.hang()


def thaw(server: RtspServer) -> None:
    server.resume()


@pytest.mark.parametrize(("harm", "heal"), [(kill, revive), (freeze, thaw)])
def test_a_lost_camera_is_cleared_and_comes_back(
    tmp_path: Path, harm: Callable[[RtspServer], None], heal: Callable[[RtspServer], None]
) -> None:
    with watched(tmp_path) as rig:
        rig.listener.forget()
        harmed_s = time.monotonic()
        harm(rig.victim)
        assert rig.wait_cleared(harmed_s) - harmed_s <= 10
        healed_s = time.monotonic()
        heal(rig.victim)
        assert rig.wait_back(healed_s) - healed_s <= 5
        rig.wait_present(healed_s)
        taken, sent = rig.losses()
        assert taken >= 0.95 * sent
        assert stopped_well(rig)


def test_a_slow_camera_is_not_lost(tmp_path: Path) -> None:
    with watched(tmp_path) as rig:
        begin_s = time.monotonic()
        while time.monotonic() - begin_s < 8:
            rig.victim.hang()
            time.sleep(1.2)
            rig.victim.resume()
            time.sleep(0.2)
        told = [heard.payload for heard in rig.listener.heard(f"{VICTIM}/status") if heard.at_s > begin_s]
        assert told == []
        assert [heard for heard in rig.listener.heard(f"{VICTIM}/tracks") if heard.at_s > begin_s + 4]
        assert stopped_well(rig)


def stopped_well(rig: Watched) -> bool:
    """It stops in time, also with a camera away, and its log holds no password."""
    code, seconds = rig.daemon.stop()
    assert LOGIN.split(":")[1] not in rig.daemon.log
    return code == 0 and seconds < 5
