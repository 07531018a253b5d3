"""The size of the pictures that an ffmpeg command will write, asked of ffprobe."""

import re
import subprocess
from collections.abc import Sequence

from edge.contracts.errors import SourceError
from edge.contracts.redact import redact

PROBE_S = 15.0
RESIZERS = frozenset({"-s", "-vf", "-filter:v", "-filter_complex", "-lavfi"})


def ends_in_pipe(arguments: Sequence[str]) -> bool:
    """Whether a command says itself that it writes to its standard output."""
    return arguments[-1] in {"-", "pipe:", "pipe:1"}


def picture_size(camera: str, command: Sequence[str]) -> tuple[int, int]:
    """Width and height of the pictures that `command` will write.

    Raises:
        SourceError: the command resizes, is no ffmpeg command, or its input cannot be read.
    """
    if "-i" not in command or RESIZERS & set(command):
        raise SourceError(f"camera {camera}: set `width` and `height` to the size that the command writes")
    upto = command.index("-i") + 2
    ask = ("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0")
    argv = [*ask, *(argument for argument in command[1:upto] if argument != "-re")]
    try:
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(
            f"camera {camera}: ffprobe gave no picture size ({type(error).__name__}); set `width` and `height`"
        ) from error
    found = re.search(r"(\d+),(\d+)", answer.stdout)
    if not found:
        said = redact(" ".join(answer.stderr.split()))
        raise SourceError(f"camera {camera}: ffprobe found no picture size ({said}); set `width` and `height`")
    return int(found[1]), int(found[2])
