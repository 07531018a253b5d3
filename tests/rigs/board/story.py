"""What the boot proof goes through, once, for the tests and for the benchmark."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.update_state import Phase, Progress
from firmware_tools.image.ab.keys import SigningKey
from tests.rigs.board.files import File
from tests.rigs.board.machines import PI3, VIRT
from tests.rigs.board.proof import Proof, proved
from tests.rigs.board.systems import BLIND, CRASHES, PATIENT, system_bundle, tampered

ENDS = (Phase.GOOD, Phase.RETURNED, Phase.REFUSED)
CRASHING_TRIALS = ("A",)
BLIND_TRIALS = ("A", "A")  # its camera may have been away: tried once more, when frames came in the system before


@dataclass(frozen=True, slots=True)
class Card:
    """An image, and the key by which its systems are signed."""

    image: Path
    board: str
    key: SigningKey


@dataclass(frozen=True, slots=True)
class Chapter:
    """What a device said of a release in the end, and how it got there."""

    progress: Progress
    slot: str  # that ran then
    trials: tuple[str, ...]  # slots that were started on trial meanwhile
    running: str  # version of the system, "" for that of the card
    seconds: float


@dataclass(frozen=True, slots=True)
class Story:
    """All of them."""

    seconds_to_event: float
    good: Chapter
    tampered: Chapter
    crashing: Chapter
    blind: Chapter


def told(card: Card, work: Path) -> Story:
    """Boot it, and update it to a good system, one whose payload was changed, and two that are sick.

    Args:
        card: with a system that is good.
        work: an empty folder.
    """
    good = _bundle(card, work, "2", {})
    changed = tampered(good, work / "3.raucb")  # signed for by the releases all the same
    crashing, blind = _bundle(card, work, "4", CRASHES), _bundle(card, work, "5", BLIND)
    with proved(card.image, work, VIRT, card.board) as proof:
        return Story(
            seconds_to_event=proof.first_event(),
            good=_chapter(proof, good, "2"),
            tampered=_chapter(proof, changed, "3"),
            crashing=_chapter(proof, crashing, "4"),
            blind=_chapter(proof, blind, "5"),
        )


def on_pi3(card: Card, work: Path) -> float:
    """Seconds to the first event and forecast on the Raspberry Pi 3 that QEMU emulates."""
    with proved(card.image, work, PI3, card.board) as proof:
        return proof.first_event()


def _chapter(proof: Proof, bundle: Path, version: str) -> Chapter:
    before, began_s = len(proof.board.starts), time.monotonic()
    proof.release(bundle, version)
    proof.wish(version)
    progress = proof.comes_to(version, *ENDS)
    proof.goes_on()
    trials = tuple(proof.started(start) for start in proof.board.starts[before:] if start.trial)
    return Chapter(progress, proof.slot(), trials, proof.running(), time.monotonic() - began_s)


def _bundle(card: Card, work: Path, version: str, changes: Mapping[str, File]) -> Path:
    return system_bundle(card.image, work / f"{version}.raucb", card.key, (card.board, version), {**PATIENT, **changes})
