"""A roll-out to a whole simulated fleet, its controller killed on the way, and what has become of everybody."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.rollout.course import Course
from firmware_tools.rollout.deciding import standings
from firmware_tools.rollout.folder import Folder, begin
from firmware_tools.rollout.journal import read_journal
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.standing import State
from tests.paths import REPOSITORY
from tests.rigs.broker import Broker
from tests.rigs.host import wait_until
from tests.rigs.rollout_harm import Harm, MachineHarm, Said, harm, machine_harm
from tests.rigs.rollouts import WISH, Overheard
from tests.rigs.simulated_device import OLD, Nature, SimulatedDevice
from tests.rigs.simulated_fleet import Make, SimulatedFleet

ON_S, OFF_S = 4.0, 1.5  # of devices that flap
LONGEST_S = 900.0


@dataclass(frozen=True)
class Fleet:
    """Who is in it."""

    natures: dict[str, Nature]
    offline: tuple[str, ...]  # all the time
    flapping: tuple[str, ...]

    @property
    def sick(self) -> set[str]:
        """Those that cannot bear what is new."""
        return {name for name, nature in self.natures.items() if nature.sick}


@dataclass(frozen=True)
class Outcome:
    """What has become of everybody."""

    course: Course
    standings: dict[str, int]
    seconds: float
    kills: int
    returned: int  # devices that were on the new version, and went back by themselves
    harm: Harm
    machine_harm: MachineHarm  # of the devices with real machines alone: simulated ones cannot but be whole

    @property
    def harmed(self) -> set[str]:
        """Everybody to whom something happened that must not."""
        return self.harm.everybody | self.machine_harm.everybody


def drawn_fleet(names: tuple[str, ...], spared: int, sick_share: float, seed: int) -> Fleet:
    """At random; the first `spared` devices are well and there, the one after them is never there.

    Fetching takes 0.2 to 1 s, a trial 1 to 2.5 s; one device of a hundred flaps.
    """
    chance = random.Random(seed)
    offline, *others = names[spared:]
    sick = set(chance.sample(others, round(sick_share * len(names))))
    well = [name for name in others if name not in sick]
    flapping = chance.sample(well, max(1, len(names) // 100))
    natures = {
        name: Nature(sick=name in sick, fetch_s=chance.uniform(0.2, 1), trial_s=chance.uniform(1, 2.5))
        for name in names
    }
    return Fleet(natures, (offline,), tuple(flapping))


def trial(
    home: Path, broker: Broker, plan: Plan, fleet: Fleet, kill_at: tuple[int, ...], make: Make = SimulatedDevice
) -> Outcome:
    """The roll-out, its controller killed -9 whenever so many devices have been asked."""
    folder, began_s = begin(home, plan), time.monotonic()
    with (
        Overheard(broker.port) as overheard,
        SimulatedFleet(broker.port, fleet.natures, fleet.offline, make) as devices,
    ):
        for name in fleet.flapping:
            devices.flap(name, ON_S, OFF_S)
        kills = sum(_killed(folder, asked) for asked in kill_at)
        with _controller(folder) as process:
            process.wait(LONGEST_S)
        seconds = time.monotonic() - began_s
        assert wait_until(devices.settled)
        return _outcome(folder, fleet, devices, overheard.said(), (seconds, kills))


def _outcome(folder: Folder, fleet: Fleet, devices: SimulatedFleet, said: Said, effort: tuple[float, int]) -> Outcome:
    course, events = folder.course(), read_journal(folder.path)
    real = {name: device for name, device in devices.devices.items() if not isinstance(device, SimulatedDevice)}
    return Outcome(
        course=course,
        standings=dict(Counter(one.state.value for one in standings(course).values())),
        seconds=effort[0],
        kills=effort[1],
        returned=sum(device.returned > 0 for device in devices.devices.values()),
        harm=harm(course.plan, events, said),
        machine_harm=machine_harm(real, fleet.sick, OLD, WISH.version),
    )


def _controller(folder: Folder) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "firmware_tools", "rollout", "resume", folder.path.name, "--quiet"]
    return subprocess.Popen([*command, "--home", str(folder.path.parent)], cwd=REPOSITORY, stdout=subprocess.DEVNULL)


def _killed(folder: Folder, asked: int) -> bool:
    """Whether it was killed before it ended by itself."""
    with _controller(folder) as process:
        try:
            assert wait_until(lambda: folder.course().asked >= asked or process.poll() is not None, LONGEST_S)
        finally:
            process.kill()
        return process.wait(30) == -signal.SIGKILL


def count(outcome: Outcome, word: State) -> int:
    """Devices that stand so."""
    return outcome.standings.get(word.value, 0)
