"""How a trained detector is released."""

from pathlib import Path

from rich.console import Console

from edge.contracts.manifest import Manifest
from trainer.data.dataset import Dataset
from trainer.detector.architecture import Architecture, grid
from trainer.detector.detecting import Finder
from trainer.evaluate.running import read_detector, run_model
from trainer.gate.found import finds_as_network
from trainer.gate.judge import some_pixels
from trainer.gate.network import Answered, as_network
from trainer.gate.verdict import Check
from trainer.networks import load_network
from trainer.parts import Parts
from trainer.quantise.yardsticks import BOXES
from trainer.releasing.terms import Terms
from trainer.releasing.variants import Tune
from trainer.releasing.whole import Manner, Material, release_network
from trainer.trained import Trained

SOME = 60  # pictures that the float file is compared with the network on


def release_detector(trained: Trained, found: Parts, on: Terms, tune: Tune, console: Console) -> Manifest:
    """Convert, compare the variants by mAP, judge one, report, and write the file.

    Raises:
        TrainError: it cannot be converted, or is refused; the file is as it was, the report tells why.
    """
    given = Material(found.train, found.seen, found.validation or found.held_out, found.held_out)
    return release_network(trained, given, on, tune, _DETECTOR, console)


def float_checks(trained: Trained, reference: Path, held_out: Dataset, threads: int) -> tuple[Check, ...]:
    """Whether the float file does what the network does, before its post-process and after."""
    cells = grid(Architecture(len(trained.labels), trained.input_px))
    finder, model, bundle = Finder(trained.input_px, cells), load_network(trained), read_detector(reference)
    answers = [Answered(pixels, finder.outputs(model, pixels)) for pixels in some_pixels(held_out)]
    some = held_out.take(range(min(SOME, len(held_out))))
    run = run_model(bundle, some, threads=threads)
    found = finds_as_network(finder.find(model, run.dataset), run.found, trained.labels)
    return as_network(bundle, answers), found


_DETECTOR = Manner(BOXES, float_checks, lambda verdict, _: verdict, lambda *_: None)
