"""A written model file: what it is made of, and compiled for an Edge TPU where a compiler is."""

from pathlib import Path

from rich.console import Console

from edge.contracts.stored import PUBLIC, replace_file
from trainer.errors import TrainError
from trainer.export.edgetpu import PROGRAM, SUFFIX, compile_bundle, find_compiler
from trainer.export.operators import operator_table, report_operators

TIMEOUT_S = 600.0


def tell_operators(model: Path, console: Console) -> None:
    """Show which operators a file has, and which of them an Edge TPU would run."""
    console.print(operator_table(report_operators(model.read_bytes())))


def compiled(model: Path, console: Console) -> Path | None:
    """Compile a whole int8 file for the Edge TPU, the file itself packed in for the CPU; None without a compiler.

    Raises:
        TrainError: the compiler fails, or the disk is full.
    """
    compiler = find_compiler()
    if compiler is None:
        console.print(f"for a Coral, install {PROGRAM} (x86-64) and export again: it is run by itself", style="dim")
        return None
    data, told = compile_bundle(compiler, model.read_bytes(), timeout_s=TIMEOUT_S)
    path = model.with_name(f"{model.stem}{SUFFIX}{model.suffix}")
    try:
        replace_file(path, data, PUBLIC)
    except OSError as error:
        raise TrainError(f"{path} cannot be written: {error.strerror or error}; free some space") from error
    console.print(
        f"{path}: {told.mapped} operators on the Edge TPU in {told.subgraphs} part(s), {told.unmapped} on the CPU "
        f"(compiler {told.version})",
        markup=False,
        highlight=False,
    )
    return path
