"""Samples of paths: what was known of a track at one moment, and where it then went."""

from collections import deque

import numpy as np

from edge.contracts.flow_map import places
from edge.contracts.track_grid import boxed, lengths
from edge.contracts.track_windows import Encoded, departure, encode
from edge.contracts.types import F64, Mask
from edge.contracts.windows import TrackWindow
from edge.learning.moments import SAME_TIME_S, Look, Moment
from edge.learning.sample import PLACE, Sample

MOST_MOMENTS, MOST_TRACKS = 64, 32  # kept open at a time, and of each
CLOCK_SET_S = 1.0  # the two clocks part by more when one of them was set
STILL, BENT = 0.25, 0.25  # lengths moved until the last horizon; departure from the line as a share of the way


class TrackSampler:
    """Makes samples of looks, which may come at any times. Its memory is bounded.

    Errors of objects with a box count in heights of the box; those of objects without one in metres.

    Args:
        window: of the network.
        run: names this start of the program: identities of tracks mean something within it only.
        every_s: between moments that are kept.
    """

    def __init__(self, window: TrackWindow, run: str, every_s: float = 1.0) -> None:
        self._window, self._run = window, run
        self._every_s = max(every_s, window.horizons_s[-1] / (MOST_MOMENTS - 2)) - SAME_TIME_S
        self._open: deque[Moment] = deque(maxlen=MOST_MOMENTS)
        self._last: Look | None = None
        self._kept_s = -np.inf

    def look(self, look: Look) -> list[Sample]:
        """Take in a look; the samples that it completes, oldest first."""
        last = self._last
        if not np.isfinite([look.t_s, look.utc_s]).all():
            return []
        if last is not None and _clock_set(last, look):
            self._open.clear()
            last, self._kept_s = None, -np.inf
        self._last = look
        if last is not None:
            for moment in self._open:
                moment.come(last, look)
        found: list[Sample] = []
        while self._open and self._open[0].over:
            found += self._samples(self._open.popleft())
        if look.t_s - self._kept_s >= self._every_s:
            self._keep(look)
        return found

    def _keep(self, look: Look) -> None:
        rows = np.flatnonzero(look.askable & np.isfinite(look.seen).all(axis=1))
        rows = rows[:: -(-len(rows) // MOST_TRACKS) or 1]
        if len(rows):
            self._kept_s = look.t_s
            encoded = encode(look.past, self._window)
            chosen = Encoded(*(getattr(encoded, name)[rows] for name in Encoded.__slots__))
            self._open.append(Moment(look, rows, chosen, self._window.horizons_s))

    def _samples(self, moment: Moment) -> list[Sample]:
        """One of each track of which at least one horizon is known."""
        window, encoded, look = self._window, moment.encoded, moment.look
        weight = np.where(boxed(look.past)[moment.rows], 1.0, encoded.scale)
        target = departure(moment.future, encoded, window)
        place = places(encoded, encoded.scale / weight, window)
        known: Mask = np.logical_and.reduce(np.isfinite(target), axis=2)
        past_s = (window.samples - 1) * window.step_s
        kinds = _movements(moment, known, np.array(window.horizons_s))
        found = []
        for row in np.flatnonzero(known.any(axis=1) & np.isfinite(encoded.x).all(axis=(1, 2))):
            last_s = window.horizons_s[int(np.flatnonzero(known[row])[-1])]
            arrays = {
                "tracks": encoded.x[row],
                "future": np.where(known[row, :, None], target[row], 0.0).astype(np.float32),
                "known": known[row].astype(np.float32),
                PLACE: place[row],
            }
            at = moment.rows[row]
            found.append(
                Sample(
                    arrays,
                    look.utc_s - past_s,
                    look.utc_s + last_s,
                    f"{self._run}:{look.id[at]}",
                    f"{look.kind[at]}/{kinds[row]}",
                    float(weight[row]),
                )
            )
        return found


def _clock_set(last: Look, look: Look) -> bool:
    """Whether time went back or stood, or the wall clock was set."""
    passed_s = look.t_s - last.t_s
    return passed_s <= 0 or abs(look.utc_s - last.utc_s - passed_s) > CLOCK_SET_S


def _movements(moment: Moment, known: Mask, horizon_s: F64) -> list[str]:
    """How each track (n,) went, as far as is known: one that stands teaches little, and there are many of them."""
    row = np.arange(len(known))
    newest = known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    end = moment.future[row, newest]
    way: F64 = np.nan_to_num(np.hypot(*(end - moment.encoded.origin).T))
    velocity = moment.encoded.velocity * horizon_s[newest][:, None]
    off = np.nan_to_num(np.hypot(*(end - moment.encoded.origin - velocity).T))
    length = lengths(moment.look.past)[moment.rows]
    names = np.where(way < STILL * length, "still", np.where(off > BENT * way, "bent", "straight"))
    return [str(name) for name in names]
