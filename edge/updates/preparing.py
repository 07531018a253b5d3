"""One wish on its way into the store: found, fetched, and checked, with everything that speaks against it."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.contracts.release import Kind
from edge.contracts.update_state import CONFIGURATION, SYSTEM, Desired, Phase, Wish
from edge.updates.parts import Parts
from edge.updates.seams import Installer
from edge.updates.state import Content, is_older
from edge.updates.store import file_name
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.releases import Offer
from edge.updates.wishes import PASSING, Told, is_of

PLACES = {CONFIGURATION: Kind.CONFIGURATION, SYSTEM: Kind.SYSTEM}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that lies in the store and passed every check that needs no trial."""

    wish: Wish
    content: Content
    place: str


class Preparing:
    """Nothing of what it does changes what serves.

    Args:
        parts: of the machine.
        tell: hears how far a wish has come.
    """

    def __init__(self, parts: Parts, tell: Callable[[Wish, Told], None]) -> None:
        self._parts, self._tell = parts, tell
        self._refusals: dict[str, RefusedError] = {}  # of what was tried since the start, by SHA-256
        self._fetching: tuple[Offer, ...] = ()

    @property
    def fraction(self) -> float:
        """How much of the file that is being fetched has come. Any thread."""
        return sum(self._parts.releases.fraction(offer) for offer in self._fetching)

    def refuse(self, sha256: str, error: RefusedError) -> None:
        """Not to be tried again, unless it may pass."""
        if error.reason not in PASSING:
            self._refusals[sha256] = error

    def forget(self) -> None:
        """Why something was refused: what serves has changed since."""
        self._refusals.clear()

    def find(self, wish: Wish) -> Offer:
        """What is released under that name, if it may be taken.

        Raises:
            RefusedError: it may not.
        """
        offer = self._parts.releases.find(wish.name)
        if offer.purpose.version != wish.version:
            raise RefusedError(
                Reason.VERSION,
                f"{wish.name} is released as {offer.purpose.version}, and {wish.version} is wanted; want the former",
            )
        sha256 = offer.wanted.sha256
        for barred in self._parts.book.state.barring(sha256):
            raise RefusedError(Reason.BARRED, f"{wish.name} {wish.version} was returned here: {barred.detail}")
        if sha256 in self._refusals:
            raise self._refusals[sha256]
        self._installer(offer)
        file_name(wish.name)
        return offer

    def prepare(self, wish: Wish, offer: Offer, desired: Desired) -> Prepared:
        """Have it in the store, and tried where nothing serves by it.

        Raises:
            RefusedError: it does not come, or is of no use here.
            OSError: the disk cannot be written or read.
        """
        self._fetch(wish, offer)
        self._tell(wish, Told(Phase.CHECKING))
        content = Content(wish.name, offer.purpose, offer.wanted.sha256, self._parts.clock.utc_ns())
        installer, candidate = self._installer(offer), self._parts.candidate(content)
        try:
            place = _checked(installer.place(candidate), content)
            self._check_place(content, place, desired)
            installer.check(candidate)
        except RefusedError as error:
            self.refuse(content.sha256, error)
            raise
        return Prepared(wish, content, place)

    def _fetch(self, wish: Wish, offer: Offer) -> None:
        sha256, store = offer.wanted.sha256, self._parts.store
        if store.holds(wish.name, sha256):
            return
        self._fetching = (offer,)
        self._tell(wish, Told(Phase.FETCHING))
        try:
            with self._parts.interrupt.work(wish):
                verified = self._parts.releases.fetch(offer)
        finally:
            self._fetching = ()
        store.take(verified.path, wish.name, sha256)

    def _check_place(self, content: Content, place: str, desired: Desired) -> None:
        state = self._parts.book.state
        floor = state.floors.get(place, "")
        if is_older(content.purpose.version, floor):
            raise RefusedError(
                Reason.DOWNGRADE,
                f"{content.name} {content.purpose.version} is older than {floor}, which was good in {place}; "
                "to go back, release the old file under a higher version",
            )
        good = [state.good[place]] if place in state.good else []
        for other in desired.wishes:
            if other.name != content.name and any(is_of(other, each) for each in good):
                raise RefusedError(
                    Reason.NO_PLACE,
                    f"{content.name} and {other.name} want the same place {place}; wish for one of them",
                )

    def _installer(self, offer: Offer) -> Installer:
        kind = offer.purpose.kind
        if kind not in self._parts.installers:
            raise RefusedError(Reason.NO_PLACE, f"{offer.name}: this device takes up no {kind.value} by itself")
        return self._parts.installers[kind]


def _checked(place: str, content: Content) -> str:
    """A place that is not another kind's."""
    kind = content.purpose.kind
    if PLACES.get(place, kind) is not kind:
        raise RefusedError(Reason.NO_PLACE, f"a {kind.value} cannot be called {place}; release it under another name")
    return place
