"""Devices' own values and their configuration: rendered, checked by the daemon, no secret in two of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.errors import EdgeError
from firmware_tools.errors import MistakeError
from firmware_tools.identity.configuration import refuse_bad
from firmware_tools.identity.delivery import (
    CONFIG,
    CREDENTIALS,
    ENVIRONMENT,
    MODELS_FOLDER,
    UNIT,
    UNIT_TEXT,
    files_of,
    folder_of_member,
)
from firmware_tools.identity.files import remove_folder
from firmware_tools.identity.inventory import with_members
from firmware_tools.identity.records import Broker, Device
from firmware_tools.identity.template import refuse_unfit
from firmware_tools.identity.transaction import Transaction
from firmware_tools.identity.values import (
    BOARD,
    BROKER,
    DEVICE,
    GROUP,
    IDENTITY,
    MODELS,
    OURS,
    PORT,
    parse_values,
    refuse_ours,
    refuse_unused,
    render_values,
    secrets_in,
)


@dataclass(frozen=True)
class Template:
    """The configuration that devices run: its text, and where that came from."""

    text: str
    path: Path


@dataclass(frozen=True)
class Draft:
    """A device as it is to stand in the inventory, its own values, and the files of its identity."""

    device: Device
    values: Mapping[str, str]
    identity: Mapping[str, bytes]


def environment(broker: Broker, device: Device, values: Mapping[str, str]) -> bytes:
    """The file of variables of a device, as it lies there."""
    return render_values({**values, **_ours(broker, device)})


def values_of(data: bytes, name: str) -> dict[str, str]:
    """A device's own values, from its file of variables. Raises MistakeError."""
    found = parse_values(data, f"the environment of {name}")
    return {key: value for key, value in found.items() if key not in OURS}


def settle(transaction: Transaction, drafts: Sequence[Draft], template: Template) -> Transaction:
    """Put devices into the inventory as they are drafted, all of them or none.

    Raises:
        MistakeError: what is wrong with one of them, and what to do; nothing has changed.
        FirmwareError: something could not be written, or the daemon not asked; the message says what has changed.
    """
    folders = [folder_of_member(transaction.fleet, draft.device) for draft in drafts]
    try:
        for draft in drafts:
            _stage(transaction, draft, template)
        _refuse_unsettled(transaction, drafts, folders, template)
    except EdgeError:
        for folder in folders:
            remove_folder(folder)
            with suppress(OSError):  # it holds what was there before
                folder.parent.rmdir()
        raise
    return transaction.commit(with_members(transaction.inventory, [draft.device for draft in drafts]))


def _stage(transaction: Transaction, draft: Draft, template: Template) -> None:
    refuse_ours(draft.values)
    refuse_unused(draft.values, template.text, str(template.path))
    files = {
        **draft.identity,
        CONFIG: template.text.encode(),
        ENVIRONMENT: environment(transaction.inventory.broker, draft.device, draft.values),
        UNIT: UNIT_TEXT.encode(),
    }
    transaction.stage(f"devices/{draft.device.name}", files)


def _refuse_unsettled(
    transaction: Transaction, drafts: Sequence[Draft], folders: Sequence[Path], template: Template
) -> None:
    """Refuse what a device would not run with, or must not. Raises MistakeError, FirmwareError."""
    refuse_shared(transaction, drafts)
    models = str((transaction.fleet / "models").resolve())
    variables = {
        draft.device.name: {
            **draft.values,
            **_ours(transaction.inventory.broker, draft.device),
            IDENTITY: str((folder / "identity").resolve()),
            MODELS: models,
        }
        for draft, folder in zip(drafts, folders, strict=True)
    }
    secrets = frozenset(secret for draft in drafts for _, secret in secrets_in(draft.values))
    refuse_bad(folders[0] / CONFIG, template.path, variables, secrets)
    refuse_unfit(template.text, template.path)


def refuse_shared(transaction: Transaction, drafts: Sequence[Draft]) -> None:
    """Refuse a secret that another device has: who opens one device must not have opened two. Raises MistakeError."""
    own = [(draft.device.name, {secret: key for key, secret in secrets_in(draft.values)}) for draft in drafts]
    if not any(secrets for _, secrets in own):
        return
    drafted = {draft.device.name for draft in drafts}
    others = [one for one in transaction.inventory.devices if one.issued and one.name not in drafted]
    owners = {secret: (key, one.name) for one in others for key, secret in _secrets_of(transaction, one)}
    for name, secrets in own:
        for secret, key in secrets.items():
            if secret in owners:
                theirs, other = owners[secret]
                raise MistakeError(
                    f"{key} of {name} is the same secret as {theirs} of {other}; two devices never share "
                    "one: make another, say an account of its own at the camera"
                )
        owners |= {secret: (key, name) for secret, key in secrets.items()}


def _secrets_of(transaction: Transaction, device: Device) -> Iterator[tuple[str, str]]:
    found = files_of(transaction.fleet, device, (ENVIRONMENT,))
    return secrets_in(values_of(found[ENVIRONMENT], device.name))


def _ours(broker: Broker, device: Device) -> dict[str, str]:
    return {
        BROKER: broker.names[0],
        PORT: str(broker.port),
        DEVICE: device.name,
        BOARD: device.board,
        GROUP: device.group,
        IDENTITY: CREDENTIALS,
        MODELS: MODELS_FOLDER,
    }
