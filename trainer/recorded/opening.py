"""Finds out of which kind recorded tracks are, and reads them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from trainer.data.problem import Problem, warning
from trainer.errors import TrainError
from trainer.recorded import eth_ucy, mot, replay_lines
from trainer.recorded.mot import Shape
from trainer.recorded.scene import Recorded, Scene
from trainer.recorded.street import street_scenes

STREET = "street"  # instead of a path: the rendered street, or `street:60` for so many scenes of it
STREETS, FIRST_STREET = 40, 70_000  # seeds of demonstrations and tests are small
PARTS = {"train": 0.8, "val": 0.1, "test": 0.1}  # of the streets
SUFFIXES = (".txt", ".jsonl", ".csv")
BESIDE = ("events.jsonl",)  # written beside tracks, by the same command
LONGEST_LINE = 1 << 16
KINDS = (
    "tracks.jsonl of `foresight replay`; MOT text (frame,id,left,top,width,height,...); "
    "ETH/UCY text (frame person x y); the word street"
)
Read = Callable[[Path], tuple[tuple[Scene, ...], tuple[Problem, ...]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One format."""

    fits: Callable[[str], bool]  # a first line
    read: Read


def open_recorded(data: str, told: Shape | None = None) -> Recorded:
    """Read a file, all files of a folder, or the rendered street.

    Args:
        data: a path, `street`, or `street:N` for N scenes of it.
        told: size and rate of the pictures, for MOT files that have no `seqinfo.ini`.

    Raises:
        TrainError: there is nothing that can be read.
    """
    if data.partition(":")[0] == STREET and not Path(data).exists():
        return _street(data)
    path = Path(data)
    files = _files(path)
    scenes, problems, seen = list[Scene](), list[Problem](), dict[bytes, Path]()
    for file in files:
        kind = _kind(file, told)
        if kind is None:
            problems.append(warning(file, "it is of no known kind; not read", f"known are {KINDS}"))
            continue
        found, trouble = kind.read(file)
        problems += trouble
        for scene in found:
            twin = seen.setdefault(_fingerprint(scene), file)
            if twin != file:
                problems.append(warning(file, f"it holds the same tracks as {twin}; not read", "keep one of the two"))
            elif scene.tracks:
                scenes.append(scene)
    if not scenes:
        said = "; ".join(f"{one.path.name}: {one.what}" for one in problems[:3])
        raise TrainError(f"{path} holds no tracks ({said or 'no file'}); known are {KINDS}")
    return Recorded(_named_apart(scenes), tuple(problems))


def _fingerprint(scene: Scene) -> bytes:
    """What tells its tracks from any others: a copy, or a second replay, must not judge what the first one taught."""
    digest = hashlib.sha256(scene.unit.value.encode())
    for track in scene.tracks:
        digest.update(track.label.encode() + track.position.tobytes())
    return digest.digest()


def _street(data: str) -> Recorded:
    count = _streets(data)
    scenes = street_scenes(range(FIRST_STREET, FIRST_STREET + count))
    held = max(1, round(count * PARTS["test"]))
    names = ["train"] * (count - 2 * held) + ["val"] * held + ["test"] * held
    return Recorded(tuple(replace(scene, part=part) for scene, part in zip(scenes, names, strict=True)), ())


def _streets(data: str) -> int:
    _, _, number = data.partition(":")
    count = int(number) if number.isdigit() else STREETS if not number else 0
    if count < len(PARTS):
        raise TrainError(f"--data {data}: write street, or street:N for N scenes of it, at least {len(PARTS)}")
    return count


def _files(path: Path) -> Sequence[Path]:
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise TrainError(f"{path} is not there; name a file or folder of recorded tracks, or street ({KINDS})")
    found = sorted(one for suffix in SUFFIXES for one in path.rglob(f"*{suffix}") if one.is_file())
    return tuple(one for one in found if one.name not in BESIDE)


def _kind(path: Path, told: Shape | None) -> Kind | None:
    """By its first line that is not empty."""
    try:
        with path.open("rb") as file:
            lines = (file.readline(LONGEST_LINE).decode("utf-8-sig", "replace").strip() for _ in range(100))
            first = next((line for line in lines if line), "")
    except OSError as error:
        raise TrainError(f"{path} cannot be read: {error.strerror}; correct its permissions") from error
    kinds = (
        Kind(replay_lines.fits, replay_lines.read_replay),
        Kind(mot.fits, partial(mot.read_mot, told=told)),
        Kind(eth_ucy.fits, eth_ucy.read_eth_ucy),
    )
    return next((kind for kind in kinds if kind.fits(first)), None)


def _named_apart(scenes: Sequence[Scene]) -> tuple[Scene, ...]:
    """Scenes of one name get numbers."""
    names = [scene.name for scene in scenes]
    return tuple(
        scene if names.count(scene.name) == 1 else replace(scene, name=f"{scene.name}#{number}")
        for number, scene in enumerate(scenes, 1)
    )


def described(data: str) -> str:
    """What a manifest says of data: a name without its place on this machine."""
    if data.partition(":")[0] == STREET and not Path(data).exists():
        return f"the rendered street, {_streets(data)} scenes, seeds from {FIRST_STREET}"
    return Path(data).absolute().name
