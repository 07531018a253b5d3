"""What serves in each place when the daemon starts. No network, no settings: what the disk says is enough.

A start that finds something on trial counts, unless the daemon ends as it was told to (`stop`). What two starts failed
with is returned before a third, and barred. Nothing serves whose file is not, byte for byte, what was verified when it
came.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edge.contracts.release import Kind
from edge.contracts.update_state import Barred
from edge.updates.book import Book
from edge.updates.state import Content, State, lost, returned, started, stopped, withdrawn
from edge.updates.store import Store, is_whole
from edge.updates.trust.refusal import Reason

MOST_STARTS = 2  # that may fail
FILES = frozenset({Kind.MODEL, Kind.CONFIGURATION})  # that serve as files of the store; a system serves by its slot
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """The files that serve, by place: `configuration`, or the file name of a model. Others serve as shipped."""

    files: Mapping[str, Path]


def start(home: Path, utc_ns: Callable[[], int]) -> Serving:
    """What is to serve from this start on. The daemon calls it once, before it reads its configuration.

    Args:
        home: folder of the updates, below the folder of the daemon's state.
        utc_ns: the wall clock.

    Raises:
        OSError: what the disk holds cannot be read now.
        StateError: a newer Foresight wrote it.
    """
    book, store = Book(home), Store(home)
    state = _counted(book.state, utc_ns())
    state = _proved(state, store, store.put_aside)
    try:
        book.write(state)
    except OSError as error:  # a trial whose starts cannot be counted could fail for ever
        _log.warning("%s: starts cannot be counted: %s; what is on trial does not serve", home, error)
        return _files(store, state.good.items())
    return of_state(store, state)


def stop(home: Path) -> None:
    """The daemon ends in order: this start does not count. After it, nothing else writes there.

    Raises:
        OSError: it cannot be written.
        StateError: a newer Foresight wrote it.
    """
    book = Book(home)
    state = book.state
    for place in state.trials:
        state = stopped(state, place)
    book.write(state)


def serving(home: Path) -> Serving:
    """The same for those who only look, as `foresight check`: nothing is counted or proved. Raises as `start`."""
    return of_state(Store(home), Book(home).state)


def proved(home: Path) -> Serving:
    """The same for a daemon that reads its configuration again: nothing is counted or written. Raises as `start`."""
    store = Store(home)
    return of_state(store, _proved(Book(home).state, store))


def untried(home: Path) -> Serving:
    """What serves without what is on trial. Raises as `start`."""
    return _files(Store(home), Book(home).state.good.items())


def uncount(home: Path) -> None:
    """A start that failed for another reason is not held against what is on trial. Raises as `give_up`."""
    book = Book(home)
    trials = {place: replace(one, starts=max(0, one.starts - 1)) for place, one in book.state.trials.items()}
    book.write(replace(book.state, trials=trials))


def give_up(home: Path, place: str, why: str, utc_ns: Callable[[], int]) -> bool:
    """Return and bar what is on trial in a place, for the daemon cannot start with it; whether there was any.

    Raises:
        OSError: it cannot be written.
        StateError: a newer Foresight wrote it.
    """
    book = Book(home)
    if place not in book.state.trials:
        return False
    book.write(returned(book.state, place, barred(book.state.trials[place].content, Reason.CRASHED, why, utc_ns())))
    return True


def barred(content: Content, reason: Reason, why: str, utc_ns: int) -> Barred:
    """As it is written down."""
    return Barred(content.sha256, content.name, content.purpose.version, reason.value, why, utc_ns)


def _counted(state: State, utc_ns: int) -> State:
    for place, trial in state.trials.items():
        if trial.starts < MOST_STARTS:
            state = started(state, place)
            continue
        why = f"the daemon started {trial.starts} times with it and did not stay; release a mended one"
        _log.warning("%s %s: %s", trial.content.name, trial.content.purpose.version, why)
        state = returned(state, place, barred(trial.content, Reason.CRASHED, why, utc_ns))
    return state


def _proved(state: State, store: Store, put_aside: Callable[[str], None] = lambda _: None) -> State:
    """Without what is damaged."""
    for place, trial in state.trials.items():
        if trial.content.purpose.kind in FILES and not is_whole(store, trial.content):
            _log.warning("%s on trial in %s is damaged on disk; it is fetched again", trial.content.name, place)
            put_aside(trial.content.sha256)
            state = withdrawn(state, place)
    for place, content in state.good.items():
        if content.purpose.kind in FILES and not is_whole(store, content):
            _log.warning("%s in %s is damaged on disk; what was shipped serves until it is back", content.name, place)
            put_aside(content.sha256)
            state = lost(state, place)
    return state


def of_state(store: Store, state: State) -> Serving:
    """The files that serve by a state: what is on trial goes first."""
    return _files(store, state.contents())


def _files(store: Store, contents: Iterable[tuple[str, Content]]) -> Serving:
    return Serving(
        {
            place: store.path(content.name, content.sha256)
            for place, content in contents
            if content.purpose.kind in FILES
        }
    )
