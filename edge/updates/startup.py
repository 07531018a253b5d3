"""What serves in each place when the daemon starts. No network, no settings: what the disk says is enough.

A start that finds something on trial counts, unless the daemon ends as it was told to (`stop`). What two starts failed
with is returned before a third, and blocked. Nothing serves whose file is not, byte for byte, what was verified when it
came.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from edge.contracts.release import Kind
from edge.updates.state import Artifact, State, blocked_file, lost, returned, started, stopped, withdrawn
from edge.updates.state_file import StateFile
from edge.updates.store import Store, is_whole
from edge.updates.trust.refusal import Reason

Files = Mapping[str, Path]  # that serve, by place: `configuration`, or the file name of a model. Others are as shipped
MOST_STARTS = 2  # that may fail
FILES = frozenset({Kind.MODEL, Kind.CONFIGURATION})  # that serve as files of the store; a system serves by its slot
_log = logging.getLogger(__name__)


def start(home: Path, utc_ns: Callable[[], int]) -> Files:
    """What is to serve from this start on. The daemon calls it once, before it reads its configuration.

    Args:
        home: folder of the updates, below the folder of the daemon's state.
        utc_ns: the wall clock.

    Raises:
        OSError: what the disk holds cannot be read now.
        StateError: a newer Foresight wrote it.
    """
    state_file, store = StateFile(home), Store(home)
    state = _counted(state_file.state, utc_ns())
    state = _proved(state, store, store.put_aside)
    try:
        state_file.write(state)
    except OSError as error:  # a trial whose starts cannot be counted could fail for ever
        _log.warning("%s: starts cannot be counted: %s; what is on trial does not serve", home, error)
        return _files(store, state.good.items())
    return files_of(store, state)


def stop(home: Path) -> None:
    """The daemon ends in order: this start does not count. After it, nothing else writes there.

    Raises:
        OSError: it cannot be written.
        StateError: a newer Foresight wrote it.
    """
    state_file = StateFile(home)
    state = state_file.state
    for place in state.trials:
        state = stopped(state, place)
    state_file.write(state)


def active_files(home: Path) -> Files:
    """The same for those who only look, as `foresight check`: nothing is counted or proved. Raises as `start`."""
    return files_of(Store(home), StateFile(home).state)


def verified_files(home: Path) -> Files:
    """The same for a daemon that reads its configuration again: nothing is counted or written. Raises as `start`."""
    store = Store(home)
    return files_of(store, _proved(StateFile(home).state, store))


def good_files(home: Path) -> Files:
    """What serves without what is on trial. Raises as `start`."""
    return _files(Store(home), StateFile(home).state.good.items())


def uncount_start(home: Path) -> None:
    """A start that failed for another reason is not held against what is on trial. Raises as `give_up`."""
    state_file = StateFile(home)
    state = state_file.state
    trials = {place: replace(one, starts=max(0, one.starts - 1)) for place, one in state.trials.items()}
    state_file.write(replace(state, trials=trials))


def give_up(home: Path, place: str, why: str, utc_ns: Callable[[], int]) -> bool:
    """Return and block what is on trial in a place, for the daemon cannot start with it; whether there was any.

    Raises:
        OSError: it cannot be written.
        StateError: a newer Foresight wrote it.
    """
    state_file = StateFile(home)
    state = state_file.state
    if place not in state.trials:
        return False
    blocked = blocked_file(state.trials[place].artifact, Reason.CRASHED, why, utc_ns())
    state_file.write(returned(state, place, blocked))
    return True


def files_of(store: Store, state: State) -> Files:
    """The files that serve by a state: what is on trial goes first."""
    return _files(store, state.artifacts())


def _counted(state: State, utc_ns: int) -> State:
    for place, trial in state.trials.items():
        if trial.starts < MOST_STARTS:
            state = started(state, place)
            continue
        why = f"the daemon started {trial.starts} times with it and did not stay; release a mended one"
        _log.warning("%s %s: %s", trial.artifact.name, trial.artifact.purpose.version, why)
        state = returned(state, place, blocked_file(trial.artifact, Reason.CRASHED, why, utc_ns))
    return state


def _proved(state: State, store: Store, put_aside: Callable[[str], None] = lambda _: None) -> State:
    """Without what is damaged."""
    for place, trial in state.trials.items():
        if trial.artifact.purpose.kind in FILES and not is_whole(store, trial.artifact):
            _log.warning("%s on trial in %s is damaged on disk; it is fetched again", trial.artifact.name, place)
            put_aside(trial.artifact.sha256)
            state = withdrawn(state, place)
    for place, artifact in state.good.items():
        if artifact.purpose.kind in FILES and not is_whole(store, artifact):
            _log.warning("%s in %s is damaged on disk; what was shipped serves until it is back", artifact.name, place)
            put_aside(artifact.sha256)
            state = lost(state, place)
    return state


def _files(store: Store, artifacts: Iterable[tuple[str, Artifact]]) -> Files:
    return {
        place: store.path(artifact.name, artifact.sha256)
        for place, artifact in artifacts
        if artifact.purpose.kind in FILES
    }
