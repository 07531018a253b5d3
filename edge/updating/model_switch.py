"""Other models in the place of those that run, between two frames, without a change of configuration."""

import logging
from collections.abc import Sequence

from edge.config.settings import ModelFile, Settings
from edge.contracts.errors import ModelError
from edge.runtime.faults import is_untried
from edge.runtime.switched import SwitchedRuntime
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.control import DaemonControl, RunningConfiguration
from edge.updating.model_uses import BETWEEN_FRAMES, Role, model_uses
from edge.updating.redaction import redacted

TURN_S = 60.0  # within which the inference thread comes round
_log = logging.getLogger(__name__)
_Pairs = Sequence[tuple[ModelFile, ModelFile]]  # what the running configuration names, and what is to serve there


def switch_models(control: DaemonControl, place: str, wanted: Settings) -> bool:
    """Have these settings' models serve in a place, and wait until they do; False where a reload is needed.

    Raises:
        RefusedError: the daemon ends, or there is no room to try one of them.
    """
    running = control.running
    if running is None:
        return False
    pairs = _pairs(place, running.settings, wanted)
    if not pairs or not _put(running, pairs):
        return False
    control.wait(lambda: _turned(running, pairs) or control.running is not running, TURN_S)
    return control.running is running and _turned(running, pairs)


def runtimes(running: RunningConfiguration | None, place: str) -> list[SwitchedRuntime]:
    """The models of a place that can be switched."""
    if running is None:
        return []
    files = {use.file for use in model_uses(running.settings) if use.place == place}
    return [runtime for named, runtime in running.models.switched.items() if named in files]


def _pairs(place: str, running: Settings, wanted: Settings) -> _Pairs:
    """None where a reload is needed."""
    now = {use.where: use for use in model_uses(running) if use.place == place and not use.pinned}
    then = {use.where: use for use in model_uses(wanted) if use.place == place and not use.pinned}
    # What goes on learning has a runtime of its own for each camera.
    fit = BETWEEN_FRAMES - ({Role.TRAJECTORIES} if running.learning.enabled else set())
    if now.keys() != then.keys() or any(use.role not in fit for use in now.values()):
        return ()
    return list({now[where].file: then[where].file for where in now}.items())


def _put(running: RunningConfiguration, pairs: _Pairs) -> bool:
    """Whether they are on their way."""
    if any(named not in running.models.switched for named, _ in pairs):
        return False
    try:
        for named, other in pairs:
            runtime, bundle = running.models.switched[named], other.read()
            if runtime.bundle.edgetpu or bundle.edgetpu:
                return False  # one process at a time has the accelerator
            if runtime.wanted != bundle.sha256 and not runtime.choose(bundle.sha256):
                running.models.put(named, other)
    except ModelError as error:
        if is_untried(error):
            raise RefusedError(Reason.NO_SPACE, redacted(error)) from error
        _log.info("%s cannot be switched between two frames: %s", other.path.name, error)
        return False
    return True


def _turned(running: RunningConfiguration, pairs: _Pairs) -> bool:
    switched = [running.models.switched[named] for named, _ in pairs]
    return all(runtime.bundle.sha256 == runtime.wanted for runtime in switched)
