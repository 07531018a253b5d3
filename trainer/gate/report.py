"""A verdict as a report: the answers at the top, then the candidate's figures, and the layers that lose it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edge.contracts.types import Head
from trainer.evaluate.bootstrap import compare_map
from trainer.gate.layers import LayerLoss, guilty
from trainer.gate.verdict import Answer, Verdict
from trainer.report import classes
from trainer.report.contents import Contents, Finding, Judgement, Table, Tone, percent
from trainer.report.figure import COLOURS, INK, Plot, drawing, finished
from trainer.report.page import write_judgement, write_report
from trainer.report.training import Curve

TONES: Mapping[Answer, Tone] = {Answer.PASSED: Tone.GOOD, Answer.FAILED: Tone.BAD, Answer.UNKNOWN: Tone.SOFT}
WORST = 8  # layers in a table


def gate_report(verdict: Verdict, out: Path, data_name: str, training: tuple[Curve, ...] = ()) -> tuple[Path, ...]:
    """Write the report of a verdict: an HTML page and its plots; the files that were written.

    A candidate that could not be run has nothing to plot: its report is the answers alone.

    Raises:
        OSError: it cannot be written.
    """
    if not verdict.scored:
        write_judgement(judgement(verdict), f"{verdict.candidate.name}: not run", f"On {data_name}", out)
        return (out,)
    return write_report(replace(gate_contents(verdict, data_name), training=training), out)


def blamed(layers: tuple[LayerLoss, ...]) -> tuple[str, ...]:
    """Which layers lose it, in sentences."""
    if not layers:
        return ()
    worst = guilty(layers)
    if not worst:
        return (f"no one layer loses it: each of {len(layers)} adds a little",)
    return tuple(
        f"{layer.short_name} ({layer.operator}, number {layer.place}) loses {percent(layer.blame)} of its signal by "
        f"itself; {percent(layer.loss)} are lost behind it"
        for layer in worst
    )


def gate_contents(verdict: Verdict, data_name: str) -> Contents:
    """The report of a candidate that could be run; the reference stands beside it."""
    candidate, reference = verdict.scored
    if candidate.run.bundle.head is Head.CLASSIFIER:
        difference = classes.difference(candidate, reference)
    else:  # what the gate asks for, which is not what a report shows otherwise
        difference = compare_map(candidate.evaluation.coco, reference.evaluation.coco)
    layers = verdict.layers
    return Contents(
        scored=candidate,
        others=(reference,),
        differences=(difference,),
        training=(),
        tables=(layer_table(layers),) if layers else (),
        data_name=data_name,
        judgements=(judgement(verdict),),
        plots=(layer_plot(layers),) if layers else (),
    )


def judgement(verdict: Verdict) -> Judgement:
    """The verdict as the report has it."""
    findings = tuple(
        Finding(check.question.value, check.answer.value, TONES[check.answer], check.words) for check in verdict.checks
    )
    return Judgement(f"The gate: {verdict.words()}", tone_of(verdict), findings)


def layer_table(layers: tuple[LayerLoss, ...]) -> Table:
    """The layers to blame most, worst first."""
    heading = ("layer", "operator", "number", "to blame for", "lost by now", "added", "rounding", "weights", "dB")
    rows = [
        (
            layer.short_name,
            layer.operator,
            str(layer.place),
            *map(percent, (layer.blame, layer.loss, layer.jump, layer.rounding, layer.weights)),
            f"{layer.decibels:.1f}",
        )
        for layer in sorted(layers, key=lambda layer: -layer.blame)[:WORST]
    ]
    text = (
        *blamed(layers),
        "Shares of a layer's signal: what is lost of it by now; what is added to the worst of its inputs; what its own "
        "rounding and its own weights lose whatever comes in. Keep such a layer in floating point, calibrate with more "
        "pictures, or train with fake quantisation.",
    )
    return Table("Which layer loses it", heading, tuple(rows), text)


def layer_plot(layers: tuple[LayerLoss, ...]) -> Plot:
    """The loss from layer to layer, those to blame named."""
    with drawing(9.0, 3.6) as (figure, axes):
        places = [layer.place for layer in layers]
        axes.plot(places, [layer.loss for layer in layers], color=COLOURS[0], linewidth=1.2, label="lost by now")
        blame = [layer.blame for layer in layers]
        axes.bar(places, blame, max(1.0, places[-1] / 200), color=COLOURS[1], label="its own fault")
        for layer in guilty(layers):
            point = (layer.place, layer.blame)
            late = layer.place > places[-1] / 2  # its name stands on the side where there is room
            axes.annotate(
                layer.short_name,
                point,
                (-4 if late else 4, 10),
                textcoords="offset points",
                ha="right" if late else "left",
                fontsize=8,
                color=INK,
            )
        axes.set(ylim=(0, 1.05), xlabel="layers in the order in which they run", ylabel="share of the signal")
        axes.legend(loc="upper left", ncols=2)
        text = "What is lost of each layer's signal by now, and what of that is its own fault; the worst are named"
        return finished(figure, "layers", "Which layer loses it", text)


def tone_of(verdict: Verdict) -> Tone:
    """How a verdict is meant."""
    return Tone.GOOD if verdict.accepted else Tone.BAD
