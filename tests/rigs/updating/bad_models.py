"""Models that are rightly signed and must not serve: made from sound ones by chance, a kind at a time."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from edge.contracts.flatbuffer import Table
from edge.contracts.golden import FILE_NAME as GOLDEN
from edge.contracts.golden import encode_golden, parse_golden
from edge.contracts.manifest import FILE_NAME as MANIFEST
from edge.updates.trust.refusal import Reason
from tests.rigs import hostile_models as models

LABELS = "labels.txt"


@dataclass(frozen=True, eq=False)
class Sound:
    """What bad ones are made from."""

    look: bytes  # an embedder, with its golden sample
    paths: bytes  # a forecaster

    @property
    def golden(self) -> bytes:
        return models.taken_apart(self.look)[1][GOLDEN]


Make = Callable[[Random, Sound], bytes]


def flipped_network(chance: Random, sound: Sound) -> bytes:
    """One bit of the network."""
    bare, _ = models.taken_apart(sound.look)
    return _flipped(sound.look, chance.randrange(len(bare)), chance)


def flipped_file(chance: Random, sound: Sound) -> bytes:
    """One bit of what is packed behind it."""
    with zipfile.ZipFile(io.BytesIO(sound.look)) as archive:
        info = chance.choice(archive.infolist())
    begin = info.header_offset + 30 + len(info.filename)
    return _flipped(sound.look, begin + chance.randrange(info.compress_size), chance)


def cut(chance: Random, sound: Sound) -> bytes:
    """Its end is missing; now and then exactly what is packed behind the network, or all but its first bytes."""
    bare, _ = models.taken_apart(sound.look)
    length = chance.choice([chance.randrange(8, len(sound.look) - 1), len(bare) + chance.randrange(60)])
    return sound.look[:length]


def no_model(chance: Random, _sound: Sound) -> bytes:
    """Something else."""
    begin = chance.choice(
        [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"\x7fELF\2\1\1", b"hsqs", b"{}", b"\x1c\0\0\0TFL3", b""]
    )
    return begin + chance.randbytes(chance.randrange(1, 5000))


def wild_offsets(chance: Random, sound: Sound) -> bytes:
    """An offset or a length that readers follow points elsewhere, and the golden sample fits that."""
    bare, _ = models.taken_apart(sound.look)
    wild = struct.pack(
        "<I", chance.choice([2**31, 2**32 - 1, len(bare) - 2, len(bare) * 4, chance.getrandbits(31) | 2**24])
    )
    at = chance.choice(_offsets(bare))
    return models.with_files(bare[:at] + wild + bare[at + 4 :] + sound.look[len(bare) :], {})


def other_numbers(chance: Random, sound: Sound) -> bytes:
    """Golden answers that it does not give."""
    golden = parse_golden(sound.golden)
    values = golden.outputs[0].values
    values[chance.randrange(len(values))] += chance.choice([-1, 1]) * 10 ** chance.uniform(-2, 4)
    return models.with_files(sound.look, {GOLDEN: encode_golden(golden)})


def other_weights(chance: Random, sound: Sound) -> bytes:
    """Another network under the golden sample of the sound one."""
    return models.bundled(models.network(chance.randrange(1000, 10**6)), sound.golden)


def damaged_golden(chance: Random, sound: Sound) -> bytes:
    """A golden sample that cannot be read."""
    told = json.loads(sound.golden)
    spoil: list[Callable[[], object]] = [
        lambda: told.update(format=chance.randrange(2, 99)),
        lambda: told.update(outputs=[]),
        lambda: told.update(outputs=told["outputs"] * 100),
        lambda: told["outputs"][0].update(values="A" * chance.randrange(5, 5000)),
        lambda: told["outputs"][0].update(shape=[2**31, 2**31]),
        lambda: told["outputs"][0].update(every=0),
        lambda: told["outputs"][0].update(dtype="object"),
        lambda: told["outputs"][0].update(absolute=-1),
        lambda: told["input"].update(seed=-chance.randrange(1, 99)),
        lambda: told["input"].update(pattern="noise"),
        lambda: told.update(rows={"score": 0, "tolerance": 0}),
        lambda: told.pop("input"),
    ]
    chance.choice(spoil)()
    data = json.dumps(told).encode()
    deep = b'{"format": 1, "input": ' + b"[" * chance.randrange(2000, 50_000)
    return models.with_files(sound.look, {GOLDEN: chance.choice([data, data, data, deep, chance.randbytes(99)])})


def damaged_manifest(chance: Random, sound: Sound) -> bytes:
    """A `foresight.json` that cannot be read."""
    whole = models.taken_apart(sound.look)[1][MANIFEST]
    deep = b'{"format": ' + b"[" * chance.randrange(2000, 50_000)
    texts = [whole[: chance.randrange(len(whole) - 2)], deep, whole.replace(b'"task"', b'"t\xffsk"'), b"NaN", b"[]"]
    return models.with_files(sound.look, {MANIFEST: chance.choice(texts)})


def slipping(chance: Random, sound: Sound) -> bytes:
    """Names that lead out of the folder where somebody might unpack it."""
    up = "../" * chance.randrange(1, 9)
    names = [
        f"{up}etc/cron.d/x",
        "/etc/passwd",
        "..\\..\\x",
        "a/../../x",
        "C:\\x",
        "x\ny",
        f"{up}labels.txt",
        "~/..",
        "a\x07",
    ]
    return _zipped(sound.look, {chance.choice(names): chance.randbytes(20)})


def bomb(chance: Random, sound: Sound) -> bytes:
    """A few bytes that unpack to hundreds of MiB, or claim to."""
    files = {chance.choice(["more.txt", LABELS, "a/b"]): bytes(chance.randrange(8, 40) << 20)}
    return _zipped(sound.look, files, zipfile.ZIP_DEFLATED)


def crowded(chance: Random, sound: Sound) -> bytes:
    """Thousands of files, or two of one name."""
    if chance.random() < 0.5:
        begin = chance.randrange(10**6)
        return _zipped(sound.look, {f"{begin + number}.txt": b"" for number in range(chance.randrange(70, 3000))})
    with_one = _zipped(sound.look, {"zz.txt": chance.randbytes(8), "zy.txt": b"2"})
    return with_one.replace(b"zy.txt", b"zz.txt")


def nested(chance: Random, sound: Sound) -> bytes:
    """Archives in the archive."""
    inside = _zipped(b"", {"x": bytes(1 << 20)}, zipfile.ZIP_DEFLATED)
    for _ in range(chance.randrange(3)):
        inside = _zipped(b"", {"x": inside, "y": inside}, zipfile.ZIP_DEFLATED)
    others = [
        b"\x1f\x8b\x08" + chance.randbytes(50),
        b"BZh9" + chance.randbytes(50),
        b"\xfd7zXZ\0" + chance.randbytes(50),
    ]
    return _zipped(sound.look, {chance.choice([LABELS, "more.zip", "x"]): chance.choice([inside, inside, *others])})


def of_another_task(chance: Random, sound: Sound) -> bytes:
    """A sound model, and not what it was released as."""
    return models.with_files(sound.paths, {"seed.txt": chance.randbytes(8)})


def _evil(network: Callable[[int], bytes], golden: bool = True) -> Make:
    def make(chance: Random, sound: Sound) -> bytes:
        return models.bundled(
            network(chance.randrange(1000)), sound.golden if golden else b"", {"seed.txt": chance.randbytes(8)}
        )

    return make


CHANGED: Mapping[str, tuple[Make, Reason]] = {
    "a bit of the network": (flipped_network, Reason.MALFORMED),
    "a bit of a packed file": (flipped_file, Reason.MALFORMED),
    "cut inside": (cut, Reason.MALFORMED),
    "no model": (no_model, Reason.MALFORMED),
    "wild offsets": (wild_offsets, Reason.MALFORMED),
    "golden sample: other answers": (other_numbers, Reason.GOLDEN),
    "golden sample: other network": (other_weights, Reason.GOLDEN),
    "golden sample: damaged": (damaged_golden, Reason.MALFORMED),
    "manifest damaged": (damaged_manifest, Reason.MALFORMED),
    "zip-slip": (slipping, Reason.MALFORMED),
    "zip bomb": (bomb, Reason.MALFORMED),
    "crowded archive": (crowded, Reason.MALFORMED),
    "nested archives": (nested, Reason.MALFORMED),
    "another task": (of_another_task, Reason.UNFIT),
    "crashes": (_evil(models.crashing), Reason.CRASHED),
    "eats memory": (_evil(models.hungry), Reason.LIMITS),
    "answers with no numbers": (_evil(models.numberless, golden=False), Reason.UNFIT),
    "foreign operator": (_evil(models.foreign), Reason.UNFIT),
}
ENDLESS: Mapping[str, tuple[Make, Reason]] = {  # each takes as long as a trial may
    "loops": (_evil(models.looping), Reason.HUNG),
    "hangs": (_evil(models.slow), Reason.HUNG),
}


def _flipped(data: bytes, at: int, chance: Random) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _zipped(bundle: bytes, files: Mapping[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    """A bundle with more files behind it, by their very names."""
    file = io.BytesIO(bundle)
    with zipfile.ZipFile(file, "a", packing) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, packing)
    return file.getvalue()


def _offsets(bare: bytes) -> list[int]:
    """Where offsets and lengths stand that every reader follows: of the root, its lists, and the first graph."""
    root = Table.root(bare, b"TFL3")
    graph = next(root.tables(2))
    places = [0]
    for table, fields in ((root, (1, 2, 4)), (graph, (0, 1, 2, 3))):
        for field in fields:
            at = table._at(field)
            places += [at, at + struct.unpack_from("<I", bare, at)[0]]
    return places
