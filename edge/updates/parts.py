"""What the update machine works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.updates.book import Book
from edge.updates.gate import Before
from edge.updates.interrupt import Interrupt
from edge.updates.seams import Body, Candidate, Installers
from edge.updates.settings import UpdateSettings
from edge.updates.state import Content
from edge.updates.store import Store
from edge.updates.trust.releases import Releases


@dataclass(frozen=True, slots=True)
class Clock:
    """`now_s` never goes back; `utc_ns` is the wall clock."""

    now_s: Callable[[], float] = time.monotonic
    utc_ns: Callable[[], int] = time.time_ns


@dataclass(frozen=True, slots=True)
class Parts:
    """One thread uses them."""

    settings: UpdateSettings
    releases: Releases
    installers: Installers
    body: Body
    book: Book
    store: Store
    before: Before
    clock: Clock
    interrupt: Interrupt

    def candidate(self, content: Content) -> Candidate:
        """As installers see it."""
        path = self.store.path(content.name, content.sha256)
        return Candidate(content.name, content.purpose, content.sha256, path)
