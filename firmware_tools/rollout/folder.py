"""Where roll-outs are kept: a folder each, with the plan, the journal, and what a person wants of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from edge.contracts.errors import EdgeError
from edge.contracts.locking import HeldError, locked
from edge.contracts.stored import Stored
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.identity.records import mistake
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.journal import begin_journal, read_journal
from firmware_tools.rollout.plan import Plan

PLAN, ASKED_FOR, LOCK = "plan.json", "wanted.json", "lock"
MOST_BYTES = 64 << 20
LOCK_S, HOME_LOCK_S = 0.5, 30.0


class BusyError(MistakeError):
    """Another process runs the roll-out."""


class Order(StrEnum):
    """What a person wants of a roll-out."""

    RUN = "run"
    PAUSE = "pause"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Folder:
    """Of one roll-out."""

    path: Path

    def plan(self) -> Plan:
        """Nothing on disk is changed. Raises MistakeError, StateError."""
        path = self.path / PLAN
        remedy = f"bring it back from a copy, or move the folder {self.path} away to be without this roll-out"
        try:
            told = _plan(self.path).read_only()
        except OSError as error:
            raise MistakeError(f"{path} cannot be read: {error.strerror}; correct that, or {remedy}") from error
        except ValueError as error:
            raise MistakeError(f"{path} is damaged ({error}); {remedy}") from error
        if told is None:
            raise MistakeError(
                f"there is no roll-out {self.path.name} in {self.path.parent}; `rollout status` names them"
            )
        try:
            return Plan.model_validate_json(json.dumps(told))
        except ValidationError as error:
            raise MistakeError(f"{mistake(error, f'{path} is damaged')}; {remedy}") from None

    def course(self) -> Course:
        """As it stands; nothing on disk is changed. Raises MistakeError, StateError."""
        try:
            return Course(self.plan(), read_journal(self.path))
        except KeyError as error:
            raise MistakeError(
                f"{self.path}: its journal is not of its plan: {error} is in one alone; bring both back from a copy, "
                "or move the folder away to be without this roll-out"
            ) from error

    def order(self) -> Order:
        """What a person wanted last."""
        told = Stored(self.path / ASKED_FOR).read()
        return Order(told) if isinstance(told, str) and told in set(Order) else Order.RUN

    def want(self, order: Order) -> None:
        """Whoever runs the roll-out finds it. Raises FirmwareError."""
        try:
            Stored(self.path / ASKED_FOR).write(order.value)
        except OSError as error:
            raise FirmwareError(f"{self.path / ASKED_FOR} cannot be written: {error.strerror}") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Run the roll-out: nobody else does meanwhile. Raises BusyError."""
        try:
            with locked(self.path / LOCK, LOCK_S):
                yield
        except HeldError as error:
            raise BusyError(f"the roll-out {self.path.name} is run by another process already") from error


def folders(home: Path) -> list[Folder]:
    """All roll-outs, by name."""
    return [Folder(path.parent) for path in sorted(home.glob(f"*/{PLAN}"))]


def courses_in(home: Path) -> tuple[list[Course], list[str]]:
    """How all roll-outs stand, by name; and of those that cannot be read, what is to be done."""
    courses, faults = [], []
    for folder in folders(home):
        try:
            courses.append(folder.course())
        except EdgeError as error:
            faults.append(str(error))
    return courses, faults


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """No other roll-out is begun meanwhile. Raises MistakeError, FirmwareError."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / LOCK, HOME_LOCK_S):
            yield
    except HeldError as error:
        raise MistakeError(f"another roll-out is being begun in {home}; wait for it") from error
    except OSError as error:
        raise FirmwareError(f"{home} cannot be used: {error.strerror}") from error


def begin(home: Path, plan: Plan) -> Folder:
    """Keep a new plan, or find the same one kept already: it takes over the way to the broker, which may have changed.

    Raises:
        MistakeError: the name is taken by another one, a device is in one that has not ended, or one is damaged.
        FirmwareError: it cannot be written.
    """
    folder = Folder(home / plan.name)
    with alone(home):
        if (folder.path / PLAN).exists():
            kept = folder.course().plan
            refuse_other(kept, plan)
            _keep(folder, kept.model_copy(update={"access": plan.access}))
            return folder
        refuse_busy(home, plan)
        begin_journal(folder.path)  # without a plan it is no roll-out yet
        _keep(folder, plan)
    return folder


def _keep(folder: Folder, plan: Plan) -> None:
    try:
        _plan(folder.path).write(json.loads(plan.model_dump_json()))
    except OSError as error:
        raise FirmwareError(f"{folder.path} cannot be written: {error.strerror}; make room") from error


def refuse_other(kept: Plan, plan: Plan) -> None:
    """Nothing where they are the same but for when and how they are reached. Raises MistakeError."""
    different = [key for key in ("wishes", "devices", "canaries", "pace") if getattr(kept, key) != getattr(plan, key)]
    if different:
        raise MistakeError(
            f"there is a roll-out {plan.name} already, with other {different[0]}; `rollout resume {plan.name}` goes on "
            "with it; give this one another name"
        )


def refuse_busy(home: Path, plan: Plan) -> None:
    """Raises MistakeError where a device has a roll-out that has not ended."""
    for folder in folders(home):
        course = folder.course()
        shared = [] if course.ended else sorted(set(plan.devices) & set(course.plan.devices))
        if shared:
            have = f" and {len(shared) - 1} more have" if len(shared) > 1 else " has"
            raise MistakeError(
                f"{shared[0]}{have} the roll-out {course.plan.name} at this time; wait for its end, or `rollout "
                f"abort {course.plan.name}`"
            )


def _plan(path: Path) -> Stored:
    return Stored(path / PLAN, limit_bytes=MOST_BYTES)
