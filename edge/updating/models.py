"""Released models in a running daemon: tried beside it, switched between two frames, or taken up by a reload."""

import logging
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from edge.canary import Wanted, examine_model
from edge.config.settings import ModelFile, Settings
from edge.contracts.errors import EdgeError, ModelError
from edge.runtime.switched import SwitchedRuntime
from edge.updates.seams import Candidate
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.hiding import hidden
from edge.updating.overlay import Files
from edge.updating.reading import Reading
from edge.updating.seat import Present, Seat
from edge.updating.sites import BETWEEN_FRAMES, TASKS, Role, Site, sites

BETWEEN, RELOADED = "switched between two frames", "taken up by a reload of the configuration"
TURN_S = 60.0  # within which the inference thread comes round
_log = logging.getLogger(__name__)


class ModelInstaller:
    """An `Installer`, see `edge.updates.seams`. One thread uses it.

    Args:
        seat: of the daemon.
        reading: of its configuration.
        files: the released files that are to serve now, by place.
        switched: told when other models serve.
    """

    def __init__(
        self, seat: Seat, reading: Reading, files: Callable[[], Files], switched: Callable[[], None] = lambda: None
    ) -> None:
        self._seat, self._reading, self._files, self._switched = seat, reading, files, switched
        self._served = ""  # what was known to serve when it was asked for last
        self.how: dict[str, str] = {}  # what serves was taken up, by its hash

    def place(self, candidate: Candidate) -> str:
        """The file name, where the configuration names a model that is called so and is of the same kind."""
        place = PurePosixPath(candidate.name).name
        known = sites(self._settings())
        found = [site for site in known if site.place == place]
        if not found:
            names = hidden(", ".join(sorted({site.place for site in known})) or "none", *self._reading.known())
            raise RefusedError(
                Reason.NO_PLACE,
                f"{candidate.name}: the configuration of this device names no model file {place}; it has {names}: "
                "release it under one of these names",
            )
        for site in found:
            self._refuse_unlike(candidate, site)
        return place

    def check(self, candidate: Candidate) -> None:
        """In a process of its own, with its golden input; and with everything else that the configuration says."""
        settings = self._settings()
        place = PurePosixPath(candidate.name).name
        for site in {site.file: site for site in sites(settings) if site.place == place}.values():
            wanted = Wanted(candidate.purpose.task, site.file.read().head, site.file.overrides)
            found = examine_model(candidate.path, candidate.sha256, wanted, settings.runtime)
            if found.unproven:
                _log.warning("%s: %s", candidate.name, found.unproven)
        self._wanted({**self._files(), place: candidate.path})

    def take_up(self, candidate: Candidate) -> None:
        """Between two frames where that can be, else by a reload."""
        if how := self._align(PurePosixPath(candidate.name).name, lambda: self.serves(candidate)):
            self.how[candidate.sha256] = how

    def serves(self, candidate: Candidate) -> bool:
        """Whether it does, wherever it is to. While the configuration changes, whether it did before.

        Raises:
            RefusedError: it did, and failed while it ran.
        """
        place, present = PurePosixPath(candidate.name).name, self._seat.present
        for runtime in _runtimes(present, place):
            if runtime.failed.sha256 == candidate.sha256:
                raise RefusedError(Reason.SICK, f"it served, and failed: {runtime.failed.why}")
        if present is not None:
            self._served = candidate.sha256 if _does(candidate, present) else ""
        return self._served == candidate.sha256

    def keep(self, candidate: Candidate) -> None:
        """What was before is not needed any more."""
        for runtime in _runtimes(self._seat.present, PurePosixPath(candidate.name).name):
            runtime.settle()

    def go_back(self, candidate: Candidate) -> None:
        """To what the disk says that serves instead; with the next frame, where that is still in memory."""
        place, seat = PurePosixPath(candidate.name).name, self._seat

        def done() -> bool:
            return seat.present is not None and not _does(candidate, seat.present)

        left = [runtime.leave(candidate.sha256) for runtime in _runtimes(seat.present, place)]
        if any(left):
            seat.wait(done, TURN_S)
        try:
            self._align(place, done)
        except RefusedError as error:
            if not done():
                raise
            _log.warning("%s: what was before serves again; at the next start: %s", place, error)
        for runtime in _runtimes(seat.present, place):
            runtime.settle()

    def _refuse_unlike(self, candidate: Candidate, site: Site) -> None:
        if site.pinned:
            raise RefusedError(
                Reason.NO_PLACE,
                f"{candidate.name}: {site.where} of the configuration gives the sha256 of the one {site.place} that "
                "may serve there; take it out, and updates may replace the file",
            )
        if candidate.purpose.task not in TASKS[site.role]:
            raise RefusedError(
                Reason.NO_PLACE,
                f"{candidate.name} is a {candidate.purpose.task}, and {site.where} of the configuration is a "
                f"{site.role.value}, which is called {site.place} as well; release it under another name",
            )

    def _settings(self) -> Settings:
        """What is to run now; what runs may name files that are no more since they were switched."""
        return self._wanted(self._files())

    def _wanted(self, files: Files) -> Settings:
        try:
            return self._reading.with_files(files)
        except EdgeError as error:
            why = f"it does not fit the configuration of this device: {error}"
            raise RefusedError(Reason.UNFIT, hidden(why, *self._reading.known())) from error

    def _align(self, place: str, done: Callable[[], bool]) -> str:
        """Make serve in a place what the disk says; how that was done, "" where it is so already."""
        self._seat.settled()
        wanted = self._wanted(self._files())
        present, how = self._seat.present, ""
        if not done():
            put = present is not None and self._put(place, present, wanted) and self._took_turn(place, present, wanted)
            how = BETWEEN if put else RELOADED
        if how == RELOADED:
            self._seat.reload(done)
        else:
            self._seat.adopt(wanted)
        self._switched()
        if how:
            _log.info("%s: %s", place, how)
        return how

    def _took_turn(self, place: str, present: Present, wanted: Settings) -> bool:
        """Wait until it serves; False where it does not come to that, for the configuration changes meanwhile."""
        self._seat.wait(lambda: _turned(present, place, wanted) or self._seat.present is not present, TURN_S)
        return self._seat.present is present and _turned(present, place, wanted)

    def _put(self, place: str, present: Present, wanted: Settings) -> bool:
        """Whether it is on its way; False where a reload is needed."""
        pairs = _pairs(place, present.settings, wanted)
        if not pairs or any(named not in present.models.switched for named, _ in pairs):
            return False
        try:
            for named, other in pairs:
                runtime, bundle = present.models.switched[named], other.read()
                if runtime.bundle.edgetpu or bundle.edgetpu:
                    return False  # one process at a time has the accelerator
                sha256 = bundle.sha256
                if runtime.wanted != sha256 and not runtime.choose(sha256):
                    present.models.put(named, other)
        except ModelError as error:
            _log.info("%s cannot be switched between two frames: %s", place, error)
            return False
        return True


def _pairs(place: str, running: Settings, wanted: Settings) -> Sequence[tuple[ModelFile, ModelFile]]:
    """What the running configuration names and what is to serve there; none where a reload is needed."""
    now = {site.where: site for site in sites(running) if site.place == place and not site.pinned}
    then = {site.where: site for site in sites(wanted) if site.place == place and not site.pinned}
    # What goes on learning has a runtime of its own for each camera.
    fit = BETWEEN_FRAMES - ({Role.TRAJECTORIES} if running.learning.enabled else set())
    if now.keys() != then.keys() or any(site.role not in fit for site in now.values()):
        return ()
    return list({now[where].file: then[where].file for where in now}.items())


def _turned(present: Present, place: str, wanted: Settings) -> bool:
    pairs = _pairs(place, present.settings, wanted)
    runtimes = [present.models.switched[named] for named, _ in pairs]
    return all(runtime.bundle.sha256 == runtime.wanted for runtime in runtimes)


def _runtimes(present: Present | None, place: str) -> list[SwitchedRuntime]:
    if present is None:
        return []
    files = {site.file for site in sites(present.settings) if site.place == place}
    return [runtime for named, runtime in present.models.switched.items() if named in files]


def _does(candidate: Candidate, present: Present) -> bool:
    """Whether it serves wherever it is to."""
    place = PurePosixPath(candidate.name).name
    there = [site for site in sites(present.settings) if site.place == place and not site.pinned]
    return {_hash(site, present) for site in there} == {candidate.sha256}


def _hash(site: Site, present: Present) -> str:
    """SHA-256 of what serves at a site; "" for the device's own where it cannot be switched."""
    runtime = present.models.switched.get(site.file)
    return runtime.bundle.sha256 if runtime else site.released
