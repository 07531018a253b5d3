"""Learning together: is the average better than what each learns alone, and what can one poisoned device do to it?

Each device has lived through the first four fifths of what came to pass in one place of ETH/UCY (the test files, frame
by frame, through the very sampler of the daemon), keeps a quarter of that to judge by, and never tells what it saw. All
begin with the same network. Errors are mean distances in metres, on the last fifth of the places together: nobody has
learnt from it, and no round was accepted or refused by it.

`gain`: three devices (hotel, univ, zara1) learn together from the weights of the model file; by how much the average is
better than the best of what they learn alone, in as many rounds and epochs. The figures of the devices that saw less
stand beside it.

`poisoned_shift`: five devices (all five places) have learnt together; in one more round one of them, each in its turn,
sends something else: the opposite, ten times the opposite, huge numbers, nothing, noise, or what lies just within what
the others say ("a little is enough": Baruch, Baruch and Goldberg, 2019). The figure is the largest of these thirty
distances of the averaged weights from those of the honest round, as a share of the length of the honest ones;
`poisoned_change` is the same as a share of the length of the honest round's change, `poisoned_error` the largest change
of the error, `plain_shift` and `plain_error` what the mean without clipping would have come to. `poisoned_rounds_error`
is the change of the error where one device (zara1) is poisoned in all rounds from the beginning, the worst of two ways,
and praises whatever comes of it.

With Flower at hand, three devices on this machine, one of which is killed in the second round: `dead_round_s` of that
round, beside `deadline_s` and the seconds of the others. Nothing was chosen by these figures.
"""

import tempfile
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.federated import Answer, Ask
from edge.contracts.types import F32, F64
from edge.contracts.windows import TrackWindow
from edge.federated.subjects import together
from edge.federated.turn import Manner
from edge.learning.learnt import errors_with
from edge.learning.sample import Batch, shapes_of, stacked
from edge.learning.tracks import TrackSampler
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.bench.report import parser, show
from tests.rigs.eth_ucy import SCENES
from tests.rigs.together import Together, filled, length
from tests.rigs.walked import lived
from trainer.federated.averaging import Method, Terms, Update, average
from trainer.federated.rounds import Course, conduct

THREE = ("hotel", "univ", "zara1")
ROUNDS, EVERY_S = 6, 1.2
SEEN = 0.8  # share of the samples, in time order, that devices get
HOW = Manner(rate=1e-3, epochs=2, margin=0.03)
PLAIN = Terms(method=Method.MEAN, clip=1e9, outlier=1e9)
WITHIN = 1.5  # standard deviations of the others
Attack = Callable[[F64, F64], F64]  # of its own change (N,), and those of the others (D, N)
ATTACKS: Mapping[str, Attack] = {
    "the opposite": lambda own, _: -own,
    "ten times the opposite": lambda own, _: -10 * own,
    "huge": lambda own, _: np.full_like(own, 1e6),
    "nothing": lambda own, _: np.zeros_like(own),
    "noise": lambda own, _: np.random.default_rng(1).normal(0, own.std() * 10, len(own)),
    "just within": lambda _, others: others.mean(axis=0) - WITHIN * others.std(axis=0),
}
Rows = list[list[object]]


@dataclass
class Village(Together):
    """Devices, and what comes after all that they have seen."""

    later: Mapping[str, Batch]  # device -> samples, none of which overlaps what the device has


@dataclass
class Poisoned(Village):
    """The same devices, one of which sends something else."""

    bad: str = ""
    attack: Attack = ATTACKS["nothing"]

    def ask(self, devices: Sequence[str], ask: Ask, awaited: Container[str]) -> Mapping[str, Answer | str]:
        found = dict(super().ask(devices, ask, awaited))
        if not ask.offered:
            return {name: _praising(one) if name == self.bad else one for name, one in found.items()}
        own, others = found[self.bad], [one for name, one in found.items() if name != self.bad]
        changes = np.array([one.change for one in others if isinstance(one, Answer) and one.samples], np.float64)
        if isinstance(own, Answer) and own.samples and len(changes):
            sent = self.attack(own.change.astype(np.float64), changes).astype(np.float32)
            found[self.bad] = replace(own, change=sent, samples=1 << 40)
        return found


def _praising(said: Answer | str) -> Answer | str:
    return replace(said, tried=replace(said.tried, given=0.0)) if isinstance(said, Answer) else said


def main(argv: list[str]) -> None:
    """Learn, poison, print."""
    options = parser("federated", __doc__ or "")
    options.add_argument("--model", type=Path, help="a network that learns, .tflite (else an untrained one is made)")
    options.add_argument("--rounds", type=int, default=ROUNDS, help="of learning together (%(default)s)")
    given = options.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = given.model or untrained(folder / "network.tflite")
        with open_trainable(read_bundle(model), RuntimeSettings(threads=1)) as trainee:
            five = village(given.data, folder, trainee)
            rows, figures = gained(five, given.rounds)
            more, poisoned = led_astray(five, given.rounds)
        deadline = with_flower(folder / "flower")
    header = ["", "error m", "against the model file", "weights moved", "change moved"]
    show("federated", header, [*rows, *more], {**figures, **poisoned, **deadline})


def untrained(out: Path) -> Path:
    """The network of the benchmark `forecast`, with the weights that it begins with. Needs TensorFlow."""
    from tests.bench.federated_network import write_network  # noqa: PLC0415

    write_network(out)
    return out


def village(data: Path, folder: Path, trainee: TrainableRuntime) -> Village:
    """A device in each of the five places."""
    window = trainee.bundle.window
    assert isinstance(window, TrackWindow)
    places, later = dict[str, Path](), dict[str, Batch]()
    for scene in SCENES:
        samplers = dict[int, TrackSampler]()
        samples = []
        for one in lived(data, scene, window):
            sampler = samplers.setdefault(one.recording, TrackSampler(window, str(one.recording), EVERY_S))
            samples += sampler.look(one.look)
        cut_s = np.quantile([one.end_s for one in samples], SEEN)
        places[scene] = filled(folder / scene, trainee, [one for one in samples if one.end_s <= cut_s])
        later[scene] = stacked([one for one in samples if one.begin_s > cut_s], shapes_of(trainee.bundle))
    return Village(trainee, trainee.weights().weights, places, HOW, later)


def learnt(fleet: Together, rounds: int, terms: Terms = Terms(minimum=1)) -> F32:  # noqa: B008 - frozen
    course = Course(rounds=rounds, patience_s=0.0, expected=1)
    return conduct(fleet, fleet.exported, fleet.trainee.bundle.sha256, course, terms, lambda *_: None)


def gained(five: Village, rounds: int) -> tuple[Rows, dict[str, object]]:
    """Three devices together, and each alone."""
    three = replace(five, learning={name: five.learning[name] for name in THREE})
    base = error(three, five.exported)
    alone = {
        name: error(three, learnt(replace(three, learning={name: path}), rounds))
        for name, path in three.learning.items()
    }
    shared = error(three, learnt(three, rounds))
    rows: Rows = [["three: model file", base, 0.0, "", ""]]
    rows += [[f"three: {name} alone", found, 1 - found / base, "", ""] for name, found in alone.items()]
    rows += [["three: together", shared, 1 - shared / base, "", ""]]
    gains = {name: 1 - shared / found for name, found in alone.items()}
    return rows, {"gain": min(gains.values()), "gain_over": gains, "gain_over_model": 1 - shared / base}


def led_astray(five: Village, rounds: int) -> tuple[Rows, dict[str, object]]:
    """One of five sends something else, in one round and in all."""
    before = learnt(five, rounds)
    ask = Ask(rounds + 1, True, True, 600.0, five.trainee.bundle.sha256, before)
    heard = {name: five.turn(name, ask) for name in five.devices()}
    updates = [Update(name, one.change, one.samples) for name, one in heard.items()]
    rows: Rows = []
    worst = {"robust": np.zeros(3), "plain": np.zeros(3)}
    for kind, terms in (("robust", Terms()), ("plain", PLAIN)):
        clean = average(updates, len(before), terms).change
        honest = error(five, before + clean)
        rows.append([f"five: together, {kind}", honest, 1 - honest / error(five, five.exported), "", ""])
        for name, attack in ATTACKS.items():
            found = np.array([_moved(five, before, clean, updates, terms, bad, attack, honest) for bad in heard])
            worst[kind] = np.maximum(worst[kind], found.max(axis=0))
            rows.append([f"five: {name}, {kind}", f"{found[:, 2].max():+.2%}", "", *found[:, :2].max(axis=0)])
    honest = error(five, before)
    poisoned = [
        abs(error(five, learnt(_spoiled(five, ATTACKS[name]), rounds)) / honest - 1)
        for name in ("the opposite", "just within")
    ]
    robust, plain = (worst[kind].tolist() for kind in ("robust", "plain"))
    return rows, {
        "poisoned_shift": robust[0],
        "poisoned_change": robust[1],
        "poisoned_error": robust[2],
        "poisoned_rounds_error": max(poisoned),
        "plain_shift": plain[0],
        "plain_error": plain[2],
    }


def _moved(  # noqa: PLR0917
    five: Village,
    before: F32,
    clean: F32,
    updates: list[Update],
    terms: Terms,
    bad: str,
    attack: Attack,
    honest: float,
) -> tuple[float, float, float]:
    """By how much the average moves: as a share of the weights, of the change, of the error."""
    own = next(one for one in updates if one.device == bad)
    others = np.array([one.change for one in updates if one.device != bad], np.float64)
    sent = attack(own.change.astype(np.float64), others).astype(np.float32)
    spoiled = [one if one.device != bad else Update(bad, sent, 1 << 40) for one in updates]
    change = average(spoiled, len(before), terms).change
    moved = length(change - clean)
    off = abs(error(five, before + change) / honest - 1)
    return moved / length(before + clean), moved / length(clean), off


def _spoiled(five: Village, attack: Attack) -> Poisoned:
    return Poisoned(five.trainee, five.exported, five.learning, five.how, five.later, "zara1", attack)


def error(fleet: Village, weights: F32) -> float:
    """Infinite where the network does not answer with numbers any more."""
    later = together([fleet.later[name] for name in fleet.learning])
    try:
        return float(errors_with(fleet.trainee, weights.astype(np.float32), later).mean())
    except ModelError:
        return float("inf")


def with_flower(folder: Path) -> dict[str, object]:
    """Seconds of rounds over TLS, one device being killed in the second; nothing where Flower is not at hand."""
    import pytest  # noqa: PLC0415

    from tests.rigs.flower_village import DEADLINE_S, lived_through  # noqa: PLC0415

    folder.mkdir()
    try:
        with lived_through(folder) as (_, _, rounds):
            seconds = [float(one["seconds"]) for one in rounds]
    except pytest.skip.Exception as absent:
        print(absent)
        return {}
    return {
        "deadline_s": DEADLINE_S,
        "dead_round_s": seconds[1],
        "round_s": seconds[0],
        "after_dead_round_s": seconds[2],
    }
