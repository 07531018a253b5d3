"""Whether microphones can be heard."""

import shutil
import time
from collections.abc import Iterator

import numpy as np

from edge.config.sequences import SoundSettings
from edge.contracts.errors import ModelError, SourceError
from edge.contracts.windows import SoundWindow
from edge.doctor.findings import Finding, ok, trouble, warning
from edge.hearing.sounds import open_sound
from edge.sensors.microphone import INSTALL, PROGRAM

LISTENED_S, FIRST_S = 1.0, 5.0
QUIET_DB = -80.0  # a microphone that is plugged in and turned up hears more, even in a quiet room
USUAL_HZ = 16_000


def recorder() -> Iterator[Finding]:
    """Whether a microphone could be used at all; it need not."""
    found = shutil.which(PROGRAM)
    yield ok("sound", found or f"`{PROGRAM}` is not there, which only microphones need; {INSTALL}")


def sound(name: str, settings: SoundSettings) -> Iterator[Finding]:
    """Open it and listen for a second."""
    subject = f"sound {name}"
    try:
        window = settings.classifier.read().window
        rate_hz = window.rate_hz if isinstance(window, SoundWindow) else USUAL_HZ
        loudest, rate = _heard(name, settings, rate_hz)
    except SourceError as error:
        what, _, todo = str(error).removeprefix(f"sensor {name}: ").partition("; ")
        yield trouble(subject, what, todo or "correct `source`")
        return
    except ModelError as error:
        yield trouble(subject, str(error), "name a model of `foresight-train series classify`")
        return
    said = f"{rate} samples a second, loudest {loudest:.0f} dB of full scale"
    if loudest < QUIET_DB:
        yield warning(subject, said, "it is silent: `alsamixer` turns it up, F4 shows what is captured")
    else:
        yield ok(subject, said)


def _heard(name: str, settings: SoundSettings, rate_hz: int) -> tuple[float, int]:
    """Loudest sample, dB of full scale, and the rate.

    Raises:
        SourceError: nothing can be heard.
    """
    with open_sound(name, settings.source, rate_hz) as source:
        deadline_s, end_s, loudest = time.monotonic() + FIRST_S, time.monotonic() + LISTENED_S, 0.0
        while (piece := source.read(deadline_s)) is not None:
            loudest = max(loudest, float(np.abs(piece.samples).max(initial=0.0)))
            if time.monotonic() >= end_s:
                break
        return float(20 * np.log10(max(loudest, 1e-6))), source.rate_hz
