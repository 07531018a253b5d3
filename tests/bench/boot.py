"""Emulated: from power to the first forecast on the host's broker; what becomes of good, changed and sick updates."""

import tempfile
from pathlib import Path

from edge.contracts.update_state import Phase
from tests.bench.report import parser, show
from tests.rigs.board.image import made_card
from tests.rigs.board.story import BLIND_TRIALS, CRASHING_TRIALS, Chapter, on_pi3, told


def main(argv: list[str]) -> None:
    """Run it; minutes."""
    options = parser("boot", __doc__ or "")
    options.add_argument("--no-pi3", action="store_true", help="leave out the emulated Raspberry Pi 3")
    given = options.parse_args(argv)
    card = made_card()
    with tempfile.TemporaryDirectory(prefix="boot-") as folder:
        work = Path(folder)
        (work / "virt").mkdir()
        story = told(card, work / "virt")
        (work / "pi3").mkdir()
        pi3_s = None if given.no_pi3 else on_pi3(card, work / "pi3")
    chapters = {
        "good": story.good,
        "one bit changed": story.tampered,
        "crashes": story.crashing,
        "sees nothing": story.blind,
    }
    show(
        "Updates of an emulated device",
        ["update", "phase", "reason", "slot", "tried", "seconds"],
        [[name, *_row(chapter)] for name, chapter in chapters.items()],
        {
            "seconds_to_event": round(story.seconds_to_event, 1),
            "seconds_to_event_raspi3b": pi3_s and round(pi3_s, 1),
            "rauc_ok": story.good.progress.phase is Phase.GOOD and story.good.slot == "B",
            "tampered_refused": story.tampered.progress.phase is Phase.REFUSED and story.tampered.slot == "B",
            "sick_rolled_back": all(
                sick.progress.phase is Phase.RETURNED and sick.trials == trials and sick.slot == "B"
                for sick, trials in ((story.crashing, CRASHING_TRIALS), (story.blind, BLIND_TRIALS))
            ),
        },
    )


def _row(chapter: Chapter) -> list[object]:
    progress = chapter.progress
    return [progress.phase.value, progress.reason, chapter.slot, " ".join(chapter.trials), round(chapter.seconds, 1)]
