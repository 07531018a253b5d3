"""What the verdicts on one picture rest upon, as heat over it."""

import re
from collections.abc import Sequence

import numpy as np

from edge.contracts.manifest import Task
from edge.contracts.types import F32
from trainer.explain.contents import Section, Shot
from trainer.explain.gradcam import heat, laid_out
from trainer.explain.levels import Level, level_named
from trainer.explain.pictures import View
from trainer.explain.reach import Reach, reaches
from trainer.explain.sheets import framed, overlay, shrunk
from trainer.explain.subject import Subject
from trainer.explain.verdict import MIN_SCORE, WHOLE, Finding

LONGEST_PX = 640
DEEPEST = 3  # levels to show
_READING = (
    "Red is where the evidence for the verdict lies, blue where there is little, grey where there is none; what speaks "
    "against it is not shown. Shallow levels are sharp and know little of things, deep ones know things and are "
    "blurred. Heat beside the thing says that the network goes by its surroundings."
)
_UNSURE = " The network is sure of nothing here: this is its best guess."
_NOTHING = "Nothing at this level speaks for it."


def evidence_section(subject: Subject, view: View, level: str = "") -> Section:
    """Heat maps of the surest verdicts on one picture.

    Args:
        subject: the network.
        view: the picture.
        level: the layer to read the evidence from; "" = the deepest few.

    Raises:
        TrainError: there is no such layer.
    """
    outputs = subject.network(view.tensor[None], training=False)
    found = subject.reader.found(outputs, subject.trained.labels, subject.trained.input_px)
    chosen = _chosen(subject, view, level)
    shots = [_plain(view, found)]
    for number, finding in enumerate(found, 1):
        shots.extend(_shot(subject, view, (number, finding), one) for one in chosen)
    sure = "" if found and found[0].score >= MIN_SCORE else _UNSURE
    return Section(f"Why? {view.path.name}", (_READING + sure,), tuple(shots), narrow=True)


def verdict_heat(subject: Subject, view: View, finding: Finding, chosen: tuple[Level, Reach]) -> F32:
    """The heat (h, w) 0..1 of one verdict, for every pixel of the picture."""
    level, reach = chosen
    found = heat(
        (subject.flat, level, subject.logits),
        view,
        lambda logits: subject.reader.logit(logits, finding),
        everywhere=subject.trained.task is not Task.DETECTOR,
    )
    return laid_out(found, reach, view)


def inside(heat_map: F32, box: F32) -> float:
    """The share of the heat (h, w) that lies in a box (4,), 0..1; NaN without heat."""
    height, width = heat_map.shape
    x1, y1, x2, y2 = np.clip(np.rint(box * (width, height, width, height)), 0, (width, height) * 2).astype(int)
    total = float(heat_map.sum())
    return float(heat_map[y1:y2, x1:x2].sum()) / total if total > 0 else float("nan")


def _chosen(subject: Subject, view: View, level: str) -> Sequence[tuple[Level, Reach]]:
    if not level:
        return subject.levels[-DEEPEST:]
    one = level_named(subject.flat, level)
    return [(one, reaches(subject.flat, [one], view.tensor[None])[0])]


def _plain(view: View, found: Sequence[Finding]) -> Shot:
    """The picture with what was found in it."""
    canvas = shrunk(view.pixels, LONGEST_PX).copy()
    said = [finding.text for finding in found]
    for finding in reversed(found):
        if _has_box(finding):
            framed(canvas, _on(view, finding), finding.text)
    return Shot(_safe(f"{view.path.stem}_found"), f"What the network says: {'; '.join(said) or 'nothing'}.", canvas)


def _shot(subject: Subject, view: View, numbered: tuple[int, Finding], chosen: tuple[Level, Reach]) -> Shot:
    (number, finding), (level, _) = numbered, chosen
    full = verdict_heat(subject, view, finding, chosen)
    box = _on(view, finding)
    text = f"{finding.text}, {level.name}. {_words(full, box, finding)}"
    canvas = overlay(view.pixels, full, LONGEST_PX)
    if _has_box(finding):
        framed(canvas, box, finding.text)
    return Shot(_safe(f"{view.path.stem}_{number}_{level.name}"), text, canvas)


def _words(heat_map: F32, box: F32, finding: Finding) -> str:
    share = inside(heat_map, box)
    if np.isnan(share):
        return _NOTHING
    area = float(np.prod(np.clip(box[2:], 0, 1) - np.clip(box[:2], 0, 1)))
    return f"{share:.0%} of the heat lies in the box, which is {area:.0%} of the picture." if _has_box(finding) else ""


def _safe(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name)


def _has_box(finding: Finding) -> bool:
    return finding.box is not WHOLE


def _on(view: View, finding: Finding) -> F32:
    """Its box as fractions of the picture."""
    return view.placement.to_frame(finding.box) if _has_box(finding) else WHOLE
