"""The way of every network that looks at pictures: converted, measured, judged, reported, and written if worthy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from rich.console import Console

from edge.contracts.manifest import Manifest
from trainer.data.dataset import Dataset
from trainer.errors import TrainError
from trainer.export.calibration import chosen
from trainer.export.compiling import compiled, tell_operators
from trainer.export.variant import Variant
from trainer.gate.fingerprints import alike, fingerprints
from trainer.gate.judge import judge, look_inside
from trainer.gate.release import release
from trainer.gate.report import gate_report
from trainer.gate.show import show_verdict
from trainer.gate.verdict import Check, Verdict
from trainer.quantise.choosing import INT8
from trainer.quantise.yardsticks import Yardstick
from trainer.releasing.terms import Terms
from trainer.releasing.variants import LEARNS, Tune, Variants
from trainer.report.training import read_training
from trainer.trained import Trained
from trainer.training.curves import LOSSES

REPORT = "report.html"
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The pictures that a release needs."""

    train: Dataset  # some of these measure ranges
    seen: Dataset  # all that had a say in the weights
    scored: Dataset  # choose the variant: validation pictures where there are any, else the held-out ones
    held_out: Dataset  # are judged and reported on


@dataclass(frozen=True, slots=True)
class Manner(Generic[_R]):
    """What differs between the tasks."""

    yardstick: Yardstick[_R]
    checks: Callable[[Trained, Path, Dataset, int], tuple[Check, ...]]  # the float file against the network itself
    judged: Callable[[Verdict, float], Verdict]  # the verdict in the figures of the task
    show: Callable[[Verdict, Console], None]


def release_network(
    trained: Trained, given: Material, on: Terms, tune: Tune, manner: Manner[_R], console: Console
) -> Manifest:
    """Convert, compare the variants, judge one on pictures that were held out, report, and write the file.

    Ranges are measured on training pictures; held-out ones must be none of those, nor of those that chose the weights.

    Raises:
        TrainError: it cannot be converted, or is refused; the file is as it was, the report tells why.
    """
    held_out = apart(given.seen, given.held_out, console)
    scored = held_out if given.scored is given.held_out else given.scored
    used = [picture.path for picture in given.train.pictures]
    variants = Variants(trained, used, tune, console)
    reference, candidate = _files(variants, scored, on, manner)
    with console.status("judging it on the held-out pictures"):
        verdict = judge(
            reference,
            candidate,
            held_out,
            calibration=chosen(used) if candidate.stem in {INT8, LEARNS} else (),
            training=[picture.path for picture in given.seen.pictures],
            budget_points=on.budget_points,
            threads=on.threads,
        )
        verdict = manner.judged(verdict, on.budget_points)
        for check in manner.checks(trained, reference, held_out, on.threads):
            verdict = verdict.and_also(check)
        if not verdict.accepted and verdict.scored:
            verdict = look_inside(verdict, held_out)
    manner.show(verdict, console)
    return settled(trained, verdict, on, console)


def _files(variants: Variants, scored: Dataset, on: Terms, manner: Manner[_R]) -> tuple[Path, Path]:
    """The float32 file, and the one that is to go out."""
    if on.learning is not None:
        return variants.learning(on.learning, Variant.FLOAT32), variants.learning(on.learning, on.variant)
    reference = variants.reference()
    return reference, variants.of(on.variant) if on.variant else variants.best(reference, scored, on, manner.yardstick)


def settled(trained: Trained, verdict: Verdict, on: Terms, console: Console) -> Manifest:
    """Show and report the verdict, and write the file where it is accepted."""
    show_verdict(verdict, console)
    report = trained.folder / REPORT
    log = trained.folder / LOSSES
    gate_report(verdict, report, on.data_name, read_training(log) if log.exists() else ())
    console.print(f"the report is {report}", markup=False, highlight=False)
    manifest = release(verdict, on.out, report=report, accept_loss=on.accept_loss)
    tell_operators(on.out, console)
    console.print(f"{on.out} is written: {on.out.stat().st_size / 1000:.0f} kB", markup=False, highlight=False)
    if manifest.quantisation == Variant.INT8.quantisation:
        compiled(on.out, console)
    return manifest


def apart(seen: Dataset, held_out: Dataset, console: Console) -> Dataset:
    """The held-out pictures without those that look like one that was seen in training; they are told of.

    Raises:
        TrainError: none is left.
    """
    looks = [fingerprints([picture.path for picture in one.pictures]) for one in (held_out, seen)]
    twins = dict(alike(*looks))
    for mine, other in twins.items():
        names = held_out.pictures[mine].path, seen.pictures[other].path
        told = f"not held out, for it looks like a training picture: {names[0]} ({names[1]})"
        console.print(told, style="yellow", markup=False)
    if len(twins) == len(held_out):
        raise TrainError("every held-out picture looks like one of training; hold out others, or nothing can be judged")
    return held_out.take([index for index in range(len(held_out)) if index not in twins])
