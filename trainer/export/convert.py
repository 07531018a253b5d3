"""Converts a trained network to a model file, in a process of its own: the converter can crash, or never end."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.manifest import Manifest
from edge.contracts.stored import PUBLIC, replace_file
from trainer.descriptions import write_entries
from trainer.errors import TrainError
from trainer.export.bundle import pack
from trainer.export.calibration import FEW, chosen
from trainer.export.checked import checked_model
from trainer.export.describe import describe
from trainer.export.golden import with_golden
from trainer.export.postprocess import PostProcess
from trainer.export.process import run
from trainer.export.request import Answer, Request, read_answer
from trainer.export.tasks import expected
from trainer.export.variant import Variant
from trainer.trained import Trained

PROGRAM = (sys.executable, "-P", "-m", "trainer.export.child")
POST_PROCESS = PostProcess()


@dataclass(frozen=True, slots=True)
class Converted:
    """What is to be known of a model file that was written."""

    manifest: Manifest
    unreadable: tuple[Path, ...]  # of the pictures for calibration
    warnings: tuple[str, ...]


def convert(
    trained: Trained,
    variant: Variant,
    calibration: Sequence[Path],
    out: Path,
    *,
    timeout_s: float = 600,
    post_process: PostProcess = POST_PROCESS,
) -> Converted:
    """Write a complete model file, or none.

    Args:
        trained: the network.
        variant: how its numbers are written.
        calibration: pictures of the training split; used by `INT8` alone, of a network that was not trained for it,
            and then at most `calibration.MOST` of them, evenly spread. Too few are warned of, not refused: what that
            costs is for the gate to measure.
        out: the `.tflite`.
        timeout_s: the converter is killed after that.
        post_process: what a detector keeps of what it finds.

    Raises:
        TrainError: the network cannot be converted, or the file not be written; `out` is as it was.
    """
    wanted = expected(trained.task)
    measured = variant is Variant.INT8 and not trained.fake_quantised
    pictures = chosen(calibration) if measured else ()
    if measured and not pictures:
        raise TrainError("int8 measures its ranges on pictures and was given none; name pictures of the training split")
    try:
        with tempfile.TemporaryDirectory(prefix="foresight-export-") as folder:
            request = Request(
                folder=trained.folder.absolute(),
                variant=variant,
                calibration=tuple(path.absolute() for path in pictures),
                post_process=post_process,
                model=Path(folder, "model.tflite"),
                answer=Path(folder, "answer.json"),
            )
            model, answer = _ask(request, timeout_s)
        manifest = describe(trained, variant, pictures, answer.calibrated)
        data = with_golden(pack(checked_model(model, wanted), manifest, trained.labels))
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, data, PUBLIC)
    except OSError as error:
        raise TrainError(
            f"{out} cannot be written: {error.strerror or error}; free some space, or name another"
        ) from error
    return Converted(manifest, answer.unreadable, _warnings(answer) if measured else ())


def _ask(request: Request, timeout_s: float) -> tuple[bytes, Answer]:
    """The bare model, and what its making told."""
    path = request.answer.with_name("request.json")
    write_entries(path, request)
    doing = f"the conversion of {request.folder} to {request.variant}"
    run((*PROGRAM, str(path)), doing, timeout_s)
    try:
        return request.model.read_bytes(), read_answer(request.answer)
    except FileNotFoundError as error:
        raise TrainError(f"{doing} left no model and gave no reason; start it again") from error


def _warnings(answer: Answer) -> tuple[str, ...]:
    warnings = []
    if answer.calibrated < FEW:
        warnings.append(
            f"ranges were measured on {answer.calibrated} pictures only; give some hundred of the training split, "
            "or what is brighter or darker than those is cut off"
        )
    if answer.unreadable:
        warnings.append(f"pictures for calibration that cannot be read were left out: {len(answer.unreadable)}")
    return tuple(warnings)
