"""Looks at people who walk in bends, for whoever learns from paths. Lengths are metres, nobody has a box."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from edge.contracts.track_grid import Past
from edge.contracts.types import F64
from edge.learning.moments import Look
from edge.learning.sample import Sample
from edge.learning.tracks import TrackSampler
from tests.rigs.trainee import WINDOW

EVERY_S = 0.25
HISTORY = 8
STAYS_S = 20.0  # each of them
LANES, LANE, LONG_BEFORE, PASSES_S = 3, 15.0, 4.0, 8.0  # of a doorway: how many, metres apart and to it, each of them


def positions(count: int, seconds: float, turn: float, seed: int) -> tuple[F64, F64]:
    """Times (L,) and places (L, P, 2), NaN where one is not there; people come and go one after another.

    Args:
        count: how many are there at a time.
        seconds: length.
        turn: radians per second by which everyone turns left.
        seed: of all chance.
    """
    random = np.random.default_rng(seed)
    times = np.arange(0, seconds, EVERY_S)
    visits = int(np.ceil(seconds / STAYS_S)) + 1
    place = np.full((len(times), count * visits, 2), np.nan)
    for person in range(count * visits):
        begin_s = (person // count) * STAYS_S - STAYS_S * (person % count) / count
        there = (times >= begin_s) & (times < begin_s + STAYS_S - 1)
        age = times[there] - begin_s
        speed, first = random.uniform(0.8, 1.6), random.uniform(-np.pi, np.pi)
        radius = speed / max(abs(turn), 1e-6) * np.sign(turn or 1)
        angle = first + turn * age
        bent = radius * np.stack([np.sin(angle) - np.sin(first), np.cos(first) - np.cos(angle)], axis=1)
        straight = speed * age[:, None] * np.array([np.cos(first), np.sin(first)])
        place[there, person] = random.uniform(-20, 20, 2) + (bent if turn else straight)
    return times, place + random.normal(0, 0.01, place.shape)


def doorway(seconds: float, seed: int, turn: float = 0.6) -> tuple[F64, F64]:
    """The same of people who all walk east, one after another on each of three lanes, and turn left on the first.

    They turn at x = 0, by so many radians per second until they walk north; on the other lanes nobody turns.
    """
    random = np.random.default_rng(seed)
    times = np.arange(0, seconds, EVERY_S)
    visits = int(np.ceil(seconds / PASSES_S))
    place = np.full((len(times), LANES * visits, 2), np.nan)
    for person in range(LANES * visits):
        begin_s, lane = (person // LANES + random.random()) * PASSES_S, person % LANES
        speed, there = random.uniform(0.9, 1.1), (times >= begin_s) & (times < begin_s + PASSES_S)
        at_door = (times[there] - begin_s) * speed > LONG_BEFORE
        angle = np.minimum(np.cumsum(at_door) * EVERY_S * turn, np.pi / 2) if lane == 0 else np.zeros(there.sum())
        gone = np.cumsum(speed * EVERY_S * np.exp(1j * angle)) - LONG_BEFORE
        place[there, person] = np.stack([gone.real, gone.imag + LANE * lane + random.uniform(-0.3, 0.3)], axis=1)
    return times, place + random.normal(0, 0.01, place.shape)


def looks(
    count: int = 6, seconds: float = 60.0, turn: float = 0.4, seed: int = 1, begin_s: float = 1000.0
) -> Iterator[Look]:
    """Every quarter of a second."""
    return looks_at(*positions(count, seconds, turn, seed), begin_s)


def looks_at(times: F64, place: F64, begin_s: float) -> Iterator[Look]:
    """At people who are at these places."""
    for now in range(1, len(times)):
        there = np.isfinite(place[now - 1 : now + 1, :, 0]).all(axis=0)
        rows = np.flatnonzero(there)
        before = max(0, now - HISTORY + 1)
        seen = np.full((len(rows), HISTORY, 2), np.nan)
        seen[:, HISTORY - (now + 1 - before) :] = place[before : now + 1, rows].transpose(1, 0, 2)
        age = np.where(np.isfinite(seen[..., 0]), np.arange(HISTORY - 1, -1, -1) * EVERY_S, np.nan)
        velocity = (seen[:, -1] - seen[:, -3]) / (2 * EVERY_S)
        velocity = np.where(np.isfinite(velocity), velocity, (seen[:, -1] - seen[:, -2]) / EVERY_S)
        n = len(rows)
        past = Past(seen, age, velocity, np.zeros((n, 2)), np.full(n, -1), np.zeros(n))
        t_s = begin_s + float(times[now])
        askable = np.isfinite(age).sum(axis=1) >= 6
        yield Look(t_s, t_s, rows.astype(np.int64) + 1, seen[:, -1].copy(), past, askable, ["person"] * n)


def samples(
    count: int = 6,
    seconds: float = 60.0,
    turn: float = 0.4,
    seed: int = 1,
    begin_s: float = 1000.0,
    every_s: float = 0.5,
) -> list[Sample]:
    """What a sampler makes of them."""
    sampler = TrackSampler(WINDOW, f"run{seed}", every_s)
    return [one for look in looks(count, seconds, turn, seed, begin_s) for one in sampler.look(look)]


def through_the_doorway(seconds: float, seed: int, begin_s: float = 1000.0, turn: float = 0.6) -> list[Sample]:
    """What a sampler makes of `doorway`."""
    sampler = TrackSampler(WINDOW, f"door{seed}", every_s=0.5)
    return [one for look in looks_at(*doorway(seconds, seed, turn), begin_s) for one in sampler.look(look)]


def spoiled(sample: Sample, random: np.random.Generator, size: float = 1.0) -> Sample:
    """The same with a future that is nothing but noise."""
    future = random.normal(0, size, sample.arrays["future"].shape).astype(np.float32)
    return replace(sample, arrays={**sample.arrays, "future": future})


def trembling(count: int, seconds: float, seed: int, begin_s: float, every_s: float = 0.5) -> list[Sample]:
    """Samples of tracks that are none: they tremble where they are, jump a little, and are soon gone."""
    random = np.random.default_rng(seed)
    sampler, found = TrackSampler(WINDOW, f"wall{seed}", every_s), list[Sample]()
    for look in looks(count, seconds, 0.0, seed, begin_s):
        n = len(look.id)
        here = np.stack([look.id * 3.0, look.id % 7.0], axis=1) + random.normal(0, 0.3, (n, 2))
        position = np.where(
            np.isfinite(look.past.position), here[:, None] + random.normal(0, 0.3, (n, HISTORY, 2)), np.nan
        )
        position[:, -1] = here
        velocity = (position[:, -1] - position[:, -3]) / (2 * EVERY_S)
        velocity = np.where(np.isfinite(velocity), velocity, 0.0)
        found += sampler.look(replace(look, seen=here, past=replace(look.past, position=position, velocity=velocity)))
    return found
