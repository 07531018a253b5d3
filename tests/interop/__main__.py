"""`make interop`: `python -m tests.interop [MODEL.tflite ...]`. Exits with 1 where any reader finds something else."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge.contracts.errors import EdgeError
from tests.interop.asked import ask, read_answer
from tests.interop.comparing import ALIKE, ROUGH, SAME, compare
from tests.interop.environments import ENVIRONMENTS, Environment, UnavailableError, python_of
from tests.interop.models import FRESH, fresh_models, pictures, shipped_models
from tests.paths import REPOSITORY

READ_S = 300
ROOT = REPOSITORY / "build" / "interop"
SHOWN = 5  # troubles of a model that are told


def main(argv: list[str]) -> int:
    """Run every reader over every model; 0 where all that could be asked agree."""
    parser = argparse.ArgumentParser(prog="make interop", description=__doc__)
    parser.add_argument("models", nargs="*", type=Path, help="bundles; without any, a fresh tiny pair and the shipped")
    parser.add_argument("--pictures", type=Path, help="folder of pictures (else coco128 of the data folder)")
    parser.add_argument("--count", type=int, default=24, help="how many of them")
    parser.add_argument("--root", type=Path, default=ROOT, help="where environments are kept")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as made:
        models = options.models or [*fresh_models(Path(made)), *shipped_models()]
        if not models:
            print("nothing to try: TensorFlow is not installed, so no model can be exported; name some (MODELS=...)")
            return 1
        readers = dict(_readers(options.root))
        failed = [model for model in models if not _tried(model, readers, options)]
    asked = len(models) * len(readers)
    print(f"{len(models)} models, {len(readers)} of {len(ENVIRONMENTS)} readers, {asked} times asked")
    return 1 if failed or not readers else 0


def _readers(root: Path) -> Iterator[tuple[Environment, Path]]:
    for environment in ENVIRONMENTS:
        print(f"== {environment.name}: {' '.join(environment.packages)}", flush=True)
        try:
            yield environment, python_of(environment, root)
        except UnavailableError as error:
            print(f"   skipped: {error}")


def _tried(model: Path, readers: dict[Environment, Path], options: argparse.Namespace) -> bool:
    """Whether every reader finds in a model what our own runtime finds."""
    with tempfile.TemporaryDirectory() as place:
        folder, fine = Path(place), True
        try:
            request, expected = ask(model, pictures(options.pictures, options.count), folder)
        except (EdgeError, OSError) as error:
            print(f"{model.name}: our own runtime: {error}")
            return False
        for environment, python in readers.items():
            trouble = answered(environment, python, folder)
            other = environment.own_kernels and request.quantised
            tolerance = SAME if not other else ROUGH if model.name.startswith(FRESH) else ALIKE
            answer = [] if trouble else read_answer(folder / "answer.json")
            agreement = compare(expected, answer, request.size_px, tolerance)
            good = not trouble and agreement.fine
            what = trouble or (agreement.words() if agreement.boxes else "our own runtime finds nothing to compare")
            said = "ok" if good else "DIFFERS"
            print(f"{model.name}: {request.task}, {environment.name}: {said}: {what}", flush=True)
            for text in () if trouble else agreement.troubles[:SHOWN]:
                print(f"   {text}")
            fine = fine and good
    return fine


def answered(environment: Environment, python: Path, folder: Path) -> str:
    """Let a reader write `answer.json` beside `request.json`; what went wrong, or ""."""
    (folder / "answer.json").unlink(missing_ok=True)
    command = [str(python), "-I", str(environment.program), str(folder / "request.json"), str(folder / "answer.json")]
    try:
        done = subprocess.run(command, check=False, timeout=READ_S, capture_output=True, text=True, cwd=folder)
    except subprocess.TimeoutExpired:
        return f"no answer within {READ_S} s"
    if done.returncode < 0:
        return f"it died of signal {-done.returncode}"
    if done.returncode:
        return f"it refused: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
