"""Windows of sensors' values changed for training: jitter, size, turns, a part of the window, another beginning."""

import numpy as np

from edge.contracts.types import F32, F64
from trainer.series.classify.settings import MotionChange


def changed(windows: F32, change: MotionChange, chance: np.random.Generator) -> F32:
    """Scaled windows (B, S, C), each changed in its own way."""
    made = windows.astype(np.float64)
    for index in range(len(made)):
        made[index] = _one(made[index], change, chance)
    return made.astype(np.float32)


def _one(values: F64, change: MotionChange, chance: np.random.Generator) -> F64:
    samples, channels = values.shape
    moved = np.roll(values, int(chance.uniform(-change.shift, change.shift) * samples), axis=0)
    kept = 1 - chance.uniform(0, change.crop)
    begin = chance.uniform(0, 1 - kept) * (samples - 1)
    at = begin + np.linspace(0, kept * (samples - 1), samples)
    cut = np.stack([np.interp(at, np.arange(samples), column) for column in moved.T], axis=1)
    if change.rotation_rad and channels % 3 == 0:
        cut = turned(cut, chance.normal(size=3), chance.uniform(-change.rotation_rad, change.rotation_rad))
    cut = cut * np.exp(chance.uniform(-change.scaling, change.scaling))
    return cut + chance.normal(0, change.jitter, cut.shape)


def turned(values: F64, axis: F64, angle_rad: float) -> F64:
    """Each triple of channels turned by the same angle about the same axis (Rodrigues' formula)."""
    x, y, z = axis / max(float(np.linalg.norm(axis)), 1e-12)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * (cross @ cross)
    return (values.reshape(len(values), -1, 3) @ turn.T).reshape(values.shape)
