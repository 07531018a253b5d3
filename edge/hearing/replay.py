"""`foresight replay some.wav --classifier model.tflite`: what was recognised when, on the screen and as JSON lines."""

import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from edge.config.loader import load
from edge.config.sequences import SoundSettings, WindowClassifier
from edge.config.settings import Settings
from edge.contracts.errors import ConfigError
from edge.contracts.recognition import Recognition, encode_recognised, encode_recognition
from edge.contracts.resampling import Resampler
from edge.hearing.opening import open_classifier
from edge.outputs import refuse_own_input, writable_folder
from edge.runtime.settings import RuntimeSettings
from edge.sensors.sound_settings import WavSource
from edge.sensors.wav_clip import WavClip, no_wait
from edge.sequences.sounds import SoundClassifier

CLASSES, EVENTS = "classes.jsonl", "events.jsonl"


def replay_sound(source: Path, config: Path | None, classifier: Path | None, out: Path, console: Console) -> None:
    """Write every window's class into `classes.jsonl`, what was recognised into `events.jsonl`; times are the clip's.

    Args:
        source: the wav file.
        config: its first microphone's classifier is taken, and when its answers count.
        classifier: a model file, in place of the configuration's.
        out: folder.
        console: for what was recognised.

    Raises:
        EdgeError: the file, the model or the configuration cannot be used; says why.
    """
    name, settings = _settings(config, classifier)
    writable_folder(out, "--out")
    refuse_own_input(str(source), [out / CLASSES, out / EVENTS])
    begin_s = time.monotonic()
    with ExitStack() as stack:
        model = open_classifier(name, settings, RuntimeSettings(), None, stack)
        sounds = SoundClassifier(model, settings)
        classes, events = (stack.enter_context((out / file).open("wb")) for file in (CLASSES, EVENTS))
        recognised, heard_s = 0, 0.0
        for found in _recognitions(source, sounds):
            classes.write(encode_recognition(found) + b"\n")
            heard_s = found.utc_ns / 1e9
            if found.fresh:
                recognised += 1
                events.write(encode_recognised(found, "replay", "replay") + b"\n")
                _say(found, console)
    console.print(
        f"{recognised} recognised in {heard_s:.1f} s of sound, {model.runs} windows classified in "
        f"{time.monotonic() - begin_s:.1f} s -> {out}/{CLASSES}, {EVENTS}",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


def _recognitions(source: Path, sounds: SoundClassifier) -> "list[Recognition]":
    found: list[Recognition] = []
    with WavClip(WavSource(path=source), no_wait) as clip:
        wanted_hz = sounds.window.rate_hz
        resampler = Resampler(clip.rate_hz, wanted_hz) if clip.rate_hz != wanted_hz else None
        while (piece := clip.read(0.0)) is not None:
            samples = resampler.step(piece.samples) if resampler else piece.samples
            found += sounds.step(samples, piece.t_s, piece.utc_ns)
    return found


def _say(found: Recognition, console: Console) -> None:
    text = f"{found.utc_ns / 1e9:8.2f} s  {found.label}  {found.probability:.2f}"
    console.print(text, markup=False, highlight=False)


def _settings(config: Path | None, classifier: Path | None) -> tuple[str, WindowClassifier]:
    sounds: dict[str, SoundSettings] = load(config, Settings).sounds if config else {}
    name, first = next(iter(sounds.items()), ("sound", None))
    if classifier is not None:
        kept = first.classifier.model_dump(exclude={"path", "sha256"}) if first else {}
        return name, WindowClassifier(path=classifier, **kept)
    if first is None:
        raise ConfigError("a wav file is classified by a model: name it with --classifier, or --config with `sounds:`")
    return name, first.classifier
