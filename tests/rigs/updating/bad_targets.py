"""Bad targets by the hundred, through the whole chain of a device: real lists, machine, store and canaries.

What serves in the end is a small daemon of the rig: it only writes down what it was made to take up.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release import Kind
from edge.contracts.update_state import MOST_WISHES, Phase, parse_desired
from edge.runtime.settings import RuntimeSettings
from edge.updates.trust.refusal import Reason
from edge.updates.trust.settings import TrustSettings
from tests.paths import REPOSITORY
from tests.rigs import hostile_models as models
from tests.rigs.releases import Served
from tests.rigs.updating import bad_files, bad_terms
from tests.rigs.updating.bad_lists import ATTACKS, NAME, Stage
from tests.rigs.updating.bad_models import CHANGED, ENDLESS, Sound
from tests.rigs.updating.canaried import SECRET, CanaryDaemon, CanaryRig
from tests.rigs.updating.forging import Entry, own_signers, released

FORECASTER = REPOSITORY / "edge/forecast/shipped/street.tflite"
DETECTOR = REPOSITORY / "edge/demo/shipped/street.tflite"
CLIP = REPOSITORY / "edge/demo/shipped/street.mp4"
SICK = "sick, and blocked since"
NAMES, UNPRINTABLE = "name that leads elsewhere", "name that cannot be printed"
GOOD_VERSION = "5"
PATIENT = RuntimeSettings(threads=1, trial_memory_mib=1024)
HASTY = PATIENT.model_copy(update={"trial_deadline_s": 4.0})  # for what never ends
CONFIGURATION = """\
model: {models}/street.tflite
embedder: {models}/look.tflite
cameras: {{yard: {{source: {{kind: file, path: {clip}}}, forecast: {{model: {models}/paths.tflite}}}}}}
"""


@dataclass(frozen=True, eq=False)
class Case:
    """One bad target, and the reasons for which it may be refused."""

    kind: str
    reasons: tuple[Reason, ...]
    entry: Entry
    version: str  # that is wished for


@dataclass(frozen=True)
class Outcome:
    """What a device made of one target."""

    kind: str
    reasons: tuple[str, ...]  # expected
    reason: str  # told
    detail: str
    installed: bool  # it serves, or did for a moment

    @property
    def right(self) -> bool:
        """Refused, for the reason for which it is to be."""
        told = bool(self.detail) and SECRET not in self.detail
        return not self.installed and self.reason in self.reasons and told


KINDS = (*ATTACKS, *bad_terms.TERMS, NAMES, UNPRINTABLE, SICK, *CHANGED, *ENDLESS, *bad_files.CONFIGURATIONS)
KINDS = (*KINDS, *bad_files.SYSTEMS)
MOST: Mapping[str, int] = {
    **dict.fromkeys(ENDLESS, 4),
    "unknown settings": 8,
    "asks for secrets": 8,
}  # for they take long


def plan(count: int) -> list[str]:
    """So many kinds, each about as often."""
    chosen: list[str] = []
    for kind in cycle(KINDS):
        if len(chosen) == count:
            return chosen
        if chosen.count(kind) < MOST.get(kind, count):
            chosen.append(kind)
    raise AssertionError


class Range:
    """A device, the workshop that it believes, and those who attack it.

    Args:
        folder: for everything.
        seed: of all chance.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._stage = Stage(folder)
        self._sound = Sound(models.embedder(seed), FORECASTER.read_bytes())
        self._configuration = self._shipped()
        self._rigs = 0
        self._rig, self._served = self._device("contents"), Served({})
        self._rig.source = self._served
        self._rig.start()
        self._sick = (self._configuration + "# sick\n").encode()

    def controls(self) -> list[Outcome]:
        """Good targets, which must serve: first of all they make this device one that has something to lose."""
        chance = Random(self._seed)
        look = {"kind": Kind.MODEL, "task": "embedder"}
        entries = [
            Entry("models/look.tflite", self._sound.look, {**look, "version": GOOD_VERSION}),
            Entry("models/paths.tflite", self._sound.paths, {**look, "task": "forecaster", "version": "1"}),
            Entry("models/street.tflite", DETECTOR.read_bytes(), {**look, "task": "detector", "version": "1"}),
            Entry("configurations/yard.yaml", self._configuration.encode(), {"version": "1"}),
            Entry("systems/pi4.raucb", bad_files.bundle(chance), {"kind": Kind.SYSTEM, "version": "1"}),
        ]
        cases = [Case("good", (), entry, str(entry.purpose["version"])) for entry in entries]
        found = self._wished(cases)
        later = Entry("models/look-6/look.tflite", models.embedder(self._seed + 1), {**look, "version": "6"})
        back = Entry("models/look-7/look.tflite", self._sound.look, {**look, "version": "7"})
        for entry in (later, back):
            found += self._wished([Case("good", (), entry, str(entry.purpose["version"]))])
        sick = Entry("configurations/sick.yaml", self._sick, {"version": "2"})
        assert [one.reason for one in self._wished([Case("sick", (), sick, "2")])] == ["sick"]
        return found

    def attacked(self, kinds: Sequence[str]) -> Iterator[Outcome]:
        """What becomes of one bad target of each of these kinds."""
        cases = []
        for number, kind in enumerate(kinds):
            chance = Random(f"{self._seed} {number} {kind}")
            if kind in ATTACKS:
                yield self._by_server(kind, chance)
            else:
                cases.append(self._case(kind, number, chance))
        for case in cases:
            if case.kind == UNPRINTABLE:
                yield from self._wished([case])
        rest = [case for case in cases if case.kind not in {*ENDLESS, UNPRINTABLE}]
        for begin in range(0, len(rest), MOST_WISHES):
            yield from self._wished(rest[begin : begin + MOST_WISHES])
        yield from self._hastily([case for case in cases if case.kind in ENDLESS])

    def _hastily(self, cases: Sequence[Case]) -> list[Outcome]:
        """With little time for each."""
        daemon = self._rig.daemon
        assert isinstance(daemon, CanaryDaemon)
        daemon.reader.runtime = HASTY
        found = self._wished(cases)
        daemon.reader.runtime = PATIENT
        return found

    def _device(self, name: str) -> CanaryRig:
        folder = self._folder / f"{name}-{self._rigs}"
        self._rigs += 1
        root = self._stage.workshop.repository.metadata / "1.root.json"
        trust = TrustSettings(root=root, tries=1, most_target_bytes=bad_terms.MOST_BYTES)
        return CanaryRig(
            folder,
            self._stage.workshop,
            settings={"trust": trust},
            configuration=self._configuration,
            runtime=PATIENT,
        )

    def _shipped(self) -> str:
        """The configuration that devices are shipped with, and the models that it names."""
        folder = self._folder / "shipped"
        folder.mkdir()
        contents = {
            "look": models.embedder(self._seed + 2),
            "street": DETECTOR.read_bytes(),
            "paths": self._sound.paths,
        }
        for name, content in contents.items():
            (folder / f"{name}.tflite").write_bytes(content)
        return CONFIGURATION.format(models=folder, clip=CLIP)

    def _by_server(self, kind: str, chance: Random) -> Outcome:
        """A device that may have seen releases before, and is served something bad."""
        make, reasons = ATTACKS[kind]
        attack, rig = make(chance, self._stage), self._device("lists")
        if attack.seen:
            rig.source = Served(dict(attack.seen))
            rig.start()
            rig.updates._context.releases.refresh()
        rig.source, rig.clocks.ahead = attack.source, attack.ahead
        rig.start()  # as if it were a day later
        rig.want((NAME, "2"))
        rig.answer()
        told = rig.told(NAME)
        installed = told.phase is Phase.GOOD or any(what == "check" for what, _ in rig.said)
        return Outcome(kind, _values(reasons), told.reason, told.detail, installed)

    def _case(self, kind: str, number: int, chance: Random) -> Case:
        name, purpose = f"models/{number}/look.tflite", {"kind": Kind.MODEL, "task": "embedder", "version": "9"}
        if kind in bad_terms.TERMS:
            make_term, reason = bad_terms.TERMS[kind]
            entry, version = make_term(chance, name, self._unlike(number))
            return Case(kind, (reason,), entry, version)
        if kind in (NAMES, UNPRINTABLE):
            name = (bad_terms.odd_name if kind == NAMES else bad_terms.unprintable_name)(chance, number)
            return Case(kind, (Reason.MALFORMED,), Entry(name, self._unlike(number), purpose), "9")
        if kind == SICK:
            entry = Entry(f"configurations/{number}/other.yaml", self._sick, {"version": f"9.{number}"})
            return Case(kind, (Reason.BLOCKED,), entry, f"9.{number}")
        if kind in bad_files.CONFIGURATIONS:
            make_file, reason = bad_files.CONFIGURATIONS[kind]
            return Case(
                kind, (reason,), Entry(f"configurations/{number}.yaml", make_file(chance), {"version": "9"}), "9"
            )
        if kind in bad_files.SYSTEMS:
            make_file, reason = bad_files.SYSTEMS[kind]
            terms = {"kind": Kind.SYSTEM, "version": "9"}
            return Case(kind, (reason,), Entry(f"systems/{number}.raucb", make_file(chance), terms), "9")
        make_model, reason = {**CHANGED, **ENDLESS}[kind]
        return Case(kind, (reason,), Entry(name, make_model(chance, self._sound), purpose), "9")

    def _unlike(self, number: int) -> bytes:
        """A sound model, and no other one's bytes."""
        return models.with_files(self._sound.look, {"seed.txt": str(number).encode()})

    def _wished(self, cases: Sequence[Case]) -> list[Outcome]:
        """Released, rightly signed, and wished for."""
        served = self._served.files or self._stage.new
        made = released(served, [case.entry for case in cases], own_signers(self._stage.workshop))
        self._served.files.update(made)
        before = len(self._rig.said)
        wishes = [{"name": case.entry.name, "version": case.version} for case in cases]
        try:
            desired = parse_desired(json.dumps({"v": 1, "rollout": "r1", "wishes": wishes}).encode())
        except MalformedError as error:  # of a single one: see `attacked`
            return [
                Outcome(case.kind, _values(case.reasons), "malformed", str(error), installed=False) for case in cases
            ]
        self._rig.want(*((wish.name, wish.version) for wish in desired.wishes))
        self._rig.answer()
        taken = {sha256 for what, sha256 in self._rig.said[before:] if what == "activate"}
        return [self._outcome(case, taken) for case in cases]

    def _outcome(self, case: Case, taken: Set[str]) -> Outcome:
        told = self._rig.told(case.entry.name)
        installed = told.phase is Phase.GOOD or hashlib.sha256(case.entry.content).hexdigest() in taken
        return Outcome(case.kind, _values(case.reasons), told.reason, told.detail, installed)


def _values(reasons: Sequence[Reason]) -> tuple[str, ...]:
    return tuple(reason.value for reason in reasons)
