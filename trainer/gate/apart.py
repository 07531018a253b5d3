"""Held-out pictures that are not held out: they were trained or calibrated on, under this name or another."""

from collections.abc import Sequence
from pathlib import Path

from trainer.gate.fingerprints import Fingerprint, alike, fingerprints
from trainer.gate.verdict import Check, Question, failed, listed, passed, unknown

# Of held-out pictures that look like others of their own: above, they are of a scene that stands still, and to look
# alike proves nothing. Photographs: 4 % (raccoon, which has copies in it) and less; a fixed camera: 37 %.
SCENE_SHARE = 0.2

Twins = Sequence[tuple[Path, Path]]  # a held-out picture, and what it is a copy of


class Apart:
    """The held-out pictures, looked at once and compared with as many sets as there are."""

    def __init__(self, held_out: Sequence[Path], threads: int = 2) -> None:
        self._threads = threads
        self._held = fingerprints(held_out, threads)

    def from_set(self, question: Question, used: Sequence[Path], used_for: str) -> Check:
        """Whether no held-out picture is one of those that were used, `used_for` training, say."""
        if not used:
            return passed(question, f"no picture was used for {used_for}")
        others = fingerprints(used, self._threads)
        same = _same(self._held, others)
        if same:
            return failed(question, _words(same, len(self._held), used_for))
        looks = [(self._held[i].path, others[j].path) for i, j in alike(self._held, others)]
        if not looks:
            return passed(question, f"none of {len(self._held)} is among the {len(used)} of {used_for}")
        words = _words(looks, len(self._held), used_for, "looks like")
        if self._one_scene():
            return unknown(question, f"{words} (or of a camera that does not move: many of them look alike)")
        return failed(question, words)

    def _one_scene(self) -> bool:
        alone = {i for i, j in alike(self._held, self._held) if i != j}
        return len(alone) > SCENE_SHARE * len(self._held)


def _same(held: Sequence[Fingerprint], others: Sequence[Fingerprint]) -> Twins:
    """Those of the same file, or of the same bytes in another file."""
    places = {one.path.resolve(): one.path for one in others}
    bytes_of = {one.digest: one.path for one in others if one.digest}
    found = []
    for one in held:
        twin = places.get(one.path.resolve()) or bytes_of.get(one.digest)
        if twin is not None:
            found.append((one.path, twin))
    return found


def _words(twins: Twins, of: int, used_for: str, how: str = "is") -> str:
    """Each held-out picture once."""
    first = dict(reversed(twins))
    pairs = [f"{mine} {how} {other}" if mine != other else str(mine) for mine, other in first.items()]
    return (
        f"{len(first)} of {of} held-out pictures were used for {used_for}: {listed(pairs)}; "
        "divide the data so that each picture is in one part only, and train again"
    )
