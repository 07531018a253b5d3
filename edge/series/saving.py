"""What is learnt, as bytes and back, bit for bit."""

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.contracts import arrays as npz
from edge.contracts.stored import StateError


class Part(Protocol):
    """Something that is kept: all of its state stands in arrays."""

    KEPT: ClassVar[tuple[str, ...]]  # their names


def pack(form: str, parts: Mapping[str, Part]) -> bytes:
    """All arrays of all parts.

    Args:
        form: what they belong to and in which version; `unpack` refuses another.
        parts: by name.
    """
    arrays = {f"{part}.{name}": np.asarray(getattr(parts[part], name)) for part in parts for name in parts[part].KEPT}
    return npz.pack({"form": np.array(form), **arrays})


def form_of(data: bytes) -> str:
    """What was packed, "" where the bytes are none of ours."""
    try:
        return str(_arrays(data)["form"])
    except StateError:
        return ""


def unpack(data: bytes, form: str, parts: Mapping[str, Part]) -> None:
    """Put arrays back into parts of the same make; they are as they were where this fails.

    Raises:
        StateError: the bytes are damaged, or of another form.
    """
    arrays = _arrays(data)
    if str(arrays.get("form")) != form:
        raise StateError(f"what was learnt is of the form {arrays.get('form')} and not {form}; learning begins anew")
    found = []
    for part in parts:
        for name in parts[part].KEPT:
            old, new = np.asarray(getattr(parts[part], name)), arrays.get(f"{part}.{name}")
            if new is None or new.shape != old.shape or new.dtype != old.dtype:
                raise StateError(f"what was learnt lacks {part}.{name} as it is needed here; learning begins anew")
            found.append((parts[part], name, new))
    for whole, name, new in found:
        setattr(whole, name, new.copy())


def _arrays(data: bytes) -> dict[str, NDArray[np.generic]]:
    try:
        return npz.unpack(data)
    except npz.ArraysError as error:
        raise StateError(f"what was learnt cannot be read: {error}; learning begins anew") from error
