"""What each level responds to: the patches that excite its weightiest channels most, and what they would like best."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.contracts.preprocess import PADDING
from edge.contracts.types import F32, U8
from trainer.explain.contents import Section, Shot
from trainer.explain.dream import colours_of, dreams
from trainer.explain.flat import Flat
from trainer.explain.levels import Level
from trainer.explain.pictures import View, Views, spread
from trainer.explain.reach import Reach
from trainer.explain.sheets import kernel_sheet, patch_rows
from trainer.explain.strongest import Peaks, peaks, weights
from trainer.explain.subject import Subject
from trainer.report.contents import Table

CHANNELS, PATCHES, WEIGHED, COLOURED = 8, 8, 16, 20
_DEPTHS = (
    "So close to the pixels a network knows edges, blobs and colours: expect stripes of one direction, and plain hues.",
    "Half way up edges are put together to motifs: expect corners, textures, bars, round dark spots.",
    "Far up motifs are put together to parts and things: expect patches that a person would give the same name.",
)
_READING = (
    "Each row is one channel, the weightiest for the verdicts first. After its number stands {first}"
    "the {patches} patches, each of another picture, that it responded to most, strongest first. What a row has in "
    "common is what the channel looks for; a row without anything in common is one that the network makes little of."
)
_DREAM = "the patch that it would like best, climbed to from noise; right of the gap, "


def pattern_sections(subject: Subject, views: Views, *, dreaming: bool) -> tuple[Section, ...]:
    """The kernels of the first layer, where they can be shown, and one section per level.

    Args:
        subject: the network.
        views: the pictures to look for patches in.
        dreaming: show too what the channels would like best.
    """
    found = peaks(subject.flat, subject.levels, views.views)
    chosen = [level for level, _ in subject.levels]
    few = spread(views.views, WEIGHED)
    worth = weights(subject.flat, chosen, few, subject.logits, subject.reader.verdict)
    colours = colours_of(np.stack([view.tensor for view in spread(views.views, COLOURED)]))
    sections = list(_kernels(subject.flat))
    for number, ((level, reach), one, weight) in enumerate(zip(subject.levels, found, worth, strict=True), 1):
        channels = weightiest(weight, one)
        liked = dreams(subject.network, level, reach, channels, colours) if dreaming and channels else []
        rows = [_row(views.views, reach, one, channel) for channel in channels]
        if liked:
            rows = [(name, [dream, *patches]) for (name, patches), dream in zip(rows, liked, strict=True)]
        sections.append(_section((number, len(subject.levels)), level, reach, patch_rows(rows, 1 if liked else 0)))
    return tuple(sections)


def weightiest(weight: F32, found: Peaks) -> list[int]:
    """The channels that move the verdicts most, of those that respond differently to different pictures."""
    varies = np.ptp(np.where(np.isfinite(found.value), found.value, 0), axis=0) > 0
    order = [channel for channel in np.argsort(-weight, kind="stable").tolist() if varies[channel] or len(varies) == 1]
    return order[:CHANNELS]


def patch(view: View, reach: Reach, row: int, column: int) -> U8:
    """(side, side, 3) BGR: what a unit sees of a picture, grey beyond its edges."""
    x, y = reach.corner(row, column)
    edge = reach.side
    wide = cv2.copyMakeBorder(view.seen, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(PADDING,) * 3)
    left, top = (min(max(at + edge, 0), wide.shape[0] - edge) for at in (x, y))
    return wide[top : top + edge, left : left + edge]


def level_table(subject: Subject) -> Table:
    """The levels in figures."""
    size = subject.trained.input_px
    rows = tuple(
        (level.name, f"{level.side} x {level.side}", str(level.channels), f"{reach.side}", f"{reach.side / size:.0%}")
        for level, reach in subject.levels
    )
    return Table(
        "The levels",
        ("layer", "places", "channels", "sees, px", "of the width"),
        rows,
        ("What a place sees was measured: the square that holds 70 % of the gradient with respect to the pixels.",),
    )


def _row(views: Sequence[View], reach: Reach, found: Peaks, channel: int) -> tuple[str, list[U8]]:
    best = found.best(channel, PATCHES).tolist()
    return f"no. {channel}", [
        patch(views[index], reach, int(found.row[index, channel]), int(found.column[index, channel])) for index in best
    ]


def _section(place: tuple[int, int], level: Level, reach: Reach, sheet: U8) -> Section:
    number, count = place
    depth = _DEPTHS[min((number - 1) * len(_DEPTHS) // count, len(_DEPTHS) - 1)]
    seen = f"Each of its {level.side} x {level.side} places sees about {reach.side} x {reach.side} pixels."
    shot = Shot(f"level_{number}_{level.name}", f"{level.name}: strongest responses, a row per channel", sheet)
    return Section(f"Level {number} of {count}: {level.name}", (f"{seen} {depth}",), (shot,), narrow=False)


def how_to_read(*, dreaming: bool) -> str:
    """How the sheets of patches are read."""
    return _READING.format(first=_DREAM if dreaming else "", patches=PATCHES)


def _kernels(flat: Flat) -> tuple[Section, ...]:
    """The kernels of the first layer, where it looks at the colours themselves."""
    first = next((step.layer for step in flat.steps if hasattr(step.layer, "kernel")), None)
    kernels: F32 = np.asarray(first.kernel if first is not None else 0, np.float32)
    if kernels.ndim != 4 or kernels.shape[2] != 3:
        return ()
    text = (
        f"The {kernels.shape[3]} kernels of {kernels.shape[0]} x {kernels.shape[1]} pixels that look at the picture "
        "itself, as colours: grey is 0, a plain grey one is not used. Light beside dark finds edges of that direction, "
        "one hue finds that hue. Kernels like noise would say that the network has not been trained for long.",
    )
    shot = Shot("kernels", "kernels of the first layer", kernel_sheet(kernels))
    return (Section("The first layer", text, (shot,), narrow=False),)
