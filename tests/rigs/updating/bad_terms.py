"""Sound files that are rightly signed, on terms that are not this device's; and names that no file can have."""

from collections.abc import Callable, Mapping
from random import Random

from edge.contracts.release import FIELD, Kind
from edge.updates.trust.refusal import Reason
from tests.rigs.updating.forging import Entry

Make = Callable[[Random, str, bytes], tuple[Entry, str]]  # a name and sound content -> what is released; wished version
MOST_BYTES = 4 << 20  # that this device takes
MODEL: Mapping[str, object] = {"kind": Kind.MODEL, "task": "embedder", "version": "9"}
CUSTOM: Mapping[str, object] = {
    "format": 1,
    "kind": "model",
    "task": "embedder",
    "version": "9",
    "minimum_daemon": "",
    "boards": [],
    "groups": [],
}


def wrong_board(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    boards = tuple(chance.sample(["pi3", "pi5", "zero2w", "coral"], chance.randrange(1, 4)))
    return Entry(name, content, {**MODEL, "boards": boards}), "9"


def wrong_group(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    groups = tuple(chance.sample(["homes", "shop", "Shops", "all"], chance.randrange(1, 4)))
    return Entry(name, content, {**MODEL, "groups": groups}), "9"


def old_daemon(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    needed = chance.choice(["0.3.1", "0.4", "1", "999999999.9.9", f"{chance.randrange(1, 99)}.0.0-rc1"])
    return Entry(name, content, {**MODEL, "minimum_daemon": needed}), "9"


def other_version(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    return Entry(name, content, MODEL), chance.choice(["8", "9.0.1", "10", "9.1"])


def downgrade(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    """Below 7, which was good there."""
    version = chance.choice(["1", "4.99", "0.1", "4", "3.2.1-new", "6.9.9.9"])
    return Entry(name, content, {**MODEL, "version": version}), version


def no_place(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    other = name.replace("look", chance.choice(["lock", "Look", "looks", "paths", "street"]))
    return Entry(other, content, MODEL), "9"


def another_task(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    """Released as what this file name does not stand for here."""
    task = chance.choice(["detector", "series", "autoencoder"])
    return Entry(name, content, {**MODEL, "task": task}), "9"


def untrue_task(_chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    """Released as what could serve there, too; it is none."""
    return Entry(name, content, {**MODEL, "task": "classifier"}), "9"


def odd_fields(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    changes: list[dict[str, object]] = [
        {"format": 2},
        {"format": True},
        {"kind": "firmware"},
        {"task": "detectives"},
        {"kind": "configuration"},
        {"version": "new"},
        {"version": 9},
        {"version": "9" * 500},
        {"boards": "pi4"},
        {"boards": ["pi4\n"]},
        {"groups": [f"g{number}" for number in range(1001)]},
        {"minimum_daemon": None},
    ]
    return Entry(name, content, {}, custom={FIELD: {**CUSTOM, **chance.choice(changes)}}), "9"


def no_hash(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    hashes = chance.choice([{"md5": "0" * 32}, {"sha256": "A" * 64}, {"sha256": "../../x"}, {"sha512": "0" * 128}])
    return Entry(name, content, MODEL, hashes=hashes), "9"


def too_large(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    return Entry(name, content, MODEL, length=chance.randrange(MOST_BYTES + 1, 1 << 50)), "9"


def longer_than_told(chance: Random, name: str, content: bytes) -> tuple[Entry, str]:
    """Signed for as longer than it is: it ends too early."""
    return Entry(name, content, MODEL, length=len(content) + chance.randrange(1, 1000)), "9"


TERMS: Mapping[str, tuple[Make, Reason]] = {
    "wrong board": (wrong_board, Reason.WRONG_BOARD),
    "wrong group": (wrong_group, Reason.WRONG_GROUP),
    "old daemon": (old_daemon, Reason.OLD_DAEMON),
    "another version": (other_version, Reason.VERSION),
    "downgrade": (downgrade, Reason.DOWNGRADE),
    "no such place": (no_place, Reason.NO_PLACE),
    "task of another place": (another_task, Reason.NO_PLACE),
    "task of another model": (untrue_task, Reason.UNFIT),
    "odd fields": (odd_fields, Reason.MALFORMED),
    "without a SHA-256": (no_hash, Reason.MALFORMED),
    "too large": (too_large, Reason.TOO_LARGE),
    "signed as longer": (longer_than_told, Reason.TRUNCATED),
}


def odd_name(chance: Random, number: int) -> str:
    """A name that would lead elsewhere, or is none."""
    up = "../" * chance.randrange(1, 6)
    return chance.choice(
        [
            f"{up}look.tflite",
            f"models/{up}etc/{number}/look.tflite",
            f"/etc/foresight/{number}/look.tflite",
            f"models/{number}/../look.tflite",
            f"./{number}/look.tflite",
            f"models/{number}/./look.tflite",
            f"models//{number}/look.tflite",
            f"models\\{number}\\look.tflite",
            f"~/{number}/look.tflite",
            f"models/{number} /look.tflite",
            f"mod\u00e8les/{number}/look.tflite",
            f"models/{number}%2e%2e/look.tflite",
            f"models/{number}?/look.tflite",
        ]
    )


def unprintable_name(chance: Random, number: int) -> str:
    """A name that cannot even be wished for."""
    odd = chance.choice(["\0", "\n", "\r", "\t", "\x1b[31m", "\u202e", "\x7f"])
    return f"models/{number}{odd}/look.tflite"
