"""An RTSP camera is killed and frozen again and again: how soon it is back, and what that costs the others.

- `back_s_max`: from the camera's return (its server is ready, or goes on) to its first picture's message.
- `presence_cleared_s_max`: from the fault until nothing is present in front of it and it is said to be offline.
- `others_loss`: share of another camera's frames that no message came of, over the whole series.
- `growth_mb`: what the daemon's resident memory grew by, from the third fault to the last.

The daemon, the RTSP servers and the broker are real; the motion detector finds the ball that moves before each camera.
"""

import random
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench.report import parser, show
from tests.rigs.watched import Watched, watched

WARM = 3  # faults before memory is measured


def fault(rig: Watched, *, kill: bool, pause_s: float) -> tuple[float, float]:
    """One fault from beginning to end: seconds until presence is cleared, and until the camera is back."""
    harmed_s = time.monotonic()
    (rig.victim.kill if kill else rig.victim.hang)()
    cleared_s = rig.wait_cleared(harmed_s)
    time.sleep(pause_s)
    if kill:
        rig.victim.start()
    healed_s = time.monotonic()
    if not kill:
        rig.victim.resume()
    back_s = rig.wait_back(healed_s)
    rig.wait_present(healed_s)
    return cleared_s - harmed_s, back_s - healed_s


def memory_mb(rig: Watched) -> float:
    """Resident memory, the median over two seconds."""
    samples = []
    for _ in range(20):
        samples.append(rig.daemon.rss_mb())
        time.sleep(0.1)
    return statistics.median(samples)


def main(argv: list[str]) -> None:
    """Run it."""
    options = parser("cameras", (__doc__ or "").splitlines()[0])
    options.add_argument("--kills", type=int, default=20, help="times the server is killed (%(default)s)")
    options.add_argument("--freezes", type=int, default=10, help="times it is stopped (%(default)s)")
    chosen = options.parse_args(argv)
    series = [True] * chosen.kills + [False] * chosen.freezes
    random.Random(1).shuffle(series)
    cleared, back, taken, sent, before_mb = [], [], 0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder, watched(Path(folder)) as rig:
        for number, kill in enumerate(series):
            if number == min(WARM, len(series) - 1):
                before_mb = memory_mb(rig)
            rig.listener.forget()
            seconds = fault(rig, kill=kill, pause_s=random.Random(number).uniform(0, 8))
            cleared.append(seconds[0])
            back.append(seconds[1])
            counts = rig.losses()
            taken, sent = taken + counts[0], sent + counts[1]
        grown_mb = memory_mb(rig) - before_mb
        rig.daemon.stop()
    figures = {
        "kills": chosen.kills,
        "freezes": chosen.freezes,
        "back_s_max": round(max(back), 2),
        "back_s_median": round(statistics.median(back), 2),
        "others_loss": round(1 - taken / sent, 4),
        "presence_cleared_s_max": round(max(cleared), 2),
        "growth_mb": round(grown_mb, 2),
    }
    rows: list[list[object]] = [[key, value] for key, value in figures.items()]
    show("An RTSP camera killed and frozen", ["figure", "value"], rows, figures)
