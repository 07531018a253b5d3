"""The releases that a roll-out wishes for, as they are served: whether they are there, and who they are for."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from edge.contracts.release import Purpose
from edge.contracts.update_state import Wish
from firmware_tools.errors import MistakeError
from firmware_tools.release.repository import Repository
from firmware_tools.release.status import status


def wished(repository: Repository, names: Sequence[str], now: datetime) -> dict[Wish, Purpose]:
    """What `NAME` or `NAME@VERSION` wishes for; without a version, the one that is released.

    Raises:
        MistakeError: it is not released in that version, or what is served has expired.
        FirmwareError: a list cannot be read.
    """
    told = status(repository, now)
    if expired := [one.role for one in told.lists if one.expired]:
        raise MistakeError(
            f"the list {expired[0]} of {repository.home} has expired, so devices would refuse it; see `release status`"
        )
    released = {file.name: file.purpose for file in told.files}
    found: dict[Wish, Purpose] = {}
    for wish in names:
        name, _, version = wish.partition("@")
        purpose = released.get(name)
        if purpose is None:
            near = get_close_matches(name, released, 1)
            hint = f"did you mean {near[0]}?" if near else "`release status` names what is"
            raise MistakeError(f"{name!r} is not released in {repository.home}; {hint}")
        if version not in ("", purpose.version):
            raise MistakeError(
                f"{name} is released in version {purpose.version}, not {version}; devices take only that"
            )
        found[Wish(name, purpose.version)] = purpose
    return found
