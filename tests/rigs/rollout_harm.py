"""What a roll-out must not do to anybody, found in its journal and in what was heard at the broker, not in its code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile

from edge.contracts.update_state import Phase
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.records import Asked, Event, Heard, Stopped
from tests.rigs.simulated_fleet import AnyDevice

Said = Sequence[tuple[str, str]]  # device and roll-out, "" where nothing is wanted any more; in the broker's order


@dataclass(frozen=True)
class Harm:
    """Devices, by what the controller did to them."""

    asked_after_stop: set[str]  # in a wave behind the record `Stopped`, in none before it, or after it was withdrawn
    withdrawn_good: set[str]  # it had reported good before the stop, and yet its wish was taken back
    outside: set[str]  # of no plan, and yet something was said to it
    asked_twice: set[str]

    @property
    def everybody(self) -> set[str]:
        """To whom something happened."""
        return self.asked_after_stop | self.withdrawn_good | self.outside | self.asked_twice


@dataclass(frozen=True)
class MachineHarm:
    """Devices in which the real update machine works, by what that did to them."""

    mixed: set[str]  # neither the old nor the new content serves as a whole
    healthy_returned: set[str]
    sick_on_new: set[str]

    @property
    def everybody(self) -> set[str]:
        """To whom something happened."""
        return self.mixed | self.healthy_returned | self.sick_on_new


def harm(plan: Plan, events: Sequence[Event], said: Said) -> Harm:
    """By the controller, in a roll-out that nobody but it had a say in."""
    before = list(takewhile(lambda event: not isinstance(event, Stopped), events))
    asked = _asked(before)
    phases = {event.device: event.phase for event in before if isinstance(event, Heard)}
    good = {device for device, phase in phases.items() if phase is Phase.GOOD}
    taken_back = set(chain.from_iterable(event.back for event in events if isinstance(event, Stopped)))
    ours = Counter(device for device, rollout in said if rollout == plan.name)
    withdrawn = {device for device, rollout in said if rollout != plan.name}
    return Harm(
        asked_after_stop=(_asked(events[len(before) :]) | set(ours)) - asked | _again(plan, said),
        withdrawn_good=good & (taken_back | withdrawn),
        outside={device for device, _ in said} - set(plan.devices),
        asked_twice={device for device, times in ours.items() if times > 1},
    )


def machine_harm(devices: Mapping[str, AnyDevice], sick: set[str], old: str, new: str) -> MachineHarm:
    """Of devices with real machines, when all is over."""
    return MachineHarm(
        mixed={name for name, device in devices.items() if device.version not in (old, new)},
        healthy_returned={name for name, device in devices.items() if device.returned and name not in sick},
        sick_on_new={name for name, device in devices.items() if device.version == new and name in sick},
    )


def _asked(events: Sequence[Event]) -> set[str]:
    return set(chain.from_iterable(event.before for event in events if isinstance(event, Asked)))


def _again(plan: Plan, said: Said) -> set[str]:
    """Asked after what was asked of it had been withdrawn."""
    withdrawn: set[str] = set()
    again: set[str] = set()
    for device, rollout in said:
        if rollout != plan.name:
            withdrawn.add(device)
        elif device in withdrawn:
            again.add(device)
    return again
