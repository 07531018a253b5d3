"""A run's folder: all that is needed to repeat a training, and to go on where it was cut off."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml
from pydantic import BaseModel

from edge.contracts.stored import replace_file
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError

SETTINGS, HOW, SURROUNDINGS = "settings.yaml", "how.yaml", "surroundings.json"
PACKAGES = ("foresight-edge", "tensorflow", "tensorflow-cpu", "keras", "numpy", "opencv-python-headless")


def begin_run(
    folder: Path, settings: BaseModel, command: list[str], pictures: Mapping[str, Dataset], how: Mapping[str, str]
) -> bool:
    """Note everything in a folder, or find that an earlier run of the same settings was cut off there.

    Args:
        folder: of the run.
        settings: all of them, as they will be used.
        command: what was typed.
        pictures: which are learnt from, which are held out, ...
        how: what else has a say in the result.

    Returns:
        Whether it goes on with an earlier run.

    Raises:
        TrainError: the folder has a run of other settings or pictures, or cannot be written.
    """
    texts = {_list_name(name): _list(dataset) for name, dataset in pictures.items()}
    texts[HOW] = yaml.safe_dump(dict(how))
    texts[SETTINGS] = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    earlier = (folder / SETTINGS).exists()
    for name, text in texts.items():
        if earlier and _read(folder / name) != text:
            raise TrainError(
                f"{folder} holds a run with another {name}; name another folder (--run), or remove it to begin anew"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / SURROUNDINGS, json.dumps({"command": command, **surroundings()}, indent=1).encode())
        for name, text in texts.items():
            replace_file(folder / name, text.encode())
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise TrainError(f"{folder} cannot be written: {why}; name another folder (--run)") from error
    return earlier


def surroundings() -> dict[str, str]:
    """What training ran on and with: a repetition elsewhere is close, one with all of this the same is equal."""
    found = {name: installed for name in PACKAGES if (installed := _installed(name))}
    machine = f"{platform.machine()}, {os.cpu_count()} processors, {platform.platform()}"
    return {"python": sys.version.split()[0], "machine": machine, "revision": revision(), **found}


def revision() -> str:
    """Git revision of the trainer, "" outside a checkout."""
    here = Path(__file__).parent
    try:
        done = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "--short=12", "HEAD"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def refuse_other_pictures(folder: Path, name: str, dataset: Dataset) -> None:
    """Make sure that a run was made of these pictures with these labels.

    Raises:
        TrainError: it was not; what it learnt from could be among what is held out now.
    """
    path = folder / _list_name(name)
    if path.exists() and _read(path) != _list(dataset):
        raise TrainError(
            f"{path} lists other pictures or labels than the data has now; name the data that the run was made of, or "
            "train again"
        )


def refuse_learnt(folder: Path, held_out: Dataset) -> None:
    """Make sure that the run whose weights are begun with did not see what is reported on now.

    Raises:
        TrainError: it learnt from one of these pictures, or chose its weights by it.
    """
    lines = [line for name in ("train", "validation") for line in _read(folder / _list_name(name)).splitlines()[1:]]
    seen = {Path(line.partition("\t")[0]).resolve() for line in lines}
    known = [picture.path for picture in held_out.pictures if picture.path.resolve() in seen]
    if known:
        raise TrainError(
            f"{folder} has seen {len(known)} of the pictures that are to be held out, {known[0]} for one; begin with "
            "another run (--weights), or hold out others: `foresight-train data split` divides for good"
        )


def _list_name(name: str) -> str:
    return f"pictures-{name}.txt"


def _list(dataset: Dataset) -> str:
    """The labels, and for each picture what of it has a say in the result: its place, its bytes, its boxes."""
    return "".join([f"{', '.join(dataset.labels)}\n", *map(_line, dataset.pictures)])


def _line(picture: Picture) -> str:
    size = picture.path.stat().st_size if picture.path.exists() else 0
    boxes = hashlib.sha256(picture.box.tobytes() + picture.label.tobytes()).hexdigest()[:16]
    return f"{picture.path}\t{size} bytes\t{len(picture.label)} boxes {boxes}\n"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(f"{path} cannot be read: {error}; name another folder (--run)") from error
