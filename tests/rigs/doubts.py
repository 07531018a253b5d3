"""Looks and records to feed to what keeps doubtful ones."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.contracts import archive
from edge.contracts.types import U8, Detections, Opinion, SubLabel, Tracks
from edge.uncertain.look import Look
from edge.uncertain.packing import pack
from edge.uncertain.record import Box, Doubt, Reason, Record, Thing
from edge.uncertain.shelf import Shelf
from edge.uncertain.signing import device_key
from tests.rigs.labelled import found

LABELS = ("car", "van", "")
HERE: Box = (0.25, 0.25, 0.5, 0.5)
THERE: Box = (0.625, 0.625, 0.875, 0.875)
BLANK = np.zeros((0, 0, 3), np.uint8)
DAY_NS = 86400 * 10**9


def look(
    number: int = 1,
    detections: Detections | None = None,
    tracks: Tracks | None = None,
    *,
    t_s: float | None = None,
    opinions: Sequence[Opinion] = (),
    closest: Mapping[int, SubLabel] | None = None,
    pixels: U8 = BLANK,
    masks: tuple[str, ...] = (),
) -> Look:
    """The look numbered so, ten in a second."""
    at_s = number / 10 if t_s is None else t_s
    return Look(
        camera="cam",
        number=number,
        t_s=at_s,
        utc_ns=round((1000 + at_s) * 1e9),
        size=(64, 48),
        pixels=pixels,
        masks=masks,
        labels=LABELS,
        threshold=0.5,
        detections=found() if detections is None else detections,
        tracks=Tracks.empty() if tracks is None else tracks,
        opinions=tuple(opinions),
        closest=closest or {},
        sub_threshold=0.6,
    )


def doubt(box: Box = HERE, label: str = "car", weight: float = 0.5, track: int = -1) -> Doubt:
    return Doubt(reason=Reason.SCORE, label=label, box=box, track=track, weight=weight)


def jpeg(seed: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture of noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def record(
    number: int,
    picture: bytes = b"",
    *,
    label: str = "car",
    weight: float = 0.5,
    camera: str = "yard",
    masks: tuple[str, ...] = (),
) -> Record:
    """A record of one doubtful car, and of a sure one, so many seconds after the first."""
    sure = Thing(label="van", box=THERE, score=0.9, track=1, sub_label="", seen=True)
    return Record(
        version=1,
        camera=camera,
        utc_ns=1_700_000_000 * 10**9 + number * 10**9,
        width=64,
        height=48,
        threshold=0.5,
        models={"model": "ab" * 32},
        doubts=(doubt(label=label, weight=weight),),
        things=(Thing(label=label, box=HERE, score=0.45, track=-1, sub_label="", seen=True), sure),
        picture=hashlib.sha256(picture).hexdigest() if picture else "",
        masks=masks,
    )


def kept(state_dir: Path, pictures: int, without: int = 0, first: int = 0) -> list[Record]:
    """Records on the shelf of a device, those with a picture first."""
    shelf = Shelf(state_dir / "uncertain", 10**8)
    shelf.open()
    made = []
    for number in range(first, first + pictures + without):
        picture = jpeg(number) if number < first + pictures else b""
        made.append(record(number, picture))
        assert shelf.keep(made[-1], picture)
    return made


def archived(
    folder: Path, pictures: int = 2, without: int = 1, first: int = 0, name: str = "a.tar"
) -> tuple[Path, str]:
    """An archive of the device `dev`, whose state is in the folder, and the fingerprint of its key."""
    state = folder / "state"
    records = kept(state, pictures, without, first)
    key = device_key(state)
    out = folder / f"{first}-{pictures}-{without}.tar"
    pack(state / "uncertain", records, "dev", key, out)
    return out, key.fingerprint


Part = tuple[tarfile.TarInfo, bytes]
Parts = list[Part]


def opened(path: Path) -> Parts:
    """The members of an archive and their content."""
    with tarfile.open(path) as tar:
        return [(one, file.read() if (file := tar.extractfile(one)) else b"") for one in tar.getmembers()]


def written(parts: Parts, path: Path, form: int = tarfile.USTAR_FORMAT) -> Path:
    """A tar of these members."""
    with tarfile.open(path, "w", format=form) as tar:
        for info, content in parts:
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return path


def resigned(parts: Parts, state: Path, change: Callable[[bytes], bytes]) -> Parts:
    """The same with another manifest, signed by the device all the same."""
    manifest = change(next(content for info, content in parts if info.name == "manifest.json"))
    new = {"manifest.json": manifest, "manifest.sig": device_key(state).sign(manifest)}
    made: Parts = []
    for info, content in parts:
        made.append((info, new.get(info.name, content)))
        info.size = len(made[-1][1])
    return made


def resealed(parts: Parts, state: Path, contents: Mapping[str, bytes]) -> Parts:
    """The same with other contents of some members, which the manifest tells of, signed by the device."""
    changed = [(info, contents.get(info.name, content)) for info, content in parts]

    def retold(manifest: bytes) -> bytes:
        known, files = archive.decode_manifest(manifest), {info.name: content for info, content in changed}
        sizes = {name: archive.Part(hashlib.sha256(files[name]).hexdigest(), len(files[name])) for name in known.files}
        return archive.encode_manifest(archive.Manifest(known.device, known.newest_utc_ns, sizes))

    return resigned(changed, state, retold)
