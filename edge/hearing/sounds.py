"""All microphones at work, each on a thread of its own."""

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from edge.composed import Composed
from edge.config.sequences import SoundSettings
from edge.contracts.errors import EdgeError
from edge.hearing.opening import open_classifier
from edge.hearing.telling import Told
from edge.runtime.settings import RuntimeSettings
from edge.sensors.listening import CLOSE_S, Listening
from edge.sensors.microphone import Microphone
from edge.sensors.sound_piece import Piece, Sounding
from edge.sensors.sound_settings import AnySound, MicrophoneSource
from edge.sensors.wav_clip import WavClip
from edge.sequences.sounds import SoundClassifier

LOG_PAUSE_S = 60.0
_POLL_S = 0.2
_log = logging.getLogger(__name__)


class Hearing(Composed):
    """Use as a context manager: entering loads models and starts to listen.

    Args:
        sounds: by name.
        runtime: how models are run.
        state_dir: of the daemon.
        told: of all that is recognised.
    """

    def __init__(
        self, sounds: Mapping[str, SoundSettings], runtime: RuntimeSettings, state_dir: Path, told: Told
    ) -> None:
        self._sounds, self._runtime, self._state_dir, self._told = sounds, runtime, state_dir, told
        self._ears: dict[str, Listening] = {}
        self.options: dict[str, tuple[str, ...]] = {}

    def _open(self, stack: ExitStack) -> None:
        for name, settings in self._sounds.items():
            self._ears[name] = self._ear(name, settings, stack)
        stack.callback(self._close)
        for ear in self._ears.values():
            ear.begin()

    def end(self) -> None:
        """Ask all threads to end, all at once; does not wait."""
        for ear in self._ears.values():
            ear.end()

    def _close(self) -> None:
        """End all of them, within one deadline."""
        self.end()
        until_s = time.monotonic() + CLOSE_S
        for ear in self._ears.values():
            ear.close(max(0.0, until_s - time.monotonic()))

    @property
    def ended(self) -> bool:
        """Whether every source is a recording that is over; also where there is none."""
        return all(ear.ended for ear in self._ears.values())

    @property
    def heard(self) -> dict[str, bool]:
        """Whether anything is heard now, by name."""
        return {name: ear.pieces > 0 and not ear.trouble for name, ear in self._ears.items()}

    def due_s(self) -> dict[str, float]:
        """By when each thread comes round again, unless it hangs."""
        return {f"sound {name}": ear.due_s for name, ear in self._ears.items()}

    def wait(self, ended: threading.Event) -> None:
        """Until `ended` is set or nothing will be heard any more."""
        while not ended.is_set() and not self.ended:
            ended.wait(_POLL_S)

    def _ear(self, name: str, settings: SoundSettings, stack: ExitStack) -> Listening:
        classifier = open_classifier(name, settings.classifier, self._runtime, self._state_dir, stack)
        heard = _Heard(SoundClassifier(classifier, settings.classifier), self._told)
        self.options[name] = classifier.options
        rate_hz = heard.rate_hz
        return Listening(name, partial(open_sound, name, settings.source, rate_hz), rate_hz, heard)


def open_sound(name: str, source: AnySound, rate_hz: int) -> Sounding:
    """The source of a sound, not yet entered."""
    return Microphone(name, source, rate_hz) if isinstance(source, MicrophoneSource) else WavClip(source)


class _Heard:
    """What becomes of the pieces of one sound."""

    def __init__(self, classifier: SoundClassifier, told: Told) -> None:
        self._classifier, self._told = classifier, told
        self.rate_hz = classifier.window.rate_hz
        self._said_s = -LOG_PAUSE_S

    def __call__(self, piece: Piece, follows: bool) -> None:
        if not follows:
            self._classifier.clear()
        try:
            for found in self._classifier.step(piece.samples, piece.t_s, piece.utc_ns):
                self._told(found)
        except EdgeError as error:
            if time.monotonic() - self._said_s >= LOG_PAUSE_S:
                self._said_s = time.monotonic()
                _log.error("a sound could not be classified: %s", error)
