"""`foresight models list | inspect | pull`: the catalogue, and what a model file is."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from edge.catalogue.entries import CATALOGUE, Entry, find
from edge.catalogue.fetch import FetchError, copy, fetch
from edge.catalogue.fetch import Progress as Fetched
from edge.config.settings import state_folder
from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.errors import ConfigError
from edge.contracts.input_rules import Overrides
from edge.contracts.types import ModelBundle, TensorSpec

SHOWN = 12  # labels


def models_folder() -> Path:
    """Where pulled models lie."""
    return state_folder() / "models"


def show_list(console: Console) -> None:
    """Print the catalogue."""
    table = Table(show_lines=True)
    table.add_column("name", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for entry in CATALOGUE:
        there = "; is here" if (models_folder() / entry.file_name).is_file() else ""
        side = entry.input_px
        table.add_row(entry.name, f"{entry.task}, {side} x {side}, {entry.licence}{there}\n{entry.about}")
    console.print(table)


def pull(name: str, folder: Path | None, console: Console) -> Path:
    """Fetch a model of the catalogue, or take a file of this machine; where it lies now.

    Raises:
        ConfigError: there is no such model or file.
        FetchError, ModelError: see `edge.catalogue.fetch`.
    """
    to = folder or models_folder()
    entry, local = find(name), Path(name.removeprefix("file://"))
    if entry is None and not local.is_file():
        known = ", ".join(one.name for one in CATALOGUE)
        raise ConfigError(f"there is no model and no file {name}; known are {known}")
    if entry is None:
        path = to / local.name
        console.print(f"SHA-256 {copy(local, path, read_bundle)}", highlight=False, soft_wrap=True)
    else:
        path = to / entry.file_name
        with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()) as bar:
            task = bar.add_task(entry.name, total=None)
            _fetch_first(entry, path, lambda done, whole: bar.update(task, completed=done, total=whole or None))
        read_bundle(path)  # refuses what is no model
    console.print(f"{path}\nin the configuration: model: {path}", markup=False, highlight=False, soft_wrap=True)
    return path


def _fetch_first(entry: Entry, path: Path, progress: Fetched) -> None:
    """From the first of its addresses that has it; the hash says that it is the same."""
    *others, last = entry.urls
    for url in others:
        try:
            fetch(url, entry.sha256, path, progress)
        except FetchError:  # moved away, perhaps
            continue
        return
    fetch(last, entry.sha256, path, progress)


def show_model(path: Path, labels: Path | None, console: Console) -> None:
    """Print what a model file is. Nothing of it is run.

    Raises:
        ModelError: it is none, or damaged.
    """
    bundle = read_bundle(path, overrides=Overrides(labels=labels))
    manifest = read_manifest(path)
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in _rows(bundle):
        table.add_row(key, escape(value))
    if manifest:
        for split, metrics in manifest.metrics.items():
            table.add_row(f"on {split}", escape(", ".join(f"{key} {value:g}" for key, value in metrics.items())))
        table.add_row("trained by", escape(f"{manifest.recipe}, revision {manifest.revision}"))
    console.print(table)


def _rows(bundle: ModelBundle) -> list[tuple[str, str]]:
    named = [label for label in bundle.labels if label]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    recipe = bundle.input
    return [
        ("name", f"{bundle.name} {bundle.version}".strip()),
        ("file", f"{bundle.path}, {bundle.size_bytes} bytes"),
        ("SHA-256", bundle.sha256),
        ("head", bundle.head.value),
        ("runs on", "an Edge TPU" if bundle.edgetpu else "any CPU"),
        ("input", f"{_tensor(recipe.tensor)}; {recipe.resize.value}, {recipe.order.value}"),
        ("normalised by", f"mean {recipe.mean}, std {recipe.std}"),
        *(("output", _tensor(one)) for one in bundle.outputs),
        ("labels", (", ".join(named[:SHOWN]) + more) or "none; give a label file"),
    ]


def _tensor(spec: TensorSpec) -> str:
    quantised = f", scale {spec.scale:g}, zero point {spec.zero_point}" if spec.scale else ""
    shape = " x ".join(map(str, spec.shape)) or "of any shape"
    return f"{spec.name or 'unnamed'}: {shape} {spec.dtype}{quantised}"
