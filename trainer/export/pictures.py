"""Pictures to calibrate on, out of a folder: those that a model is scored on later must not be among them."""

from pathlib import Path

from trainer.errors import TrainError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
HELD_OUT = frozenset({"val", "valid", "validation", "test"})


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """All pictures below a folder in the order of their names, without those in folders held out for scores.

    Raises:
        TrainError: there are none.
    """
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not HELD_OUT & set(path.relative_to(folder).parts[:-1])
    )
    if not found:
        raise TrainError(f"{folder} holds no pictures to calibrate on; name a folder of the training split")
    return tuple(found)
