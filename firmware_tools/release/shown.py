"""A repository's status on the screen, and as JSON."""

import json
from dataclasses import asdict
from datetime import datetime

from rich.console import Console
from rich.table import Column, Table

from edge.contracts.release import Purpose
from firmware_tools.release.status import ListStatus, Status

ID_DIGITS = 16


def show(status: Status, console: Console) -> None:
    """As tables."""
    served = Table("list", "version", "expires (UTC)", "signatures", "keys", title="served")
    for one in status.lists:
        ids = "\n".join(keyid[:ID_DIGITS] for keyid in one.keys)
        served.add_row(one.role, str(one.version), _expiry(one), f"{one.threshold} of {len(one.keys)}", ids)
    console.print(served)
    name = Column("file", overflow="fold")  # whole, for it is what roll-outs are told
    files = Table(name, "kind", "version", "for", "bytes", title="files")
    for file in status.files:
        files.add_row(file.name, _kind(file.purpose), file.purpose.version, audience(file.purpose), str(file.length))
    console.print(files)
    for staged in status.staged:
        console.print(
            f"waits: {staged.role} version {staged.version}, {staged.missing} signature(s) missing; signed by "
            f"{_ids(staged.signed)}; may sign: {_ids(staged.waiting)}",
            soft_wrap=True,
        )
    for change in status.changes:
        console.print(change, soft_wrap=True)


def as_json(status: Status) -> str:
    """The same for programs."""
    return json.dumps(asdict(status), indent=1, default=_told)


def audience(purpose: Purpose) -> str:
    """Who a file is for."""
    parts = [
        "boards " + ", ".join(purpose.boards) if purpose.boards else "",
        "groups " + ", ".join(purpose.groups) if purpose.groups else "",
        f"foresight-edge >= {purpose.minimum_daemon}" if purpose.minimum_daemon else "",
    ]
    return "; ".join(part for part in parts if part) or "every device"


def _kind(purpose: Purpose) -> str:
    return f"{purpose.kind.value} ({purpose.task})" if purpose.task else purpose.kind.value


def _expiry(one: ListStatus) -> str:
    word = "EXPIRED " if one.expired else "soon: " if one.soon else ""
    return f"{word}{one.expires:%Y-%m-%d %H:%M}"


def _ids(keyids: tuple[str, ...]) -> str:
    return ", ".join(keyid[:ID_DIGITS] for keyid in keyids) or "nobody"


def _told(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
