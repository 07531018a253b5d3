"""Puts into a model file what it answers to a made-up input, so that a device can see whether it answers the same."""

import sys
import tempfile
from pathlib import Path

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import FILE_NAME, parse_golden
from edge.contracts.sandbox import End, Limits, run_sandboxed
from edge.contracts.stored import PUBLIC, replace_file
from trainer.errors import TrainError
from trainer.export.packing import append_files, split_files

LIMITS = Limits(wall_s=120, cpu_s=240, memory_mib=8192)
CHILD = "trainer.export.golden_child"


def with_golden(data: bytes) -> bytes:
    """The same model file with its `golden.json`, made anew by the library that serves, in a process of its own.

    Raises:
        TrainError: the file is damaged, or no device could run it.
    """
    try:
        bare, files = split_files(data)
        with tempfile.TemporaryDirectory(prefix="foresight-golden-") as folder:
            model, out = Path(folder, "model.tflite"), Path(folder, FILE_NAME)
            model.write_bytes(data)
            ended = run_sandboxed(CHILD, [str(model), str(out)], LIMITS)
            if ended.how is not End.DONE or ended.code:
                raise TrainError(
                    f"the exported model does not run: {ended.how}, {ended.told}; build it of other layers"
                )
            golden = out.read_bytes()
        parse_golden(golden)
    except MalformedError as error:
        raise TrainError(f"the model file is damaged: {error}; export it again") from error
    except OSError as error:
        raise TrainError(f"the exported model cannot be tried: {error.strerror or error}; free some space") from error
    return append_files(bare, {**files, FILE_NAME: golden})


def main(*names: str) -> None:
    """Give model files that were exported before there were golden samples one each; nothing else in them changes."""
    for name in names:
        replace_file(Path(name), with_golden(Path(name).read_bytes()), PUBLIC)


if __name__ == "__main__":
    main(*sys.argv[1:])
