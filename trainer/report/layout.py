"""What every page of the trainer shares: `base.html`, its style, `table.html`, and pictures written into the page."""

import base64
import os
from collections.abc import Callable
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template

HERE = "trainer.report"


def template(package: str, name: str, **filters: Callable[..., object]) -> Template:
    """A page of a package; it may extend `base.html`, and hangs pictures in by `data_uri` and filters of its own."""
    loader = ChoiceLoader([PackageLoader(one, "") for one in dict.fromkeys((package, HERE))])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(filters, data_uri=data_uri)
    return environment.get_template(name)


def data_uri(picture: bytes) -> str:
    """A PNG or JPEG file as the address of a picture."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
