"""A configuration as it was written: plain values, each with its place in the file."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.config.problems import Mark, Path

Scalar = str | int | float | bool | None
Plain = Scalar | dict[str, "Plain"] | list["Plain"]


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A value and where it stands. `path` is where it was written, also after defaults were merged elsewhere."""

    value: Scalar | dict[str, "Item"] | list["Item"]
    at: Mark
    key_at: Mark  # of its key; the same as `at` for what has none
    path: Path
    from_environment: bool = False  # never shown in messages

    def child(self, key: str | int) -> "Item | None":
        """The item below, None where there is none."""
        if isinstance(self.value, dict):
            return self.value.get(key) if isinstance(key, str) else None
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None


def plain(item: Item) -> Plain:
    """The values alone."""
    if isinstance(item.value, dict):
        return {key: plain(child) for key, child in item.value.items()}
    if isinstance(item.value, list):
        return [plain(child) for child in item.value]
    return item.value


def map_scalars(item: Item, change: Callable[[Item], Item]) -> Item:
    """A tree of the same form with every scalar changed."""
    if isinstance(item.value, dict):
        return replace(item, value={key: map_scalars(child, change) for key, child in item.value.items()})
    if isinstance(item.value, list):
        return replace(item, value=[map_scalars(child, change) for child in item.value])
    return change(item)


def overlay(base: Item, top: Item) -> Item:
    """`base` overridden by `top` key by key; lists and scalars are replaced whole."""
    if not isinstance(base.value, dict) or not isinstance(top.value, dict):
        return top
    merged = dict(base.value)
    for key, child in top.value.items():
        merged[key] = overlay(merged[key], child) if key in merged else child
    return replace(top, value=merged)
