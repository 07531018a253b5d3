"""Configurations and systems that are rightly signed and of no use."""

import struct
from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random

from edge.updates.trust.refusal import Reason

Make = Callable[[Random], bytes]


def alias_bomb(chance: Random) -> bytes:
    """Lists of lists of lists by aliases: gigabytes when they are written out."""
    width, names = chance.randrange(6, 12), "abcdefghijkl"[: chance.randrange(8, 12)]
    lines = [f"a: &a [{','.join(['x'] * width)}]"]
    lines += [f"{new}: &{new} [{','.join([f'*{old}'] * width)}]" for old, new in pairwise(names)]
    return "\n".join(lines).encode()


def merge_bomb(chance: Random) -> bytes:
    """The same with merge keys."""
    depth = chance.randrange(12, 20)
    lines = ["k0: &k0 {" + ", ".join(f"v{number}: 1" for number in range(40)) + "}"]
    lines += [f"k{n}: &k{n} {{<<: *k{n - 1}, a{n}: *k{n - 1}, b{n}: *k{n - 1}}}" for n in range(1, depth)]
    return "\n".join(lines).encode()


def deep(chance: Random) -> bytes:
    """Nested beyond all sense."""
    return chance.choice([b"[", b"{a: ", b"- "]) * chance.randrange(1000, 20_000)


def huge(chance: Random) -> bytes:
    """More than anybody writes."""
    return b"".join(b"k%d: 1\n" % number for number in range(chance.randrange(60_000, 150_000)))


def no_yaml(chance: Random) -> bytes:
    """Something else."""
    begin = chance.choice([b"\0", b"\xff\xfe", b"\x7fELF\0", b"PK\3\4\0", b"a: \0b\n", b"{\x07"])
    return begin + chance.randbytes(chance.randrange(50, 500))


def code(chance: Random) -> bytes:
    """Tags that some readers run."""
    called = chance.choice(["os.system [reboot]", "subprocess.Popen [[sh]]", "builtins.eval ['1']"])
    return b"cameras: !!python/object/apply:" + called.encode() + b"\n"


def unknown_setting(chance: Random) -> bytes:
    """What no daemon knows."""
    return f"mqtt: {{host: broker, x{chance.randrange(10**6)}: 1}}\nsensors: {{}}\n".encode()


def prying(chance: Random) -> bytes:
    """It would have the device tell a secret of its own in a complaint."""
    where = chance.choice(["mqtt: {port: '%s'}", "mqtt: {'%s': 1}", "'%s': 1", "cameras: {'%s': 1}"])
    return (where % "${FORESIGHT_MQTT_PASSWORD}" + f"\n# {chance.randrange(10**6)}\n").encode()


def text(chance: Random) -> bytes:
    """A script instead of a system."""
    return b"#!/bin/sh\n# %d\nexec reboot\n" % chance.randrange(10**6)


def file_system(chance: Random) -> bytes:
    """Another file system."""
    return bytes(1080) + b"\x53\xef" + chance.randbytes(2000)


def unsigned_squashfs(chance: Random) -> bytes:
    """A root file system without RAUC's signature."""
    return squashfs(chance, 4000)


def cut_bundle(chance: Random) -> bytes:
    """A bundle that ends too early."""
    return bundle(chance)[: -chance.randrange(1, 3000)]


def bundle(chance: Random) -> bytes:
    """What looks like a bundle of RAUC from outside."""
    signature = b"\x30\x82" + chance.randbytes(1400)
    return squashfs(chance, 4000) + signature + struct.pack(">Q", len(signature))


def squashfs(chance: Random, size: int) -> bytes:
    head = bytearray(b"hsqs" + bytes(92))
    struct.pack_into("<Q", head, 40, size)
    return bytes(head) + bytes(byte | 1 for byte in chance.randbytes(size - 96))


CONFIGURATIONS: Mapping[str, tuple[Make, Reason]] = {
    "YAML bomb of aliases": (alias_bomb, Reason.MALFORMED),
    "YAML bomb of merges": (merge_bomb, Reason.MALFORMED),
    "YAML too deep": (deep, Reason.MALFORMED),
    "YAML too large": (huge, Reason.MALFORMED),
    "no YAML": (no_yaml, Reason.MALFORMED),
    "YAML with code": (code, Reason.MALFORMED),
    "unknown settings": (unknown_setting, Reason.UNFIT),
    "asks for secrets": (prying, Reason.UNFIT),
}
SYSTEMS: Mapping[str, tuple[Make, Reason]] = {
    "no bundle but a script": (text, Reason.MALFORMED),
    "no bundle but a file system": (file_system, Reason.MALFORMED),
    "bundle without a signature": (unsigned_squashfs, Reason.MALFORMED),
    "bundle cut inside": (cut_bundle, Reason.MALFORMED),
}
