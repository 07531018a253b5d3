"""What goes wrong with a card, in words."""

from errno import EIO, ENODEV, ENOMEDIUM, ENOSPC, ENXIO, EROFS, ESHUTDOWN

from firmware_tools.errors import FirmwareError

GONE = "it is gone: was it unplugged?"
WORDS: dict[int, str] = {
    EIO: "it is worn out, badly seated, or was unplugged; try another reader, then another card",
    ENOSPC: "it holds less than it says; use another card",
    EROFS: "it has made itself read-only, as worn-out cards do; use another card",
    ENODEV: GONE,
    ENXIO: GONE,
    ENOMEDIUM: GONE,
    ESHUTDOWN: GONE,
}


class CardError(FirmwareError):
    """The card failed; what is on it does not boot."""


def failed(name: str, doing: str, offset: int, error: OSError) -> CardError:
    """The error for what the system says of a card: where it was, and what to do."""
    said = error.strerror or str(error)
    return CardError(
        f"{name}: {doing} at byte {offset} failed ({said}): {WORDS.get(error.errno or 0, 'use another card')}"
    )


def silent(name: str, doing: str, deadline_s: float) -> CardError:
    """The error for a card that does not answer any more."""
    return CardError(f"{name}: {doing} has had no answer for {deadline_s:.0f} s: pull the card out and use another one")


def different(name: str, offset: int, length: int) -> CardError:
    """The error for a card that reads otherwise than it was written."""
    return CardError(
        f"{name}: the {length} bytes at byte {offset} read otherwise than they were written: the card is worn out or "
        "holds less than it says; use another one"
    )
