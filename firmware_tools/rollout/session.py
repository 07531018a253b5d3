"""One process that runs a roll-out, from the lock to the last word: Ctrl-C leaves off, and nothing is lost by that."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from firmware_tools.broker import endpoint
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.folder import Folder
from firmware_tools.rollout.journal import Journal
from firmware_tools.rollout.link import Link
from firmware_tools.rollout.running import Run
from firmware_tools.rollout.watching import watcher

LONGEST_GAP_S = 3600.0  # between two runs with `once`: what is longer was not watched


def run(folder: Folder, console: Console, quiet: bool, once: bool) -> Course:
    """How it stands when it is over, or when a signal came, or with `once` after one look.

    Raises:
        BusyError: another process runs it.
        BrokerError: the broker refuses us; with `once`: it is not there.
        FirmwareError: the journal cannot be read or written.
        MistakeError: its plan, or the way to the broker, cannot be used.
    """
    plan = folder.plan()
    with folder.held(), Journal(folder.path) as journal, watcher(console, quiet) as looking, _stopped() as stop:
        link = Link(endpoint(plan.access), plan.name, plan.devices)
        running = Run(folder, journal, link, looking)
        try:
            if running.course.ended:
                looking.turn(running.course)
            elif once:
                running.once(_gap_s(running.course))
            else:
                running.until_ended(stop.wait)
        finally:
            link.close()
        return running.course


def _gap_s(course: Course) -> float:
    """Since the last run of this kind: what is retained tells what happened meanwhile."""
    return min(LONGEST_GAP_S, max(0.0, time.time() - course.utc_s)) if course.utc_s else 0.0


@contextmanager
def _stopped() -> Iterator[threading.Event]:
    """Set by Ctrl-C or SIGTERM."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
