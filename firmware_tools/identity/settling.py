"""A device's own values and its configuration: rendered, checked by the daemon, shared with no other device."""

from collections.abc import Mapping
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.identity.configuration import refuse_bad
from firmware_tools.identity.delivery import CONFIG, CREDENTIALS, ENVIRONMENT, MODELS_FOLDER, folder_of
from firmware_tools.identity.files import read
from firmware_tools.identity.records import Broker, Device
from firmware_tools.identity.template import refuse_unfit
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
from firmware_tools.identity.workshop import Workshop


def environment(broker: Broker, device: Device, values: Mapping[str, str]) -> bytes:
    """The file of variables of a device, as it lies there."""
    return render_values({**values, **_ours(broker, device)})


def values_of(data: bytes, name: str) -> dict[str, str]:
    """A device's own values, from its file of variables. Raises MistakeError."""
    found = parse_values(data, f"the environment of {name}")
    return {key: value for key, value in found.items() if key not in OURS}


def refuse_unsettled(
    workshop: Workshop, device: Device, template: Path, folder: Path, values: Mapping[str, str]
) -> None:
    """Refuse what a device would not run with.

    Args:
        workshop: the fleet.
        device: as it will stand in the inventory.
        template: where its configuration came from.
        folder: the device's, with its configuration and identity.
        values: its own.

    Raises:
        MistakeError: what is wrong, and what to do.
        FirmwareError: the daemon could not be asked.
    """
    text = (folder / CONFIG).read_text("utf-8")
    refuse_ours(values)
    refuse_unused(values, text, str(template))
    refuse_shared(workshop, device.name, values)
    here = {IDENTITY: str((folder / "identity").resolve()), MODELS: str((workshop.fleet / "models").resolve())}
    variables = {**values, **_ours(workshop.inventory.broker, device), **here}
    refuse_bad(folder / CONFIG, variables, frozenset(secret for _, secret in secrets_in(values)))
    refuse_unfit(text, template)


def refuse_shared(workshop: Workshop, name: str, values: Mapping[str, str]) -> None:
    """Refuse a secret that another device has: who opens one device must not have opened two. Raises MistakeError."""
    own = {secret: key for key, secret in secrets_in(values)}
    if not own:
        return
    for device in workshop.inventory.devices:
        if device.name == name or not device.issued:
            continue
        path = folder_of(workshop.fleet, workshop.inventory, device.name) / ENVIRONMENT
        for key, secret in secrets_in(values_of(read(path), device.name)):
            if secret in own:
                raise MistakeError(
                    f"{own[secret]} of {name} is the same secret as {key} of {device.name}; two devices never share "
                    "one: make another, say an account of its own at the camera"
                )


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
