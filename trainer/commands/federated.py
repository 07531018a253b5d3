"""`foresight-train federated`: devices learn together, and only weights travel."""

from pathlib import Path
from typing import Annotated

import typer


def federated(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    model: Annotated[Path, typer.Option(help="The model that learns, .tflite; the same file as on the devices")],
    out: Annotated[Path, typer.Option(help="Folder for the weights and the record of every round")],
    cert: Annotated[Path, typer.Option(help="This host's certificate, PEM")],
    key: Annotated[Path, typer.Option(help="Its private key, PEM")],
    ca: Annotated[Path, typer.Option(help="Certificate of the authority that signed it, PEM")],
    listen: Annotated[
        str, typer.Option(help="Address and port for devices; with --devices, it may be open to others: 0.0.0.0:9443")
    ] = "127.0.0.1:9443",
    name: Annotated[
        str, typer.Option(help="What only this machine calls itself by; stands in the certificate")
    ] = "127.0.0.1",
    devices: Annotated[
        Path | None, typer.Option(help="Folder of the devices' public keys, *.pub: nobody else may take part")
    ] = None,
    rounds: Annotated[int, typer.Option(help="How often devices learn", min=1, max=10_000)] = 5,
    expected: Annotated[int, typer.Option(help="Devices that the first round waits for", min=1)] = 2,
    minimum: Annotated[int, typer.Option(help="Devices without which a round changes nothing", min=1)] = 2,
    deadline: Annotated[float, typer.Option(help="Seconds for the answers of a round", min=5)] = 600.0,
    patience: Annotated[float, typer.Option(help="Seconds to wait for enough devices", min=0)] = 3600.0,
    method: Annotated[str, typer.Option(help="mean, trimmed, or auto: trimmed from five devices on")] = "auto",
    trim: Annotated[float, typer.Option(help="Share left out at each end by `trimmed`", min=0, max=0.49)] = 0.2,
    clip: Annotated[float, typer.Option(help="Longest change, in lengths of the median one", min=0.1)] = 1.5,
    resume: Annotated[Path | None, typer.Option(help="A *.weights file to begin with [those of the model]")] = None,
) -> None:
    """Let devices learn together: each from what it has seen, all from what came of it; needs Flower."""
    from edge.federated.programs import require_flower  # noqa: PLC0415 - commands load only what they need

    require_flower()
    from trainer.errors import TrainError  # noqa: PLC0415
    from trainer.federated.averaging import Method, Terms  # noqa: PLC0415
    from trainer.federated.host import Address  # noqa: PLC0415
    from trainer.federated.host import federated as run  # noqa: PLC0415
    from trainer.federated.plan import Plan  # noqa: PLC0415
    from trainer.federated.rounds import Course  # noqa: PLC0415

    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or method not in set(Method):
        raise TrainError(f"--listen {listen} or --method {method} cannot be read; as in 0.0.0.0:9443, and auto")
    keys = tuple(sorted(devices.glob("*.pub"))) if devices else ()
    if devices and not keys:
        raise TrainError(f"{devices} holds no *.pub; put the devices' public keys there")
    plan = Plan(
        model=model,
        out=out,
        resume=resume,
        course=Course(rounds, deadline, patience, max(expected, minimum)),
        terms=Terms(minimum, Method(method), trim, clip),
    )
    run(plan, Address(host.strip("[]") or "0.0.0.0", int(port), cert, key, ca, name, keys))  # noqa: S104
