"""What `foresight-train export` does: a model file, and what its reader should know of it."""

from pathlib import Path

from rich.console import Console

from edge.contracts.stored import replace_file
from trainer.errors import TrainError
from trainer.export.convert import convert
from trainer.export.edgetpu import PROGRAM, SUFFIX, compile_bundle, find_compiler
from trainer.export.operators import operator_table, report_operators
from trainer.export.pictures import pictures_in
from trainer.export.postprocess import PostProcess
from trainer.export.variant import Variant
from trainer.trained import read_trained


def export_run(
    run: Path, variant: Variant, calibration: Path | None, out: Path, most: int, timeout_s: float, console: Console
) -> None:
    """Convert the network of a run, say what it is made of, and compile it where that can be done.

    Raises:
        TrainError: it cannot be exported; no file is written.
    """
    pictures = pictures_in(calibration) if calibration else ()
    told = convert(
        read_trained(run), variant, pictures, out, timeout_s=timeout_s, post_process=PostProcess(max_detections=most)
    )
    for warning in told.warnings:
        console.print(warning, style="yellow", markup=False)
    for path in told.unreadable:
        console.print(f"  {path}", style="yellow", markup=False, highlight=False)
    data = out.read_bytes()
    console.print(operator_table(report_operators(data)))
    console.print(f"{out}: {len(data) / 1024:.0f} KiB, {variant}", markup=False, highlight=False)
    if variant is Variant.INT8:
        _compile(data, out, timeout_s, console)


def _compile(data: bytes, out: Path, timeout_s: float, console: Console) -> None:
    compiler = find_compiler()
    if compiler is None:
        console.print(f"for a Coral, install {PROGRAM} (x86-64) and export again: it is run by itself", style="dim")
        return
    compiled, told = compile_bundle(compiler, data, timeout_s=timeout_s)
    path = out.with_name(f"{out.stem}{SUFFIX}{out.suffix}")
    try:
        replace_file(path, compiled)
    except OSError as error:
        raise TrainError(f"{path} cannot be written: {error.strerror or error}; free some space") from error
    console.print(
        f"{path}: {told.mapped} operators on the Edge TPU in {told.subgraphs} part(s), {told.unmapped} on the CPU "
        f"(compiler {told.version})",
        markup=False,
        highlight=False,
    )
