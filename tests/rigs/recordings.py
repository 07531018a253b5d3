"""Recordings with one class each: tones for sounds, motions for sensors."""

from pathlib import Path

import numpy as np

from edge.contracts.types import F32
from tests.rigs.sounds import write_wav

TONES_HZ = {"high": 2200.0, "low": 400.0, "rising": 0.0}
MOTIONS = ("rest", "shake", "swing")


def tone(label: str, seed: int, seconds: float = 0.4, rate_hz: int = 8000) -> F32:
    """A sound of a class, in noise, a little different with each seed."""
    chance = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch = TONES_HZ[label] * chance.uniform(0.95, 1.05) or 500 + 2500 * t
    made = chance.uniform(0.2, 0.6) * np.sin(2 * np.pi * pitch * t) + chance.normal(0, 0.003, len(t))
    return made.astype(np.float32)


def tones(folder: Path, speakers: int = 6, each: int = 3) -> Path:
    """Files `{label}_{speaker}_{number}.wav`."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, label in enumerate(TONES_HZ):
        for speaker in range(speakers):
            for number in range(each):
                seed = (index * speakers + speaker) * each + number
                write_wav(folder / f"{label}_s{speaker}_{number}.wav", tone(label, seed))
    return folder


def motion(label: str, seed: int, samples: int = 60) -> F32:
    """Values (samples, 3) of a class at 20 per second."""
    chance = np.random.default_rng(seed)
    t = np.arange(samples) / 20
    size, pace = {"rest": (0.0, 1.0), "shake": (2.0, 5.0), "swing": (2.0, 1.0)}[label]
    wave = size * np.sin(2 * np.pi * pace * t + chance.uniform(0, 6))
    values = np.stack([wave, 0.5 * wave, np.full(samples, 9.81)], axis=1) + chance.normal(0, 0.1, (samples, 3))
    return values.astype(np.float32)


def motions(folder: Path, each: int = 8, samples: int = 60) -> Path:
    """Files `{label}/{number}.csv` with a column of seconds."""
    for index, label in enumerate(MOTIONS):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            values = motion(label, 100 * index + number, samples).tolist()
            rows = [f"{row / 20:.2f},{x:.4f},{y:.4f},{z:.4f}" for row, (x, y, z) in enumerate(values)]
            (folder / label / f"{number}.csv").write_text("\n".join(["time,x,y,z", *rows]) + "\n")
    return folder


def sktime(path: Path, cases: list[tuple[str, F32]]) -> Path:
    """A `.ts` file of cases: class and values (N, C)."""
    labels = " ".join(dict.fromkeys(label for label, _ in cases)) or "a b"
    lines = ["#made for a test", "@problemName Test", "@timeStamps false", f"@classLabel true {labels}", "@data"]
    for label, values in cases:
        dimensions = [",".join(f"{x:.6f}" for x in column) for column in values.T]
        lines.append(":".join([*dimensions, label]))
    path.write_text("\n".join(lines) + "\n")
    return path
