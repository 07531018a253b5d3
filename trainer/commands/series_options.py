"""Lists in options."""

from trainer.errors import TrainError


def words(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def numbers(text: str, option: str) -> tuple[float, ...]:
    """Numbers above 0 between commas.

    Raises:
        TrainError: one is none.
    """
    try:
        found = tuple(float(word) for word in words(text))
    except ValueError as error:
        raise TrainError(f"{option} {text!r}: give numbers with commas between them, 60,3600 say") from error
    if any(not 0 < number < 1e9 for number in found):
        raise TrainError(f"{option} {text!r}: all must be above 0")
    return found
