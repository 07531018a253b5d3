"""What was taught as bytes and back. Anybody may have written the bytes: nothing of them is believed unchecked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.arrays import ArraysError, pack, unpack
from edge.contracts.types import F32
from edge.teaching.examples import Examples

FORM = 1
LARGEST_BYTES = 1 << 26
MOST_NUMBERS = 1 << 12  # D; with the most of all, the bytes stay below their limit
MOST_NAMES, MOST_LOOKS, MOST_OTHERS = 40, 1600, 2048  # that can be configured
LONGEST_NAME, LONGEST_LESSON, LONGEST_ABOUT = 64, 256, 1 << 22  # letters, letters, bytes
LARGEST = 2**63 - 1
SHORT = 0.01  # a vector's length is 1, give or take that


@dataclass(frozen=True, eq=False, slots=True)
class Kept:
    """All that outlives a restart."""

    examples: Examples
    lessons: tuple[str, ...]  # M of other things
    others: F32  # (M, D) of length 1
    seen: int  # other things so far, M at least


def usable(vectors: NDArray[Any]) -> bool:
    """Whether these (S, D) are vectors of length 1, of no more numbers than can be kept."""
    if vectors.ndim != 2 or vectors.shape[1] > MOST_NUMBERS or not np.isfinite(vectors).all():
        return False
    return bool((np.abs(np.linalg.norm(vectors.astype(np.float64), axis=1) - 1) < SHORT).all())


def packed(kept: Kept, model: str) -> bytes:
    """As bytes; the same is the same to the bit.

    Args:
        kept: what was taught.
        model: the sha256 of the model that made the vectors.
    """
    about = {
        "form": FORM,
        "model": model,
        "names": kept.examples.names,
        "lessons": kept.examples.lesson,
        "others": kept.lessons,
        "seen": kept.seen,
    }
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "vector": kept.examples.vector,
        "label": kept.examples.label,
        "other": kept.others,
    }
    return pack(arrays, deflate=False)


def unpacked(data: bytes, model: str) -> Kept:
    """What was packed.

    Raises:
        ArraysError: the bytes are damaged, made up, of a newer form, or of another model; says which.
    """
    arrays = unpack(data, LARGEST_BYTES)
    try:
        about = _about(arrays["about"])
        if about["form"] != FORM:
            raise ArraysError(f"of the form {about['form']!r:.20}, known here: {FORM}")
        if about["model"] != model:
            raise ArraysError(f"taught to the model {about['model']!r:.14}, and not to {model[:12]}")
        examples = _examples(about, arrays["vector"], arrays["label"])
        lessons = _texts(about["others"], "others", MOST_OTHERS, LONGEST_LESSON)
        others, seen = _looks(arrays["other"], "other", len(lessons)), about["seen"]
    except KeyError as error:
        raise ArraysError(f"{error} is missing") from error
    if not isinstance(seen, int) or isinstance(seen, bool) or not len(lessons) <= seen <= LARGEST:
        raise ArraysError(f"`seen` is no number of at least {len(lessons)}")
    if len(examples) and len(others) and examples.vector.shape[1] != others.shape[1]:
        raise ArraysError(f"looks of {examples.vector.shape[1]} numbers and of {others.shape[1]}")
    return Kept(examples, lessons, others, seen)


def _about(array: NDArray[Any]) -> Mapping[str, Any]:
    if array.dtype != np.uint8 or array.size > LONGEST_ABOUT:
        raise ArraysError("`about` is no text, or too long")
    try:
        told = json.loads(array.tobytes())
    except (ValueError, RecursionError) as error:
        raise ArraysError(f"`about` is no JSON: {error}") from error
    if not isinstance(told, dict):
        raise ArraysError("`about` is no object")
    return told


def _texts(value: object, what: str, most: int, longest: int) -> tuple[str, ...]:
    """Printable texts. Raises ArraysError."""
    if not isinstance(value, list) or len(value) > most:
        raise ArraysError(f"`{what}` is no list of at most {most}")
    for one in value:
        if not (isinstance(one, str) and 1 <= len(one) <= longest and one.isprintable()):
            raise ArraysError(f"`{what}` has something that is no text of at most {longest} letters")
    return tuple(value)


def _looks(array: NDArray[Any], what: str, count: int) -> F32:
    """So many vectors. Raises ArraysError."""
    if array.dtype != np.float32 or len(array.shape) != 2 or len(array) != count or not usable(array):
        raise ArraysError(f"`{what}` is {array.dtype} of shape {array.shape}, and not {count} vectors of length 1")
    return array


def _examples(about: Mapping[str, Any], vector: NDArray[Any], label: NDArray[Any]) -> Examples:
    names = _texts(about["names"], "names", MOST_NAMES, LONGEST_NAME)
    lessons = _texts(about["lessons"], "lessons", MOST_LOOKS, LONGEST_LESSON)
    looks = _looks(vector, "vector", len(lessons))
    if len(set(names)) != len(names):
        raise ArraysError("a name comes twice")
    if label.dtype != np.int64 or label.shape != (len(looks),) or set(label.tolist()) != set(range(len(names))):
        raise ArraysError(f"`label` is {label.dtype} of shape {label.shape}, and not those of {len(names)} names")
    return Examples(names, looks, label, lessons)
