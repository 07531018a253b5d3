"""One wish on its way into the store: found, fetched, and checked, with everything that speaks against it."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.contracts.release import Kind
from edge.contracts.update_state import CONFIGURATION, SYSTEM, Desired, Phase, Wish
from edge.updates.context import UpdateContext
from edge.updates.interfaces import Installer
from edge.updates.state import Artifact, is_older
from edge.updates.store import file_name
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.releases import Offer
from edge.updates.wish_status import PASSING, WishStatus, is_of

Key = tuple[str, str, str]  # of a release: name, version, SHA-256
PLACES = {CONFIGURATION: Kind.CONFIGURATION, SYSTEM: Kind.SYSTEM}


@dataclass(frozen=True, slots=True)
class StagedArtifact:
    """A file that lies in the store and passed every check that needs no trial."""

    wish: Wish
    artifact: Artifact
    place: str


class Stager:
    """Nothing of what it does changes what serves.

    Args:
        context: of the machine.
        tell: hears how far a wish has come.
    """

    def __init__(self, context: UpdateContext, tell: Callable[[Wish, WishStatus], None]) -> None:
        self._context, self._tell = context, tell
        self._refusals: dict[Key, RefusedError] = {}  # of what was tried since the start
        self._fetching: tuple[Offer, ...] = ()

    @property
    def fraction(self) -> float:
        """How much of the file that is being fetched has come. Any thread."""
        return sum(self._context.releases.fraction(offer) for offer in self._fetching)

    def refuse(self, artifact: Artifact, error: RefusedError) -> None:
        """Not to be tried again, unless it may pass; under another name or version it may be."""
        if error.reason not in PASSING:
            self._refusals[artifact.name, artifact.purpose.version, artifact.sha256] = error

    def forget(self) -> None:
        """Why something was refused: what serves, or what else is wanted, has changed since."""
        self._refusals.clear()

    def find(self, wish: Wish) -> Offer:
        """What is released under that name, if it may be taken.

        Raises:
            RefusedError: it may not.
        """
        offer = self._context.releases.find(wish.name)
        if offer.purpose.version != wish.version:
            raise RefusedError(
                Reason.VERSION,
                f"{wish.name} is released as {offer.purpose.version}, and {wish.version} is wanted; want the former",
            )
        sha256 = offer.target.sha256
        for blocked in self._context.state.blocked_entries(sha256):
            raise RefusedError(Reason.BLOCKED, f"{wish.name} {wish.version} was returned here: {blocked.detail}")
        if refused := self._refusals.get((wish.name, wish.version, sha256)):
            raise refused
        self._installer(offer)
        file_name(wish.name)
        return offer

    def stage(self, wish: Wish, offer: Offer, desired: Desired) -> StagedArtifact:
        """Have it in the store, and tried where nothing serves by it.

        Raises:
            RefusedError: it does not come, or is of no use here.
            OSError: the disk cannot be written or read.
        """
        self._fetch(wish, offer)
        self._tell(wish, WishStatus(Phase.CHECKING))
        artifact = Artifact(wish.name, offer.purpose, offer.target.sha256, self._context.clock.utc_ns())
        installer, stored = self._installer(offer), self._context.stored(artifact)
        try:
            place = _checked(installer.place_of(stored), artifact)
            self._check_place(artifact, place, desired)
            installer.check(stored)
        except RefusedError as error:
            self.refuse(artifact, error)
            raise
        return StagedArtifact(wish, artifact, place)

    def _fetch(self, wish: Wish, offer: Offer) -> None:
        sha256, store = offer.target.sha256, self._context.store
        if store.holds(wish.name, sha256):
            return
        self._fetching = (offer,)
        self._tell(wish, WishStatus(Phase.FETCHING))
        try:
            with self._context.interrupt.work(wish):
                verified = self._context.releases.fetch(offer)
        finally:
            self._fetching = ()
        store.take(verified.path, wish.name, sha256)

    def _check_place(self, artifact: Artifact, place: str, desired: Desired) -> None:
        state = self._context.state
        minimum = state.minimum_versions.get(place, "")
        if is_older(artifact.purpose.version, minimum):
            raise RefusedError(
                Reason.DOWNGRADE,
                f"{artifact.name} {artifact.purpose.version} is older than {minimum}, which was good in {place}; "
                "to go back, release the old file under a higher version",
            )
        good = [state.good[place]] if place in state.good else []
        for other in desired.wishes:
            if other.name != artifact.name and any(is_of(other, each) for each in good):
                raise RefusedError(
                    Reason.NO_PLACE,
                    f"{artifact.name} and {other.name} want the same place {place}; wish for one of them",
                )

    def _installer(self, offer: Offer) -> Installer:
        kind = offer.purpose.kind
        if kind not in self._context.installers:
            raise RefusedError(Reason.NO_PLACE, f"{offer.name}: this device takes up no {kind.value} by itself")
        return self._context.installers[kind]


def _checked(place: str, artifact: Artifact) -> str:
    """A place that is not another kind's."""
    kind = artifact.purpose.kind
    if PLACES.get(place, kind) is not kind:
        raise RefusedError(Reason.NO_PLACE, f"a {kind.value} cannot be called {place}; release it under another name")
    return place
